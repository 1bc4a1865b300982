#include "gateway/upstream/idle_pool.h"

#include <algorithm>

#include "gateway/net/timer_wheel.h"

namespace tidegate::upstream {

/// One idle connection: whatever happens to it, or nothing for too long, removes it.
class IdlePool::Entry final : private net::StreamListener, private net::Deadline {
 public:
  Entry(IdlePool& pool, std::unique_ptr<net::Stream> stream, std::chrono::milliseconds time)
      : pool_(pool), stream_(std::move(stream)) {
    stream_->set_listener(*this);
    stream_->start_reading();  // so that the upstream's FIN is seen when it comes
    arm(pool_.loop_.timers(), time);
  }

  std::unique_ptr<net::Stream> release() { return std::move(stream_); }
  const net::Stream& stream() const { return *stream_; }

 private:
  void on_data(Bytes) override { pool_.drop(*this); }
  void on_end(net::End) override { pool_.drop(*this); }
  void on_error(const Error&) override { pool_.drop(*this); }
  void on_drained() override {}  // only streams with an empty queue are kept
  void on_deadline() override { pool_.drop(*this); }

  IdlePool& pool_;
  std::unique_ptr<net::Stream> stream_;
};

IdlePool::IdlePool(net::Loop& loop, std::size_t max) : loop_(loop), max_(max) {}

IdlePool::~IdlePool() = default;

void IdlePool::keep(std::unique_ptr<net::Stream> stream, std::chrono::milliseconds time) {
  if (max_ == 0) return;
  if (entries_.size() >= max_) entries_.erase(entries_.begin());
  entries_.push_back(std::make_unique<Entry>(*this, std::move(stream), time));
}

std::unique_ptr<net::Stream> IdlePool::take() {
  if (entries_.empty()) return nullptr;
  auto stream = entries_.back()->release();
  entries_.pop_back();
  return stream;
}

void IdlePool::drop_if(const std::function<bool(const net::Stream&)>& unwanted) {
  std::erase_if(entries_, [&](const auto& entry) { return unwanted(entry->stream()); });
}

void IdlePool::drop(const Entry& entry) {
  std::erase_if(entries_, [&](const auto& candidate) { return candidate.get() == &entry; });
}

}  // namespace tidegate::upstream
