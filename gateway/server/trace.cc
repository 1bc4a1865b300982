#include "gateway/server/trace.h"

#include <string>
#include <utility>

#include "gateway/server/server.h"

namespace tidegate::server {

/// The main thread's alone: what comes from a worker holds it weakly and looks at it from the main loop.
struct FrameWatch::State {
  net::Loop& loop;
  Worker* worker;  ///< null: no worker has such a tunnel
  std::string id;
  std::function<void(FrameNews)> sink;
  std::shared_ptr<tunnel::FrameTrace> trace{};
  bool paused = false;
  bool over = false;  ///< the last news was told, or the watch is gone

  void begin(bool found) {
    if (over) return;
    over = !found;
    sink({.found = found, .frames = {}, .ended = !found});
  }
  void tell() {
    if (over || paused) return;
    tunnel::FrameTrace::News news = trace->take();
    if (news.frames.empty() && news.dropped == 0 && !news.ended) return;
    over = news.ended;
    sink({.frames = std::move(news.frames), .dropped = news.dropped, .ended = news.ended});
  }
};

FrameWatch::FrameWatch(std::shared_ptr<State> state) : state_(std::move(state)) {}

FrameWatch::~FrameWatch() {
  const bool was_over = std::exchange(state_->over, true);
  if (!was_over && state_->worker != nullptr) state_->worker->untrace(state_->id, state_->trace);
}

void FrameWatch::pause() {
  state_->paused = true;
}

void FrameWatch::resume() {
  if (!std::exchange(state_->paused, false)) return;
  state_->loop.post([state = std::weak_ptr(state_)] {
    if (const auto alive = state.lock()) alive->tell();
  });
}

std::unique_ptr<FrameWatch> Server::trace_tunnel(std::string id, std::function<void(FrameNews)> sink) {
  const auto index = shared_.worker_of(id);
  Worker* worker = index && *index < workers_.size() ? workers_[*index].get() : nullptr;
  const std::shared_ptr<FrameWatch::State> state(
      new FrameWatch::State{loop_, worker, std::move(id), std::move(sink)});
  const std::weak_ptr<FrameWatch::State> weak = state;
  const auto begin = [this, weak](bool found) {
    loop_.post([weak, found] {
      if (const auto alive = weak.lock()) alive->begin(found);
    });
  };
  state->trace = std::make_shared<tunnel::FrameTrace>([this, weak] {
    loop_.post([weak] {
      if (const auto alive = weak.lock()) alive->tell();
    });
  });
  if (worker == nullptr) {
    begin(false);
  } else {
    worker->trace(state->id, state->trace, begin);
  }
  return std::make_unique<FrameWatch>(state);
}

}  // namespace tidegate::server
