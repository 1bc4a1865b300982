// An operator's orders for one server, and what the report tells of servers and of slow handshakes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/integration/captured_log.h"
#include "tests/integration/operate.h"
#include "tests/integration/scrape.h"
#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using server::ServerOrder;
using testing::HasSubstr;
using testing::StartsWith;

constexpr ServerOrder kDrain{.state = ServerOrder::State::drain};
constexpr ServerOrder kUp{.state = ServerOrder::State::up};

class Orders : public testing::Test {
 protected:
  /// Servers a and b.
  std::string yaml(const std::string& more = "") const {
    return Gateway::in_front_of(
        "{ servers: [{ address: \"" + a.url() + "\" }, { address: \"" + b.url() + "\" }]" + more + " }",
        "workers: 1\nmetrics: { address: \"127.0.0.1:0\" }\n");
  }
  std::string only_b() const { return Gateway::in_front_of("[\"" + b.url() + "\"]", "workers: 1\n"); }

  /// 'a' or 'b': who is asked next, and answers; '-' where the gateway says 503 by itself.
  char ask(const std::string& fields = "") {
    Peer client = gateway->connect();
    client.send("GET / HTTP/1.1\r\nHost: example.com\r\n" + fields + "\r\n");
    char asked = '?';
    EXPECT_TRUE(eventually([&] {
      if (!a.nobody_for(std::chrono::milliseconds(0))) asked = 'a';
      if (!b.nobody_for(std::chrono::milliseconds(0))) asked = 'b';
      if (asked == '?' && gateway->count(Reason::no_server) > refused) asked = '-';
      return asked != '?';
    }));
    if (asked == '-') {
      ++refused;
      last_answer = client.read_message();
      EXPECT_THAT(last_answer, StartsWith("HTTP/1.1 503 "));
      return asked;
    }
    Peer server = (asked == 'a' ? a : b).accept();
    server.read_head();
    server.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    last_answer = client.read_head();
    return asked;
  }
  std::string asked(int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += ask();
    return all;
  }
  metrics::ServerSample sample(const ScriptedUpstream& server) {
    for (const auto& each : report_of(*gateway).servers) {
      if (each.server == server.url()) return each;
    }
    ADD_FAILURE() << "no such server in the report";
    return {};
  }

  ScriptedUpstream a, b;
  std::unique_ptr<Gateway> gateway = std::make_unique<Gateway>(yaml());
  std::string last_answer;
  std::uint64_t refused = 0;  ///< 503s that ask() has seen
};

TEST_F(Orders, DrainSendsNothingNewToAServerWhileItsTunnelsGoOn) {
  Peer clients[2] = {gateway->connect(), gateway->connect()};
  Peer at_a(-1);
  Peer at_b(-1);
  for (Peer& client : clients) client.send(handshake_request());
  for (auto [scripted, peer] : {std::pair(&a, &at_a), std::pair(&b, &at_b)}) {
    *peer = scripted->accept();
    peer->read_head();
    peer->send(handshake_response());
  }
  for (Peer& client : clients) client.read_head();
  EXPECT_EQ("", order_server(*gateway, "app", a.url(), kDrain));
  EXPECT_EQ("bbbbbb", asked(6));
  const std::string message = frame(1, "still here", false);
  at_a.send(message);
  at_b.send(message);
  for (Peer& client : clients) EXPECT_EQ(message, client.read_exactly(message.size()));
  EXPECT_TRUE(sample(a).drained);
  EXPECT_TRUE(sample(a).up) << "that is another thing";
  EXPECT_EQ(1u, sample(a).tunnels);
  EXPECT_FALSE(sample(b).drained);

  EXPECT_EQ("", order_server(*gateway, "app", a.url(), kUp));
  EXPECT_THAT(asked(4), HasSubstr("a"));
  EXPECT_FALSE(sample(a).drained);
}

