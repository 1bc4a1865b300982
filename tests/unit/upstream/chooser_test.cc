#include "gateway/upstream/chooser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace tidegate::upstream {
namespace {

using testing::ElementsAre;
using Balance = conf::Upstream::Balance;
using Indices = std::vector<std::size_t>;

/// Servers 10.0.0.1:8001, 10.0.0.2:8002 ... with these weights.
struct Scene {
  explicit Scene(const std::vector<unsigned>& weights, Balance balance = Balance::round_robin) {
    upstream.name = "app";
    upstream.balance = balance;
    for (const unsigned weight : weights) {
      conf::Server server;
      const std::string number = std::to_string(upstream.servers.size() + 1);
      server.host = "10.0.0." + number;
      server.text = server.host + ":800" + number;
      server.weight = weight;
      server.max_fails = 1;
      upstream.servers.push_back(server);
    }
  }
  Chooser& chooser() {
    if (balancer == nullptr) {
      balancer = std::make_unique<Balancer>(upstream, states);
      made = std::make_unique<Chooser>(balancer->servers(), upstream);
    }
    return *made;
  }
  Server& server(std::size_t index) {
    chooser();
    return balancer->servers()[index];
  }
  /// All that one request would ask, in turn.
  Indices course(const Chooser::Question& question = {}, std::int64_t now_ms = 1) {
    Indices out;
    Chooser::Course course;
    while (const Server* chosen = chooser().choose(question, course, now_ms)) out.push_back(chosen->index);
    return out;
  }
  /// Whom `count` requests ask first.
  Indices firsts(int count, const Chooser::Question& question = {}, std::int64_t now_ms = 1) {
    Indices out;
    for (int i = 0; i < count; ++i) {
      Chooser::Course course;
      out.push_back(chooser().choose(question, course, now_ms)->index);
    }
    return out;
  }

