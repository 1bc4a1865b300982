#include "metrics/tally.h"

namespace tidegate::metrics {

static_assert(index_of(Party::gateway) + 1 == kParties);

void Traffic::add(const Traffic& other) {
  for (std::size_t d = 0; d < bytes.size(); ++d) {
    bytes[d] += other.bytes[d];
    for (std::size_t o = 0; o < messages[d].size(); ++o) messages[d][o] += other.messages[d][o];
  }
}

Tally::Tally()
    : phases_{Histogram(kLatencyBounds), Histogram(kLatencyBounds), Histogram(kLatencyBounds),
              Histogram(kLatencyBounds)} {
  route("", "");
}

RouteCounts& Tally::route(const std::string& route, const std::string& upstream) {
  const auto [place, is_new] = route_places_.try_emplace({route, upstream}, routes_.size());
  if (is_new) {
    RouteCounts& added = routes_.emplace_back();
    added.route = route;
    added.upstream = upstream;
    added.index = place->second;
  }
  return routes_[place->second];
}

ListenerCounts& Tally::listener(const std::string& name) {
  ListenerCounts& found = listeners_[name];
  found.listener = name;
  return found;
}

UpstreamCounts& Tally::upstream(const std::string& name) {
  UpstreamCounts& found = upstreams_[name];
  found.upstream = name;
  return found;
}

}  // namespace tidegate::metrics
