// What an operator asks of live tunnels: found, told, closed.

#include "tests/integration/operate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "tests/integration/scrape.h"
#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using server::TunnelQuery;
using testing::ElementsAre;
using testing::HasSubstr;
using tunnel::TunnelInfo;

class Operate : public TunnelScene {
 protected:
  /// A tunnel of a route of its own path, through which `messages` texts of `size` bytes went to the client.
  void open_tunnel(Peer& client_side, Peer& upstream_side, const std::string& path, int messages,
                   std::size_t size) {
    client_side = connect();
    client_side.send(handshake_request(path));
    upstream_side = scripted.accept();
    upstream_side.read_head();
    upstream_side.send(handshake_response());
    EXPECT_THAT(client_side.read_head(), testing::StartsWith("HTTP/1.1 101"));
    const std::string message = frame(1, std::string(size, 'x'), false);
    for (int i = 0; i < messages; ++i) {
      upstream_side.send(message);
      EXPECT_EQ(message, client_side.read_exactly(message.size()));
    }
  }

  static std::vector<std::string> paths(const server::TunnelList& list) {
    std::vector<std::string> out;
    for (const TunnelInfo& tunnel : list.tunnels) out.push_back(tunnel.path);
    return out;
  }
};

TEST_F(Operate, TellsWhatATunnelIs) {
  start("", "    name: chat\n");
  client = connect();
  client.send(handshake_request("/ws/room?token=secret"));
  upstream = scripted.accept();
  upstream.read_head();
  upstream.send(handshake_response());
  client.read_head();
  client.send(frame(1, "hello", true));
  upstream.read_exactly(11);
  upstream.send(frame(2, "to you", false) + frame(2, "both", false));
  client.read_exactly(14);

  const auto list = list_tunnels(*gateway);
  ASSERT_EQ(1u, list.total);
  ASSERT_EQ(1u, list.tunnels.size());
  const TunnelInfo& told = list.tunnels.front();
  EXPECT_EQ(16u, told.id.size());
  EXPECT_EQ(TunnelInfo::State::open, told.state);
  EXPECT_EQ("http", told.listener);
  EXPECT_EQ("chat", told.route);
  EXPECT_EQ("app", told.upstream);
  EXPECT_EQ(scripted.url(), told.server);
  EXPECT_EQ("127.0.0.1", told.remote_addr);
  EXPECT_EQ("example.com", told.host);
  EXPECT_EQ("/ws/room", told.path) << "a query may hold secrets";
  EXPECT_EQ(1u, told.messages_to_upstream);
  EXPECT_EQ(2u, told.messages_to_client);
  EXPECT_EQ(11u, told.bytes_to_upstream);
  EXPECT_EQ(14u, told.bytes_to_client);
  EXPECT_LE(told.idle, told.age);
  close();
  EXPECT_EQ(0u, list_tunnels(*gateway).total);
}

TEST_F(Operate, FindsTunnelsByRouteAndUpstreamAndOrdersThem) {
  start("  spare: " + scripted.url() + "\n", "  - name: other\n    path: /other/\n    upstream: spare\n");
  // The first route of in_front_of() has no name: its host and path are that.
  Peer clients[3] = {Peer(-1), Peer(-1), Peer(-1)};
  Peer upstreams[3] = {Peer(-1), Peer(-1), Peer(-1)};
  open_tunnel(clients[0], upstreams[0], "/eldest", 2, 1000);
  // Ages are told in milliseconds: two of the same are of no order.
  EXPECT_TRUE(eventually([&] { return list_tunnels(*gateway).tunnels.at(0).age.count() > 2; }));
  open_tunnel(clients[1], upstreams[1], "/talker", 5, 1);
  open_tunnel(clients[2], upstreams[2], "/other/", 3, 10);

  EXPECT_THAT(paths(list_tunnels(*gateway, {.order = TunnelQuery::Order::messages})),
              ElementsAre("/talker", "/other/", "/eldest"));
  EXPECT_THAT(paths(list_tunnels(*gateway, {.order = TunnelQuery::Order::bytes})),
              ElementsAre("/eldest", "/other/", "/talker"));
  const auto bounded = list_tunnels(*gateway, {.order = TunnelQuery::Order::bytes, .limit = 1});
  EXPECT_EQ(3u, bounded.total) << "told or not";
  EXPECT_THAT(paths(bounded), ElementsAre("/eldest"));
  EXPECT_EQ("/eldest", paths(list_tunnels(*gateway)).at(0)) << "by age";
  EXPECT_THAT(paths(list_tunnels(*gateway, {.route = "other"})), ElementsAre("/other/"));
  EXPECT_THAT(paths(list_tunnels(*gateway, {.upstream = "spare"})), ElementsAre("/other/"));
  EXPECT_EQ(2u, list_tunnels(*gateway, {.upstream = "app"}).total);
  EXPECT_EQ(0u, list_tunnels(*gateway, {.route = "no such route"}).total);
  EXPECT_EQ(0u, list_tunnels(*gateway, {.route = "other", .upstream = "app"}).total);
}

