#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/sites/walk.h"

namespace tidegate::tunnel {

/// Seconds with milliseconds; "-" where there is no time.
std::string in_seconds(const std::optional<std::chrono::steady_clock::duration>& time);

/// What became of each server that was asked for one request, told as nginx's $upstream_ variables tell it:
/// tries parted by ", ", internal redirects by " : ".
class UpstreamFacts {
 public:
  using Clock = std::chrono::steady_clock;

  /// What `facts` holds already belongs to the passages before this one.
  explicit UpstreamFacts(sites::Facts& facts);

  void begin(std::string addr, Clock::time_point now);
  void connected(std::string addr, Clock::time_point now);
  void answered(int status, Clock::time_point now);
  /// The gateway's own status for a server that did not answer (502, 504); 0: it answered.
  void ended(int status, Clock::time_point now);
  void sent(std::uint64_t bytes) {
    if (!tries_.empty()) tries_.back().sent += bytes;
  }
  void received(std::uint64_t bytes) {
    if (!tries_.empty()) tries_.back().received += bytes;
  }
  void received_body(std::uint64_t bytes) {
    if (!tries_.empty()) tries_.back().body += bytes;
  }
  /// So far, of the last one.
  std::uint64_t sent() const { return tries_.empty() ? 0 : tries_.back().sent; }
  std::uint64_t received() const { return tries_.empty() ? 0 : tries_.back().received; }
  /// Writes all that is known into the facts.
  void tell();

 private:
  struct Try {
    std::string addr;
    int status = 0;
    Clock::time_point began{};
    std::optional<Clock::duration> connect{};
    std::optional<Clock::duration> header{};
    std::optional<Clock::duration> response{};
    std::uint64_t sent = 0;
    std::uint64_t received = 0;
    std::uint64_t body = 0;
  };

  sites::Facts& facts_;
  sites::Facts before_;
  std::vector<Try> tries_;
};

}  // namespace tidegate::tunnel
