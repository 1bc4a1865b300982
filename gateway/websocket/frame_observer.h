#pragma once

#include <cstdint>
#include <optional>

#include "gateway/websocket/frame_scanner.h"

namespace tidegate::websocket {

/// What a frame's header says (RFC 6455 §5.2), and of a Close its code.
struct Frame {
  Opcode opcode = Opcode::text;
  bool fin = true;
  std::uint8_t rsv = 0;  ///< 4: RSV1, 2: RSV2, 1: RSV3
  bool masked = false;
  std::uint64_t length = 0;                   ///< of the payload
  std::optional<std::uint16_t> close_code{};  ///< of a direction's first Close; 1005: it has none
  bool operator==(const Frame&) const = default;
};

/// Hears of each frame that a FrameScanner meets: when its header is complete, of a Close when the frame is.
class FrameObserver {
 public:
  virtual void on_frame(const Frame& frame) = 0;

 protected:
  ~FrameObserver() = default;
};

}  // namespace tidegate::websocket
