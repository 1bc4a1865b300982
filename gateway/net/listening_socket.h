#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "conf/model.h"
#include "gateway/base/result.h"
#include "gateway/net/socket_address.h"

namespace tidegate::net {

/// The descriptor of a listening socket, and the file of a unix one. Closed with its last holder.
///
/// Thread: any.
class ListeningDescriptor {
 public:
  explicit ListeningDescriptor(int fd) : fd_(fd) {}
  ~ListeningDescriptor();
  ListeningDescriptor(const ListeningDescriptor&) = delete;
  ListeningDescriptor& operator=(const ListeningDescriptor&) = delete;

  int fd() const { return fd_; }
  /// Ours alone: who waits in its queue is lost if we close it, and the file of a unix socket goes with it,
  /// unless another has taken its place. So it is with what this process bound, until another process shares
  /// it. Duplicates are owned together.
  bool owned() const { return *owned_; }
  void own() { *owned_ = true; }
  void share() { *owned_ = false; }

 private:
  friend class ListeningSocket;
  const int fd_;
  std::string path_;         ///< of a unix socket's file; empty: none, or a duplicate
  std::uint64_t inode_ = 0;  ///< of that file
  std::shared_ptr<std::atomic<bool>> owned_ = std::make_shared<std::atomic<bool>>(false);
};

/// A listening socket that is not yet in any loop. Closes it when it dies.
class ListeningSocket {
 public:
  /// Binds and listens. TCP: SO_REUSEADDR and SO_REUSEPORT, and what accepted sockets inherit (TCP_NODELAY,
  /// keepalive, TCP_USER_TIMEOUT). `any` ignores the address and listens on [::] with IPV6_V6ONLY off, or on
  /// 0.0.0.0 where the kernel has no IPv6; without it [::] means IPv6 alone, so that 0.0.0.0 may stand beside
  /// it. Unix: a stale socket file nobody listens on is removed first, and the file is unlinked at the end.
  /// The error holds the errno.
  /// `first`: EADDRINUSE if anybody listens on the port already, though SO_REUSEPORT would let us in; the
  /// sockets of the other workers are bound as `more`. `later`: as `more`, but the kernel sends nobody there
  /// before begin(), so that nobody is lost if it never comes to that.
  enum class Sharing { first, more, later };
  /// Whom a unix socket's file lets in: as the process's umask says, its owner (and root) alone, or
  /// everybody, as nginx's listeners do.
  enum class Access { as_umask, owner, everybody };
  static Result<ListeningSocket> bind(const SocketAddress& address, bool any, Sharing sharing = Sharing::more,
                                      Access access = Access::as_umask,
                                      const conf::SocketOptions& options = {});
  /// Takes over a descriptor that another process bound, sets what bind() sets, and FD_CLOEXEC. An error, and
  /// the descriptor is closed, unless it is a listening stream socket of TCP or with a file.
  static Result<ListeningSocket> adopt(int fd);

  /// Another descriptor for the same socket (unix listeners: one in every worker).
  Result<ListeningSocket> duplicate() const;
  /// Listens, if it was bound as `later`.
  Status begin();
  /// From now on no client's SYN is answered (Linux; TCP alone), while handshakes under way may end and be
  /// accepted. For the moment between the last accept and the end of a socket, which would be a reset
  /// connection's moment.
  void turn_away_newcomers() const;
  /// With the port the system chose where 0 was asked for.
  SocketAddress local() const;
  int fd() const { return descriptor_->fd(); }
  bool is_duplicate() const { return is_duplicate_; }
  bool is_unix() const;
  /// SO_REUSEPORT: another socket may be bound beside it.
  bool shares_port() const;
  /// [::] that takes IPv4 too.
  bool takes_both_families() const;
  const std::shared_ptr<ListeningDescriptor>& descriptor() const { return descriptor_; }

 private:
  explicit ListeningSocket(int fd) : descriptor_(std::make_shared<ListeningDescriptor>(fd)) {}
  static Result<ListeningSocket> bind_unix(const SocketAddress& address, Access access, int backlog);
  void note_file(const std::string& path);

  std::shared_ptr<ListeningDescriptor> descriptor_;
  int backlog_ = conf::SocketOptions().backlog;
  bool listens_ = true;
  bool is_duplicate_ = false;
};

}  // namespace tidegate::net
