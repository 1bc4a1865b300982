#include "metrics/slow_handshakes.h"

#include <algorithm>
#include <utility>

namespace tidegate::metrics {
namespace {

bool slower(const SlowHandshake& a, const SlowHandshake& b) {
  return a.total > b.total;
}

}  // namespace

std::int64_t SlowHandshakes::number_of(Clock::time_point time) {
  return std::chrono::floor<std::chrono::minutes>(time.time_since_epoch()).count();
}

bool SlowHandshakes::takes(SlowHandshake::Seconds total, Clock::time_point now) {
  const std::int64_t number = number_of(now);
  current_ = &minutes_[static_cast<std::size_t>(number % kMinutes)];
  if (current_->number != number) {
    current_->number = number;
    current_->slowest.clear();
  }
  const auto& slowest = current_->slowest;  // sorted, the slowest first
  return slowest.size() < kKept || total > slowest.back().total;
}

void SlowHandshakes::add(SlowHandshake handshake) {
  auto& slowest = current_->slowest;
  const auto place = std::upper_bound(slowest.begin(), slowest.end(), handshake, slower);
  slowest.insert(place, std::move(handshake));
  if (slowest.size() > kKept) slowest.pop_back();
}

std::vector<SlowHandshake> SlowHandshakes::list(Clock::time_point now) const {
  const std::int64_t number = number_of(now);
  std::vector<SlowHandshake> all;
  for (const Minute& minute : minutes_) {
    if (minute.number <= number - kMinutes) continue;
    all.insert(all.end(), minute.slowest.begin(), minute.slowest.end());
  }
  return slowest_of(std::move(all));
}

std::vector<SlowHandshake> slowest_of(std::vector<SlowHandshake> all) {
  std::stable_sort(all.begin(), all.end(), slower);
  if (all.size() > SlowHandshakes::kKept) all.resize(SlowHandshakes::kKept);
  return all;
}

}  // namespace tidegate::metrics
