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

void Lingering::begin(Patience patience) {
  // An end of zero means "at once" here, and "never" to the wheel.
  patience_ = {std::max(patience.end, std::chrono::milliseconds(1)), patience.take};
  limit_.arm(loop_.timers(), patience_.end);
  stream_->set_listener(*this);
  stream_->end_writing();
  unacknowledged_ = stream_->unacknowledged_bytes();
  last_taken_ = loop_.now();
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

/// A slow peer is not a dead one. What the kernel still holds for it counts as well: should the peer be
/// sending when the socket closes, the reset would throw that away.
void Lingering::on_limit() {
  const std::size_t before = std::exchange(unacknowledged_, stream_->unacknowledged_bytes());
  if (unacknowledged_ < before) last_taken_ = loop_.now();
  if (unacknowledged_ == 0 || loop_.now() - last_taken_ >= patience_.take) return leave();
  limit_.arm(loop_.timers(), patience_.end);
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
