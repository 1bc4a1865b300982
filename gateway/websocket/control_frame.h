#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/websocket/frame_scanner.h"

namespace tidegate::websocket {

/// A Close, Ping or Pong of ours, ready for the wire. RFC 6455 §5.5: at most 125 bytes of payload.
class ControlFrame {
 public:
  /// A frame sent as `sender` would: a client's is masked with `mask_key`.
  static ControlFrame close(Sender sender, std::uint16_t code, std::string_view why = {}, std::uint32_t mask_key = 0);
  static ControlFrame ping(Sender sender, std::string_view payload, std::uint32_t mask_key = 0);
  static ControlFrame pong(Sender sender, std::string_view payload, std::uint32_t mask_key = 0);
  Bytes bytes() const { return {data_.data(), size_}; }

 private:
  std::array<std::byte, 131> data_{};
  std::size_t size_ = 0;
};

/// May this code stand in a Close frame? RFC 6455 §7.4: 1005, 1006 and 1015 never do.
bool may_be_sent(std::uint16_t close_code);

/// XORs `bytes` with the key from `offset` on (RFC 6455 §5.3).
void apply_mask(std::span<std::byte> bytes, std::array<std::byte, 4> key, std::size_t offset = 0);

}  // namespace tidegate::websocket
