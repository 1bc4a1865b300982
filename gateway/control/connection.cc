#include "gateway/control/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

constexpr const char* kWhere =
    "is the gateway running, and does its configuration have `admin`? Another address: --admin ADDRESS, or "
    "-c FILE";

/// What an operator would want to know of an error of connect(), send() or recv().
Failure failure_of(int error, const Address& address) {
  const std::string at = to_string(address) + (address.found.empty() ? "" : " (" + address.found + ")");
  switch (error) {
    case ENOENT:
      return {Failure::Kind::nobody, "there is no socket at " + at + "; " + kWhere};
    case ECONNREFUSED:
      return {Failure::Kind::nobody, "nobody listens at " + at + "; " + kWhere};
    case EACCES:
    case EPERM:
      return {Failure::Kind::forbidden,
              "no permission to use " + at + "; run this as root or as the gateway's user"};
    case ETIMEDOUT:
    case EAGAIN:  // a unix socket whose queue of connections is full
      return {Failure::Kind::timeout,
              "no answer in time from " + at + "; is the gateway stopped, or somebody else listening there?"};
    case EPIPE:
    case ECONNRESET:
      return {Failure::Kind::broken, "the connection to " + at + " was cut; has the gateway ended?"};
    case ENOTSOCK:
    case EPROTOTYPE:
      return {Failure::Kind::broken, at + " is not a stream socket; " + kWhere};
    default:
      return {Failure::Kind::broken, at + ": " + std::generic_category().message(error) + "; " + kWhere};
  }
}

/// Its bytes and length; 0 if it cannot be one.
socklen_t fill(const Address& address, sockaddr_storage& out) {
  if (!address.unix_path.empty()) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (address.unix_path.size() >= sizeof name.sun_path) return 0;
    std::copy(address.unix_path.begin(), address.unix_path.end(), name.sun_path);
    std::memcpy(&out, &name, sizeof name);
    return sizeof name;
  }
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, address.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&out, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, address.host.c_str(), &v6.sin6_addr) != 1) return 0;
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(address.port);
  std::memcpy(&out, &v6, sizeof v6);
  return sizeof v6;
}

}  // namespace

std::string to_string(const Address& address) {
  if (!address.unix_path.empty()) return "unix:" + printable(address.unix_path);
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
}

std::optional<Connection> Connection::open(const Address& address, Deadline deadline, Failure& failure) {
  const int family = !address.unix_path.empty()                    ? AF_UNIX
                     : address.host.find(':') == std::string::npos ? AF_INET
                                                                   : AF_INET6;
  Connection connection(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), address);
  if (connection.descriptor_ < 0) {
    connection.fail(errno, failure);
    return std::nullopt;
  }
  if (!connection.connect(deadline, failure)) return std::nullopt;
  return connection;
}

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), address_(other.address_) {}

Connection::~Connection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

bool Connection::fail(int error, Failure& failure) {
  failure = failure_of(error, address_);
  return false;
}

bool Connection::connect(Deadline deadline, Failure& failure) {
  sockaddr_storage name{};
  const socklen_t size = fill(address_, name);
  if (size == 0) {
    failure = {Failure::Kind::nobody, to_string(address_) +
                                          " is no address that can be connected to: a unix "
                                          "socket's path has at most 107 bytes"};
    return false;
  }
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&name), size) == 0) return true;
  if (errno != EINPROGRESS) return fail(errno, failure);
  if (!wait(POLLOUT, deadline, failure)) return false;
  int error = 0;
  socklen_t error_size = sizeof error;
  if (::getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &error_size) != 0) error = errno;
  return error == 0 || fail(error, failure);
}

bool Connection::wait(short events, Deadline deadline, Failure& failure) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) return fail(ETIMEDOUT, failure);
    pollfd item{descriptor_, events, 0};
    const int ready = ::poll(&item, 1, static_cast<int>(std::min<std::int64_t>(left, 3'600'000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return fail(errno, failure);
  }
}

bool Connection::send(std::string_view bytes, Deadline deadline, Failure& failure) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      if (!wait(POLLOUT, deadline, failure)) return false;
    } else if (errno != EINTR) {
      return fail(errno, failure);
    }
  }
  return true;
}

std::optional<std::string> Connection::receive(Deadline deadline, Failure& failure) {
  std::string bytes(64u << 10, '\0');
  for (;;) {
    const ssize_t got = ::recv(descriptor_, bytes.data(), bytes.size(), 0);
    if (got >= 0) {
      bytes.resize(static_cast<std::size_t>(got));
      return bytes;
    }
    if (errno == EAGAIN) {
      if (!wait(POLLIN, deadline, failure)) return std::nullopt;
    } else if (errno != EINTR) {
      fail(errno, failure);
      return std::nullopt;
    }
  }
}

}  // namespace tidegate::control
