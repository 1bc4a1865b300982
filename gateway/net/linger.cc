#include "gateway/net/linger.h"

#include <algorithm>
#include <utility>

namespace tidegate::net {

Lingering::Lingering(Loop& loop, std::size_t& count, std::unique_ptr<Stream> stream, bool wait_for_peer)
    : loop_(loop), count_(count), stream_(std::move(stream)), wait_for_peer_(wait_for_peer) {
  ++count_;
}

Lingering::~Lingering() {
  --count_;
}

void Lingering::begin(std::chrono::milliseconds deadline) {
  // A deadline of zero means "at once" here, and "never" to the wheel.
  term_ = std::max(deadline, std::chrono::milliseconds(1));
  limit_.arm(loop_.timers(), term_);
  stream_->set_listener(*this);
  stream_->end_writing();
  queued_bytes_ = stream_->queued_bytes();
  stream_->start_reading();
  if (!wait_for_peer_) look();
}

void Lingering::leave() {
  if (!linked()) return;
  unlink();
  stream_->pause_reading();
  limit_.disarm();
  next_look_.disarm();
  loop_.retire(std::unique_ptr<Retired>(this));
}

/// A slow peer is not a dead one: whoever took some of what is queued gets another term for the rest.
void Lingering::on_limit() {
  const std::size_t before = std::exchange(queued_bytes_, stream_->queued_bytes());
  if (queued_bytes_ == 0 || queued_bytes_ >= before) return leave();
  limit_.arm(loop_.timers(), term_);
}

/// Nothing says when a queue has become empty, which only goodbyes want to know: so look once per tick.
void Lingering::look() {
  if (stream_->queued_bytes() == 0) return leave();
  next_look_.arm(loop_.timers(), TimerWheel::kTick);
}

void Lingering::on_data(Bytes) {}

void Lingering::on_end(End) {
  wait_for_peer_ = false;
  look();
}

void Lingering::on_error(const Error&) {
  leave();
}

void Lingering::on_drained() {}

}  // namespace tidegate::net
