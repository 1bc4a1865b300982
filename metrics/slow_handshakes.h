#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tidegate::metrics {

/// A handshake that became a tunnel, and where its time went.
struct SlowHandshake {
  using Seconds = std::chrono::duration<double>;
  std::string id;  ///< as in its access records
  std::chrono::system_clock::time_point at;
  std::string route;
  std::string server;
  Seconds total{};  ///< from the request's head to the 101
  std::optional<Seconds>
      tls{};           ///< the client's TLS handshake, before that; none: plain, or not for this one
  Seconds connect{};   ///< until a server had accepted
  Seconds response{};  ///< from there until its 101
};

/// The slowest handshakes of the last ten minutes on one worker: the slowest of each minute, so that old ones
/// make room all at once. An ordinary one costs a comparison.
class SlowHandshakes {
 public:
  static constexpr std::size_t kKept = 10;
  using Clock = std::chrono::steady_clock;

  /// Is one that took this long among its minute's slowest?
  bool takes(SlowHandshake::Seconds total, Clock::time_point now);
  /// One that takes() took, at the same moment.
  void add(SlowHandshake handshake);
  /// The slowest first, at most kKept.
  std::vector<SlowHandshake> list(Clock::time_point now) const;

 private:
  static constexpr std::int64_t kMinutes = 10;
  struct Minute {
    std::int64_t number = -kMinutes;
    std::vector<SlowHandshake> slowest;
  };
  static std::int64_t number_of(Clock::time_point time);

  std::array<Minute, kMinutes> minutes_;  ///< by number modulo their count
  Minute* current_ = nullptr;             ///< takes()'s
};

/// The slowest of several workers' lists.
std::vector<SlowHandshake> slowest_of(std::vector<SlowHandshake> all);

}  // namespace tidegate::metrics
