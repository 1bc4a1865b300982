#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "gateway/base/result.h"
#include "gateway/net/loop.h"
#include "gateway/net/socket_address.h"
#include "gateway/net/stream.h"

namespace tidegate::net {

/// A listening socket that is not yet in any loop. Closes it when it dies.
class ListeningSocket {
 public:
  /// Binds and listens. TCP: SO_REUSEADDR and SO_REUSEPORT, and what accepted sockets inherit (TCP_NODELAY,
  /// keepalive, TCP_USER_TIMEOUT). `any` ignores the address and listens on [::] with IPV6_V6ONLY off, or on
  /// 0.0.0.0 where the kernel has no IPv6; without it [::] means IPv6 alone, so that 0.0.0.0 may stand beside
  /// it. Unix: a stale socket file nobody listens on is removed first, and the file is unlinked at the end by
  /// the one that made it, unless another has taken its place. The error holds the errno.
  /// `first`: EADDRINUSE if anybody listens on the port already, though SO_REUSEPORT would let us in; the
  /// sockets of the other workers are bound as `more`.
  enum class Sharing { first, more };
  /// Whom a unix socket's file lets in: as the process's umask says, or its owner (and root) alone.
  enum class Access { as_umask, owner };
  static Result<ListeningSocket> bind(const SocketAddress& address, bool any, Sharing sharing = Sharing::more,
                                      Access access = Access::as_umask);
  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&& other) noexcept;
  ~ListeningSocket();

  /// Another descriptor for the same socket (unix listeners: one in every worker).
  Result<ListeningSocket> duplicate() const;
  /// With the port the system chose where 0 was asked for.
  SocketAddress local() const;
  int fd() const { return fd_; }

 private:
  explicit ListeningSocket(int fd) : fd_(fd) {}
  static Result<ListeningSocket> bind_unix(const SocketAddress& address, Access access);

  int fd_ = -1;
  std::string unlink_path_;  ///< empty: a duplicate, or TCP
  std::uint64_t inode_ = 0;  ///< of the file that was made
};

/// Hears of accepted connections.
class AcceptListener {
 public:
  virtual void on_accept(std::unique_ptr<Stream> stream) = 0;
  /// EMFILE or ENFILE: accepting has paused (true) or goes on again (false).
  virtual void on_descriptors_exhausted(bool exhausted) = 0;

 protected:
  ~AcceptListener() = default;
};

/// Accepts on one loop, at most a few connections per loop turn so that a reconnect storm does not starve
/// what is open. When descriptors run out it pauses (waiting connections stay in the backlog) and tries again
/// every 100 ms. The destructor stops accepting at once.
class Acceptor {
 public:
  Acceptor(Loop& loop, ListeningSocket socket, AcceptListener& listener);
  ~Acceptor();
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;

 private:
  struct Core;
  Core* core_;
};

}  // namespace tidegate::net
