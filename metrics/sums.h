#pragma once

#include <array>
#include <map>
#include <string>
#include <tuple>
#include <utility>

#include "metrics/report.h"

namespace tidegate::metrics {

/// A report's workers added up by names.
struct Sums {
  explicit Sums(const Report& report);

  std::map<std::pair<std::string, std::string>, RouteCounts> by_route_and_upstream;
  /// A route that has led to several upstreams is one here; its `upstream` is one of them, empty if there is
  /// none.
  std::map<std::string, RouteCounts> by_route;
  std::map<std::string, ListenerCounts> listeners;  ///< without `requests`, which are here:
  /// By listener, route, method's index and code.
  std::map<std::tuple<std::string, std::string, std::size_t, std::uint16_t>, std::uint64_t> requests;
  std::map<std::string, UpstreamCounts> upstreams;
  std::array<Histogram, kCountOf<Phase>> phases;
  std::uint64_t redirects = 0;
  std::uint64_t tunnels = 0;

 private:
  void add(const Tally& tally);
};

}  // namespace tidegate::metrics
