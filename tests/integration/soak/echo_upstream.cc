#include "tests/integration/soak/echo_upstream.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "tests/integration/gateway.h"
#include "tests/integration/soak/fate.h"

namespace tidegate::test {
namespace {

/// An echo that is not read is not made longer.
constexpr std::size_t kMostQueued = 256 * 1024;

void reset(int fd) {
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

}  // namespace

class EchoUpstream::Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  ~Connection() { ::close(fd_); }

  int fd() const { return fd_; }
  /// False when it is over.
  bool on_event(unsigned events) {
    if ((events & EPOLLERR) != 0) return false;
    return ((events & (EPOLLIN | EPOLLHUP)) == 0 || read()) && flush();
  }
  unsigned wanted() const {
    return (ended_ || out_.size() >= kMostQueued ? 0u : unsigned{EPOLLIN}) |
           (out_.empty() ? 0u : unsigned{EPOLLOUT});
  }
  bool shook_hands() { return std::exchange(just_shook_hands_, false); }

 private:
  bool read() {
    char buffer[64 * 1024];
    while (!ended_ && out_.size() < kMostQueued) {
      const ssize_t got = ::recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (got < 0) return errno == EAGAIN;
      if (got == 0) {
        ended_ = true;
        return true;
      }
      in_.append(buffer, static_cast<std::size_t>(got));
      if (!(upgraded_ ? echo() : shake_hands())) return false;
    }
    return true;
  }

  bool shake_hands() {
    const std::size_t end = in_.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    char* rest = nullptr;
    fate_ = static_cast<Fate>(std::strtoul(in_.c_str() + 5, &rest, 10));  // "GET /3/5000 HTTP/1.1"
    if (*rest == '/') until_ = std::strtoul(rest + 1, nullptr, 10);
    in_.erase(0, end + 4);
    if (fate_ == Fate::abort_waiting) return true;  // never answered
    if (fate_ == Fate::upstream_vanishes) {
      reset(fd_);
      return false;
    }
    if (fate_ == Fate::upstream_refuses) {
      out_ = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno";
      ended_ = true;
      return true;
    }
    upgraded_ = just_shook_hands_ = true;
    out_ += handshake_response();
    return echo();
  }

  /// Frames as they come, unmasked; what is whole of a payload does not wait for the rest.
  bool echo() {
    std::size_t at = 0;
    while (at < in_.size() && !ended_) {
      if (payload_left_ == 0) {
        const std::size_t header = begin_frame(at);
        if (header == 0) break;
        at += header;
      }
      const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(payload_left_, in_.size() - at));
      for (std::size_t i = 0; i < part; ++i) out_ += static_cast<char>(in_[at + i] ^ key_[key_at_++ & 3]);
      at += part;
      payload_left_ -= part;
      echoed_ += part;
      if (payload_left_ == 0 && opcode_ == 8) ended_ = true;  // answered: FIN once it is sent
      if (payload_left_ == 0 ? echoed_ >= until_ && act() : meets_mid_frame()) {
        in_.clear();
        return !dead_;
      }
    }
    in_.erase(0, at);
    return true;
  }

  /// The header's size; 0 when it is not all there.
  std::size_t begin_frame(std::size_t at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(in_[at + i]); };
    const std::size_t have = in_.size() - at;
    if (have < 2) return 0;
    EXPECT_NE(0, byte(1) & 0x80) << "a client's frame that is not masked";
    const int length = byte(1) & 0x7f;
    const std::size_t extended = length == 127 ? 8 : length == 126 ? 2 : 0;
    const std::size_t size = 2 + extended + 4;
    if (have < size) return 0;
    std::uint64_t payload = extended == 0 ? static_cast<std::uint64_t>(length) : 0;
    for (std::size_t i = 0; i < extended; ++i) payload = payload << 8 | byte(2 + i);
    opcode_ = byte(0) & 0x0f;
    for (std::size_t i = 0; i < 4; ++i) key_[i] = in_[at + 2 + extended + i];
    key_at_ = 0;
    payload_left_ = payload;
    out_ += opcode_ == 9 ? '\x8a' : in_[at];
    out_ += static_cast<char>(length);
    out_.append(in_, at + 2, extended);
    if (payload == 0 && opcode_ == 8) ended_ = true;
    return size;
  }

  /// Between frames: is this where our fate says that it ends?
  bool act() {
    if (fate_ == Fate::upstream_close) {
      out_ += close_frame(1000, false);
    } else if (fate_ == Fate::upstream_reset) {
      reset(fd_);
      dead_ = true;
    } else if (fate_ != Fate::upstream_fin) {
      return false;
    }
    ended_ = true;
    return true;
  }
  bool meets_mid_frame() {
    if (fate_ != Fate::upstream_mid_frame || echoed_ < until_) return false;
    ended_ = true;
    return true;
  }

  bool flush() {
    while (!out_.empty()) {
      const ssize_t sent = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0) return errno == EAGAIN;
      out_.erase(0, static_cast<std::size_t>(sent));
    }
    return !ended_;
  }

  const int fd_;
  std::string in_;
  std::string out_;
  std::uint64_t until_ = ~std::uint64_t{0};
  std::uint64_t echoed_ = 0;
  std::uint64_t payload_left_ = 0;
  std::size_t key_at_ = 0;
  int opcode_ = 0;
  char key_[4] = {};
  Fate fate_ = Fate::close;
  bool upgraded_ = false;
  bool just_shook_hands_ = false;
  bool ended_ = false;  ///< reads no more; over when everything is sent
  bool dead_ = false;
};

EchoUpstream::EchoUpstream()
    : listening_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(0, ::bind(listening_, reinterpret_cast<const sockaddr*>(&address), size));
  EXPECT_EQ(0, ::listen(listening_, 4096));
  ::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  epoll_event event{EPOLLIN, {.fd = listening_}};
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, listening_, &event);
  thread_ = std::thread([this] { run(); });
}

EchoUpstream::~EchoUpstream() {
  stopping_ = true;
  thread_.join();
  connections_.clear();
  ::close(epoll_);
  ::close(listening_);
}

void EchoUpstream::run() {
  epoll_event events[256];
  while (!stopping_) {
    const int count = ::epoll_wait(epoll_, events, 256, 20);
    for (int i = 0; i < count; ++i) {
      if (events[i].data.fd == listening_) {
        accept_all();
        continue;
      }
      Connection& connection = *connections_.at(events[i].data.fd);
      const bool lives = connection.on_event(events[i].events);
      if (connection.shook_hands()) ++handshakes_;
      if (lives) {
        update(connection);
      } else {
        connections_.erase(connection.fd());
      }
    }
  }
}

void EchoUpstream::accept_all() {
  for (int fd; (fd = ::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0;) {
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{EPOLLIN, {.fd = fd}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
    connections_.emplace(fd, std::make_unique<Connection>(fd));
  }
}

void EchoUpstream::update(Connection& connection) {
  epoll_event event{connection.wanted(), {.fd = connection.fd()}};
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd(), &event);
}

}  // namespace tidegate::test
