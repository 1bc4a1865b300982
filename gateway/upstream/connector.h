#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/result.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/tls/client_context.h"
#include "gateway/upstream/balancer.h"

namespace tidegate::upstream {

/// A connection to a server, ready for a request.
struct Connection {
  std::unique_ptr<net::Stream> stream;
  Server* server = nullptr;
  bool reused = false;
};

/// Hears how connecting ended; exactly one of the two, never from within connect(), unless cancelled.
class ConnectListener {
 public:
  virtual void on_connected(Connection connection) = 0;
  virtual void on_connect_failed(const Error& error) = 0;

 protected:
  ~ConnectListener() = default;
};

/// An attempt under way. Destroying it cancels the attempt.
class Attempt {
 public:
  virtual ~Attempt() = default;
  virtual Server* server() const = 0;  ///< the one being tried now
};

/// Connections to one upstream's servers on one worker: chooses, dials, keeps idle ones for the next request.
///
/// Owner: the worker's snapshot. Thread: its loop's. End: the destructor closes idle connections; Attempts must be
/// gone before.
class Connector {
 public:
  Connector(net::Loop& loop, const conf::Upstream& upstream, ServerStates& states,
            std::shared_ptr<tls::ClientContext> tls);
  ~Connector();

  struct Wish {
    std::optional<std::string> hash;  ///< sticky by hash: the value
    std::string cookie;               ///< sticky by cookie: what the client sent
    bool fresh = false;               ///< no idle connection (a handshake, or a try after a reused one failed)
    std::chrono::milliseconds timeout{5000};  ///< for the whole attempt, every server and address of it
  };
  /// Takes an idle connection to the chosen server, or dials: every address of a server in turn, then the next
  /// server. A server that can't be reached is avoided for 10 s. An idle connection is handed over through the loop
  /// as well.
  std::unique_ptr<Attempt> connect(const Wish& wish, ConnectListener& listener);

  /// Keeps the connection for another request, for `keepalive_idle` or what the upstream said (less 1 s) if
  /// shorter; not if the limit is reached. Anything that arrives on an idle connection closes it.
  void keep(Connection connection, int keep_alive_timeout_s);

  /// New addresses for server `index` (posted from the main thread). An empty list keeps the old ones.
  void set_addresses(std::size_t index, std::vector<net::SocketAddress> addresses);
  /// The Set-Cookie value for a client that should stay with this server; empty if the upstream is not sticky by
  /// cookie or the client has the right one. HttpOnly; SameSite=Lax; Path=/; Secure under TLS.
  std::string set_cookie(const Server& server, std::string_view sent, bool secure) const;
  std::size_t idle() const;
  const conf::Upstream& conf() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::upstream
