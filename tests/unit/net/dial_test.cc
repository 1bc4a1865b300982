#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "gateway/net/socket.h"
#include "tests/unit/net/net_fixture.h"

namespace tidegate::net {
namespace {

/// An address whose connections hang: a listening socket with a full backlog that nobody accepts from.
class HangingServer {
 public:
  HangingServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.get(), 0), 0);
    EXPECT_EQ(::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    for (int i = 0; i < 4; ++i) {
      waiting_.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      ::connect(waiting_.back().get(), reinterpret_cast<sockaddr*>(&address), size);
    }
  }
  SocketAddress address() const { return loopback(port_); }

 private:
  Fd socket_;
  std::uint16_t port_ = 0;
  std::vector<Fd> waiting_;
};

/// A port where nobody listens.
SocketAddress closed_port() {
  return listen_on_loopback().local();
}

std::string temporary_path(const std::string& name) {
  return ::testing::TempDir() + name + std::to_string(::getpid());
}

TEST(Dial, ComesFromTheAddressThatItIsTold) {
  Loop loop;
  const ListeningSocket server = listen_on_loopback();
  for (const char* address : {"127.0.0.1", "127.0.0.9"}) {
    const SocketAddress from{*IpAddress::parse(address), 0, {}};
    Recorder heard;
    const auto stream = dial(loop, server.local(), 5s, heard, &from);
    ASSERT_TRUE(run_until(loop, [&] { return heard.opens == 1; })) << address;
    EXPECT_EQ(stream->local_address(), address);
  }
}

TEST(Dial, FailsFromAnAddressThatIsNotOurs) {
  Loop loop;
  const ListeningSocket server = listen_on_loopback();
  const SocketAddress from{*IpAddress::parse("192.0.2.1"), 0, {}};
  Recorder heard;
  const auto stream = dial(loop, server.local(), 5s, heard, &from);
  ASSERT_TRUE(run_until(loop, [&] { return !heard.errors.empty(); }));
  EXPECT_EQ(heard.errors.front().os_error, -EADDRNOTAVAIL);
}

