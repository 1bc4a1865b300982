// Listening sockets that somebody else bound, as systemd hands them over (sd_listen_fds(3)).

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <vector>

#include "tests/integration/gateway.h"
#include "tests/integration/process.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr char kGetAndClose[] = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";

/// A listening socket of the test's own.
class Bound {
 public:
  enum class Kind { ipv4, ipv6_alone, both };
  explicit Bound(Kind kind, bool shared = false, std::uint16_t port = 0, bool any = false)
      : fd_(::socket(kind == Kind::ipv4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const int on = 1;
    if (shared) ::setsockopt(fd_, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (kind == Kind::ipv4) {
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(any ? INADDR_ANY : INADDR_LOOPBACK);
      listen_at(&address, sizeof address);
    } else {
      const int alone = kind == Kind::ipv6_alone ? 1 : 0;
      ::setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &alone, sizeof alone);
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_port = htons(port);
      listen_at(&address, sizeof address);
    }
  }
  explicit Bound(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    listen_at(&address, sizeof address);
  }
  Bound(Bound&& other) noexcept : fd_(std::exchange(other.fd_, -1)), listens_(other.listens_) {}
  ~Bound() { close(); }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int fd() const { return fd_; }
  bool listens() const { return listens_; }
  std::uint16_t port() const {
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    in_port_t port = 0;  // at the same place in both families
    std::memcpy(&port, reinterpret_cast<const char*>(&address) + offsetof(sockaddr_in, sin_port),
                sizeof port);
    return ntohs(port);
  }

 private:
  template <typename Address>
  void listen_at(const Address* address, socklen_t size) {
    listens_ = ::bind(fd_, reinterpret_cast<const sockaddr*>(address), size) == 0 && ::listen(fd_, 16) == 0;
  }

  int fd_;
  bool listens_ = false;
};

std::string config(const std::string& address, unsigned workers = 2) {
  return "listeners:\n  http: { address: \"" + address +
         "\" }\nroutes:\n  - respond: { status: 200, body: hello }\nlog: { access: off }\nworkers: " +
         std::to_string(workers) + "\n";
}

/// The program with inherited sockets, which the test's process then closes.
struct Activated {
  Activated(const std::string& yaml, std::vector<Bound> sockets, std::vector<std::string> environment = {})
      : file(dir.write("tidegate.yaml", yaml)),
        process({"run", "-c", file},
                {.listening = descriptors_of(sockets), .environment = std::move(environment)}) {
    for (Bound& socket : sockets) socket.close();
  }
  static std::vector<int> descriptors_of(const std::vector<Bound>& sockets) {
    std::vector<int> all;
    for (const Bound& socket : sockets) all.push_back(socket.fd());
    return all;
  }
  void expect_clean_end() {
    process.signal(SIGTERM);
    EXPECT_EQ(0, process.wait()) << process.errors();
  }

