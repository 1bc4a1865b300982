#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "gateway/admin/http_connection.h"
#include "gateway/base/slot_map.h"
#include "gateway/server/server.h"

namespace tidegate::admin {

/// The addresses of one of the operators' endpoints (`metrics`, `admin`), and the connections that came in by
/// them. It follows the configuration: an address that stays is never closed, new ones are bound before any
/// is given up, and connections of one that goes are answered what they have asked. It accepts before the
/// gateway does and until the gateway's end.
///
/// Owner:  who answers. Thread: the server's main one; made before Server::start(), gone before the server.
/// End:    the destructor cuts what is open.
class HttpEndpoint {
 public:
  struct Options {
    std::string_view name;  ///< for the log; lives as long as the program
    /// What the configuration says of it.
    std::vector<conf::ListenAddress> (*addresses)(const conf::Config&);
    net::ListeningSocket::Access access = net::ListeningSocket::Access::as_umask;  ///< of unix sockets
  };
  HttpEndpoint(server::Server& server, HttpHandler& handler, const Options& options);
  ~HttpEndpoint();
  HttpEndpoint(const HttpEndpoint&) = delete;
  HttpEndpoint& operator=(const HttpEndpoint&) = delete;

  /// Where it accepts, in the configuration's order; ports that the system chose are known.
  std::vector<net::SocketAddress> addresses() const;
  /// Null if it has ended.
  HttpConnection* find(SlotId id) const { return by_id_.find(id); }

 private:
  class Door;  // one address
  struct Change;

  std::function<void()> prepare(const conf::Config& config, Diagnostics& diagnostics);
  void commit(Change& change);

  server::Server& server_;
  HttpHandler& handler_;
  const Options options_;
  SlotMap<HttpConnection> by_id_;
  std::vector<std::unique_ptr<Door>> doors_;
  std::vector<std::unique_ptr<Door>> leaving_;  ///< closed, with connections that are not; swept by a reload
};

}  // namespace tidegate::admin