  conf::Upstream upstream;
  ServerStates states;
  std::unique_ptr<Balancer> balancer;
  std::unique_ptr<Chooser> made;
};

Chooser::Question from(const std::string& client) {
  return {.client = IpAddress::parse(client)};
}

TEST(Chooser, TakesTurnsByWeightAsNginxDoes) {
  // nginx's own example for its smooth weighted round robin.
  Scene scene({5, 1, 1});
  EXPECT_THAT(scene.firsts(7), ElementsAre(0, 0, 1, 0, 2, 0, 0));
}

TEST(Chooser, AsksNobodyTwiceAndBackupsLast) {
  for (const Balance balance :
       {Balance::round_robin, Balance::least_connections, Balance::random, Balance::random_two,
        Balance::ip_hash, Balance::hash, Balance::consistent_hash}) {
    Scene scene({1, 1, 1}, balance);
    scene.upstream.servers[0].backup = true;
    const Indices order = scene.course({.key = "k", .client = IpAddress::parse("192.0.2.7")});
    ASSERT_EQ(order.size(), 3u) << static_cast<int>(balance);
    EXPECT_EQ(order[2], 0u) << static_cast<int>(balance);
    EXPECT_NE(order[0], order[1]) << static_cast<int>(balance);
  }
}

TEST(Chooser, PassesOverWhatIsDownFullOrUnresolved) {
  Scene scene({1, 1, 1, 1});
  scene.upstream.servers[0].down = true;
  scene.upstream.servers[1].max_connections = 1;
  const Claim busy = Claim::take(scene.server(1).state->claims, 0);
  scene.server(2).addresses.clear();
  EXPECT_THAT(scene.course(), ElementsAre(3));
}

TEST(Chooser, LeavesAServerAloneForFailTimeoutAfterMaxFails) {
  Scene scene({1, 1});
  scene.upstream.servers[0].max_fails = 2;
  scene.upstream.servers[0].fail_timeout = std::chrono::seconds(10);
  scene.chooser().failed(scene.server(0), 1000);
  EXPECT_THAT(scene.firsts(4, {}, 1001), testing::Contains(0u));
  scene.chooser().failed(scene.server(0), 2000);
  EXPECT_THAT(scene.firsts(4, {}, 2001), testing::Each(1u));
  EXPECT_THAT(scene.firsts(4, {}, 12000), testing::Each(1u));
  // Then one attempt is made, and after a success it counts like any other.
  EXPECT_THAT(scene.firsts(4, {}, 12001), testing::Contains(0u));
  scene.chooser().succeeded(scene.server(0));
  EXPECT_THAT(scene.firsts(4, {}, 12002), testing::Contains(0u));
}

TEST(Chooser, AsksAFailingServerOncePerFailTimeout) {
  Scene scene({1, 1});
  scene.upstream.servers[0].fail_timeout = std::chrono::seconds(10);
  scene.chooser().failed(scene.server(0), 1000);
  const Indices asked = scene.firsts(10, {}, 11001);
  EXPECT_EQ(std::count(asked.begin(), asked.end(), 0u), 1);
}

TEST(Chooser, GivesTheOnlyServerWhateverItsFailures) {
  Scene scene({1});
  for (int i = 0; i < 5; ++i) scene.chooser().failed(scene.server(0), 1000);
  EXPECT_THAT(scene.course({}, 1001), ElementsAre(0));
}

TEST(Chooser, CountsFailuresForTheWholeProcess) {
  Scene scene({1, 1});
  scene.chooser().failed(scene.server(0), 1000);
  Balancer other(scene.upstream, scene.states);
  Chooser chooser(other.servers(), scene.upstream);
  Chooser::Course course;
  EXPECT_EQ(chooser.choose({}, course, 1001)->index, 1u);
}

TEST(Chooser, PrefersTheFewestConnectionsForTheWeight) {
  Scene scene({1, 2, 1}, Balance::least_connections);
  std::vector<Claim> held;
  const auto hold = [&](std::size_t server) {
    held.push_back(Claim::take(scene.server(server).state->claims, 0));
  };
  hold(0);
  hold(1);
  hold(2);
  EXPECT_THAT(scene.firsts(2), testing::Each(1u));
  hold(1);
  hold(1);
  EXPECT_THAT(scene.firsts(4), testing::Each(testing::Ne(1u)));
}

TEST(Chooser, OfTwoAtRandomTakesTheLessBusy) {
  Scene scene({1, 1}, Balance::random_two);
  const Claim busy = Claim::take(scene.server(0).state->claims, 0);
  EXPECT_THAT(scene.firsts(20), testing::Each(1u));
}

TEST(Chooser, HashesAddressesAsNginxDoes) {
  // By hand: 89, then hash * 113 + byte modulo 6271 for three bytes, modulo the sum of the weights.
  const auto expected = [](int a, int b, int c, unsigned servers) {
    unsigned hash = 89;
    for (const int byte : {a, b, c}) hash = (hash * 113 + static_cast<unsigned>(byte)) % 6271;
    return hash % servers;
  };
  Scene scene({1, 1, 1}, Balance::ip_hash);
  for (int i = 0; i < 50; ++i) {
    const std::string client = "203." + std::to_string(i) + "." + std::to_string(3 * i) + ".";
    const auto home = expected(203, i, 3 * i, 3);
    EXPECT_THAT(scene.firsts(2, from(client + "1")), testing::Each(home)) << client;
    EXPECT_THAT(scene.firsts(1, from(client + "99")), ElementsAre(home)) << "the last byte has no part in it";
  }
}

TEST(Chooser, HashesKeysAsNginxDoes) {
  EXPECT_EQ(crc32(0, "123456789"), 0xcbf43926u);
  Scene scene({1, 1, 1}, Balance::hash);
  for (int i = 0; i < 50; ++i) {
    const std::string key = "/page/" + std::to_string(i);
    EXPECT_THAT(scene.firsts(2, {.key = key}), testing::Each((crc32(0, key) >> 16 & 0x7fff) % 3)) << key;
  }
}

TEST(Chooser, KeepsMostKeysInPlaceWhereTheHashIsConsistent) {
  Scene three({1, 1, 1}, Balance::consistent_hash);
  Scene two({1, 1, 1}, Balance::consistent_hash);
  two.upstream.servers.pop_back();
  std::map<std::size_t, int> shares;
  for (int i = 0; i < 300; ++i) {
    const std::string key = std::to_string(i);
    const std::size_t before = three.firsts(1, {.key = key})[0];
    const std::size_t after = two.firsts(1, {.key = key})[0];
    ++shares[before];
    if (before != 2) {
      EXPECT_EQ(before, after) << key;
    }
  }
  for (const auto& [server, share] : shares) EXPECT_GT(share, 60) << server;
}

TEST(Chooser, GoesOnFromAHashedServerThatMayNotBeUsed) {
  for (const Balance balance : {Balance::ip_hash, Balance::hash, Balance::consistent_hash}) {
    Scene scene({1, 1, 1}, balance);
    const Chooser::Question question{.key = "k", .client = IpAddress::parse("192.0.2.7")};
    const std::size_t home = scene.firsts(1, question)[0];
    scene.upstream.servers[home].down = true;
    const Indices elsewhere = scene.firsts(3, question);
    EXPECT_THAT(elsewhere, testing::Each(testing::Ne(home)));
    EXPECT_THAT(elsewhere, testing::Each(elsewhere[0])) << "always the same other one";
  }
}

}  // namespace
}  // namespace tidegate::upstream