  TempDir dir;
  std::string file;
  Process process;
};

void expect_answered(Peer client) {
  client.send(kGetAndClose);
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

std::vector<Bound> one(Bound socket) {
  std::vector<Bound> all;
  all.push_back(std::move(socket));
  return all;
}

TEST(Activation, AnswersWhoConnectedBeforeTheProgramWasThere) {
  Bound socket(Bound::Kind::ipv4);
  const std::uint16_t port = socket.port();
  Peer early = Peer::connect(port);
  Activated program(config("127.0.0.1:" + std::to_string(port)), one(std::move(socket)));
  expect_answered(std::move(early));
  expect_answered(Peer::connect(port));
  EXPECT_THAT(program.process.errors(),
              HasSubstr("inherited for 127.0.0.1:" + std::to_string(port) + ": 1 listening"));
  program.expect_clean_end();
}

/// However many sockets and workers there are, nobody who connects is left waiting.
void expect_all_answered(unsigned sockets, bool shared, unsigned workers) {
  SCOPED_TRACE(std::to_string(sockets) + (shared ? " shared" : "") + " for " + std::to_string(workers));
  std::vector<Bound> all = one(Bound(Bound::Kind::ipv4, shared));
  const std::uint16_t port = all.front().port();
  while (all.size() < sockets) all.emplace_back(Bound::Kind::ipv4, shared, port);
  for (const Bound& socket : all) ASSERT_TRUE(socket.listens());
  Activated program(config("127.0.0.1:" + std::to_string(port), workers), std::move(all));
  ASSERT_EQ(port, program.process.port("http"));
  std::vector<Peer> clients;
  for (int i = 0; i < 48; ++i) clients.push_back(Peer::connect(port));
  for (Peer& client : clients) expect_answered(std::move(client));
  program.expect_clean_end();
}

TEST(Activation, AcceptsOnEachSocketWithFewerWorkers) {
  expect_all_answered(5, true, 2);
}

TEST(Activation, SpreadsOneSocketOverMoreWorkers) {
  expect_all_answered(1, false, 3);
}

TEST(Activation, BindsMoreBesideASocketThatSharesItsPort) {
  expect_all_answered(1, true, 3);
}

TEST(Activation, LeavesTheFileOfAUnixSocketToWhoeverMadeIt) {
  TempDir dir;
  const std::string path = dir.path() + "/front.sock";
  Activated program(config("unix:" + path), one(Bound(path)));
  for (int i = 0; i < 10; ++i) expect_answered(Peer::connect_unix(path));
  program.expect_clean_end();
  struct stat file {};
  EXPECT_EQ(0, ::stat(path.c_str(), &file));
}

TEST(Activation, TakesASocketForEveryAddress) {
  Bound socket(Bound::Kind::both);
  if (!socket.listens()) GTEST_SKIP() << "this machine has no IPv6";
  const std::uint16_t port = socket.port();
  Activated program(config(":" + std::to_string(port)), one(std::move(socket)));
  expect_answered(Peer::connect(port));
  EXPECT_THAT(program.process.errors(), Not(HasSubstr("alone")));
  program.expect_clean_end();
}

TEST(Activation, WarnsOfASocketThatTakesLessThanTheListenerSays) {
  Bound socket(Bound::Kind::ipv4, false, 0, true);
  const std::uint16_t port = socket.port();
  Activated program(config(":" + std::to_string(port)), one(std::move(socket)));
  expect_answered(Peer::connect(port));
  EXPECT_TRUE(program.process.says("its inherited socket takes IPv4 alone"));
  program.expect_clean_end();
}

TEST(Activation, NamesAndClosesWhatNoListenerWants) {
  Bound wanted(Bound::Kind::ipv4);
  Bound other(Bound::Kind::ipv4);
  const std::uint16_t port = wanted.port();
  const std::string unwanted = "127.0.0.1:" + std::to_string(other.port());
  std::vector<Bound> sockets = one(std::move(other));
  sockets.push_back(std::move(wanted));
  Activated program(config("127.0.0.1:" + std::to_string(port)), std::move(sockets),
                    {"LISTEN_FDNAMES=odd.socket:even.socket"});
  EXPECT_TRUE(
      program.process.says("inherited socket " + unwanted + " (odd.socket) is no listener's: closed"));
  expect_answered(Peer::connect(port));
  program.expect_clean_end();
}

TEST(Activation, ClosesWhatCannotBeListenedOnWithAWarning) {
  Bound socket(Bound::Kind::ipv4);
  const std::uint16_t port = socket.port();
  int pipe[2];
  ASSERT_EQ(0, ::pipe(pipe));
  TempDir dir;
  const std::string file = dir.write("tidegate.yaml", config("127.0.0.1:" + std::to_string(port)));
  Process process({"run", "-c", file}, {.listening = {pipe[0], socket.fd()}});
  ::close(pipe[0]);
  ::close(pipe[1]);
  EXPECT_TRUE(process.says("inherited descriptor 3 () is not a listening TCP or unix stream socket: closed"));
  expect_answered(Peer::connect(port));
}

TEST(Activation, DoesNotTakeWhatIsMeantForAnotherProcess) {
  Bound socket(Bound::Kind::ipv4);
  TempDir dir;
  const std::string file = dir.write("tidegate.yaml", config("127.0.0.1:" + std::to_string(socket.port())));
  Process process({"run", "-c", file}, {.listening = {socket.fd()}, .environment = {"LISTEN_PID=1"}});
  EXPECT_EQ(1, process.wait());
  EXPECT_THAT(process.errors(), HasSubstr("another program has this address"));
}

}  // namespace
}  // namespace tidegate::test
