#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "gateway/net/acceptor.h"
#include "gateway/net/sockaddr.h"
#include "gateway/net/socket_options.h"

namespace tidegate::net {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn

Error os_failure(int error = errno) {
  return Error(Reason::internal, -error);
}

void switch_option(int fd, int level, int option, bool on) {
  const int value = on ? 1 : 0;
  ::setsockopt(fd, level, option, &value, sizeof value);
}

int new_socket(int family) {
  return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

bool bind_and_listen(int fd, const RawAddress& address) {
  return ::bind(fd, address.get(), address.size) == 0 && ::listen(fd, kBacklog) == 0;
}

/// A socket file that refuses connections was left behind by a process that is gone.
bool is_stale(const std::string& path, const RawAddress& address) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0 || !S_ISSOCK(file.st_mode)) return false;
  const int probe = new_socket(AF_UNIX);
  if (probe < 0) return false;
  const bool refused = ::connect(probe, address.get(), address.size) != 0 && errno == ECONNREFUSED;
  ::close(probe);
  return refused;
}

std::uint64_t inode_of(const std::string& path) {
  struct stat file {};
  return ::lstat(path.c_str(), &file) == 0 ? file.st_ino : 0;
}

/// SO_REUSEPORT lets every program of the same user in, so whether somebody else listens there is asked by a
/// socket without it. (Port 0 is always free.)
bool is_taken(const RawAddress& address, bool v6_only) {
  const int probe = new_socket(address.family());
  if (probe < 0) return false;
  switch_option(probe, SOL_SOCKET, SO_REUSEADDR, true);
  if (address.family() == AF_INET6) switch_option(probe, IPPROTO_IPV6, IPV6_V6ONLY, v6_only);
  const bool taken = ::bind(probe, address.get(), address.size) != 0 && errno == EADDRINUSE;
  ::close(probe);
  return taken;
}

SocketAddress wildcard(bool v6, std::uint16_t port) {
  SocketAddress address;
  address.ip = *IpAddress::parse(v6 ? "::" : "0.0.0.0");
  address.port = port;
  return address;
}

}  // namespace

Result<ListeningSocket> ListeningSocket::bind(const SocketAddress& address, bool any, Sharing sharing,
                                              Access access) {
  if (!address.unix_path.empty()) return bind_unix(address, access);
  const SocketAddress wanted = any ? wildcard(true, address.port) : address;
  const RawAddress raw = *to_raw(wanted);
  ListeningSocket socket(new_socket(raw.family()));
  const bool may_fall_back = any && wanted.ip.is_v4() == false;
  const auto without_ipv6 = [&] { return bind(wildcard(false, address.port), false, sharing); };
  if (socket.fd_ < 0) {
    if (may_fall_back && errno == EAFNOSUPPORT) return without_ipv6();
    return os_failure();
  }
  if (sharing == Sharing::first && is_taken(raw, !any)) return os_failure(EADDRINUSE);
  switch_option(socket.fd_, SOL_SOCKET, SO_REUSEADDR, true);
  switch_option(socket.fd_, SOL_SOCKET, SO_REUSEPORT, true);
  if (raw.family() == AF_INET6) switch_option(socket.fd_, IPPROTO_IPV6, IPV6_V6ONLY, !any);
  set_tcp_options(socket.fd_);
  if (bind_and_listen(socket.fd_, raw)) return socket;
  // IPv6 was compiled in, but is switched off.
  if (may_fall_back && errno == EADDRNOTAVAIL) return without_ipv6();
  return os_failure();
}

Result<ListeningSocket> ListeningSocket::bind_unix(const SocketAddress& address, Access access) {
  const std::optional<RawAddress> raw = to_raw(address);
  if (!raw) return os_failure(ENAMETOOLONG);
  ListeningSocket socket(new_socket(AF_UNIX));
  if (socket.fd_ < 0) return os_failure();
  // Linux makes the file with the socket's own mode, so that it is never open to others, not even for a
  // moment.
  if (access == Access::owner && ::fchmod(socket.fd_, kOwnerOnly) != 0) return os_failure();
  if (!bind_and_listen(socket.fd_, *raw)) {
    if (errno != EADDRINUSE) return os_failure();
    if (!is_stale(address.unix_path, *raw)) return os_failure(EADDRINUSE);
    ::unlink(address.unix_path.c_str());
    if (!bind_and_listen(socket.fd_, *raw)) return os_failure();
  }
  socket.unlink_path_ = address.unix_path;
  socket.inode_ = inode_of(address.unix_path);
  // The umask may have taken from it, and other kernels do not copy it.
  if (access == Access::owner && ::chmod(address.unix_path.c_str(), kOwnerOnly) != 0) return os_failure();
  return socket;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      unlink_path_(std::exchange(other.unlink_path_, {})),
      inode_(std::exchange(other.inode_, 0)) {}

ListeningSocket& ListeningSocket::operator=(ListeningSocket&& other) noexcept {
  ListeningSocket taken(std::move(other));
  std::swap(fd_, taken.fd_);
  std::swap(unlink_path_, taken.unlink_path_);
  std::swap(inode_, taken.inode_);
  return *this;
}

ListeningSocket::~ListeningSocket() {
  if (fd_ < 0) return;
  if (!unlink_path_.empty() && inode_of(unlink_path_) == inode_) ::unlink(unlink_path_.c_str());
  ::close(fd_);
}

Result<ListeningSocket> ListeningSocket::duplicate() const {
  const int copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return os_failure();
  return ListeningSocket(copy);
}

SocketAddress ListeningSocket::local() const {
  RawAddress raw;
  ::getsockname(fd_, raw.get(), &raw.size);
  return from_raw(raw);
}

}  // namespace tidegate::net
