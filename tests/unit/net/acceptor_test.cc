#include "gateway/net/acceptor.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/net/net_fixture.h"

namespace {

/// While true, accept4() meets a process that may have no more descriptors. Only accept4(): the sanitizers
/// need descriptors, too.
bool no_descriptors = false;

}  // namespace

/// Stands before the C library's.
extern "C" int accept4(int fd, sockaddr* address, socklen_t* size, int flags) {
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  if (no_descriptors) ::setrlimit(RLIMIT_NOFILE, &none);
  const long result = ::syscall(SYS_accept4, fd, address, size, flags);
  const int error = errno;
  ::setrlimit(RLIMIT_NOFILE, &before);
  errno = error;
  return static_cast<int>(result);
}

namespace tidegate::net {
namespace {

class Guests final : public AcceptListener {
 public:
  void on_accept(std::unique_ptr<Stream> stream) override {
    streams.push_back(std::move(stream));
    if (then_accept) then_accept();
  }
  void on_descriptors_exhausted(bool exhausted) override {
    exhaustion.push_back(exhausted);
    if (then_exhausted) then_exhausted();
  }

  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<bool> exhaustion;
  std::function<void()> then_accept, then_exhausted;
};

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(::getsockopt(fd, level, name, &value, &size), 0);
  return value;
}

TEST(Acceptor, AcceptsABurstOfFiveHundred) {
  Loop loop;
  Guests guests;
  ListeningSocket socket = listen_on_loopback();
  const SocketAddress address = socket.local();
  const Acceptor acceptor(loop, std::move(socket), guests);
  std::vector<Fd> clients;
  for (int i = 0; i < 250; ++i) clients.push_back(connect_to(address));
  ASSERT_TRUE(run_until(loop, [&] { return guests.streams.size() == 250; }));
  for (int i = 0; i < 250; ++i) clients.push_back(connect_to(address));
  ASSERT_TRUE(run_until(loop, [&] { return guests.streams.size() == 500; }));
  EXPECT_TRUE(guests.exhaustion.empty());
}

TEST(Acceptor, NamesThePeer) {
  Loop loop;
  Guests guests;
  ListeningSocket socket = listen_on_loopback();
  const Fd client = connect_to(socket.local());
  sockaddr_in own{};
  socklen_t size = sizeof own;
  ASSERT_EQ(::getsockname(client.get(), reinterpret_cast<sockaddr*>(&own), &size), 0);
  const Acceptor acceptor(loop, std::move(socket), guests);
  ASSERT_TRUE(run_until(loop, [&] { return guests.streams.size() == 1; }));
  EXPECT_EQ(guests.streams[0]->peer()->to_string(), "127.0.0.1");
  EXPECT_EQ(guests.streams[0]->peer_port(), ntohs(own.sin_port));
}

TEST(Acceptor, GivesStreamsThatTalk) {
  Loop loop;
  Guests guests;
  Recorder heard;
  ListeningSocket socket = listen_on_loopback();
  const Fd client = connect_to(socket.local());
  const Acceptor acceptor(loop, std::move(socket), guests);
  guests.then_accept = [&] {
    guests.streams[0]->set_listener(heard);
    guests.streams[0]->start_reading();
    guests.streams[0]->write(as_bytes("welcome"));
  };
  ASSERT_EQ(::send(client.get(), "hello", 5, 0), 5);
  ASSERT_TRUE(run_until(loop, [&] { return heard.data == "hello"; }));
  EXPECT_EQ(read_available(client.get()), "welcome");
}

TEST(Acceptor, MayDieInOnAccept) {
  Loop loop;
  Guests guests;
  ListeningSocket socket = listen_on_loopback();
  std::vector<Fd> clients;
  for (int i = 0; i < 20; ++i) clients.push_back(connect_to(socket.local()));
  auto acceptor = std::make_unique<Acceptor>(loop, std::move(socket), guests);
  guests.then_accept = [&] {
    if (guests.streams.size() == 6) acceptor.reset();
  };
  ASSERT_TRUE(run_until(loop, [&] { return acceptor == nullptr; }));
  bool turned = false;
  loop.post([&] { turned = true; });
  ASSERT_TRUE(run_until(loop, [&] { return turned; }));
  EXPECT_EQ(guests.streams.size(), 6U);
}

TEST(Acceptor, StopsAcceptingWhenDestroyed) {
  Loop loop;
  Guests guests;
  ListeningSocket socket = listen_on_loopback();
  const SocketAddress address = socket.local();
  { const Acceptor acceptor(loop, std::move(socket), guests); }
  // Nobody listens on the port any more: it can be bound without SO_REUSEPORT.
  const Fd other(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(address.port);
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::bind(other.get(), reinterpret_cast<sockaddr*>(&in), sizeof in), 0);
}

TEST(Acceptor, PausesWhenDescriptorsRunOutAndGoesOnWhenThereAreSome) {
  Loop loop;
  Guests guests;
  ListeningSocket socket = listen_on_loopback();
  const SocketAddress address = socket.local();
  const Acceptor acceptor(loop, std::move(socket), guests);
  std::vector<Fd> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(connect_to(address));
  no_descriptors = true;
  ASSERT_TRUE(run_until(loop, [&] { return !guests.exhaustion.empty(); }));
  EXPECT_EQ(guests.exhaustion, std::vector<bool>{true});
  EXPECT_TRUE(guests.streams.empty());

  // Several retries later it has said so only once, and nobody who waits was turned away.
  const auto begin = loop.now();
  struct Nap final : Deadline {
    void on_deadline() override {}
  } nap;
  nap.arm(loop.timers(), 350ms);
  ASSERT_TRUE(run_until(loop, [&] { return !nap.armed(); }));
  EXPECT_GE(loop.now() - begin, 350ms);
  EXPECT_EQ(guests.exhaustion, std::vector<bool>{true});
  for (const Fd& client : clients) {
    bool ended = false;
    read_available(client.get(), &ended);
    EXPECT_FALSE(ended);
  }

  no_descriptors = false;
  ASSERT_TRUE(run_until(loop, [&] { return guests.streams.size() == 5; }));
  EXPECT_EQ(guests.exhaustion, (std::vector<bool>{true, false}));
}

TEST(Acceptor, MayDieWhenDescriptorsRunOutAndWhenTheyComeBack) {
  for (const std::size_t calls : {1U, 2U}) {
    Loop loop;
    Guests guests;
    ListeningSocket socket = listen_on_loopback();
    const Fd client = connect_to(socket.local());
    auto acceptor = std::make_unique<Acceptor>(loop, std::move(socket), guests);
    no_descriptors = true;
    guests.then_exhausted = [&] {
      if (guests.exhaustion.size() == calls) acceptor.reset();
    };
    ASSERT_TRUE(run_until(loop, [&] { return !guests.exhaustion.empty(); }));
    no_descriptors = false;
    ASSERT_TRUE(run_until(loop, [&] { return acceptor == nullptr; }));
    EXPECT_TRUE(guests.streams.empty());
  }
}

TEST(ListeningSocket, HandsItsOptionsDownToWhatItAccepts) {
  const ListeningSocket socket = listen_on_loopback();
  const Fd client = connect_to(socket.local());
  const Fd accepted(::accept4(socket.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  EXPECT_NE(option(accepted.get(), IPPROTO_TCP, TCP_NODELAY), 0);
  EXPECT_NE(option(accepted.get(), SOL_SOCKET, SO_KEEPALIVE), 0);
  EXPECT_EQ(option(accepted.get(), IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option(accepted.get(), IPPROTO_TCP, TCP_KEEPINTVL), 15);
  EXPECT_EQ(option(accepted.get(), IPPROTO_TCP, TCP_KEEPCNT), 4);
  EXPECT_EQ(option(accepted.get(), IPPROTO_TCP, TCP_USER_TIMEOUT), 120000);
}

TEST(ListeningSocket, ListensOnEveryAddress) {
  Result<ListeningSocket> socket = ListeningSocket::bind(SocketAddress(), true);
  ASSERT_TRUE(socket);
  const std::uint16_t port = socket.value().local().port;
  ASSERT_NE(port, 0);
  const Fd v4 = connect_to(loopback(port));
  const Fd accepted(::accept4(socket.value().fd(), nullptr, nullptr, SOCK_CLOEXEC));
  Loop loop;
  const auto stream = adopt(loop, ::dup(accepted.get()));
  EXPECT_EQ(stream->peer()->to_string(), "127.0.0.1") << "not its mapped form";
  if (!socket.value().local().ip.is_v4()) {
    SocketAddress v6 = loopback(port);
    v6.ip = *IpAddress::parse("::1");
    connect_to(v6);
  }
}

TEST(ListeningSocket, LetsIpv4StandBesideTheIpv6Wildcard) {
  SocketAddress v6;
  v6.ip = *IpAddress::parse("::");
  Result<ListeningSocket> six = ListeningSocket::bind(v6, false);
  if (!six) GTEST_SKIP() << "no IPv6 here";
  EXPECT_EQ(option(six.value().fd(), IPPROTO_IPV6, IPV6_V6ONLY), 1);
}

TEST(ListeningSocket, SharesAPortBetweenWorkers) {
  const ListeningSocket one = listen_on_loopback();
  EXPECT_TRUE(ListeningSocket::bind(one.local(), false));
}

TEST(ListeningSocket, SaysWhyItCannotBind) {
  SocketAddress elsewhere = loopback(0);
  elsewhere.ip = *IpAddress::parse("192.0.2.1");  // RFC 5737: nobody's
  const Result<ListeningSocket> socket = ListeningSocket::bind(elsewhere, false);
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().os_error, -EADDRNOTAVAIL);
}

class UnixListening : public ::testing::Test {
 protected:
  UnixListening() {
    address.unix_path = ::testing::TempDir() + "listening" + std::to_string(::getpid());
    ::unlink(address.unix_path.c_str());
  }
  ~UnixListening() override { ::unlink(address.unix_path.c_str()); }
  bool exists() const {
    struct stat file {};
    return ::lstat(address.unix_path.c_str(), &file) == 0;
  }
  SocketAddress address;
};

TEST_F(UnixListening, UnlinksItsFileAtTheEndAndDuplicatesDoNot) {
  {
    Result<ListeningSocket> socket = ListeningSocket::bind(address, false);
    ASSERT_TRUE(socket);
    EXPECT_EQ(socket.value().local(), address);
    {
      Result<ListeningSocket> copy = socket.value().duplicate();
      ASSERT_TRUE(copy);
      EXPECT_EQ(copy.value().local(), address);
    }
    EXPECT_TRUE(exists());
    const ListeningSocket moved = std::move(socket).value();
    EXPECT_TRUE(exists());
  }
  EXPECT_FALSE(exists());
}

TEST_F(UnixListening, RemovesAStaleFile) {
  {
    const Fd dead(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    Result<ListeningSocket> socket = ListeningSocket::bind(address, false);
    ASSERT_TRUE(socket);
    // Its maker goes without unlinking: as after a crash.
    ASSERT_EQ(::rename(address.unix_path.c_str(), (address.unix_path + ".kept").c_str()), 0);
  }
  ASSERT_EQ(::rename((address.unix_path + ".kept").c_str(), address.unix_path.c_str()), 0);
  EXPECT_TRUE(ListeningSocket::bind(address, false));
}

TEST_F(UnixListening, LeavesASocketThatSomebodyListensOn) {
  const Result<ListeningSocket> first = ListeningSocket::bind(address, false);
  ASSERT_TRUE(first);
  const Result<ListeningSocket> second = ListeningSocket::bind(address, false);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().os_error, -EADDRINUSE);
  EXPECT_TRUE(exists());
}

TEST_F(UnixListening, LeavesAFileThatIsNoSocket) {
  const Fd file(::open(address.unix_path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
  EXPECT_FALSE(ListeningSocket::bind(address, false));
  EXPECT_TRUE(exists());
}

TEST_F(UnixListening, LeavesAFileThatAnotherHasPutInItsPlace) {
  Fd newer;
  {
    Result<ListeningSocket> socket = ListeningSocket::bind(address, false);
    ASSERT_TRUE(socket);
    // Made before the old one goes, so that it can't get the same inode.
    const std::string aside = address.unix_path + ".new";
    newer = Fd(::open(aside.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    ASSERT_EQ(::rename(aside.c_str(), address.unix_path.c_str()), 0);
  }
  EXPECT_TRUE(exists());
}

TEST_F(UnixListening, IsAcceptedFromInTwoLoops) {
  Result<ListeningSocket> socket = ListeningSocket::bind(address, false);
  ASSERT_TRUE(socket);
  Loop one;
  Loop other;
  Guests guests;
  const Acceptor first(one, std::move(socket.value().duplicate()).value(), guests);
  const Acceptor second(other, std::move(socket.value().duplicate()).value(), guests);
  std::vector<Fd> clients;
  clients.push_back(connect_to(address));
  ASSERT_TRUE(run_until(one, [&] { return guests.streams.size() == 1; }));
  clients.push_back(connect_to(address));
  ASSERT_TRUE(run_until(other, [&] { return guests.streams.size() == 2; }));
  EXPECT_EQ(guests.streams[0]->peer(), nullptr);
}

}  // namespace
}  // namespace tidegate::net