TEST_F(Orders, DrainOfEveryServerIsA503) {
  EXPECT_EQ("", order_server(*gateway, "app", a.url(), kDrain));
  EXPECT_EQ("", order_server(*gateway, "app", b.url(), kDrain));
  EXPECT_EQ('-', ask());
  EXPECT_THAT(last_answer, HasSubstr("\r\nRetry-After: 5\r\n"));
  EXPECT_THAT(last_answer, HasSubstr("no_server"));
  Peer client = gateway->connect();
  client.send(handshake_request());
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 503 "));
  ++refused;  // ask() looks at the count
  EXPECT_TRUE(becomes(*gateway, "tidegate_handshakes_total{route=\"/\",result=\"no_server\"}", 1));
  EXPECT_EQ("", order_server(*gateway, "app", b.url(), kUp));
  EXPECT_EQ('b', ask());
}

TEST_F(Orders, DrainIsStrongerThanACookie) {
  ASSERT_TRUE(gateway->reload(yaml(", sticky: { cookie: stay }")));
  const char first = ask();
  const std::size_t at = last_answer.find("Set-Cookie: stay=") + 12;
  const std::string cookie = "Cookie: " + last_answer.substr(at, last_answer.find(';', at) - at) + "\r\n";
  EXPECT_EQ(first, ask(cookie));
  EXPECT_EQ("", order_server(*gateway, "app", (first == 'a' ? a : b).url(), kDrain));
  EXPECT_NE(first, ask(cookie));
  EXPECT_THAT(last_answer, HasSubstr("Set-Cookie: stay=")) << "it stays with another server from now on";
}

TEST_F(Orders, WeightIsInForceUntilItIsTakenBack) {
  EXPECT_EQ("", order_server(*gateway, "app", a.url(), {.weight = 3}));
  const std::string weighted = asked(8);
  EXPECT_EQ(6, std::count(weighted.begin(), weighted.end(), 'a'));
  EXPECT_EQ(3u, sample(a).weight);
  EXPECT_EQ(1u, sample(a).configured_weight);
  EXPECT_EQ("", order_server(*gateway, "app", a.url(), {.weight = 0}));
  const std::string as_configured = asked(8);
  EXPECT_EQ(4, std::count(as_configured.begin(), as_configured.end(), 'a'));
  EXPECT_EQ(1u, sample(a).weight);
}

TEST_F(Orders, OutliveReloadsAndGoWithTheirServer) {
  EXPECT_EQ("", order_server(*gateway, "app", a.url(), {.state = ServerOrder::State::drain, .weight = 5}));
  ASSERT_TRUE(gateway->reload(yaml(", balance: least_tunnels")));
  EXPECT_EQ("bbb", asked(3));
  EXPECT_FALSE(gateway->reload("nonsense"));
  EXPECT_EQ("bbb", asked(3)) << "a reload that was refused forgets nothing";
  ASSERT_TRUE(gateway->reload(only_b()));
  ASSERT_TRUE(gateway->reload(yaml()));
  EXPECT_THAT(asked(4), HasSubstr("a"));
  EXPECT_FALSE(sample(a).drained);
  EXPECT_EQ(1u, sample(a).weight);
}

TEST_F(Orders, AreForgottenThoughATunnelOfBeforeHoldsTheServer) {
  Peer clients[2] = {gateway->connect(), gateway->connect()};
  Peer at_a(-1);
  Peer at_b(-1);
  for (Peer& client : clients) client.send(handshake_request());
  for (auto [scripted, peer] : {std::pair(&a, &at_a), std::pair(&b, &at_b)}) {
    *peer = scripted->accept();
    peer->read_head();
    peer->send(handshake_response());
  }
  for (Peer& client : clients) client.read_head();
  EXPECT_EQ("", order_server(*gateway, "app", a.url(), kDrain));
  ASSERT_TRUE(gateway->reload(only_b()));
  ASSERT_TRUE(gateway->reload(yaml()));
  EXPECT_EQ(1u, sample(a).tunnels) << "the same server to the process";
  EXPECT_THAT(asked(4), HasSubstr("a"));
}

