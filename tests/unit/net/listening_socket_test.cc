// Listening sockets that come from another process, or are about to go.

#include "gateway/net/listening_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

#include "gateway/net/sockaddr.h"
#include "tests/unit/net/net_fixture.h"

namespace tidegate::net {
namespace {

class Guests final : public AcceptListener {
 public:
  void on_accept(std::unique_ptr<Stream> stream) override { streams.push_back(std::move(stream)); }
  void on_descriptors_exhausted(bool) override {}
  std::vector<std::unique_ptr<Stream>> streams;
};

/// A connection that may take its time.
Fd begin_connecting(const SocketAddress& address) {
  const RawAddress raw = *to_raw(address);
  Fd fd(::socket(raw.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  ::connect(fd.get(), raw.get(), raw.size);
  return fd;
}

bool is_connected(const Fd& fd) {
  pollfd wait{.fd = fd.get(), .events = POLLOUT, .revents = 0};
  return ::poll(&wait, 1, 0) == 1 && (wait.revents & (POLLERR | POLLHUP)) == 0;
}

TEST(LastMoments, TakeEverybodyInWhoWaits) {
  Loop loop;
  Guests guests;
  ListeningSocket socket = listen_on_loopback();
  const SocketAddress address = socket.local();
  Acceptor acceptor(loop, std::move(socket), guests);
  std::vector<Fd> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(connect_to(address));
  acceptor.turn_away_newcomers();
  acceptor.accept_waiting();
  EXPECT_EQ(100u, guests.streams.size());
}

TEST(LastMoments, TurnNewcomersAwayWithoutAccepting) {
  Loop loop;
  Guests guests;
  ListeningSocket socket = listen_on_loopback();
  const SocketAddress address = socket.local();
  Acceptor acceptor(loop, std::move(socket), guests);
  const Fd early = begin_connecting(address);
  EXPECT_TRUE(is_connected(early));
  acceptor.turn_away_newcomers();
  const Fd late = begin_connecting(address);
  acceptor.accept_waiting();
  EXPECT_EQ(1u, guests.streams.size());
  EXPECT_FALSE(is_connected(late));
}

TEST(LastMoments, AreNotThoseOfASocketThatAnotherProcessHas) {
  Loop loop;
  Guests guests;
  ListeningSocket socket = listen_on_loopback();
  const ListeningSocket other = std::move(socket.duplicate()).value();
  socket.descriptor()->share();
  Acceptor acceptor(loop, std::move(socket), guests);
  acceptor.turn_away_newcomers();
  const Fd client = begin_connecting(other.local());
  EXPECT_TRUE(is_connected(client));
  acceptor.accept_waiting();
  EXPECT_TRUE(guests.streams.empty());
}

TEST(ListeningLater, AcceptsNobodyBeforeItBegins) {
  const ListeningSocket first = listen_on_loopback();
  SocketAddress address = first.local();
  address.port = 0;
  auto later = ListeningSocket::bind(address, false, ListeningSocket::Sharing::later);
  ASSERT_TRUE(later);
  EXPECT_FALSE(is_connected(begin_connecting(later.value().local())));
  ASSERT_TRUE(later.value().begin());
  EXPECT_TRUE(is_connected(begin_connecting(later.value().local())));
}

TEST(Adopting, TakesAListeningSocketAndSetsWhatItNeeds) {
  const ListeningSocket original = listen_on_loopback();
  auto adopted = ListeningSocket::adopt(::dup(original.fd()));
  ASSERT_TRUE(adopted);
  EXPECT_EQ(original.local(), adopted.value().local());
  EXPECT_TRUE(::fcntl(adopted.value().fd(), F_GETFD) & FD_CLOEXEC);
  EXPECT_TRUE(::fcntl(adopted.value().fd(), F_GETFL) & O_NONBLOCK);
  EXPECT_TRUE(adopted.value().shares_port());
  EXPECT_TRUE(original.descriptor()->owned());
  EXPECT_FALSE(adopted.value().descriptor()->owned());
}

TEST(Adopting, RefusesAndClosesWhatCannotBeListenedOn) {
  int ends[2];
  ASSERT_EQ(0, ::pipe(ends));
  const Fd other_end(ends[1]);
  auto connected = tcp_pair();
  const int refused[] = {ends[0], connected.first.release(), ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0),
                         ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  for (const int fd : refused) {
    EXPECT_FALSE(ListeningSocket::adopt(fd)) << fd;
    EXPECT_EQ(-1, ::fcntl(fd, F_GETFD)) << fd;
  }
  EXPECT_FALSE(ListeningSocket::adopt(9999));
}

TEST(Owning, DecidesWhoClearsTheFileAway) {
  const std::string path = ::testing::TempDir() + "owning" + std::to_string(::getpid());
  const auto exists = [&path] { return ::access(path.c_str(), F_OK) == 0; };
  SocketAddress address;
  address.unix_path = path;
  auto first = ListeningSocket::bind(address, false);
  ASSERT_TRUE(first);
  auto heir = ListeningSocket::adopt(::dup(first.value().fd()));
  ASSERT_TRUE(heir);
  {
    const ListeningSocket gone = std::move(first).value();
    const ListeningSocket duplicate = std::move(gone.duplicate()).value();
    EXPECT_TRUE(duplicate.descriptor()->owned());
    gone.descriptor()->share();
    EXPECT_FALSE(duplicate.descriptor()->owned()) << "duplicates are owned together";
  }
  EXPECT_TRUE(exists());
  heir.value().descriptor()->own();
  { const ListeningSocket gone = std::move(heir).value(); }
  EXPECT_FALSE(exists());
}

int option_of(const ListeningSocket& socket, int level, int option) {
  int value = -1;
  socklen_t size = sizeof value;
  EXPECT_EQ(0, ::getsockopt(socket.fd(), level, option, &value, &size));
  return value;
}

TEST(Options, AreSetOnWhatListens) {
  conf::SocketOptions options;
  options.keepalive_idle = std::chrono::seconds(77);
  options.keepalive_interval = std::chrono::seconds(5);
  options.keepalive_probes = 9;
  options.receive_buffer_bytes = 32 * 1024;
  options.send_buffer_bytes = 48 * 1024;
  const auto bind = [&options] {
    return ListeningSocket::bind(loopback(0), false, ListeningSocket::Sharing::first,
                                 ListeningSocket::Access::as_umask, options);
  };
  auto set = bind();
  ASSERT_TRUE(set);
  EXPECT_EQ(77, option_of(set.value(), IPPROTO_TCP, TCP_KEEPIDLE));
  EXPECT_EQ(5, option_of(set.value(), IPPROTO_TCP, TCP_KEEPINTVL));
  EXPECT_EQ(9, option_of(set.value(), IPPROTO_TCP, TCP_KEEPCNT));
  EXPECT_EQ(64 * 1024, option_of(set.value(), SOL_SOCKET, SO_RCVBUF)) << "the kernel doubles them";
  EXPECT_EQ(96 * 1024, option_of(set.value(), SOL_SOCKET, SO_SNDBUF));
  EXPECT_NE(0, option_of(set.value(), SOL_SOCKET, SO_KEEPALIVE));
  options.keepalive = false;
  auto without = bind();
  ASSERT_TRUE(without);
  EXPECT_EQ(0, option_of(without.value(), SOL_SOCKET, SO_KEEPALIVE));
}

}  // namespace
}  // namespace tidegate::net
