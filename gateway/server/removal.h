#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "conf/model.h"
#include "gateway/tunnel/host.h"

namespace tidegate::server {

/// Live tunnels by the names of what they run on.
struct Census {
  std::map<std::string, std::uint64_t> by_listener;
  std::map<std::string, std::uint64_t> by_route;
  std::map<std::string, std::uint64_t> by_upstream;
  std::map<std::pair<std::string, std::string>, std::uint64_t> by_server;  ///< upstream's name, identity()

  void count(const tunnel::TunnelPlace& place);
  void add(const Census& other);
};

/// What a step from one configuration to the next takes away from under tunnels. Immutable.
class Removals {
 public:
  Removals(const conf::Config& before, const conf::Config& after);

  /// What becomes of a tunnel; nothing: neither its route nor its server goes with this step. What counts is
  /// its upstream's `on_removal` as it stood before the step.
  std::optional<conf::Upstream::OnRemoval> of(const tunnel::TunnelPlace& place) const;
  bool empty() const { return routes_.empty() && servers_.empty(); }

 private:
  std::set<std::string> routes_;                           ///< that went
  std::set<std::pair<std::string, std::string>> servers_;  ///< that went: upstream's name, identity()
  std::map<std::string, conf::Upstream::OnRemoval> on_removal_;
};

}  // namespace tidegate::server
