#include "gateway/server/removal.h"

#include <vector>

#include "gateway/server/description.h"

namespace tidegate::server {
namespace {

using ServerKey = std::pair<std::string, std::string>;

std::set<ServerKey> servers_of(const conf::Config& config) {
  std::set<ServerKey> servers;
  for (const conf::Upstream& upstream : config.upstreams) {
    for (const conf::Server& server : upstream.servers) servers.emplace(upstream.name, identity(server));
  }
  return servers;
}

template <typename Key>
void add_counts(std::map<Key, std::uint64_t>& to, const std::map<Key, std::uint64_t>& from) {
  for (const auto& [key, count] : from) to[key] += count;
}

}  // namespace

void Census::add(const Census& other) {
  add_counts(by_listener, other.by_listener);
  add_counts(by_route, other.by_route);
  add_counts(by_upstream, other.by_upstream);
  add_counts(by_server, other.by_server);
}

Removals::Removals(const conf::Config& before, const conf::Config& after) {
  for (const conf::Route& route : before.routes) routes_.insert(route.name);
  for (const conf::Route& route : after.routes) routes_.erase(route.name);
  servers_ = servers_of(before);
  for (const ServerKey& server : servers_of(after)) servers_.erase(server);
  for (const conf::Upstream& upstream : before.upstreams) {
    on_removal_.emplace(upstream.name, upstream.on_removal);
  }
}

void Census::count(const tunnel::TunnelPlace& place) {
  ++by_listener[place.config->listeners[place.listener].name];
  ++by_route[place.config->routes[place.route].name];
  ++by_upstream[place.upstream->name];
  ++by_server[{place.upstream->name, identity(*place.server)}];
}

std::optional<conf::Upstream::OnRemoval> Removals::of(const tunnel::TunnelPlace& place) const {
  const std::string& upstream = place.upstream->name;
  if (!routes_.contains(place.config->routes[place.route].name) &&
      !servers_.contains({upstream, identity(*place.server)})) {
    return std::nullopt;
  }
  const auto found = on_removal_.find(upstream);
  // An upstream that went with an earlier step had its say then.
  return found != on_removal_.end() ? std::optional(found->second) : std::nullopt;
}

}  // namespace tidegate::server
