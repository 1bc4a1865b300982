#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/model.h"
#include "gateway/net/socket_address.h"
#include "gateway/upstream/cluster.h"

namespace tidegate::upstream {

/// One server of an upstream as a worker sees it.
struct Server {
  const conf::Server* conf = nullptr;
  std::size_t index = 0;
  std::shared_ptr<ServerState> state;
  std::string cookie_value;  ///< opaque: derived from upstream and address, the same in every process
  std::vector<net::SocketAddress> addresses;  ///< resolved; empty: not (yet)
  std::uint64_t hash_key = 0;                 ///< its place in rendezvous hashing, the same in every process
};

/// Where a server is when no name has to be looked up for that: a literal address, or a unix socket.
std::optional<net::SocketAddress> literal_address(const conf::Server& server);

/// Chooses servers. One per upstream and worker; no sockets, no clock of its own.
///
/// Owner: the Connector. Thread: its worker's; `states` are shared with all others. The configuration must
/// outlive it.
class Balancer {
 public:
  Balancer(const conf::Upstream& upstream, ServerStates& states);

  /// Every server once that no operator has drained, in the order in which they should be tried for one
  /// request. First those that can be
  /// used, then the backups that can, then those being avoided, then those whose name is not resolved; within
  /// each the chosen one first.
  ///
  /// Round robin is nginx's smooth weighted one; it also settles ties of `least_tunnels`. `hash` (sticky by
  /// hash): weighted rendezvous, so that adding or removing a server moves only its share; an empty value
  /// falls back to `balance`. `cookie`, the value of our sticky cookie: its server comes first, a backup too,
  /// unless it is avoided and another is not.
  std::vector<Server*> order(std::optional<std::string_view> hash, std::string_view cookie,
                             std::int64_t now_ms);

  std::vector<Server>& servers() { return servers_; }
  const std::vector<Server>& servers() const { return servers_; }
  const conf::Upstream& conf() const { return upstream_; }

 private:
  struct Candidate;
  std::vector<Candidate> candidates(std::optional<std::string_view> hash, std::int64_t now_ms);
  void take_turn(std::vector<Candidate>& tied_at_front);
  std::uint64_t next_random();

  const conf::Upstream& upstream_;
  std::vector<Server> servers_;
  std::vector<std::int64_t> current_weights_;  ///< by index; of smooth round robin
  std::uint64_t random_state_;
};

}  // namespace tidegate::upstream
