#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tidegate::metrics {

/// Upper bounds in seconds. From what a loopback upstream needs to the longest default timeout.
inline constexpr std::array kLatencyBounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                           0.25,   0.5,   1.0,    2.5,   5.0,  10.0,  30.0, 60.0};
/// From a page that was left at once to a week.
inline constexpr std::array kLifetimeBounds{1.0,    10.0,    60.0,    300.0,   900.0,
                                            3600.0, 14400.0, 43200.0, 86400.0, 604800.0};

/// How many durations fell below each bound. A plain value of one thread; `bounds` outlive it.
class Histogram {
 public:
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds) {}

  void observe(std::chrono::duration<double> duration) {
    const double seconds = duration.count() > 0 ? duration.count() : 0;
    std::size_t i = 0;
    while (i < bounds_.size() && seconds > bounds_[i]) ++i;
    ++counts_[i];
    sum_ += seconds;
  }
  /// Adds what `other`, which has the same bounds, has seen.
  void add(const Histogram& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    sum_ += other.sum_;
  }

  std::span<const double> bounds() const { return bounds_; }
  /// Not cumulative; the one at bounds().size() is what was longer than every bound.
  std::uint64_t at(std::size_t i) const { return counts_[i]; }
  double sum() const { return sum_; }

 private:
  std::span<const double> bounds_;
  std::array<std::uint64_t, kLatencyBounds.size() + 1> counts_{};  // the longer list of the two
  double sum_ = 0;
};

}  // namespace tidegate::metrics
