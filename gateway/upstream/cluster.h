#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "gateway/base/live_count.h"

namespace tidegate::upstream {

/// What the whole process knows of one server, keyed by upstream and address, outliving snapshots. Touched
/// when a handshake or a request begins and ends, never per message. Thread-safe.
struct ServerState {
  std::atomic<std::uint32_t> tunnels{0};
  /// Its tunnels and the handshakes on their way to it, for `max_tunnels`; in an nginx configuration all that
  /// is under way to it, requests and tunnels, for max_conns and least_conn.
  LiveCount claims;
  /// Monotonic milliseconds until which the server is passed over after a failed connect (nginx's
  /// fail_timeout, 10 s); 0: usable.
  std::atomic<std::int64_t> avoid_until_ms{0};
  /// The last attempt to reach it failed, and the log says so.
  std::atomic<bool> unreachable{false};

  // What nginx knows of a peer, for max_fails and fail_timeout; in an nginx configuration only.

  std::atomic<unsigned> fails{0};           ///< since it was last well
  std::atomic<std::int64_t> failed_ms{0};   ///< monotonic; the last failure
  std::atomic<std::int64_t> checked_ms{0};  ///< monotonic; since when fail_timeout runs

  // An operator's orders. They go with the server when it leaves the configuration.

  std::atomic<bool> drained{false};         ///< nothing new is sent there
  std::atomic<unsigned> weight_ordered{0};  ///< 0: the configured one counts

  void forget_orders() {
    drained.store(false, std::memory_order_relaxed);
    weight_ordered.store(0, std::memory_order_relaxed);
  }
  unsigned weight(unsigned configured) const {
    const unsigned ordered = weight_ordered.load(std::memory_order_relaxed);
    return ordered > 0 ? ordered : configured;
  }
};

/// Finds or makes ServerStates; a state lives as long as somebody holds it. Thread-safe.
class ServerStates {
 public:
  std::shared_ptr<ServerState> get(const std::string& upstream, const std::string& server);

 private:
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<ServerState>> states_;
};

}  // namespace tidegate::upstream
