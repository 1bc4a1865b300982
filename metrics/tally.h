#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "metrics/histogram.h"
#include "metrics/labels.h"

namespace tidegate::metrics {

/// What went through tunnels in both directions.
struct Traffic {
  std::array<std::uint64_t, kCountOf<Direction>> bytes{};
  std::array<std::array<std::uint64_t, kCountOf<Opcode>>, kCountOf<Direction>> messages{};

  void add(const Traffic& other);
};

/// One route and the upstream it names (empty: none). What no route matched has both empty.
struct RouteCounts {
  std::string route;
  std::string upstream;
  std::size_t index = 0;  ///< in its tally
  std::uint64_t tunnels_active = 0;
  std::uint64_t tunnels_opened = 0;
  std::array<std::array<std::uint64_t, kReasons>, kParties> tunnels_closed{};
  std::array<std::array<std::uint64_t, kCloseCodes>, kParties> close_codes{};  ///< by who sent it
  std::array<std::uint64_t, kHandshakeResults> handshakes{};
  Traffic traffic;  ///< of the tunnels that have ended
  Histogram tunnel_duration{kLifetimeBounds};
  Histogram request_duration{kLatencyBounds};

  void close_code(Party side, std::uint16_t code) { ++close_codes[index_of(side)][close_code_index(code)]; }
};

struct ListenerCounts {
  std::string listener;
  std::uint64_t connections = 0;
  std::uint64_t active = 0;  ///< tunnels among them
  /// Handshakes that were completed, by version (1.2, 1.3) and whether a session was resumed.
  std::array<std::array<std::uint64_t, 2>, 2> tls_completed{};
  std::array<std::uint64_t, kReasons> tls_failed{};
  std::unordered_map<std::uint64_t, std::uint64_t> requests;  ///< by request_key()

  /// `code` 0: one that is not in the registry.
  static std::uint64_t request_key(std::size_t route, std::size_t method, std::uint16_t code) {
    return std::uint64_t{route} << 32 | std::uint64_t{method} << 16 | code;
  }
  struct RequestParts {
    std::size_t route, method;
    std::uint16_t code;
  };
  static RequestParts parts_of(std::uint64_t key) {
    return {static_cast<std::size_t>(key >> 32), static_cast<std::size_t>(key >> 16 & 0xffff),
            static_cast<std::uint16_t>(key & 0xffff)};
  }
  void request(const RouteCounts& route, std::string_view method, std::uint16_t code) {
    ++requests[request_key(route.index, method_index(method), code)];
  }
};

struct UpstreamCounts {
  std::string upstream;
  std::array<std::uint64_t, kReasons> connect_errors{};
};

/// What one worker has counted, by names, so that it outlives configurations. Entries never go and never
/// move: whoever counts holds a pointer to them. None of it is touched per message.
///
/// Owner: the worker. Thread: its own; what others see is a copy, taken on the worker, with entries in the
/// same places.
class Tally {
 public:
  Tally();

  RouteCounts& route(const std::string& route, const std::string& upstream);
  RouteCounts& no_route() { return routes_.front(); }
  ListenerCounts& listener(const std::string& name);
  UpstreamCounts& upstream(const std::string& name);
  void observe(Phase phase, std::chrono::duration<double> time) { phases_[index_of(phase)].observe(time); }

  std::deque<RouteCounts>& routes() { return routes_; }
  const std::deque<RouteCounts>& routes() const { return routes_; }
  const std::map<std::string, ListenerCounts>& listeners() const { return listeners_; }
  const std::map<std::string, UpstreamCounts>& upstreams() const { return upstreams_; }
  const Histogram& phase(Phase phase) const { return phases_[index_of(phase)]; }

 private:
  std::deque<RouteCounts> routes_;
  std::map<std::pair<std::string, std::string>, std::size_t> route_places_;
  std::map<std::string, ListenerCounts> listeners_;
  std::map<std::string, UpstreamCounts> upstreams_;
  std::array<Histogram, kCountOf<Phase>> phases_;
};

}  // namespace tidegate::metrics
