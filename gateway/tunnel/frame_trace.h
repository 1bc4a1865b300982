#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "gateway/websocket/frame_observer.h"
#include "metrics/labels.h"

namespace tidegate::tunnel {

/// A frame's header on its way through a live tunnel. Never a byte of its payload.
struct FrameEvent {
  std::chrono::system_clock::time_point at;
  metrics::Direction direction = metrics::Direction::to_upstream;
  websocket::Frame frame;
  bool from_gateway = false;  ///< a ping or Close of the gateway's own, rather than the other side's
};

/// What one watcher hears of one tunnel: a bounded queue between the tunnel's worker and the watcher. A
/// tunnel never waits for its watcher: what finds the queue full is counted instead.
///
/// Owner: shared by the tunnel and the watcher. Thread: any; `wake` is called on the worker's, and at most
/// once until the next take().
class FrameTrace {
 public:
  static constexpr std::size_t kQueue = 4096;
  explicit FrameTrace(std::function<void()> wake) : wake_(std::move(wake)) {}

  void add(const FrameEvent& event);
  /// The tunnel has ended.
  void end();

  struct News {
    std::vector<FrameEvent> frames;
    std::uint64_t dropped = 0;  ///< that came behind these frames and found no room
    bool ended = false;         ///< nothing comes any more
  };
  News take();

 private:
  const std::function<void()> wake_;
  std::mutex mutex_;
  News news_;
  bool woken_ = false;
};

/// All who watch one tunnel. It exists while somebody does. Owner: the tunnel. Thread: the worker's.
class Tracing {
 public:
  Tracing() = default;
  /// Tells the watchers that the tunnel has ended.
  ~Tracing();
  Tracing(const Tracing&) = delete;
  Tracing& operator=(const Tracing&) = delete;

  void add(std::shared_ptr<FrameTrace> trace) { traces_.push_back(std::move(trace)); }
  void remove(const std::shared_ptr<FrameTrace>& trace) { std::erase(traces_, trace); }
  bool empty() const { return traces_.empty(); }

  websocket::FrameObserver& observer(metrics::Direction direction) {
    return direction == metrics::Direction::to_upstream ? to_upstream_ : to_client_;
  }
  /// The gateway's own control frame.
  void tell_own(metrics::Direction direction, const websocket::Frame& frame) { tell(direction, frame, true); }

 private:
  struct Side final : websocket::FrameObserver {
    Side(Tracing& t, metrics::Direction d) : tracing(t), direction(d) {}
    void on_frame(const websocket::Frame& frame) override { tracing.tell(direction, frame, false); }
    Tracing& tracing;
    metrics::Direction direction;
  };
  void tell(metrics::Direction direction, const websocket::Frame& frame, bool from_gateway);

  Side to_upstream_{*this, metrics::Direction::to_upstream};
  Side to_client_{*this, metrics::Direction::to_client};
  std::vector<std::shared_ptr<FrameTrace>> traces_;
};

}  // namespace tidegate::tunnel
