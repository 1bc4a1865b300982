#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/model.h"
#include "gateway/base/ip.h"
#include "gateway/upstream/balancer.h"

namespace tidegate::upstream {

/// Chooses servers as nginx's upstream modules do, one at a time: its smooth weighted round robin,
/// least_conn, random, ip_hash, hash and hash consistent (ketama), whose hashes are nginx's own, so that
/// clients stay with the servers they had there; max_fails and fail_timeout, max_conns, backup and down. What
/// is known of a server's failures and connections is the whole process's (ServerState). No sockets, no clock
/// of its own.
///
/// Owner: the Connector. Thread: its worker's. `servers` and `upstream` outlive it.
class Chooser {
 public:
  Chooser(std::vector<Server>& servers, const conf::Upstream& upstream);

  /// What a request says about where it would like to go.
  struct Question {
    std::string key{};                  ///< of hash and consistent_hash; empty: round robin
    std::optional<IpAddress> client{};  ///< of ip_hash; none: a unix socket
  };
  /// How far the choice for one request has come: no server twice.
  struct Course {
    std::vector<bool> tried;            ///< by the server's index; empty: none yet
    std::optional<std::uint32_t> hash;  ///< ip_hash, hash: where it stands; consistent_hash: the point
    unsigned rehashed = 0;
  };

  /// The next server, marked as tried; null when none is left that may be used (nginx: "no live upstreams").
  Server* choose(const Question& question, Course& course, std::int64_t now_ms);
  /// An attempt at it failed so that it counts for max_fails.
  void failed(Server& server, std::int64_t now_ms);
  void succeeded(Server& server);

 private:
  using Balance = conf::Upstream::Balance;
  struct Point {
    std::uint32_t hash;
    std::size_t group;  ///< servers of the same text
  };

  bool usable(const Server& server, const Course& course, std::int64_t now_ms) const;
  /// Of the usable ones: the backups, or the others.
  std::vector<Server*> candidates(const Course& course, bool backup, std::int64_t now_ms);
  Server* by_method(const Question& question, Course& course, std::int64_t now_ms);
  Server* round_robin(const std::vector<Server*>& list);
  Server* least_connections(std::vector<Server*> list);
  Server* at_random(const std::vector<Server*>& list);
  Server* random_two(std::vector<Server*> list);
  Server* ip_hash(const Question& question, Course& course, std::int64_t now_ms);
  Server* hash(const Question& question, Course& course, std::int64_t now_ms);
  Server* consistent(const Question& question, Course& course, std::int64_t now_ms);
  Server& at_weight(std::uint32_t weight);
  std::uint64_t weight_of(const Server& server) const;
  std::uint64_t next_random();
  void make_points();

  /// Of smooth round robin, by index; a server that fails weighs less for a while.
  struct Turn {
    std::int64_t current = 0;
    std::int64_t effective = 0;
  };

  std::vector<Server>& servers_;
  const conf::Upstream& upstream_;
  std::vector<Turn> turns_;
  std::vector<Point> points_;        ///< of consistent_hash, ordered
  std::vector<std::size_t> groups_;  ///< of consistent_hash, by the server's index
  std::uint64_t random_state_;
};

/// CRC-32 (IEEE 802.3) as nginx's hashes use it, going on from `crc` (at first 0).
std::uint32_t crc32(std::uint32_t crc, std::string_view bytes);

}  // namespace tidegate::upstream
