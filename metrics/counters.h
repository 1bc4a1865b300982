#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "gateway/base/reason.h"

namespace tidegate::metrics {

/// One number with one writer, its worker; read by anyone, at any time.
class Counter {
 public:
  void add(std::uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one worker counts. Summed over the workers by whoever reads.
struct Counters {
  Counter connections;
  Counter requests;
  Counter redirects;
  Counter tunnels_opened;
  Counter tunnels_closed;
  Counter tunnel_bytes_to_upstream;
  Counter tunnel_bytes_to_client;
  Counter tunnel_messages_to_upstream;
  Counter tunnel_messages_to_client;
  Counter scanners_stopped;   ///< directions of tunnels that stopped being WebSocket
  Counter unoffered_answers;  ///< 101s with a subprotocol or extension that was not offered
  Counter accept_pauses;      ///< descriptors ran out
  Counter retries;            ///< requests tried again on another connection
  /// Why requests were answered by the gateway, and why connections and tunnels ended.
  std::array<Counter, static_cast<std::size_t>(Reason::kCount)> reasons;

  void count(Reason reason) { reasons[static_cast<std::size_t>(reason)].add(); }
  std::uint64_t of(Reason reason) const { return reasons[static_cast<std::size_t>(reason)].value(); }
};

}  // namespace tidegate::metrics
