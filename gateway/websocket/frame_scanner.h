#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "gateway/base/bytes.h"

namespace tidegate::websocket {

/// RFC 6455 §5.2.
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

/// Which side sends: clients mask, servers do not (RFC 6455 §5.1).
enum class Sender : std::uint8_t { client, server };

/// Follows the frame headers of one direction of a tunnel, without touching a byte: it skips payloads by their
/// length, whatever they hold, and reads only the two bytes of a close code. Where it meets something that is not
/// a frame (a reserved opcode, a fragmented or long control frame, a length that isn't minimal or has its top bit
/// set, a mask bit that does not fit the sender, a continuation of nothing, a data frame inside a message) it
/// stops for good. RSV bits are the extensions' and are not judged.
///
/// A plain value of a few dozen bytes; one per direction; no allocation.
class FrameScanner {
 public:
  /// What `scan` saw. `boundary` is the offset behind the last byte of the last frame that ended within the bytes
  /// given (0: none ended there).
  struct Seen {
    std::size_t boundary = 0;
    bool close = false;    ///< a Close frame ended within these bytes
    bool too_big = false;  ///< a message grew beyond the limit; set on each call from then on
    std::size_t too_big_boundary = 0;  ///< with too_big, on the call that found it: the last boundary before that frame
    bool other_than_pong = false;  ///< at least one frame header that is not a pong's began or went on here
  };

  explicit FrameScanner(Sender sender, std::uint64_t max_message_bytes = 0);
  Seen scan(Bytes bytes);

  /// Still understood, that is: not stopped.
  bool following() const;
  /// Between frames: a frame of ours may be put here. False once stopped.
  bool at_boundary() const;

  /// Messages that are complete (by their last fragment), by kind of their first frame; and control frames.
  std::uint64_t text_messages() const;
  std::uint64_t binary_messages() const;
  std::uint64_t pings() const;
  std::uint64_t pongs() const;
  std::uint64_t messages() const { return text_messages() + binary_messages(); }
  /// Every byte seen, understood or not.
  std::uint64_t bytes() const;
  /// The code of the Close frame that was seen; 1005 if it had none (RFC 6455 §7.1.5).
  std::optional<std::uint16_t> close_code() const;

 private:
  // The implementer chooses; keep sizeof(FrameScanner) <= 96.
};

}  // namespace tidegate::websocket
