#pragma once

#include <memory>
#include <string>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/net/listening_socket.h"
#include "gateway/server/inheritance.h"

namespace tidegate::server {

net::SocketAddress socket_address(const conf::ListenAddress& address);

/// Opens listening sockets for everybody in the process, those that were inherited first, and knows them all,
/// so that they can be handed over.
///
/// Owner: the server. Thread: the main one; the sockets go to the workers.
class ListeningSockets {
 public:
  using Access = net::ListeningSocket::Access;
  explicit ListeningSockets(Inheritance inheritance) : inheritance_(std::move(inheritance)) {}

  /// At least `wanted` sockets. Inherited ones are taken as they are, all of them, and the rest is bound
  /// beside them. TCP sockets share their port by SO_REUSEPORT, a unix socket is one, duplicated. Empty if it
  /// cannot be: the complaint (a port in use, no permission) names the address's place in the file.
  std::vector<net::ListeningSocket> open(const conf::ListenAddress& address, unsigned wanted,
                                         Diagnostics& diagnostics, Access access = Access::as_umask,
                                         const conf::SocketOptions& options = {});
  /// The first configuration is in force.
  void settle() { inheritance_.settle(); }

  /// What another process is to inherit. Each socket is open for as long as this is held.
  struct Bequest {
    std::shared_ptr<net::ListeningDescriptor> socket;
    std::string name;  ///< for LISTEN_FDNAMES
  };
  std::vector<Bequest> bequest() const;
  /// The other process has them now; closing ours ends none.
  void give_up();

 private:
  Result<net::ListeningSocket> one_more(const conf::ListenAddress& address,
                                        const std::vector<net::ListeningSocket>& sockets,
                                        std::size_t inherited, Access access,
                                        const conf::SocketOptions& options) const;

  Inheritance inheritance_;
  std::vector<std::weak_ptr<net::ListeningDescriptor>> known_;  ///< without duplicates; some may be closed
};

}  // namespace tidegate::server
