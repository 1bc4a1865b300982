// Sockets: where the gateway accepts and dials, what it sets on them, and what it does when there are none
// left.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "tests/integration/failed_start.h"
#include "tests/integration/gateway.h"

namespace tidegate::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
constexpr char kGetAndClose[] = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";

sockaddr_in6 loopback6(std::uint16_t port) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  address.sin6_addr = in6addr_loopback;
  return address;
}

int socket6() {
  return ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/// Connects to [::1]; a Peer that is not open if nobody listens there.
Peer connect6(std::uint16_t port) {
  const int fd = socket6();
  const sockaddr_in6 address = loopback6(port);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return Peer(fd);
  ::close(fd);
  return Peer(-1);
}

bool accepts4(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

bool has_ipv6() {
  const int fd = socket6();
  const sockaddr_in6 address = loopback6(0);
  const bool works = fd >= 0 && ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (fd >= 0) ::close(fd);
  return works;
}

/// What the listener with this `address` answers itself.
std::string listening_on(const std::string& address) {
  return "listeners:\n  http: { address: \"" + address +
         "\" }\nroutes:\n  - respond: { status: 200, body: \"$remote_addr\" }\n";
}

std::string ask(Peer client) {
  client.send(kGetAndClose);
  return client.read_to_end();
}

TEST(Sockets, Ipv4ListenerAcceptsOnItsAddressAlone) {
  Gateway gateway(listening_on("127.0.0.1:0"));
  EXPECT_THAT(ask(gateway.connect()), HasSubstr("\r\n\r\n127.0.0.1"));
  EXPECT_FALSE(connect6(gateway.port()).open());
}

TEST(Sockets, Ipv6ListenerAcceptsOnItsAddressAlone) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  Gateway gateway(listening_on("[::1]:0"));
  EXPECT_THAT(ask(connect6(gateway.port())), HasSubstr("\r\n\r\n::1"));
  EXPECT_FALSE(accepts4(gateway.port()));
}

TEST(Sockets, ListenerWithoutAHostAcceptsOnEveryAddress) {
  Gateway gateway(listening_on(":0"));
  EXPECT_THAT(ask(gateway.connect()), HasSubstr("\r\n\r\n127.0.0.1"));
  if (!has_ipv6()) return;
  EXPECT_THAT(ask(connect6(gateway.port())), HasSubstr("\r\n\r\n::1"));
}

TEST(Sockets, UnixListenerIsSharedByTheWorkersAndGoesWithThem) {
  TempDir dir;
  const std::string path = dir.path() + "/front.sock";
  Gateway gateway(listening_on("unix:" + path));
  for (int i = 0; i < 20; ++i) EXPECT_THAT(ask(Peer::connect_unix(path)), StartsWith("HTTP/1.1 200 OK\r\n"));
  std::vector<Peer> kept;
  for (int i = 0; i < 20; ++i) {
    kept.push_back(Peer::connect_unix(path));
    kept.back().send(kGet);
  }
  for (Peer& client : kept) EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 200 OK\r\n"));
  gateway.drain();
  struct stat file {};
  EXPECT_NE(0, ::lstat(path.c_str(), &file));
}

TEST(Sockets, UnixListenerReplacesTheSocketOfADeadProcess) {
  TempDir dir;
  const std::string path = dir.path() + "/front.sock";
  { ScriptedUpstream dead(path); }
  Gateway gateway(listening_on("unix:" + path));
  EXPECT_THAT(ask(Peer::connect_unix(path)), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(Sockets, UpstreamOnAUnixSocket) {
  TempDir dir;
  ScriptedUpstream upstream(dir.path() + "/app.sock");
  Gateway gateway(Gateway::in_front_of("\"unix:" + dir.path() + "/app.sock\""));
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server = upstream.accept();
  EXPECT_THAT(server.read_head(), HasSubstr("\r\nHost: example.com\r\n"));
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_THAT(client.read_message(), HasSubstr("\r\n\r\nok"));
}

TEST(Sockets, UpstreamOnAnIpv6Address) {
  if (!has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  const int listening = socket6();
  sockaddr_in6 address = loopback6(0);
  socklen_t size = sizeof address;
  ASSERT_EQ(0, ::bind(listening, reinterpret_cast<const sockaddr*>(&address), size));
  ASSERT_EQ(0, ::listen(listening, 8));
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
  Gateway gateway(Gateway::in_front_of("\"http://[::1]:" + std::to_string(ntohs(address.sin6_port)) + "\""));
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
  server.read_head();
  server.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_THAT(client.read_message(), HasSubstr("\r\n\r\nok"));
  ::close(listening);
}

bool localhost_has_ipv6() {
  addrinfo hints{};
  hints.ai_family = AF_INET6;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo("localhost", nullptr, &hints, &found) != 0) return false;
  ::freeaddrinfo(found);
  return true;
}

TEST(Sockets, EveryAddressOfLocalhostIsTriedWhereverTheUpstreamListens) {
  // 127.0.0.1 alone, on any machine; ::1 alone, where localhost has it.
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of("http://localhost:" + std::to_string(upstream.port())));
  Peer client = gateway.connect();
  client.send(kGet);
  Peer first = upstream.accept();
  first.read_head();
  first.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 204 "));
  if (!has_ipv6() || !localhost_has_ipv6()) return;

  const int listening = socket6();
  sockaddr_in6 address = loopback6(0);
  socklen_t size = sizeof address;
  ASSERT_EQ(0, ::bind(listening, reinterpret_cast<const sockaddr*>(&address), size));
  ASSERT_EQ(0, ::listen(listening, 8));
  ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size);
  Gateway second(Gateway::in_front_of("http://localhost:" + std::to_string(ntohs(address.sin6_port))));
  Peer asker = second.connect();
  asker.send(kGet);
  Peer server(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
  server.read_head();
  server.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_THAT(asker.read_head(), StartsWith("HTTP/1.1 204 "));
  ::close(listening);
}

std::uint16_t port_of(int fd, int (*which)(int, sockaddr*, socklen_t*)) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  if (which(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0 || address.sin_family != AF_INET) return 0;
  return ntohs(address.sin_port);
}

/// The gateway's own descriptor of the connection whose other end is `peer`: they live in one process.
int other_end_of(const Peer& peer) {
  const std::uint16_t here = port_of(peer.fd(), ::getsockname);
  const std::uint16_t there = port_of(peer.fd(), ::getpeername);
  for (int fd = 0; fd < 1024; ++fd) {
    if (port_of(fd, ::getsockname) == there && port_of(fd, ::getpeername) == here) return fd;
  }
  return -1;
}

int option(int fd, int level, int name) {
  int value = -1;
  socklen_t size = sizeof value;
  ::getsockopt(fd, level, name, &value, &size);
  return value;
}

TEST(Sockets, BothSidesHaveNoDelayAndKeepalive) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  OpenTunnel tunnel(gateway, upstream);
  for (const Peer* peer : {&tunnel.client, &tunnel.upstream}) {
    const int fd = other_end_of(*peer);
    ASSERT_GE(fd, 0);
    EXPECT_EQ(1, option(fd, IPPROTO_TCP, TCP_NODELAY));
    EXPECT_EQ(1, option(fd, SOL_SOCKET, SO_KEEPALIVE));
    EXPECT_GT(option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 0);
  }
}

// ---------------------------------------------------------------------------------------------------------------
// Starts that fail

TEST(Sockets, AStartSaysEveryAddressThatIsTakenAndKeepsNothingOpen) {
  ScriptedUpstream first;
  ScriptedUpstream second;
  TempDir dir;
  const std::uint16_t free = closed_port();
  const auto address = [](std::uint16_t port) { return "\"127.0.0.1:" + std::to_string(port) + "\""; };
  const std::string yaml =
      "listeners:\n"
      "  a: { address: " +
      address(first.port()) +
      " }\n"
      "  b: { address: \"unix:" +
      dir.path() +
      "/b.sock\" }\n"
      "  c: { address: " +
      address(free) +
      " }\n"
      "  d:\n"
      "    address: " +
      address(second.port()) +
      "\n"
      "routes: [{ respond: { status: 200 } }]\n"
      "log: { access: off }\nworkers: 2\n";
  EXPECT_THAT(complaints_at_start(yaml, dir.path()),
              AllOf(HasSubstr("test.yaml:2:17: cannot listen on 127.0.0.1:" + std::to_string(first.port()) +
                              ": address already in use; another program has this address"),
                    HasSubstr("test.yaml:6:14: cannot listen on 127.0.0.1:" + std::to_string(second.port())),
                    Not(HasSubstr(":3:")), Not(HasSubstr(":4:"))));
  EXPECT_FALSE(accepts4(free));
  struct stat file {};
  EXPECT_NE(0, ::lstat((dir.path() + "/b.sock").c_str(), &file));
}

TEST(Sockets, TwoGatewaysNeverShareAPort) {
  Gateway gateway(listening_on("127.0.0.1:0"));
  TempDir dir;
  const std::string again = "127.0.0.1:" + std::to_string(gateway.port());
  EXPECT_THAT(complaints_at_start(listening_on(again) + "log: { access: off }\n", dir.path()),
              HasSubstr("cannot listen on " + again));
  EXPECT_THAT(complaints_at_start(
                  listening_on(":" + std::to_string(gateway.port())) + "log: { access: off }\n", dir.path()),
              HasSubstr("cannot listen on :" + std::to_string(gateway.port())));
  EXPECT_THAT(ask(gateway.connect()), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(Sockets, TwoGatewaysNeverShareAUnixSocket) {
  TempDir dir;
  const std::string path = dir.path() + "/front.sock";
  Gateway gateway(listening_on("unix:" + path));
  EXPECT_THAT(complaints_at_start(listening_on("unix:" + path) + "log: { access: off }\n", dir.path()),
              HasSubstr("cannot listen on unix:" + path));
  EXPECT_THAT(ask(Peer::connect_unix(path)), StartsWith("HTTP/1.1 200 OK\r\n"));
}

}  // namespace
}  // namespace tidegate::test
