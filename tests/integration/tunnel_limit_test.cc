// max_tunnels of routes and servers, limits.tunnels of the process: exact, and given back whichever way a
// handshake ends.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/integration/captured_log.h"
#include "tests/integration/operate.h"
#include "tests/integration/scrape.h"
#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class TunnelLimit : public TunnelScene {
 protected:
  /// The head of the answer to a handshake that nobody but the gateway answers.
  std::string refused(const std::string& path = "/") {
    Peer late = connect();
    late.send(handshake_request(path));
    return late.read_message();
  }
  void expect_refused(const std::string& path = "/") {
    const std::string answer = refused(path);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 503 "));
    EXPECT_THAT(answer, HasSubstr("\r\nRetry-After: 5\r\n"));
    EXPECT_THAT(answer, HasSubstr("too_many_tunnels"));
  }
  /// A tunnel opens and ends; false if there was no place for it.
  bool round_trip() {
    Peer client_side = connect();
    client_side.send(handshake_request());
    Peer upstream_side = scripted.accept();
    upstream_side.read_head();
    upstream_side.send(handshake_response());
    const bool opened = client_side.read_head().starts_with("HTTP/1.1 101 ");
    client_side.close();
    upstream_side.close();
    EXPECT_TRUE(gateway->empties());
    return opened;
  }
};

TEST_F(TunnelLimit, OfARouteRefusesAnotherHandshakeAndNothingElse) {
  const CapturedLog log;
  start("metrics: { address: \"127.0.0.1:0\" }\n", "    name: chat\n    websocket: { max_tunnels: 1 }\n");
  open();
  expect_refused();
  EXPECT_TRUE(scripted.nobody_for(std::chrono::milliseconds(50))) << "nothing was dialled";
  EXPECT_TRUE(log.says("route chat has the 1 tunnels that websocket.max_tunnels allows"));
  EXPECT_EQ(1u, gateway->count(Reason::too_many_tunnels));
  EXPECT_TRUE(becomes(*gateway, "tidegate_handshakes_total{route=\"chat\",result=\"too_many_tunnels\"}", 1));

  Peer other = connect();
  other.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  Peer server = scripted.accept();
  server.read_head();
  server.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_THAT(other.read_head(), StartsWith("HTTP/1.1 204 ")) << "a request is no tunnel";
  other.close();
  server.close();

  close();
  EXPECT_TRUE(round_trip()) << "the place is free again";
}

TEST_F(TunnelLimit, AClientThatIsRefusedMayAskAgainOnItsConnection) {
  start("", "    websocket: { max_tunnels: 1 }\n");
  open();
  Peer waiting = connect();
  waiting.send(handshake_request());
  EXPECT_THAT(waiting.read_message(), StartsWith("HTTP/1.1 503 "));
  client.close();
  upstream.close();
  EXPECT_TRUE(eventually([&] { return gateway->server().totals().tunnels_closed == 1; }));
  waiting.send(handshake_request());
  upstream = scripted.accept();
  upstream.read_head();
  upstream.send(handshake_response());
  EXPECT_THAT(waiting.read_head(), StartsWith("HTTP/1.1 101 "));
}

TEST_F(TunnelLimit, IsEachRoutesOwnWhereItIsADefault) {
  start("  spare: " + scripted.url() + "\nwebsocket: { max_tunnels: 1 }\n",
        "  - path: /free/\n    upstream: spare\n    websocket: { max_tunnels: none }\n"
        "  - path: /other/\n    upstream: spare\n");
  open();
  expect_refused();
  for (const char* path : {"/other/", "/free/", "/free/"}) {
    Peer client_side = connect();
    client_side.send(handshake_request(path));
    Peer upstream_side = scripted.accept();
    upstream_side.read_head();
    upstream_side.send(handshake_response());
    EXPECT_THAT(client_side.read_head(), StartsWith("HTTP/1.1 101 ")) << path;
  }
}

