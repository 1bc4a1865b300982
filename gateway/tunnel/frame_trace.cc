#include "gateway/tunnel/frame_trace.h"

namespace tidegate::tunnel {

void FrameTrace::add(const FrameEvent& event) {
  {
    const std::lock_guard lock(mutex_);
    if (news_.frames.size() < kQueue && news_.dropped == 0) {
      news_.frames.push_back(event);
    } else {
      ++news_.dropped;
    }
    if (std::exchange(woken_, true)) return;
  }
  wake_();
}

void FrameTrace::end() {
  {
    const std::lock_guard lock(mutex_);
    news_.ended = true;
    if (std::exchange(woken_, true)) return;
  }
  wake_();
}

FrameTrace::News FrameTrace::take() {
  const std::lock_guard lock(mutex_);
  woken_ = false;
  return std::exchange(news_, News{.frames = {}, .ended = news_.ended});
}

Tracing::~Tracing() {
  for (const auto& trace : traces_) trace->end();
}

void Tracing::tell(metrics::Direction direction, const websocket::Frame& frame, bool from_gateway) {
  const FrameEvent event{std::chrono::system_clock::now(), direction, frame, from_gateway};
  for (const auto& trace : traces_) trace->add(event);
}

}  // namespace tidegate::tunnel
