#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/tls/client_context.h"
#include "gateway/upstream/balancer.h"
#include "gateway/upstream/chooser.h"
#include "metrics/tally.h"

namespace tidegate::upstream {

/// A connection to a server, ready for a request. Its listener is whoever had it before: set another at once,
/// then start_reading().
struct Connection {
  std::unique_ptr<net::Stream> stream;
  Server* server = nullptr;
  std::uint32_t uses = 0;      ///< requests before this one
  std::uint32_t opened_s = 0;  ///< on the loop's clock
  Claim claim{};  ///< a place under the server's `max_tunnels` (of a tunnel's) or max_connections

  bool reused() const { return uses > 0; }
};

/// Hears how connecting ended: exactly one of the two, from the loop, unless cancelled. Both may destroy the
/// Attempt.
class ConnectListener {
 public:
  virtual void on_connected(Connection connection) = 0;
  virtual void on_connect_failed(const Error& error) = 0;

 protected:
  ~ConnectListener() = default;
};

/// An attempt under way. Destroying it cancels the attempt; it is of no use after the listener was called.
class Attempt {
 public:
  virtual ~Attempt() = default;
  virtual Server* server() const = 0;  ///< the one being tried now, or last; null: none is resolved
};

/// Connections to one upstream's servers on one worker: chooses, dials, keeps idle ones for the next request.
///
/// Owner: the worker's snapshot. Thread: its loop's. End: the destructor closes idle connections; Attempts
/// must be gone before, and Connections forget their `server`.
class Connector {
 public:
  Connector(net::Loop& loop, const conf::Upstream& upstream, ServerStates& states,
            std::shared_ptr<tls::ClientContext> tls, metrics::UpstreamCounts* counts = nullptr);
  ~Connector();

  struct Wish {
    std::optional<std::string> hash;  ///< sticky by hash: the value
    std::string cookie;               ///< sticky by cookie: what the client sent
    bool for_tunnel = false;          ///< a handshake: the server must have room for another tunnel
    bool fresh = false;  ///< no idle connection (a handshake, or a try after a reused one failed)
    /// For a whole attempt, every server and address of it; zero: no limit.
    std::chrono::milliseconds timeout{5000};
    /// The servers in the order in which they are tried. Empty: not chosen yet. take_idle() notes its choice
    /// here, so that a connect() after it goes to the same server.
    std::vector<Server*> order;
    /// The request's, for log lines; it outlives the attempt.
    std::string_view log_id;
    /// Under TLS: what is sent as the server's name, and verified; none: as the upstream has it. Whoever
    /// names one takes no idle connection, and keeps none: these may be another's.
    std::optional<std::string> tls_name{};
    /// proxy_bind: where the connection comes from; none: the system chooses.
    std::optional<net::SocketAddress> from{};
  };

  /// An idle connection to the chosen server, if there is one: usable at once, though the upstream may have
  /// closed it a moment ago. None if the wish is `fresh`. Typical use: take_idle(), and if that has none,
  /// connect() with the same wish.
  std::optional<Connection> take_idle(Wish& wish);

  /// Dials: every address of a server in turn, then the next server. A server that can't be reached is
  /// avoided for 10 s. Fails with the last server's error; upstream_connect_timeout when the time is over;
  /// upstream_unresolved if no server has an address; no_server if an operator has drained them all;
  /// too_many_tunnels if those that could be asked are full; out_of_descriptors if we ourselves have none
  /// left.
  std::unique_ptr<Attempt> connect(const Wish& wish, ConnectListener& listener);

  /// Keeps the connection for another request, for `keepalive_idle` or what the upstream said (less 1 s; -1:
  /// it said nothing) if shorter, unless it has served `keepalive_requests` or lived for `keepalive_time`.
  /// Beyond `keepalive_max` the one idle longest goes. Anything that arrives on an idle connection closes it.
  /// Reading must not be paused, and the stream must not have ended.
  void keep(Connection connection, int keep_alive_timeout_s);

  // For an nginx configuration, which chooses one server at a time: choose(), then take_idle() of its, or
  // connect() with a wish whose `order` it is; at the end failed() or succeeded().

  Server* choose(const Chooser::Question& question, Chooser::Course& course);
  std::optional<Connection> take_idle(Server& server);
  void failed(Server& server);
  void succeeded(Server& server);

  /// New addresses for server `index` (posted from the main thread); idle connections to addresses that are
  /// gone are closed. An empty list keeps the old ones.
  void set_addresses(std::size_t index, std::vector<net::SocketAddress> addresses);
  /// The Set-Cookie value for a client that should stay with this server; empty if the upstream is not sticky
  /// by cookie or the client has the right one. HttpOnly; SameSite=Lax; Path=/; Secure under TLS.
  std::string set_cookie(const Server& server, std::string_view sent, bool secure) const;
  std::size_t idle() const;
  const conf::Upstream& conf() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::upstream
