#include "tests/bench/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace tidegate::bench {
namespace {

sockaddr_in to_sockaddr(Endpoint endpoint) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(endpoint.address);
  address.sin_port = htons(endpoint.port);
  return address;
}

// The sockets API takes its addresses by a cast.
sockaddr* generic(sockaddr_in& address) {
  return reinterpret_cast<sockaddr*>(&address);
}

void without_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

}  // namespace

void fail(std::string_view what, bool with_errno) {
  const char* reason = with_errno ? std::strerror(errno) : "";
  std::fprintf(stderr, "%.*s%s%s\n", static_cast<int>(what.size()), what.data(), with_errno ? ": " : "",
               reason);
  std::exit(1);
}

Endpoint parse_endpoint(std::string_view text) {
  Endpoint endpoint;
  const auto colon = text.rfind(':');
  in_addr address{};
  if (colon == std::string_view::npos ||
      inet_pton(AF_INET, std::string(text.substr(0, colon)).c_str(), &address) != 1)
    fail("not an address:port: " + std::string(text));
  endpoint.address = ntohl(address.s_addr);
  if (endpoint.address >> 24 != 127) fail("not a loopback address: " + std::string(text));
  const std::string_view port = text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size()) fail("not a port: " + std::string(port));
  return endpoint;
}

int listen_on(Endpoint at) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address = to_sockaddr(at);
  if (fd < 0 || bind(fd, generic(address), sizeof address) != 0 || listen(fd, SOMAXCONN) != 0)
    fail("listen", true);
  return fd;
}

int accept_from(int listener) {
  const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) {
    without_delay(fd);
  } else if (errno != EAGAIN && errno != ECONNABORTED) {
    fail("accept", true);
  }
  return fd;
}

int connect_to(Endpoint to) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket", true);
  without_delay(fd);
  sockaddr_in address = to_sockaddr(to);
  if (connect(fd, generic(address), sizeof address) != 0 && errno != EINPROGRESS) fail("connect", true);
  return fd;
}

void raise_descriptor_limit() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Io read_some(int fd, std::span<char> into, std::size_t& bytes) {
  const ssize_t got = read(fd, into.data(), into.size());
  bytes = got > 0 ? static_cast<std::size_t>(got) : 0;
  if (got > 0) return Io::done;
  return got < 0 && errno == EAGAIN ? Io::later : Io::ended;
}

Io write_some(int fd, std::string_view from, std::size_t& bytes) {
  const ssize_t sent = send(fd, from.data(), from.size(), MSG_NOSIGNAL);
  bytes = sent > 0 ? static_cast<std::size_t>(sent) : 0;
  if (sent < 0) return errno == EAGAIN ? Io::later : Io::ended;
  return bytes == from.size() ? Io::done : Io::later;
}

Poller::Poller() : fd_(epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) fail("epoll_create1", true);
}

Poller::~Poller() {
  close(fd_);
}

void Poller::add(int fd, std::uint32_t events, void* what) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  if (epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) fail("epoll_ctl add", true);
}

void Poller::change(int fd, std::uint32_t events, void* what) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = what;
  if (epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event) != 0) fail("epoll_ctl mod", true);
}

std::span<const epoll_event> Poller::wait(int timeout_ms) {
  const int count = epoll_wait(fd_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
  if (count < 0 && errno != EINTR) fail("epoll_wait", true);
  return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace tidegate::bench
