// What an operator orders of servers, and for how long; how many tunnels there may be.

#include <algorithm>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/server/server.h"

namespace tidegate::server {
namespace {

constexpr unsigned kMostWeight = 1000;  // as in the configuration

std::string in_quotes(const std::string& text) {
  return '"' + text + '"';
}

/// The names that `what` goes by, for who wrote another.
template <typename Named, typename Name>
std::string there_are(const std::vector<Named>& list, Name name) {
  std::string all;
  for (const Named& each : list) all += (all.empty() ? "" : ", ") + name(each);
  return "there are " + (all.empty() ? "none" : all);
}

}  // namespace

std::optional<std::string> Server::order_server(const std::string& upstream, const std::string& server,
                                                const ServerOrder& order) {
  const auto& upstreams = current_->blueprint->config->upstreams;
  const auto u = std::find_if(upstreams.begin(), upstreams.end(),
                              [&](const conf::Upstream& each) { return each.name == upstream; });
  if (u == upstreams.end()) {
    return "no upstream is named " + in_quotes(upstream) + "; " +
           there_are(upstreams, [](const conf::Upstream& each) { return each.name; });
  }
  const auto s = std::find_if(u->servers.begin(), u->servers.end(),
                              [&](const conf::Server& each) { return each.text == server; });
  if (s == u->servers.end()) {
    return "upstream " + upstream + " has no server " + in_quotes(server) + "; " +
           there_are(u->servers, [](const conf::Server& each) { return each.text; });
  }
  if (order.weight && *order.weight > kMostWeight) {
    return "a weight of " + std::to_string(*order.weight) + " is out of range; 1 to " +
           std::to_string(kMostWeight) + ", or none for the configured one";
  }
  upstream::ServerState& state = *current_->servers[static_cast<std::size_t>(u - upstreams.begin())]
                                                   [static_cast<std::size_t>(s - u->servers.begin())];
  const std::string who = "server " + server + " of " + upstream + ": ";
  if (order.state) {
    const bool drain = *order.state == ServerOrder::State::drain;
    state.drained.store(drain, std::memory_order_relaxed);
    log::info("upstream", who + (drain ? "drained by order: its tunnels go on, nothing new is sent there"
                                       : "up by order"));
  }
  if (order.weight) {
    state.weight_ordered.store(*order.weight, std::memory_order_relaxed);
    log::info("upstream", who + "its weight is " + std::to_string(state.weight(s->weight)) +
                              (*order.weight > 0 ? " by order" : ", as configured, again"));
  }
  return std::nullopt;
}

void Server::hold_servers(Generation& next) {
  for (const conf::Upstream& upstream : next.blueprint->config->upstreams) {
    auto& states = next.servers.emplace_back();
    for (const conf::Server& server : upstream.servers) {
      states.push_back(shared_.states.get(upstream.name, server.text));
    }
  }
}

void Server::note_leavers(const Generation& next) {
  std::vector<upstream::ServerState*> staying;
  for (const auto& states : next.servers) {
    for (const auto& state : states) staying.push_back(state.get());
  }
  std::sort(staying.begin(), staying.end());
  for (const auto& states : current_->servers) {
    for (const auto& state : states) {
      if (!std::binary_search(staying.begin(), staying.end(), state.get())) leavers_.push_back(state);
    }
  }
}

void Server::forget_leavers() {
  for (const auto& state : std::exchange(leavers_, {})) state->forget_orders();
}

void Server::tell_tunnel_limit(const Generation& next) const {
  const TunnelLimit& limit = next.tunnel_limit;
  if (&next != current_.get() && limit == current_->tunnel_limit) return;
  log::info("server", limit.most > 0
                          ? "at most " + std::to_string(limit.most) + " tunnels at once (" + limit.why + ")"
                          : "no limit on tunnels");
}

}  // namespace tidegate::server
