#include "tests/unit/net/net_fixture.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "gateway/net/sockaddr.h"

namespace tidegate::net {

bool run_until(Loop& loop, const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  struct Guard final : Deadline {
    void on_deadline() override { late = true; }
    bool late = false;
  } guard;
  guard.arm(loop.timers(), limit);
  while (!condition() && !guard.late) loop.run_once();
  return condition();
}

void Recorder::on_open() {
  ++opens;
  if (then_open) then_open();
}

void Recorder::on_data(Bytes bytes) {
  EXPECT_FALSE(bytes.empty());
  EXPECT_FALSE(broken()) << "on_data after on_error";
  EXPECT_EQ(ends, 0) << "on_data after on_end";
  data += as_text(bytes);
  largest_read = std::max(largest_read, bytes.size());
  if (then_data) then_data();
}

void Recorder::on_end(End end) {
  EXPECT_EQ(end, End::clean);
  EXPECT_FALSE(broken()) << "on_end after on_error";
  ++ends;
  if (then_end) then_end();
}

void Recorder::on_error(const Error& error) {
  EXPECT_FALSE(broken()) << "on_error twice";
  errors.push_back(error);
  if (then_error) then_error();
}

void Recorder::on_drained() {
  EXPECT_FALSE(broken()) << "on_drained after on_error";
  ++drains;
  if (then_drained) then_drained();
}

void Fd::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Fd::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  close();
}

SocketAddress loopback(std::uint16_t port) {
  SocketAddress address;
  address.ip = *IpAddress::parse("127.0.0.1");
  address.port = port;
  return address;
}

ListeningSocket listen_on_loopback() {
  Result<ListeningSocket> socket = ListeningSocket::bind(loopback(0), false);
  EXPECT_TRUE(socket);
  return std::move(socket).value();
}

Fd connect_to(const SocketAddress& address) {
  const RawAddress raw = *to_raw(address);
  Fd fd(::socket(raw.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
  EXPECT_EQ(::connect(fd.get(), raw.get(), raw.size), 0) << errno;
  return fd;
}

std::pair<Fd, Fd> tcp_pair() {
  const ListeningSocket listener = listen_on_loopback();
  Fd one = connect_to(listener.local());
  Fd other(::accept4(listener.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  EXPECT_GE(other.get(), 0);
  // The kernel's own buffers grow with what a machine has learned of its loopback; what a test writes must
  // not vanish in them.
  const int bytes = 128 * 1024;
  ::setsockopt(one.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  ::setsockopt(other.get(), SOL_SOCKET, SO_SNDBUF, &bytes, sizeof bytes);
  return {std::move(one), std::move(other)};
}

std::string read_available(int fd, bool* ended) {
  std::string all;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t count = ::recv(fd, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count > 0) {
      all.append(buffer.data(), static_cast<std::size_t>(count));
      continue;
    }
    if (ended != nullptr) *ended = count == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
    return all;
  }
}

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>((i * 2654435761U) >> 13);
  return text;
}

StreamFixture::StreamFixture() {
  auto [far, near] = tcp_pair();
  peer = std::move(far);
  stream = adopt(loop, near.release());
  stream->set_listener(heard);
}

void StreamFixture::TearDown() {
  stream.reset();
  EXPECT_EQ(loop.lingering(), 0U);
}

}  // namespace tidegate::net