TEST_F(Orders, SayWhatIsWrongWithThem) {
  EXPECT_EQ("no upstream is named \"ap\"; there are app", order_server(*gateway, "ap", a.url(), kDrain));
  EXPECT_EQ("upstream app has no server \"http://c\"; there are " + a.url() + ", " + b.url(),
            order_server(*gateway, "app", "http://c", kDrain));
  EXPECT_EQ("a weight of 1001 is out of range; 1 to 1000, or none for the configured one",
            order_server(*gateway, "app", a.url(), {.state = ServerOrder::State::drain, .weight = 1001}));
  EXPECT_FALSE(sample(a).drained) << "an order is carried out whole or not at all";
}

TEST_F(Orders, AreToldInTheLog) {
  const CapturedLog log;
  order_server(*gateway, "app", a.url(), {.state = ServerOrder::State::drain, .weight = 7});
  EXPECT_TRUE(log.says("server " + a.url() + " of app: drained by order"));
  EXPECT_TRUE(log.says("server " + a.url() + " of app: its weight is 7 by order"));
  order_server(*gateway, "app", a.url(), {.state = ServerOrder::State::up, .weight = 0});
  EXPECT_TRUE(log.says("server " + a.url() + " of app: up by order"));
  EXPECT_TRUE(log.says("server " + a.url() + " of app: its weight is 1, as configured, again"));
}

/// Orders and reports while requests run on two workers.
TEST_F(Orders, HoldUnderTraffic) {
  gateway = std::make_unique<Gateway>(Gateway::in_front_of("{ servers: [{ address: \"" + a.url() +
                                                           "\" }, { address: \"" + b.url() +
                                                           "\" }], balance: least_tunnels }"));
  std::atomic<bool> over{false};
  std::thread operators([&] {
    for (unsigned i = 0; !over; ++i) {
      order_server(
          *gateway, "app", a.url(),
          {.state = i % 2 == 0 ? ServerOrder::State::drain : ServerOrder::State::up, .weight = i % 5});
      report_of(*gateway);
    }
  });
  for (int i = 0; i < 60; ++i) ask();
  over = true;
  operators.join();
}

class SlowestHandshakes : public TunnelSceneOverWires {};

TEST_P(SlowestHandshakes, TellWhereTheTimeOfAHandshakeWent) {
  start("", "    name: chat\n");
  open();
  Peer second_client(-1);
  Peer second_upstream(-1);
  open_pair(second_client, second_upstream);
  std::vector<metrics::SlowHandshake> all;
  for (const metrics::WorkerSample& worker : report_of(*gateway).workers) {
    all.insert(all.end(), worker.slowest_handshakes.begin(), worker.slowest_handshakes.end());
  }
  all = metrics::slowest_of(std::move(all));
  ASSERT_EQ(2u, all.size());
  EXPECT_GE(all[0].total, all[1].total);
  const auto opened = list_tunnels(*gateway).tunnels;
  for (const metrics::SlowHandshake& handshake : all) {
    EXPECT_TRUE(std::any_of(opened.begin(), opened.end(),
                            [&](const tunnel::TunnelInfo& tunnel) { return tunnel.id == handshake.id; }));
    EXPECT_EQ("chat", handshake.route);
    EXPECT_EQ(scripted.url(), handshake.server);
    EXPECT_GT(handshake.connect.count(), 0);
    EXPECT_GT(handshake.response.count(), 0);
    EXPECT_NEAR(handshake.total.count(), (handshake.connect + handshake.response).count(), 1e-6);
    EXPECT_EQ(GetParam() == Wire::tls, handshake.tls.has_value());
    EXPECT_LT(std::chrono::system_clock::now() - handshake.at, std::chrono::minutes(1));
  }
}

INSTANTIATE_TEST_SUITE_P(OverWires, SlowestHandshakes, testing::Values(Wire::plain, Wire::tls), name_of);

}  // namespace
}  // namespace tidegate::test
