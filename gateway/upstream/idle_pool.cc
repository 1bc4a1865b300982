#include "gateway/upstream/idle_pool.h"

#include <algorithm>

#include "gateway/net/timer_wheel.h"

namespace tidegate::upstream {

/// One idle connection: whatever happens to it, or nothing for too long, removes it.
class IdlePool::Entry final : private net::StreamListener, private net::Deadline {
 public:
  Entry(IdlePool& pool, Idle idle, std::chrono::milliseconds time) : pool_(pool), idle_(std::move(idle)) {
    idle_.stream->set_listener(*this);
    idle_.stream->start_reading();  // so that the upstream's FIN is seen when it comes
    arm(pool_.loop_.timers(), time);
  }

  Idle release() { return std::move(idle_); }
  const net::Stream& stream() const { return *idle_.stream; }

 private:
  void on_data(Bytes) override { pool_.drop(*this); }
  void on_end(net::End) override { pool_.drop(*this); }
  void on_error(const Error&) override { pool_.drop(*this); }
  void on_drained() override {}  // only streams with an empty queue are kept
  void on_deadline() override { pool_.drop(*this); }

  IdlePool& pool_;
  Idle idle_;
};

IdlePool::IdlePool(net::Loop& loop, std::size_t max) : loop_(loop), max_(max) {}

IdlePool::~IdlePool() = default;

void IdlePool::keep(Idle idle, std::chrono::milliseconds time) {
  if (max_ == 0) return;
  if (entries_.size() >= max_) entries_.erase(entries_.begin());
  entries_.push_back(std::make_unique<Entry>(*this, std::move(idle), time));
}

IdlePool::Idle IdlePool::take() {
  if (entries_.empty()) return {};
  Idle idle = entries_.back()->release();
  entries_.pop_back();
  return idle;
}

void IdlePool::drop_if(const std::function<bool(const net::Stream&)>& unwanted) {
  std::erase_if(entries_, [&](const auto& entry) { return unwanted(entry->stream()); });
}

void IdlePool::drop(const Entry& entry) {
  std::erase_if(entries_, [&](const auto& candidate) { return candidate.get() == &entry; });
}

}  // namespace tidegate::upstream
