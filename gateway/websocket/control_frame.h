#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/websocket/frame_scanner.h"

namespace tidegate::websocket {

/// A Close, Ping or Pong of ours, ready for the wire. RFC 6455 §5.5: at most 125 bytes of payload; what is
/// longer is cut (a Close's text at a character's end, since it must be UTF-8). A value; owns its bytes.
class ControlFrame {
 public:
  /// A frame sent as `sender` would: a client's is masked with `mask_key`, which ought to be unpredictable
  /// (RFC 6455 §10.3). A `code` that may not be sent is left out, and the text with it: an empty Close, which
  /// the other side reports as 1005.
  static ControlFrame close(Sender sender, std::uint16_t code, std::string_view why = {},
                            std::uint32_t mask_key = 0);
  static ControlFrame ping(Sender sender, std::string_view payload, std::uint32_t mask_key = 0);
  static ControlFrame pong(Sender sender, std::string_view payload, std::uint32_t mask_key = 0);
  Bytes bytes() const { return {data_.data(), size_}; }

 private:
  ControlFrame(Sender sender, Opcode opcode, std::string_view head, std::string_view tail,
               std::uint32_t mask_key);

  std::array<std::byte, 131> data_{};  // 2 of header, 4 of mask, 125 of payload
  std::size_t size_ = 0;
};

/// May this code stand in a Close frame? RFC 6455 §7.4: those that are defined (the registry's up to 1014)
/// and 3000 to 4999; 1004, 1005, 1006 and 1015 never.
bool may_be_sent(std::uint16_t close_code);

/// XORs `bytes` with the key from `offset` on (RFC 6455 §5.3).
void apply_mask(std::span<std::byte> bytes, std::array<std::byte, 4> key, std::size_t offset = 0);

}  // namespace tidegate::websocket
