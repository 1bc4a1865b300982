#include "gateway/base/live_count.h"

namespace tidegate {

/// Never above the limit, not even for a moment: another would be turned away for nothing.
bool LiveCount::add_one(std::uint64_t limit) {
  std::uint64_t now = value_.load(std::memory_order_relaxed);
  do {
    if (limit != 0 && now >= limit) return false;
  } while (!value_.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
  return true;
}

std::shared_ptr<LiveCount> LiveCounts::get(const std::string& name) {
  const std::lock_guard lock(mutex_);
  std::weak_ptr<LiveCount>& known = counts_[name];
  if (auto count = known.lock()) return count;
  auto count = std::make_shared<LiveCount>();
  known = count;
  std::erase_if(counts_, [](const auto& entry) { return entry.second.expired(); });
  return count;
}

}  // namespace tidegate
