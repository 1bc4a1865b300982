#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/model.h"
#include "gateway/upstream/cluster.h"

namespace tidegate::upstream {

/// One server of an upstream as a worker sees it.
struct Server {
  const conf::Server* conf = nullptr;
  std::size_t index = 0;
  std::shared_ptr<ServerState> state;
  std::string cookie_value;                   ///< opaque: derived from upstream and address, the same in every process
  std::vector<net::SocketAddress> addresses;  ///< resolved; empty: not (yet)
};

/// Chooses servers. One per upstream and worker; no sockets, no clock of its own.
class Balancer {
 public:
  Balancer(const conf::Upstream& upstream, ServerStates& states);

  /// Servers in the order in which they should be tried for one request: the chosen one first, then the others
  /// that may be tried after it; servers being avoided last, backups behind the rest. Round robin is nginx's
  /// smooth weighted one. `hash` (sticky by hash): weighted rendezvous, so that adding or removing a server moves
  /// only its share; an empty value falls back to `balance`. `cookie`: the value of our sticky cookie.
  std::vector<Server*> order(std::optional<std::string_view> hash, std::string_view cookie, std::int64_t now_ms);

  std::vector<Server>& servers() { return servers_; }
  const conf::Upstream& conf() const { return upstream_; }

 private:
  const conf::Upstream& upstream_;
  std::vector<Server> servers_;
  std::vector<std::int64_t> current_weights_;
};

}  // namespace tidegate::upstream
