// Thousands of tunnels at once, with traffic and deaths of every kind, for as long as TIDEGATE_SOAK_SECONDS
// says; then a drain. Nothing may be lost, mixed up or left behind.

#include <gtest/gtest.h>
#include <malloc.h>
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <unordered_map>
#include <vector>

#include "tests/integration/gateway.h"
#include "tests/integration/soak/client.h"
#include "tests/integration/soak/echo_upstream.h"

namespace tidegate::test {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kTunnels = 2000;
constexpr std::size_t kDescriptorsPerTunnel = 4;  // the client's, the gateway's two, the upstream's
constexpr std::size_t kOtherDescriptors = 500;
constexpr std::size_t kNewPerTurn = 50;
constexpr std::size_t kKicksPerTurn = 100;

std::chrono::seconds duration() {
  const char* said = std::getenv("TIDEGATE_SOAK_SECONDS");
  return std::chrono::seconds(said != nullptr ? std::atoi(said) : 60);
}

/// As many tunnels as there may be descriptors for.
std::size_t tunnels_that_fit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t most = limit.rlim_cur > kOtherDescriptors ? limit.rlim_cur - kOtherDescriptors : 0;
  return std::min(kTunnels, most / kDescriptorsPerTunnel);
}

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

std::string yaml_for(const TempDir& dir, const std::string& upstream) {
  const Authority authority;
  const Issued issued = authority.issue({.names = {"example.com"}});
  const std::string certificate = dir.write("cert.pem", issued.certificate);
  const std::string key = dir.write("key.pem", issued.private_key);
  return "listeners:\n  http: { address: \"127.0.0.1:0\" }\n  https:\n    address: \"127.0.0.1:0\"\n"
         "    tls: { certificates: [{ certificate: " +
         certificate + ", private_key: " + key +
         " }] }\n"
         "routes:\n  - path: /\n    upstream: app\nupstreams:\n  app: " +
         upstream + "\nlog: { access: off }\ndrain: { window: 2s, deadline: 40s }\n";
}

/// The clients, on one epoll.
class Crowd {
 public:
  Crowd(Gateway& gateway, std::uint64_t seed)
      : gateway_(gateway), random_(seed), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    context_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  }
  ~Crowd() {
    clients_.clear();
    SSL_CTX_free(context_);
    ::close(epoll_);
  }
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  std::size_t size() const { return clients_.size(); }
  /// Is a handshake under way?
  bool opening() const {
    return std::any_of(clients_.begin(), clients_.end(),
                       [](const auto& each) { return each.second->opening(); });
  }
  std::size_t most() const { return most_; }
  std::uint64_t verified() const { return verified_; }
  std::uint64_t opened() const { return opened_; }
  const std::array<std::uint64_t, static_cast<std::size_t>(Fate::kCount)>& ends() const { return ends_; }

  void add() {
    const bool tls = random_.one_in(2);
    auto client =
        std::make_unique<Client>(gateway_.port(tls ? 1 : 0), tls ? context_ : nullptr, random_.next());
    epoll_event event{client->wanted(), {.fd = client->fd()}};
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, client->fd(), &event);
    clients_.emplace(client->fd(), std::move(client));
    most_ = std::max(most_, clients_.size());
  }

  void turn() {
    std::array<epoll_event, 512> events;
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), 10);
    for (int i = 0; i < count; ++i) {
      const auto found = clients_.find(events[static_cast<std::size_t>(i)].data.fd);
      if (found != clients_.end())
        settle(*found->second, found->second->on_event(events[static_cast<std::size_t>(i)].events));
    }
    std::vector<int> descriptors;
    for (const auto& [fd, client] : clients_) descriptors.push_back(fd);
    for (std::size_t i = 0; i < kKicksPerTurn && !descriptors.empty(); ++i) {
      const auto found = clients_.find(descriptors[random_.below(descriptors.size())]);
      if (found != clients_.end()) settle(*found->second, found->second->kick());
    }
  }

 private:
  void settle(Client& client, bool lives) {
    if (lives) {
      epoll_event event{client.wanted(), {.fd = client.fd()}};
      ::epoll_ctl(epoll_, EPOLL_CTL_MOD, client.fd(), &event);
      return;
    }
    EXPECT_EQ("", client.complaint());
    verified_ += client.bytes_verified();
    opened_ += client.was_open() ? 1 : 0;
    ++ends_[static_cast<std::size_t>(client.fate())];
    clients_.erase(client.fd());
  }

  Gateway& gateway_;
  Random random_;
  int epoll_;
  SSL_CTX* context_;
  std::unordered_map<int, std::unique_ptr<Client>> clients_;
  std::array<std::uint64_t, static_cast<std::size_t>(Fate::kCount)> ends_{};
  std::size_t most_ = 0;
  std::uint64_t verified_ = 0;
  std::uint64_t opened_ = 0;
};

void run_for(std::chrono::milliseconds time, std::size_t tunnels) {
  const TempDir dir;
  EchoUpstream upstream;
  Gateway gateway(yaml_for(dir, upstream.url()));
  Crowd crowd(gateway, static_cast<std::uint64_t>(testing::UnitTest::GetInstance()->random_seed()));
  auto until = Clock::time_point::max();  // the time counts from when all are there
  while (Clock::now() < until && !testing::Test::HasFailure()) {
    if (until == Clock::time_point::max() && crowd.size() == tunnels) until = Clock::now() + time;
    for (std::size_t i = 0; i < kNewPerTurn && crowd.size() < tunnels; ++i) crowd.add();
    crowd.turn();
  }
  // What is still in the kernel's queue of connections when a gateway stops accepting is lost, and no fault.
  while (crowd.opening() && !testing::Test::HasFailure()) crowd.turn();
  const std::size_t left = crowd.size();
  gateway.server().begin_drain();
  const auto patience = Clock::now() + 45s;
  while (crowd.size() > 0 && Clock::now() < patience) crowd.turn();
  EXPECT_EQ(0u, crowd.size()) << "clients that the drain left";
  gateway.drain();
  const server::Totals totals = gateway.server().totals();
  EXPECT_EQ(totals.tunnels_opened, totals.tunnels_closed);
  EXPECT_EQ(0u, totals.of(Reason::internal));
  EXPECT_LE(totals.tunnels_opened, upstream.handshakes());
  EXPECT_LE(crowd.opened(), totals.tunnels_opened);
  std::cout << totals.connections << " connections, " << totals.tunnels_opened << " tunnels (" << crowd.most()
            << " at once, " << left << " drained), " << crowd.verified() << " bytes verified; ends by fate:";
  for (const std::uint64_t count : crowd.ends()) std::cout << ' ' << count;
  std::cout << std::endl;
}

TEST(Soak, LosesNothingAndLeavesNothing) {
  const std::size_t tunnels = tunnels_that_fit();
  run_for(500ms, 50);  // what libraries allocate once
  const std::size_t descriptors = open_descriptors();
  const auto allocated = ::mallinfo2().uordblks;
  run_for(duration(), tunnels);
  EXPECT_EQ(descriptors, open_descriptors());
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // there the leak checker looks
  EXPECT_LT(::mallinfo2().uordblks, allocated + 2 * 1024 * 1024);
#else
  static_cast<void>(allocated);
#endif
}

}  // namespace
}  // namespace tidegate::test