TEST_F(TunnelLimit, OfTheProcessCountsEveryRoute) {
  const CapturedLog log;
  start("  spare: " + scripted.url() + "\nlimits: { tunnels: 1 }\n",
        "  - path: /other/\n    upstream: spare\n");
  EXPECT_TRUE(log.says("at most 1 tunnels at once (limits.tunnels)"));
  EXPECT_EQ(1u, report_of(*gateway).max_tunnels);
  open();
  expect_refused();
  expect_refused("/other/");
  EXPECT_TRUE(log.says("the process has the 1 tunnels that limits.tunnels allows"));
  close();
  EXPECT_TRUE(round_trip());
}

TEST_F(TunnelLimit, OfAServerSendsHandshakesToTheOthers) {
  const CapturedLog log;
  ScriptedUpstream second;
  const std::string servers = "{ servers: [{ address: \"" + scripted.url() +
                              "\", max_tunnels: 1 }, { address: \"" + second.url() +
                              "\", max_tunnels: 1 }] }";
  gateway = std::make_unique<Gateway>(Gateway::in_front_of(servers));
  const auto open_at = [&](ScriptedUpstream& at, Peer& client_side, Peer& upstream_side) {
    upstream_side = at.accept();
    upstream_side.read_head();
    upstream_side.send(handshake_response());
    EXPECT_THAT(client_side.read_head(), StartsWith("HTTP/1.1 101 "));
  };
  Peer clients[2] = {connect(), connect()};
  Peer upstreams[2] = {Peer(-1), Peer(-1)};
  clients[0].send(handshake_request());
  const bool first_at_scripted = [&] {
    bool there = false;
    EXPECT_TRUE(eventually([&] {
      there = !scripted.nobody_for(std::chrono::milliseconds(0));
      return there || !second.nobody_for(std::chrono::milliseconds(0));
    }));
    return there;
  }();
  ScriptedUpstream& first_at = first_at_scripted ? scripted : second;
  ScriptedUpstream& then_at = first_at_scripted ? second : scripted;
  open_at(first_at, clients[0], upstreams[0]);
  clients[1].send(handshake_request());
  open_at(then_at, clients[1], upstreams[1]);
  expect_refused();
  EXPECT_TRUE(log.says("every server of app has the tunnels that its max_tunnels allows"));
  clients[0].close();
  upstreams[0].close();
  EXPECT_TRUE(eventually([&] { return gateway->server().totals().tunnels_closed == 1; }));
  clients[0] = connect();
  clients[0].send(handshake_request());
  open_at(first_at, clients[0], upstreams[0]);
}

