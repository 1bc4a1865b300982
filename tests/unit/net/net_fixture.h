#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gateway/net/acceptor.h"
#include "gateway/net/loop.h"
#include "gateway/net/socket.h"

namespace tidegate::net {

using namespace std::chrono_literals;

/// Runs the loop until `condition` holds; false if that takes more than `limit`.
bool run_until(Loop& loop, const std::function<bool()>& condition, std::chrono::milliseconds limit = 10s);

/// Writes down what a stream says, and then does what the test wants.
class Recorder final : public StreamListener {
 public:
  void on_open() override;
  void on_data(Bytes bytes) override;
  void on_end(End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;

  bool broken() const { return !errors.empty(); }

  int opens = 0;
  std::string data;
  std::size_t largest_read = 0;
  int ends = 0;
  std::vector<Error> errors;
  int drains = 0;

  /// Called after writing down, as the callback's last act: the stream may be destroyed in it.
  std::function<void()> then_open, then_data, then_end, then_error, then_drained;
};

/// A descriptor that closes itself.
class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() { close(); }
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }
  void close();
  /// RST instead of FIN.
  void reset();

 private:
  int fd_;
};

SocketAddress loopback(std::uint16_t port);
ListeningSocket listen_on_loopback();
/// A blocking socket, connected.
Fd connect_to(const SocketAddress& address);
/// A connected pair of TCP sockets; the second is non-blocking, for adopt().
std::pair<Fd, Fd> tcp_pair();
/// Everything that can be read now from a blocking or non-blocking socket; `ended` says whether EOF or an
/// error came.
std::string read_available(int fd, bool* ended = nullptr);
/// Bytes whose order shows.
std::string pattern(std::size_t size);

/// A stream on the loop and, at the other end of a real TCP connection, a bare socket that the test plays.
class StreamFixture : public ::testing::Test {
 protected:
  StreamFixture();
  void TearDown() override;

  Loop loop;
  Recorder heard;
  Fd peer;
  std::unique_ptr<Stream> stream;
};

}  // namespace tidegate::net
