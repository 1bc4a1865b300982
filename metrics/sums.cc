#include "metrics/sums.h"

#include <type_traits>

namespace tidegate::metrics {
namespace {

template <typename T, std::size_t N>
void add_each(std::array<T, N>& to, const std::array<T, N>& from) {
  for (std::size_t i = 0; i < N; ++i) {
    if constexpr (std::is_integral_v<T>) {
      to[i] += from[i];
    } else {
      add_each(to[i], from[i]);
    }
  }
}

void add_counts(RouteCounts& to, const RouteCounts& from) {
  to.route = from.route;
  if (to.upstream.empty()) to.upstream = from.upstream;
  to.tunnels_active += from.tunnels_active;
  to.tunnels_opened += from.tunnels_opened;
  add_each(to.tunnels_closed, from.tunnels_closed);
  add_each(to.close_codes, from.close_codes);
  add_each(to.handshakes, from.handshakes);
  to.traffic.add(from.traffic);
  to.tunnel_duration.add(from.tunnel_duration);
  to.request_duration.add(from.request_duration);
}

}  // namespace

Sums::Sums(const Report& report)
    : phases{Histogram(kLatencyBounds), Histogram(kLatencyBounds), Histogram(kLatencyBounds),
             Histogram(kLatencyBounds)} {
  for (const WorkerSample& sample : report.workers) {
    add(sample.tally);
    redirects += sample.redirects;
    tunnels += sample.tunnels;
  }
}

void Sums::add(const Tally& tally) {
  for (const RouteCounts& counts : tally.routes()) {
    add_counts(by_route_and_upstream[{counts.route, counts.upstream}], counts);
    add_counts(by_route[counts.route], counts);
  }
  for (const auto& [name, counts] : tally.listeners()) {
    ListenerCounts& sum = listeners[name];
    sum.connections += counts.connections;
    sum.active += counts.active;
    add_each(sum.tls_completed, counts.tls_completed);
    add_each(sum.tls_failed, counts.tls_failed);
    for (const auto& [key, count] : counts.requests) {
      const auto [route, method, code] = ListenerCounts::parts_of(key);
      requests[{name, tally.routes()[route].route, method, code}] += count;
    }
  }
  for (const auto& [name, counts] : tally.upstreams())
    add_each(upstreams[name].connect_errors, counts.connect_errors);
  for (std::size_t i = 0; i < phases.size(); ++i) phases[i].add(tally.phase(static_cast<Phase>(i)));
}

}  // namespace tidegate::metrics