/// With one place everywhere, a place that is not given back is seen by the next handshake.
TEST_F(TunnelLimit, IsGivenBackWhicheverWayAHandshakeEnds) {
  start(
      "limits: { tunnels: 1 }\n"
      "timeouts: { response: 300ms }\n",
      "    websocket: { max_tunnels: 1 }\n");
  const auto ends = [&](const std::string& how, const std::function<void(Peer&, Peer&)>& play) {
    SCOPED_TRACE(how);
    Peer client_side = connect();
    client_side.send(handshake_request());
    Peer upstream_side = scripted.accept();
    upstream_side.read_head();
    play(client_side, upstream_side);
    client_side.close();
    upstream_side.close();
    EXPECT_TRUE(gateway->empties());
    EXPECT_TRUE(round_trip());
  };
  ends("accepted, then closed by the client", [](Peer& client_side, Peer& upstream_side) {
    upstream_side.send(handshake_response());
    client_side.read_head();
    client_side.send(close_frame(1000, true));
    upstream_side.read_exactly(8);
  });
  ends("accepted, then reset", [](Peer& client_side, Peer& upstream_side) {
    upstream_side.send(handshake_response());
    client_side.read_head();
    upstream_side.reset();
    client_side.read_to_end();  // our Close 1011 comes first
  });
  ends("declined", [](Peer& client_side, Peer& upstream_side) {
    upstream_side.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    EXPECT_THAT(client_side.read_message(), StartsWith("HTTP/1.1 403 "));
  });
  ends("a 101 that accepts another key", [](Peer& client_side, Peer& upstream_side) {
    upstream_side.send(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n");
    EXPECT_THAT(client_side.read_message(), StartsWith("HTTP/1.1 502 "));
  });
  ends("an answer that is not HTTP", [](Peer& client_side, Peer& upstream_side) {
    upstream_side.send("what?\r\n\r\n");
    EXPECT_THAT(client_side.read_message(), StartsWith("HTTP/1.1 502 "));
  });
  ends("the upstream ends", [](Peer& client_side, Peer& upstream_side) {
    upstream_side.shutdown_write();
    EXPECT_THAT(client_side.read_message(), StartsWith("HTTP/1.1 502 "));
  });
  ends("the upstream resets", [](Peer& client_side, Peer& upstream_side) {
    upstream_side.reset();
    EXPECT_THAT(client_side.read_message(), StartsWith("HTTP/1.1 502 "));
  });
  ends("the upstream says nothing", [](Peer& client_side, Peer&) {
    EXPECT_THAT(client_side.read_message(), StartsWith("HTTP/1.1 504 "));
  });
  ends("the client leaves", [](Peer& client_side, Peer& upstream_side) {
    client_side.shutdown_write();
    upstream_side.expect_end();
  });
  ends("the client resets", [](Peer& client_side, Peer& upstream_side) {
    client_side.reset();
    upstream_side.expect_end();
  });
  EXPECT_EQ(0u, gateway->count(Reason::too_many_tunnels));
}

TEST_F(TunnelLimit, IsGivenBackWhereNoServerCanBeReached) {
  const std::string nowhere = "http://127.0.0.1:" + std::to_string(closed_port());
  gateway = std::make_unique<Gateway>(Gateway::in_front_of(
      "{ servers: [{ address: \"" + nowhere + "\", max_tunnels: 1 }] }", "limits: { tunnels: 1 }\n"));
  for (int i = 0; i < 3; ++i) EXPECT_THAT(refused(), StartsWith("HTTP/1.1 502 "));
}

TEST_F(TunnelLimit, IsGivenBackWithTheHeadOfAnAnswerThatDeclines) {
  start("", "    websocket: { max_tunnels: 1 }\n");
  Peer reader = connect();
  reader.send(handshake_request());
  Peer streaming = scripted.accept();
  streaming.read_head();
  streaming.send("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nbegin");
  reader.read_until("begin");
  open();
}

TEST_F(TunnelLimit, IsExactWhenManyAskAtOnce) {
  constexpr int kMost = 5;
  constexpr int kAsking = 40;
  start("", "    websocket: { max_tunnels: " + std::to_string(kMost) + " }\n");
  std::vector<Peer> clients;
  for (int i = 0; i < kAsking; ++i) clients.push_back(connect());
  for (Peer& each : clients) each.send(handshake_request());
  std::vector<Peer> upstreams;
  for (int i = 0; i < kMost; ++i) {
    upstreams.push_back(scripted.accept());
    upstreams.back().read_head();
  }
  EXPECT_TRUE(eventually([&] { return gateway->count(Reason::too_many_tunnels) == kAsking - kMost; }));
  EXPECT_TRUE(scripted.nobody_for(std::chrono::milliseconds(50)));
  for (Peer& each : upstreams) each.send(handshake_response());
  int opened = 0;
  for (Peer& each : clients) opened += each.read_head().starts_with("HTTP/1.1 101 ");
  EXPECT_EQ(kMost, opened);
}

TEST_F(TunnelLimit, CountsThroughReloads) {
  const auto yaml = [&](const std::string& most) {
    return Gateway::in_front_of(scripted.url(), "",
                                "    name: chat\n    websocket: { max_tunnels: " + most + " }\n");
  };
  gateway = std::make_unique<Gateway>(yaml("none"));
  open();
  Peer client_side(-1);
  Peer upstream_side(-1);
  open_pair(client_side, upstream_side);
  ASSERT_TRUE(gateway->reload(yaml("2")));
  expect_refused();
  ASSERT_TRUE(gateway->reload(yaml("3")));
  Peer third(-1);
  Peer third_upstream(-1);
  open_pair(third, third_upstream);
  expect_refused();
}

}  // namespace
}  // namespace tidegate::test
