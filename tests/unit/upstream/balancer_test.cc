#include "gateway/upstream/balancer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

namespace tidegate::upstream {
namespace {

using testing::ElementsAre;
using Balance = conf::Upstream::Balance;

/// Servers 10.0.0.1, 10.0.0.2 ... with these weights.
conf::Upstream upstream_of(const std::vector<unsigned>& weights, Balance balance = Balance::round_robin) {
  conf::Upstream upstream;
  upstream.name = "app";
  upstream.balance = balance;
  for (const unsigned weight : weights) {
    conf::Server server;
    server.host = "10.0.0." + std::to_string(upstream.servers.size() + 1);
    server.text = "http://" + server.host + ":80";
    server.weight = weight;
    upstream.servers.push_back(server);
  }
  return upstream;
}

using Indices = std::vector<std::size_t>;

Indices order_of(Balancer& balancer, std::optional<std::string_view> hash = {}, std::string_view cookie = {},
                 std::int64_t now_ms = 0) {
  Indices out;
  for (const Server* server : balancer.order(hash, cookie, now_ms)) out.push_back(server->index);
  return out;
}

Indices firsts(Balancer& balancer, int count) {
  Indices out;
  for (int i = 0; i < count; ++i) out.push_back(order_of(balancer).at(0));
  return out;
}

bool holds_each_once(Indices order, std::size_t servers) {
  std::sort(order.begin(), order.end());
  Indices expected(servers);
  for (std::size_t i = 0; i < servers; ++i) expected[i] = i;
  return order == expected;
}

void avoid(Balancer& balancer, std::size_t index, std::int64_t until_ms) {
  balancer.servers()[index].state->avoid_until_ms = until_ms;
}

TEST(Balancer, GivesEveryServerOnceWhateverTheWay) {
  for (const Balance balance : {Balance::round_robin, Balance::least_tunnels, Balance::random}) {
    conf::Upstream upstream = upstream_of({1, 2, 3, 4, 5}, balance);
    upstream.servers[3].backup = true;
    upstream.servers[2].host = "unresolved.example";
    ServerStates states;
    Balancer balancer(upstream, states);
    avoid(balancer, 1, 1000);
    for (int i = 0; i < 50; ++i) {
      EXPECT_TRUE(holds_each_once(order_of(balancer), 5));
      EXPECT_TRUE(holds_each_once(order_of(balancer, std::to_string(i)), 5));
      EXPECT_TRUE(holds_each_once(order_of(balancer, {}, balancer.servers()[3].cookie_value), 5));
    }
  }
}

TEST(Balancer, OfNoServersGivesNone) {
  const conf::Upstream upstream = upstream_of({});
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_TRUE(order_of(balancer).empty());
}

TEST(Balancer, OfOneServerGivesItEvenWhenAvoided) {
  const conf::Upstream upstream = upstream_of({1});
  ServerStates states;
  Balancer balancer(upstream, states);
  avoid(balancer, 0, 1000);
  EXPECT_THAT(order_of(balancer), ElementsAre(0));
}

// The example of nginx's own commit message for the algorithm.
TEST(Balancer, RoundRobinIsSmooth) {
  const conf::Upstream upstream = upstream_of({5, 1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_THAT(firsts(balancer, 7), ElementsAre(0, 0, 1, 0, 2, 0, 0));
  EXPECT_THAT(firsts(balancer, 7), ElementsAre(0, 0, 1, 0, 2, 0, 0));
}

TEST(Balancer, RoundRobinIsExactOverEveryCycle) {
  for (const std::vector<unsigned>& weights :
       std::vector<std::vector<unsigned>>{{1, 1}, {1, 2, 3}, {7, 1}, {100, 3, 20}, {1, 1, 1, 1, 1}}) {
    const conf::Upstream upstream = upstream_of(weights);
    ServerStates states;
    Balancer balancer(upstream, states);
    unsigned total = 0;
    for (const unsigned weight : weights) total += weight;
    for (int cycle = 0; cycle < 3; ++cycle) {
      std::map<std::size_t, unsigned> chosen;
      for (const std::size_t index : firsts(balancer, static_cast<int>(total))) ++chosen[index];
      for (std::size_t i = 0; i < weights.size(); ++i) EXPECT_EQ(chosen[i], weights[i]);
    }
  }
}

TEST(Balancer, RoundRobinStaysExactAmongThoseLeftWhenOneIsAvoided) {
  const conf::Upstream upstream = upstream_of({1, 2, 3});
  ServerStates states;
  Balancer balancer(upstream, states);
  avoid(balancer, 1, 1000);
  std::map<std::size_t, int> chosen;
  for (const std::size_t index : firsts(balancer, 40)) ++chosen[index];
  EXPECT_EQ(chosen, (std::map<std::size_t, int>{{0, 10}, {2, 30}}));
}

TEST(Balancer, TriesTheNextInTurnAfterTheChosenOne) {
  const conf::Upstream upstream = upstream_of({1, 1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_THAT(order_of(balancer), ElementsAre(0, 1, 2));
  EXPECT_THAT(order_of(balancer), ElementsAre(1, 2, 0));
  EXPECT_THAT(order_of(balancer), ElementsAre(2, 0, 1));
}

TEST(Balancer, PutsBackupsBehindTheRestAndTheAvoidedBehindThem) {
  conf::Upstream upstream = upstream_of({1, 1, 1, 1});
  upstream.servers[0].backup = true;
  upstream.servers[3].backup = true;
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_THAT(order_of(balancer), ElementsAre(1, 2, 0, 3));
  avoid(balancer, 1, 1000);
  EXPECT_THAT(order_of(balancer), ElementsAre(2, 0, 3, 1));
  avoid(balancer, 2, 1000);
  avoid(balancer, 0, 1000);
  const Indices order = order_of(balancer);
  EXPECT_EQ(order[0], 3u) << "the last that can be used";
  EXPECT_EQ(order[3], 0u) << "a backup, and avoided";
}

TEST(Balancer, ComesBackToAServerWhenItsTimeIsOver) {
  const conf::Upstream upstream = upstream_of({1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  avoid(balancer, 0, 1000);
  EXPECT_EQ(order_of(balancer, {}, {}, 999).front(), 1u);
  EXPECT_EQ(order_of(balancer, {}, {}, 999).front(), 1u);
  EXPECT_EQ(order_of(balancer, {}, {}, 1000).front(), 0u);
}

TEST(Balancer, PutsServersWithoutAddressLast) {
  conf::Upstream upstream = upstream_of({1, 1});
  upstream.servers[0].host = "app.example";
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_TRUE(balancer.servers()[0].addresses.empty());
  avoid(balancer, 1, 1000);
  EXPECT_THAT(order_of(balancer), ElementsAre(1, 0)) << "an avoided one has at least somewhere to dial";
}

TEST(Balancer, KnowsLiteralAddressesAndUnixSocketsFromTheStart) {
  conf::Upstream upstream = upstream_of({1, 1, 1});
  upstream.servers[0].port = 3000;
  upstream.servers[1].host = "::1";
  upstream.servers[2].unix_path = "/run/app.sock";
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_THAT(balancer.servers()[0].addresses,
              ElementsAre(net::SocketAddress{*IpAddress::parse("10.0.0.1"), 3000, {}}));
  EXPECT_THAT(balancer.servers()[1].addresses,
              ElementsAre(net::SocketAddress{*IpAddress::parse("::1"), 80, {}}));
  EXPECT_THAT(balancer.servers()[2].addresses, ElementsAre(net::SocketAddress{{}, 0, "/run/app.sock"}));
}

TEST(Balancer, LeastTunnelsChoosesByTunnelsPerWeight) {
  const conf::Upstream upstream = upstream_of({1, 2, 4}, Balance::least_tunnels);
  ServerStates states;
  Balancer balancer(upstream, states);
  balancer.servers()[0].state->tunnels = 2;  // 2
  balancer.servers()[1].state->tunnels = 3;  // 1.5
  balancer.servers()[2].state->tunnels = 7;  // 1.75
  EXPECT_THAT(order_of(balancer), ElementsAre(1, 2, 0));
}

TEST(Balancer, LeastTunnelsFillsServersByTheirWeights) {
  const conf::Upstream upstream = upstream_of({1, 2, 5}, Balance::least_tunnels);
  ServerStates states;
  Balancer balancer(upstream, states);
  for (int i = 0; i < 80; ++i) ++balancer.order({}, {}, 0).front()->state->tunnels;
  EXPECT_EQ(balancer.servers()[0].state->tunnels, 10u);
  EXPECT_EQ(balancer.servers()[1].state->tunnels, 20u);
  EXPECT_EQ(balancer.servers()[2].state->tunnels, 50u);
}

TEST(Balancer, LeastTunnelsTakesTurnsWhileNoneHasAny) {
  const conf::Upstream upstream = upstream_of({1, 1, 1}, Balance::least_tunnels);
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_THAT(firsts(balancer, 6), ElementsAre(0, 1, 2, 0, 1, 2));
}

TEST(Balancer, LeastTunnelsCountsWhatOtherWorkersHave) {
  const conf::Upstream upstream = upstream_of({1, 1}, Balance::least_tunnels);
  ServerStates states;
  Balancer one(upstream, states);
  Balancer other(upstream, states);
  other.servers()[0].state->tunnels = 5;
  EXPECT_THAT(firsts(one, 3), ElementsAre(1, 1, 1));
}

TEST(Balancer, RandomFollowsTheWeights) {
  const conf::Upstream upstream = upstream_of({1, 3}, Balance::random);
  ServerStates states;
  Balancer balancer(upstream, states);
  constexpr int kDraws = 20000;
  int heavy = 0;
  for (const std::size_t index : firsts(balancer, kDraws)) heavy += index == 1;
  EXPECT_NEAR(heavy, kDraws * 3 / 4, kDraws * 0.025) << "eight standard deviations";
}

TEST(Balancer, HashSendsAValueAlwaysToTheSameServers) {
  const conf::Upstream upstream = upstream_of({1, 1, 1, 1});
  ServerStates states;
  Balancer one(upstream, states);
  Balancer other(upstream, states);
  for (int i = 0; i < 100; ++i) {
    const std::string value = "client-" + std::to_string(i);
    const Indices order = order_of(one, value);
    EXPECT_EQ(order_of(one, value), order);
    EXPECT_EQ(order_of(other, value), order);
  }
}

// Written down, because workers, processes and machines of other architectures have to agree.
TEST(Balancer, HashIsTheSameEverywhere) {
  const conf::Upstream upstream = upstream_of({1, 1, 1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_THAT(order_of(balancer, "alice"), ElementsAre(0, 3, 1, 2));
  EXPECT_THAT(order_of(balancer, "bob"), ElementsAre(3, 2, 1, 0));
  EXPECT_THAT(order_of(balancer, "carol"), ElementsAre(0, 1, 3, 2));
}

TEST(Balancer, HashFollowsTheWeights) {
  const conf::Upstream upstream = upstream_of({1, 2, 5});
  ServerStates states;
  Balancer balancer(upstream, states);
  std::map<std::size_t, int> chosen;
  constexpr int kValues = 16000;
  for (int i = 0; i < kValues; ++i) ++chosen[order_of(balancer, std::to_string(i)).front()];
  EXPECT_NEAR(chosen[0], kValues / 8, kValues / 50);
  EXPECT_NEAR(chosen[1], kValues / 4, kValues / 50);
  EXPECT_NEAR(chosen[2], kValues * 5 / 8, kValues / 50);
}

TEST(Balancer, HashMovesOnlyTheShareOfARemovedServer) {
  const conf::Upstream before = upstream_of({1, 2, 1, 1});
  conf::Upstream after = before;
  after.servers.erase(after.servers.begin() + 2);
  ServerStates states;
  Balancer with(before, states);
  Balancer without(after, states);
  int moved = 0;
  for (int i = 0; i < 5000; ++i) {
    const std::string value = std::to_string(i);
    const auto old_order = with.order(value, {}, 0);
    const Server* now = without.order(value, {}, 0).front();
    if (old_order[0]->conf->text == now->conf->text) continue;
    ++moved;
    EXPECT_EQ(old_order[0]->index, 2u) << "only its own clients move";
    EXPECT_EQ(old_order[1]->conf->text, now->conf->text) << "and to the one that was next for them";
  }
  EXPECT_NEAR(moved, 1000, 150);
}

TEST(Balancer, HashPassesOverAnAvoidedServerAndKeepsTheRestInPlace) {
  const conf::Upstream upstream = upstream_of({1, 1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  for (int i = 0; i < 50; ++i) {
    const std::string value = std::to_string(i);
    avoid(balancer, 1, 0);
    Indices order = order_of(balancer, value);
    avoid(balancer, 1, 1000);
    order.erase(std::find(order.begin(), order.end(), 1u));
    order.push_back(1);
    EXPECT_EQ(order_of(balancer, value), order);
  }
}

TEST(Balancer, AnEmptyHashFallsBackToBalance) {
  const conf::Upstream upstream = upstream_of({1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_THAT(order_of(balancer, ""), ElementsAre(0, 1));
  EXPECT_THAT(order_of(balancer, ""), ElementsAre(1, 0));
}

TEST(Balancer, CookieIsOpaqueAndTheSameInEveryProcess) {
  const conf::Upstream upstream = upstream_of({1, 1});
  ServerStates states;
  const Balancer balancer(upstream, states);
  EXPECT_EQ(balancer.servers()[0].cookie_value, "G34Q2WFSSVivbCzx");
  EXPECT_NE(balancer.servers()[1].cookie_value, balancer.servers()[0].cookie_value);
  conf::Upstream other = upstream;
  other.name = "other";
  EXPECT_NE(Balancer(other, states).servers()[0].cookie_value, balancer.servers()[0].cookie_value);
}

TEST(Balancer, CookieBringsAClientBack) {
  conf::Upstream upstream = upstream_of({1, 1, 1});
  upstream.servers[2].backup = true;
  ServerStates states;
  Balancer balancer(upstream, states);
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string cookie = balancer.servers()[i].cookie_value;
    for (int n = 0; n < 3; ++n)
      EXPECT_EQ(order_of(balancer, {}, cookie).front(), i) << "a backup, too, once it has a client";
  }
}

TEST(Balancer, CookieDoesNotUseUpATurn) {
  const conf::Upstream upstream = upstream_of({1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  const std::string cookie = balancer.servers()[0].cookie_value;
  EXPECT_EQ(order_of(balancer).front(), 0u);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(order_of(balancer, {}, cookie), ElementsAre(0, 1));
  EXPECT_EQ(order_of(balancer).front(), 1u);
}

TEST(Balancer, CookieThatNobodyKnowsIsIgnored) {
  const conf::Upstream upstream = upstream_of({1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  EXPECT_EQ(order_of(balancer, {}, "AAAAAAAAAAAAAAAA").front(), 0u);
  EXPECT_EQ(order_of(balancer, {}, "AAAAAAAAAAAAAAAA").front(), 1u);
}

TEST(Balancer, CookieOfAnAvoidedServerYieldsUnlessAllAreAvoided) {
  const conf::Upstream upstream = upstream_of({1, 1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  const std::string cookie = balancer.servers()[1].cookie_value;
  avoid(balancer, 1, 1000);
  const Indices order = order_of(balancer, {}, cookie);
  EXPECT_NE(order.front(), 1u);
  EXPECT_EQ(order.back(), 1u);
  avoid(balancer, 0, 1000);
  avoid(balancer, 2, 1000);
  EXPECT_EQ(order_of(balancer, {}, cookie).front(), 1u);
}

TEST(ServerStates, AreSharedByNameAndForgottenWithTheirLastHolder) {
  ServerStates states;
  auto one = states.get("app", "http://a");
  one->tunnels = 3;
  EXPECT_EQ(states.get("app", "http://a"), one);
  EXPECT_NE(states.get("app", "http://b"), one);
  EXPECT_NE(states.get("other", "http://a"), one);
  one.reset();
  EXPECT_EQ(states.get("app", "http://a")->tunnels, 0u);
}

// ---------------------------------------------------------------------------------------------------------------
// An operator's orders

TEST(Balancer, SendsNothingToAServerThatIsDrained) {
  for (const Balance balance : {Balance::round_robin, Balance::least_tunnels, Balance::random}) {
    const conf::Upstream upstream = upstream_of({1, 1, 1}, balance);
    ServerStates states;
    Balancer balancer(upstream, states);
    balancer.servers()[1].state->drained = true;
    const std::string cookie = balancer.servers()[1].cookie_value;
    for (int i = 0; i < 30; ++i) {
      EXPECT_THAT(order_of(balancer), testing::UnorderedElementsAre(0u, 2u));
      EXPECT_THAT(order_of(balancer, std::to_string(i)), testing::UnorderedElementsAre(0u, 2u));
      EXPECT_THAT(order_of(balancer, {}, cookie), testing::UnorderedElementsAre(0u, 2u));
    }
    balancer.servers()[1].state->forget_orders();
    EXPECT_TRUE(holds_each_once(order_of(balancer), 3));
  }
}

TEST(Balancer, HasNothingToGiveWhereAllAreDrained) {
  for (const std::size_t servers : {1u, 2u}) {
    const conf::Upstream upstream = upstream_of(std::vector<unsigned>(servers, 1));
    ServerStates states;
    Balancer balancer(upstream, states);
    for (const Server& server : balancer.servers()) server.state->drained = true;
    EXPECT_TRUE(order_of(balancer).empty()) << servers;
    EXPECT_TRUE(order_of(balancer, "value").empty()) << servers;
  }
}

TEST(Balancer, UsesABackupWhereTheOthersAreDrained) {
  conf::Upstream upstream = upstream_of({1, 1});
  upstream.servers[1].backup = true;
  ServerStates states;
  Balancer balancer(upstream, states);
  balancer.servers()[0].state->drained = true;
  EXPECT_THAT(order_of(balancer), ElementsAre(1u));
}

TEST(Balancer, GoesByAnOrderedWeight) {
  const conf::Upstream upstream = upstream_of({1, 1});
  ServerStates states;
  Balancer balancer(upstream, states);
  balancer.servers()[1].state->weight_ordered = 3;
  Indices chosen = firsts(balancer, 40);
  EXPECT_EQ(30, std::count(chosen.begin(), chosen.end(), 1u));
  balancer.servers()[1].state->weight_ordered = 0;
  chosen = firsts(balancer, 40);
  EXPECT_EQ(20, std::count(chosen.begin(), chosen.end(), 1u)) << "the configured weight counts again";
}

TEST(Balancer, GoesByAnOrderedWeightWithLeastTunnels) {
  const conf::Upstream upstream = upstream_of({1, 1}, Balance::least_tunnels);
  ServerStates states;
  Balancer balancer(upstream, states);
  balancer.servers()[0].state->tunnels = 10;
  balancer.servers()[1].state->tunnels = 25;
  EXPECT_EQ(0u, order_of(balancer).at(0));
  balancer.servers()[1].state->weight_ordered = 3;
  EXPECT_EQ(1u, order_of(balancer).at(0)) << "25/3 is less than 10";
}

}  // namespace
}  // namespace tidegate::upstream
