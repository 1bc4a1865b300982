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

class FrameObserver;

/// Follows the frame headers of one direction of a tunnel, without touching a byte: it skips payloads by
/// their length, whatever they hold, and reads only the two bytes of a close code. Where it meets something
/// that is not a frame (a reserved opcode, a fragmented or long control frame, a length that isn't minimal or
/// has its top bit set, a mask bit that does not fit the sender, a continuation of nothing, a data frame
/// inside a message) it stops for good. RSV bits are the extensions' and are not judged.
///
/// A plain value of a few dozen bytes; one per direction; no allocation. What it says does not depend on how
/// the bytes were cut. Its cost is that of the headers, not of the bytes.
class FrameScanner {
 public:
  /// What `scan` saw. Offsets count from the first of the bytes given and point behind the last byte of a
  /// frame: cut there, and a frame of ours fits in between. 0 means that no frame ended within the bytes
  /// (whether one of ours fits before them is what at_boundary() said before the call).
  struct Seen {
    std::size_t first_boundary = 0;  ///< behind the first frame that ended here
    std::size_t boundary = 0;        ///< behind the last frame that ended here
    bool close = false;              ///< a Close frame ended here
    std::size_t close_boundary = 0;  ///< with `close`: behind the first one that did
    bool pong = false;               ///< a Pong frame ended here
    bool other_than_pong = false;  ///< at least one byte was not a Pong's (bytes that are not followed count)
    bool too_big = false;          ///< a message grew beyond the limit; set on each call from then on
    /// With `too_big`, on the call that found it: where the frame begins whose header says so. The limit is
    /// told by that header alone, before any of its payload.
    std::size_t too_big_boundary = 0;
    /// With `too_big`, on the call that found it: that header began in an earlier call, so part of it has
    /// gone on and no frame of ours fits in this direction any more. On later calls it is true as well: we
    /// are behind it.
    bool too_big_mid_frame = false;
  };

  /// `max_message_bytes`: of a message's payload, all its fragments together; 0: no limit.
  explicit FrameScanner(Sender sender, std::uint64_t max_message_bytes = 0)
      : max_message_bytes_(max_message_bytes), sender_(sender) {}
  /// `observer` is told of each frame; null: nobody listens, which is as good as free.
  Seen scan(Bytes bytes, FrameObserver* observer = nullptr);

  /// Still understood, that is: not stopped.
  bool following() const { return state_ != State::stopped; }
  /// Between frames: a frame of ours may be put here. False once stopped. After a Close (see close_code()) it
  /// may be true, but nothing may follow a Close (RFC 6455 §5.5.1).
  bool at_boundary() const { return state_ == State::header && header_have_ == 0; }

  /// Messages that are complete (by their last fragment), by kind of their first frame; and control frames.
  std::uint64_t text_messages() const { return text_messages_; }
  std::uint64_t binary_messages() const { return binary_messages_; }
  std::uint64_t pings() const { return pings_; }
  std::uint64_t pongs() const { return pongs_; }
  std::uint64_t messages() const { return text_messages() + binary_messages(); }
  /// Every byte seen, understood or not.
  std::uint64_t bytes() const { return bytes_; }
  /// The code of the first Close frame that went by whole; 1005 if it had none (RFC 6455 §7.1.5).
  std::optional<std::uint16_t> close_code() const;

 private:
  enum class State : std::uint8_t { header, payload, stopped };
  static constexpr std::size_t kMaxHeader = 14;  // RFC 6455 §5.2: 2, 8 of length, 4 of mask

  std::size_t read_header(Bytes bytes, std::size_t at, Seen& seen, FrameObserver* observer);
  std::size_t pass_payload(Bytes bytes, std::size_t at);
  bool begin_header(std::byte first, std::byte second);
  bool begin_frame(const std::byte* header, FrameObserver* observer);
  void check_limit(std::size_t frame_began, bool began_here, Seen& seen);
  void end_frame(std::size_t at, Seen& seen, FrameObserver* observer);
  void end_close(FrameObserver* observer);
  void stop() { state_ = State::stopped; }

  std::uint64_t max_message_bytes_;
  std::uint64_t message_bytes_ = 0;  // payload of the current message, by the headers read so far
  std::uint64_t payload_left_ = 0;   // of the current frame
  std::uint64_t text_messages_ = 0;
  std::uint64_t binary_messages_ = 0;
  std::uint64_t pings_ = 0;
  std::uint64_t pongs_ = 0;
  std::uint64_t bytes_ = 0;
  /// A header that came in pieces; in a Close's payload its mask, and from kCloseHeader on its first two
  /// bytes.
  std::array<std::byte, kMaxHeader> header_{};
  static constexpr std::size_t kCloseHeader = 4;
  std::uint16_t close_code_ = 0;
  std::uint8_t header_have_ = 0;
  std::uint8_t header_size_ = 0;  // known from the second byte on
  std::uint8_t close_read_ = 0;   // bytes read of a Close's code
  Sender sender_;
  State state_ = State::header;
  Opcode opcode_ = Opcode::continuation;  // of the current frame
  Opcode message_ =
      Opcode::continuation;  // of the current message's first frame; continuation: between messages
  bool fin_ = false;
  bool close_seen_ = false;
  bool too_big_ = false;
};

}  // namespace tidegate::websocket
