#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace tidegate {

/// How many of something there are in the process now, over all workers. Thread-safe.
class LiveCount {
 public:
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  friend class Claim;
  bool add_one(std::uint64_t limit);
  std::atomic<std::uint64_t> value_{0};
};

/// One of a LiveCount, as long as this lives; the count must outlive it.
class Claim {
 public:
  Claim() = default;
  /// Holds nothing if there are `limit` already (0: no limit). Exact, however many ask at once.
  static Claim take(LiveCount& count, std::uint64_t limit) {
    return Claim(count.add_one(limit) ? &count : nullptr);
  }

  Claim(Claim&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Claim& operator=(Claim&& other) noexcept {
    if (this != &other) {
      release();
      count_ = std::exchange(other.count_, nullptr);
    }
    return *this;
  }
  ~Claim() { release(); }

  explicit operator bool() const { return count_ != nullptr; }
  void release() {
    if (LiveCount* count = std::exchange(count_, nullptr))
      count->value_.fetch_sub(1, std::memory_order_relaxed);
  }

 private:
  explicit Claim(LiveCount* count) : count_(count) {}
  LiveCount* count_ = nullptr;
};

/// LiveCounts by name; one lives as long as somebody holds it. Thread-safe.
class LiveCounts {
 public:
  std::shared_ptr<LiveCount> get(const std::string& name);

 private:
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<LiveCount>> counts_;
};

}  // namespace tidegate