TEST(Dial, OpensAndSendsWhatWasWrittenBefore) {
  Loop loop;
  const ListeningSocket server = listen_on_loopback();
  Recorder heard;
  const auto stream = dial(loop, server.local(), 5s, heard);
  EXPECT_EQ(stream->peer()->to_string(), "127.0.0.1");
  EXPECT_EQ(stream->peer_port(), server.local().port);
  stream->start_reading();
  stream->write(as_bytes("before "));
  stream->write(as_bytes("open"));
  stream->end_writing();
  EXPECT_EQ(stream->queued_bytes(), 11U);
  EXPECT_EQ(heard.opens, 0) << "from within";
  ASSERT_TRUE(run_until(loop, [&] { return heard.opens == 1; }));
  const Fd accepted(::accept4(server.fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  std::string got;
  bool ended = false;
  ASSERT_TRUE(run_until(loop, [&] {
    got += read_available(accepted.get(), &ended);
    loop.post([] {});
    return ended;
  }));
  EXPECT_EQ(got, "before open");
}

TEST(Dial, ReportsThatNobodyListens) {
  Loop loop;
  Recorder heard;
  const auto stream = dial(loop, closed_port(), 5s, heard);
  stream->start_reading();
  stream->write(as_bytes("lost"));
  EXPECT_FALSE(heard.broken()) << "from within";
  ASSERT_TRUE(run_until(loop, [&] { return heard.broken(); }));
  EXPECT_EQ(heard.errors[0], Error(Reason::upstream_unreachable, -ECONNREFUSED));
  EXPECT_EQ(heard.errors[0].at_fault, Party::upstream);
  EXPECT_EQ(heard.opens, 0);
}

TEST(Dial, ReportsAFailureTheKernelSeesAtOnceFromTheLoop) {
  Loop loop;
  Recorder heard;
  SocketAddress broadcast = loopback(80);
  broadcast.ip = *IpAddress::parse("255.255.255.255");
  const auto stream = dial(loop, broadcast, 5s, heard);
  EXPECT_FALSE(heard.broken()) << "from within";
  ASSERT_TRUE(run_until(loop, [&] { return heard.broken(); }));
  EXPECT_EQ(heard.errors[0].reason, Reason::upstream_unreachable);
}

TEST(Dial, TimesOut) {
  Loop loop;
  const HangingServer server;
  Recorder heard;
  const auto stream = dial(loop, server.address(), 50ms, heard);
  ASSERT_TRUE(run_until(loop, [&] { return heard.broken(); }));
  EXPECT_EQ(heard.errors[0], Error(Reason::upstream_connect_timeout, -ETIMEDOUT));
}

TEST(Dial, MayDieWhileItConnects) {
  Loop loop;
  const HangingServer server;
  Recorder heard;
  auto stream = dial(loop, server.address(), 50ms, heard);
  stream->write(as_bytes("x"));
  loop.post([&] { stream.reset(); });
  ASSERT_TRUE(run_until(loop, [&] { return stream == nullptr; }));
  EXPECT_FALSE(heard.broken());
  EXPECT_EQ(loop.timers().armed(), 0U);
}

TEST(Dial, MayDieInOnOpen) {
  Loop loop;
  const ListeningSocket server = listen_on_loopback();
  Recorder heard;
  auto stream = dial(loop, server.local(), 5s, heard);
  stream->write(as_bytes("x"));
  heard.then_open = [&] { stream.reset(); };
  EXPECT_TRUE(run_until(loop, [&] { return stream == nullptr; }));
}

TEST(Dial, MayDieInOnErrorOfRefusalAndTimeout) {
  Loop loop;
  const HangingServer hanging;
  for (const SocketAddress& address : {closed_port(), hanging.address()}) {
    Recorder heard;
    auto stream = dial(loop, address, 50ms, heard);
    stream->write(as_bytes("x"));
    heard.then_error = [&] { stream.reset(); };
    EXPECT_TRUE(run_until(loop, [&] { return stream == nullptr; }));
  }
}

TEST(Dial, BlamesTheUpstreamForAReset) {
  Loop loop;
  const ListeningSocket server = listen_on_loopback();
  Recorder heard;
  const auto stream = dial(loop, server.local(), 5s, heard);
  stream->start_reading();
  ASSERT_TRUE(run_until(loop, [&] { return heard.opens == 1; }));
  Fd(::accept4(server.fd(), nullptr, nullptr, SOCK_CLOEXEC)).reset();
  ASSERT_TRUE(run_until(loop, [&] { return heard.broken(); }));
  EXPECT_EQ(heard.errors[0], Error(Reason::upstream_reset, -ECONNRESET));
}

TEST(Dial, ReachesAUnixSocket) {
  Loop loop;
  SocketAddress address;
  address.unix_path = temporary_path("dial");
  Result<ListeningSocket> server = ListeningSocket::bind(address, false);
  ASSERT_TRUE(server);
  Recorder heard;
  const auto stream = dial(loop, address, 5s, heard);
  stream->write(as_bytes("hello"));
  EXPECT_EQ(heard.opens, 0) << "from within";
  ASSERT_TRUE(run_until(loop, [&] { return heard.opens == 1; }));
  EXPECT_EQ(stream->peer(), nullptr);
  const Fd accepted(::accept4(server.value().fd(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_EQ(read_available(accepted.get()), "hello");
}

TEST(Dial, ReportsAUnixSocketThatIsNotThereOrHasTooLongAName) {
  Loop loop;
  for (const auto& [path, error] : {std::pair(temporary_path("nobody"), -ENOENT),
                                    std::pair("/" + std::string(200, 'x'), -ENAMETOOLONG)}) {
    SocketAddress address;
    address.unix_path = path;
    Recorder heard;
    const auto stream = dial(loop, address, 5s, heard);
    EXPECT_FALSE(heard.broken()) << "from within";
    ASSERT_TRUE(run_until(loop, [&] { return heard.broken(); }));
    EXPECT_EQ(heard.errors[0], Error(Reason::upstream_unreachable, error));
  }
}

TEST(Dial, ReachesIpv6) {
  SocketAddress address = loopback(0);
  address.ip = *IpAddress::parse("::1");
  Result<ListeningSocket> server = ListeningSocket::bind(address, false);
  if (!server) GTEST_SKIP() << "no IPv6 here";
  Loop loop;
  Recorder heard;
  const auto stream = dial(loop, server.value().local(), 5s, heard);
  EXPECT_TRUE(run_until(loop, [&] { return heard.opens == 1; }));
}

}  // namespace
}  // namespace tidegate::net
