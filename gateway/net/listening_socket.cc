#include "gateway/net/listening_socket.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "gateway/net/sockaddr.h"
#include "gateway/net/socket_options.h"

namespace tidegate::net {
namespace {

constexpr mode_t kOwnerOnly = 0600;
constexpr mode_t kEverybody = 0666;

Error os_failure(int error = errno) {
  return Error(Reason::internal, -error);
}

void switch_option(int fd, int level, int option, bool on) {
  const int value = on ? 1 : 0;
  ::setsockopt(fd, level, option, &value, sizeof value);
}

/// -1: not a socket.
int option(int fd, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, name, &value, &size) == 0 ? value : -1;
}

int new_socket(int family) {
  return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

bool bind_and_listen(int fd, const RawAddress& address, int backlog) {
  return ::bind(fd, address.get(), address.size) == 0 && ::listen(fd, backlog) == 0;
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
                                              Access access, const conf::SocketOptions& options) {
  if (!address.unix_path.empty()) return bind_unix(address, access, options.backlog);
  const SocketAddress wanted = any ? wildcard(true, address.port) : address;
  const RawAddress raw = *to_raw(wanted);
  ListeningSocket socket(new_socket(raw.family()));
  const int fd = socket.fd();
  const bool may_fall_back = any && wanted.ip.is_v4() == false;
  const auto without_ipv6 = [&] {
    return bind(wildcard(false, address.port), false, sharing, access, options);
  };
  if (fd < 0) {
    if (may_fall_back && errno == EAFNOSUPPORT) return without_ipv6();
    return os_failure();
  }
  if (sharing == Sharing::first && is_taken(raw, !any)) return os_failure(EADDRINUSE);
  switch_option(fd, SOL_SOCKET, SO_REUSEADDR, true);
  switch_option(fd, SOL_SOCKET, SO_REUSEPORT, true);
  if (raw.family() == AF_INET6) switch_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !any);
  set_tcp_options(fd);
  set_listening_options(fd, options);
  socket.backlog_ = options.backlog;
  socket.descriptor_->own();
  socket.listens_ = sharing != Sharing::later;
  if (socket.listens_ ? bind_and_listen(fd, raw, options.backlog) : ::bind(fd, raw.get(), raw.size) == 0)
    return socket;
  // IPv6 was compiled in, but is switched off.
  if (may_fall_back && errno == EADDRNOTAVAIL) return without_ipv6();
  return os_failure();
}

Result<ListeningSocket> ListeningSocket::bind_unix(const SocketAddress& address, Access access, int backlog) {
  const std::optional<RawAddress> raw = to_raw(address);
  if (!raw) return os_failure(ENAMETOOLONG);
  ListeningSocket socket(new_socket(AF_UNIX));
  if (socket.fd() < 0) return os_failure();
  // Linux makes the file with the socket's own mode, so that it is never open to others, not even for a
  // moment.
  if (access == Access::owner && ::fchmod(socket.fd(), kOwnerOnly) != 0) return os_failure();
  if (!bind_and_listen(socket.fd(), *raw, backlog)) {
    if (errno != EADDRINUSE) return os_failure();
    if (!is_stale(address.unix_path, *raw)) return os_failure(EADDRINUSE);
    ::unlink(address.unix_path.c_str());
    if (!bind_and_listen(socket.fd(), *raw, backlog)) return os_failure();
  }
  socket.note_file(address.unix_path);
  socket.descriptor_->own();
  // The umask may have taken from it, and other kernels do not copy it.
  if (access == Access::owner && ::chmod(address.unix_path.c_str(), kOwnerOnly) != 0) return os_failure();
  if (access == Access::everybody && ::chmod(address.unix_path.c_str(), kEverybody) != 0) return os_failure();
  return socket;
}

Result<ListeningSocket> ListeningSocket::adopt(int fd) {
  ListeningSocket socket(fd);
  if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return os_failure();
  if (option(fd, SO_ACCEPTCONN) != 1 || option(fd, SO_TYPE) != SOCK_STREAM) return os_failure(ENOTSOCK);
  const SocketAddress address = socket.local();
  switch (option(fd, SO_DOMAIN)) {
    case AF_INET:
    case AF_INET6:
      set_tcp_options(fd);
      break;
    case AF_UNIX:
      if (address.unix_path.empty()) return os_failure(EAFNOSUPPORT);
      socket.note_file(address.unix_path);
      break;
    default:
      return os_failure(EAFNOSUPPORT);
  }
  ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  ::listen(fd, socket.backlog_);  // a backlog that was meant for less
  return socket;
}

void ListeningSocket::note_file(const std::string& path) {
  descriptor_->path_ = path;
  descriptor_->inode_ = inode_of(path);
}

ListeningDescriptor::~ListeningDescriptor() {
  if (fd_ < 0) return;
  if (*owned_ && !path_.empty() && inode_of(path_) == inode_) ::unlink(path_.c_str());
  ::close(fd_);
}

Result<ListeningSocket> ListeningSocket::duplicate() const {
  const int copy = ::fcntl(fd(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return os_failure();
  ListeningSocket duplicate(copy);
  duplicate.is_duplicate_ = true;
  duplicate.descriptor_->owned_ = descriptor_->owned_;
  return duplicate;
}

Status ListeningSocket::begin() {
  if (!listens_ && ::listen(fd(), backlog_) != 0) return os_failure();
  listens_ = true;
  return Done{};
}

void ListeningSocket::turn_away_newcomers() const {
  // The filter sees TCP headers. A SYN without ACK is dropped, and the client will try again.
  static constexpr std::uint32_t kFlags = 13;
  static constexpr std::uint32_t kSynAndAck = 0x12;
  static constexpr std::uint32_t kSyn = 0x02;
  sock_filter program[] = {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, kFlags),
                           BPF_STMT(BPF_ALU | BPF_AND | BPF_K, kSynAndAck),
                           BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kSyn, 0, 1), BPF_STMT(BPF_RET | BPF_K, 0),
                           BPF_STMT(BPF_RET | BPF_K, ~std::uint32_t{0})};
  const sock_fprog filter{.len = std::size(program), .filter = program};
  if (!is_unix()) ::setsockopt(fd(), SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter);
}

SocketAddress ListeningSocket::local() const {
  RawAddress raw;
  ::getsockname(fd(), raw.get(), &raw.size);
  return from_raw(raw);
}

bool ListeningSocket::is_unix() const {
  return option(fd(), SO_DOMAIN) == AF_UNIX;
}

bool ListeningSocket::shares_port() const {
  return option(fd(), SO_REUSEPORT) == 1;
}

bool ListeningSocket::takes_both_families() const {
  int v6_only = 1;
  socklen_t size = sizeof v6_only;
  return ::getsockopt(fd(), IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, &size) == 0 && v6_only == 0;
}

}  // namespace tidegate::net
