#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/net/acceptor.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"

namespace tidegate::upstream::testing_support {

using namespace std::chrono_literals;

/// Turns the loop until the condition holds; false after `limit`.
inline bool run_until(net::Loop& loop, const std::function<bool()>& condition,
                      std::chrono::milliseconds limit = 20s) {
  struct Limit final : net::Deadline {
    void on_deadline() override { over = true; }
    bool over = false;
  } time;
  time.arm(loop.timers(), limit);
  while (!condition()) {
    if (time.over) return false;
    loop.run_once();
  }
  return true;
}

/// A server on loopback that accepts, remembers what comes, and answers nothing of its own accord.
class LoopbackServer final : public net::AcceptListener {
 public:
  /// One accepted connection.
  struct Peer final : net::StreamListener {
    explicit Peer(std::unique_ptr<net::Stream> s) : stream(std::move(s)) {
      stream->set_listener(*this);
      stream->start_reading();
    }
    void on_data(Bytes bytes) override { received += as_text(bytes); }
    void on_end(net::End) override { ended = true; }
    void on_error(const Error&) override { ended = true; }
    void on_drained() override {}

    std::unique_ptr<net::Stream> stream;
    std::string received;
    bool ended = false;
  };

  explicit LoopbackServer(net::Loop& loop,
                          const net::SocketAddress& at = {*IpAddress::parse("127.0.0.1"), 0, {}}) {
    auto socket = net::ListeningSocket::bind(at, false);
    if (!socket) return;
    address_ = socket.value().local();
    acceptor_ = std::make_unique<net::Acceptor>(loop, std::move(socket).value(), *this);
  }

  bool listening() const { return acceptor_ != nullptr; }
  const net::SocketAddress& address() const { return address_; }
  std::vector<std::unique_ptr<Peer>>& peers() { return peers_; }

  void on_accept(std::unique_ptr<net::Stream> stream) override {
    peers_.push_back(std::make_unique<Peer>(std::move(stream)));
  }
  void on_descriptors_exhausted(bool) override {}

 private:
  net::SocketAddress address_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<net::Acceptor> acceptor_;
};

/// A port on 127.0.0.1 that is taken, and where nobody accepts: refused, or with `silent` without any answer
/// at all, because its backlog is full.
class DeadPort {
 public:
  enum class Kind { refused, silent };
  explicit DeadPort(Kind kind) {
    fds_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&name);
    socklen_t size = sizeof name;
    EXPECT_EQ(::bind(fds_[0], generic, size), 0);
    EXPECT_EQ(::getsockname(fds_[0], generic, &size), 0);
    address_ = {IpAddress::from_v4(&name.sin_addr), ntohs(name.sin_port), {}};
    if (kind == Kind::refused) return;
    EXPECT_EQ(::listen(fds_[0], 0), 0);
    for (int i = 0; i < 3; ++i) {  // one is taken, the others' SYNs are thrown away, as ours will be
      fds_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
      static_cast<void>(::connect(fds_.back(), generic, size));
    }
  }
  ~DeadPort() {
    for (const int fd : fds_) ::close(fd);
  }
  DeadPort(const DeadPort&) = delete;
  DeadPort& operator=(const DeadPort&) = delete;

  const net::SocketAddress& address() const { return address_; }

 private:
  std::vector<int> fds_;
  net::SocketAddress address_;
};

}  // namespace tidegate::upstream::testing_support