TEST_F(Operate, ClosesATunnelOnBothSidesWithACode) {
  open();
  const std::string id = list_tunnels(*gateway).tunnels.at(0).id;
  EXPECT_FALSE(close_tunnel(*gateway, "0123456789abcdef", 4000)) << "no tunnel has this id";
  EXPECT_TRUE(close_tunnel(*gateway, id, 4321));
  EXPECT_EQ(close_frame(4321, false), client.read_exactly(4));
  EXPECT_EQ(std::string("8:") + char(4321 >> 8) + char(4321 & 255), unmasked(upstream.read_exactly(8)));
  EXPECT_EQ(TunnelInfo::State::closing, list_tunnels(*gateway).tunnels.at(0).state);
  client.send(close_frame(4321, true));
  upstream.send(close_frame(4321, false));
  client.expect_end();
  upstream.expect_end();
  const auto record = last_record();
  EXPECT_EQ("admin", record["reason"]);
  EXPECT_EQ("gateway", record["ended_by"]);
  EXPECT_EQ(id, record["id"]);
  EXPECT_EQ(1u, gateway->count(Reason::admin));
  EXPECT_TRUE(gateway->empties());
  EXPECT_FALSE(close_tunnel(*gateway, id, 1001)) << "it has ended";
}

TEST_F(Operate, CutsATunnelWhosePeersDoNotAnswerTheClose) {
  start("timeouts: { close: 100ms }\n");
  open();
  const std::string id = list_tunnels(*gateway).tunnels.at(0).id;
  EXPECT_TRUE(close_tunnel(*gateway, id, 1001));
  EXPECT_EQ(close_frame(1001, false), client.read_exactly(4));
  client.expect_end();
  EXPECT_EQ("admin", last_record()["reason"]);
}

TEST_F(Operate, EndsATunnelThatIsClosingAlreadyWithoutAnotherCode) {
  start("timeouts: { close: 8s }\n");
  open();
  const std::string id = list_tunnels(*gateway).tunnels.at(0).id;
  // The client has said goodbye, the upstream does not answer: that may last.
  client.send(close_frame(1000, true));
  upstream.read_exactly(8);
  EXPECT_TRUE(
      eventually([&] { return list_tunnels(*gateway).tunnels.at(0).state == TunnelInfo::State::closing; }));
  EXPECT_TRUE(close_tunnel(*gateway, id, 1001));
  EXPECT_EQ(close_frame(1001, false), client.read_exactly(4)) << "nobody had answered it";
  EXPECT_TRUE(close_tunnel(*gateway, id, 4000));
  client.expect_end();
  upstream.send(close_frame(1000, false));
  EXPECT_EQ("", upstream.read_to_end()) << "it had the client's Close";
  EXPECT_EQ("finished", last_record()["reason"]) << "the first to end it was the client";
}

TEST_F(Operate, WaitsForAFrameBoundaryBeforeTheClose) {
  open();
  const std::string id = list_tunnels(*gateway).tunnels.at(0).id;
  const std::string message = frame(1, "in two parts", false);
  upstream.send(message.substr(0, 4));
  EXPECT_EQ(message.substr(0, 4), client.read_exactly(4));
  EXPECT_TRUE(close_tunnel(*gateway, id, 1012));
  upstream.send(message.substr(4));
  EXPECT_EQ(message.substr(4) + close_frame(1012, false), client.read_exactly(message.size()));
}

/// Tunnels come and go, and messages flow, while two operators list and close.
TEST_F(Operate, HoldsWhileTunnelsComeAndGo) {
  start();
  constexpr int kRounds = 40;
  std::atomic<bool> over{false};
  std::thread operators([&] {
    while (!over) {
      auto list = list_tunnels(*gateway, {.order = TunnelQuery::Order::messages, .limit = 3});
      EXPECT_LE(list.tunnels.size(), 3u);
      if (list.tunnels.size() == 3) close_tunnel(*gateway, list.tunnels[2].id, 1001);
    }
  });
  std::vector<std::pair<Peer, Peer>> open_ones;
  for (int i = 0; i < kRounds; ++i) {
    auto& [client_side, upstream_side] = open_ones.emplace_back(Peer(-1), Peer(-1));
    open_pair(client_side, upstream_side);
    upstream_side.send(frame(1, "x", false));
    if (open_ones.size() > 6) open_ones.erase(open_ones.begin());
  }
  open_ones.clear();
  EXPECT_TRUE(eventually([&] { return list_tunnels(*gateway).total == 0; }));
  over = true;
  operators.join();
  EXPECT_TRUE(gateway->empties());
}

}  // namespace
}  // namespace tidegate::test
