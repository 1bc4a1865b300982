#include "tests/integration/peer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace tidegate::test {
namespace {

using std::chrono::milliseconds;

void set_timeouts(int fd) {
  const timeval limit{kPatience.count(), 0};
  ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

/// Each send() is a segment of its own. No effect on a unix socket.
void set_no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

bool readable_within(int fd, milliseconds time) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, static_cast<int>(time.count())) > 0;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

sockaddr_un unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  return address;
}

template <typename Address>
const sockaddr* as_sockaddr(const Address& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

std::uint16_t bind_loopback(int fd) {
  sockaddr_in address = loopback(0);
  EXPECT_EQ(0, ::bind(fd, as_sockaddr(address), sizeof address)) << std::strerror(errno);
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

}  // namespace

Peer::Peer(int fd) : fd_(fd) {
  if (fd_ >= 0) set_timeouts(fd_);
}

Peer::Peer(int fd, std::unique_ptr<Layer> layer) : Peer(fd) {
  layer_ = std::move(layer);
}

Peer::Peer(Peer&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      layer_(std::move(other.layer_)),
      kept_(std::move(other.kept_)),
      ending_(other.ending_) {}

Peer& Peer::operator=(Peer&& other) noexcept {
  if (this == &other) return *this;
  close();
  fd_ = std::exchange(other.fd_, -1);
  layer_ = std::move(other.layer_);
  kept_ = std::move(other.kept_);
  ending_ = other.ending_;
  return *this;
}

Peer::~Peer() {
  close();
}

Peer Peer::connect(std::uint16_t port, int receive_buffer) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer > 0) ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  set_no_delay(fd);
  const sockaddr_in address = loopback(port);
  EXPECT_EQ(0, ::connect(fd, as_sockaddr(address), sizeof address))
      << "port " << port << ": " << std::strerror(errno);
  return Peer(fd);
}

Peer Peer::connect_unix(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un address = unix_address(path);
  EXPECT_EQ(0, ::connect(fd, as_sockaddr(address), sizeof address)) << path << ": " << std::strerror(errno);
  return Peer(fd);
}

Peer& Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const long sent = layer_ ? layer_->write(bytes.data(), bytes.size())
                             : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) {
      ADD_FAILURE() << "sending failed with " << bytes.size() << " bytes left: " << std::strerror(errno);
      return *this;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return *this;
}

Peer& Peer::send_bytewise(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) send(bytes.substr(i, 1));
  return *this;
}

std::size_t Peer::send_until_stalled(std::string_view chunk, std::size_t at_most, milliseconds stall) {
  std::size_t total = 0;
  while (total < at_most) {
    pollfd waiting{fd_, POLLOUT, 0};
    if (::poll(&waiting, 1, static_cast<int>(stall.count())) <= 0) return total;
    const long sent = ::send(fd_, chunk.data(), chunk.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN) return total;
    if (sent > 0) total += static_cast<std::size_t>(sent);
  }
  return total;
}

bool Peer::fill() {
  char buffer[64 * 1024];
  const long got = layer_ ? layer_->read(buffer, sizeof buffer) : ::recv(fd_, buffer, sizeof buffer, 0);
  if (got > 0) {
    kept_.append(buffer, static_cast<std::size_t>(got));
    return true;
  }
  if (got == 0) {
    ending_ = Ending::clean;
  } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
    ADD_FAILURE() << "nothing came for " << kPatience.count() << " s";
  } else {
    ending_ = Ending::reset;
  }
  return false;
}

std::string Peer::read_until(std::string_view mark) {
  std::size_t at;
  while ((at = kept_.find(mark)) == std::string::npos) {
    if (!fill()) {
      ADD_FAILURE() << "ended before \"" << mark << "\"; came: " << kept_;
      return std::exchange(kept_, {});
    }
  }
  std::string taken = kept_.substr(0, at + mark.size());
  kept_.erase(0, at + mark.size());
  return taken;
}

std::string Peer::read_exactly(std::size_t size) {
  while (kept_.size() < size) {
    if (!fill()) {
      ADD_FAILURE() << "ended after " << kept_.size() << " of " << size << " bytes";
      return std::exchange(kept_, {});
    }
  }
  std::string taken = kept_.substr(0, size);
  kept_.erase(0, size);
  return taken;
}

std::string Peer::read_to_end() {
  while (fill()) {
  }
  return std::exchange(kept_, {});
}

std::string Peer::read_message() {
  std::string head = read_head();
  const auto field = [&head](const char* name) -> std::string {
    const std::size_t at = head.find(std::string("\r\n") + name + ": ");
    if (at == std::string::npos) return {};
    const std::size_t begin = head.find(':', at) + 2;
    return head.substr(begin, head.find("\r\n", begin) - begin);
  };
  if (field("Transfer-Encoding") == "chunked") return head + read_until("0\r\n\r\n");
  const std::string length = field("Content-Length");
  if (!length.empty()) head += read_exactly(std::strtoul(length.c_str(), nullptr, 10));
  return head;
}

void Peer::expect_end() {
  EXPECT_FALSE(fill()) << "came instead of an end: " << kept_;
  EXPECT_NE(ending_, Ending::none);
}

bool Peer::silent_for(milliseconds time) {
  return kept_.empty() && !readable_within(fd_, time);
}

void Peer::shutdown_write() {
  if (layer_) layer_->end();
  ::shutdown(fd_, SHUT_WR);
}

void Peer::reset() {
  const linger abort{1, 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  ::close(std::exchange(fd_, -1));
}

void Peer::close() {
  layer_.reset();
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

ScriptedUpstream::ScriptedUpstream() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  port_ = bind_loopback(fd_);
  EXPECT_EQ(0, ::listen(fd_, 512));
}

ScriptedUpstream::ScriptedUpstream(const std::string& path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_un address = unix_address(path);
  EXPECT_EQ(0, ::bind(fd_, as_sockaddr(address), sizeof address)) << std::strerror(errno);
  EXPECT_EQ(0, ::listen(fd_, 512));
}

ScriptedUpstream::~ScriptedUpstream() {
  close();
}

Peer ScriptedUpstream::accept(int receive_buffer) {
  if (receive_buffer > 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  if (!readable_within(fd_, kPatience)) {
    ADD_FAILURE() << "nobody connected to the upstream";
    return Peer(-1);
  }
  const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  set_no_delay(fd);
  return Peer(fd);
}

bool ScriptedUpstream::nobody_for(milliseconds time) {
  return !readable_within(fd_, time);
}

void ScriptedUpstream::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

std::uint16_t closed_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const std::uint16_t port = bind_loopback(fd);
  ::close(fd);
  return port;
}

void pause_briefly() {
  ::poll(nullptr, 0, 2);
}

}  // namespace tidegate::test
