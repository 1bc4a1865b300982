#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "gateway/tunnel/frame_trace.h"

namespace tidegate::server {

/// What a watcher of one tunnel's frames is told, on the main thread.
struct FrameNews {
  bool found = true;  ///< false, in the first and last news: there is no such tunnel (any more)
  std::vector<tunnel::FrameEvent> frames;
  std::uint64_t dropped = 0;  ///< frames that came behind these, faster than they could be told
  bool ended = false;         ///< the last news
};

/// Watches one live tunnel's frame headers, as Server::trace_tunnel() made it.
///
/// Owner: who asked. Thread: the main one. End: the destructor stops the trace, also from within the sink; it
/// comes before the server's.
class FrameWatch {
 public:
  struct State;
  explicit FrameWatch(std::shared_ptr<State> state);
  ~FrameWatch();
  FrameWatch(const FrameWatch&) = delete;
  FrameWatch& operator=(const FrameWatch&) = delete;

  /// For a sink that can't take more now: nothing is told until resume(), whose answer comes from the loop.
  /// What does not fit into the trace's queue meanwhile is counted as dropped.
  void pause();
  void resume();

 private:
  std::shared_ptr<State> state_;
};

}  // namespace tidegate::server
