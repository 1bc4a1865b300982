// How tunnels end when the gateway does: drain, its window and deadline, and the stop at once; and what the
// access log tells of a tunnel.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <future>
#include <optional>
#include <vector>

#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr char kPatient[] = "drain: { window: 10ms, deadline: 9s }\n";

using TunnelDrainPlain = TunnelScene;
class TunnelDrain : public TunnelSceneOverWires {
 protected:
  void expect_close_to_client(int code = 1001) {
    EXPECT_EQ(close_frame(code, false), client.read_exactly(4));
  }
  void expect_close_to_upstream(int code = 1001) {
    const std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    EXPECT_EQ("8:" + payload, unmasked(upstream.read_exactly(8)));
  }
  void answer_close() {
    client.send(close_frame(1001, true));
    upstream.send(close_frame(1001, false));
    client.expect_end();
    upstream.expect_end();
  }
  /// The drain ends by itself, well before its deadline.
  void expect_prompt_end() {
    client.close();
    upstream.close();
    gateway->drain();
    EXPECT_LT(Clock::now() - began_, 6s);
  }

 private:
  const Clock::time_point began_ = Clock::now();
};
INSTANTIATE_TEST_SUITE_P(Wires, TunnelDrain, testing::Values(Wire::plain, Wire::tls), name_of);

TEST_P(TunnelDrain, SendsBothSidesCloseAndEndsWhenTheyAnswer) {
  start(kPatient);
  open();
  gateway->server().begin_drain();
  expect_close_to_client();
  expect_close_to_upstream();
  answer_close();
  EXPECT_TRUE(gateway->empties());
  const json record = last_record();
  EXPECT_EQ("drain", record["reason"]);
  EXPECT_EQ("gateway", record["ended_by"]);
  expect_prompt_end();
}

TEST_P(TunnelDrain, UsesTheCloseCodeThatIsConfigured) {
  start("drain: { window: 10ms, deadline: 9s, close_code: 1012 }\n");
  open();
  gateway->server().begin_drain();
  expect_close_to_client(1012);
  expect_close_to_upstream(1012);
  answer_close();
}

TEST_P(TunnelDrain, WaitsForTheBoundaryOfTheUpstreamsFrame) {
  start(kPatient);
  open();
  const std::string bytes = frame(1, "in two parts", false);
  expect_to_client(bytes.substr(0, 5));
  gateway->server().begin_drain();
  expect_close_to_upstream();
  EXPECT_TRUE(client.silent_for(20ms));
  upstream.send(bytes.substr(5) + frame(1, "one more", false));
  const std::string got = client.read_exactly(bytes.size() - 5 + frame(1, "one more", false).size() + 4);
  EXPECT_EQ(bytes.substr(5) + frame(1, "one more", false) + close_frame(1001, false), got);
  answer_close();
}

TEST_P(TunnelDrain, WaitsForTheBoundaryOfTheClientsFrame) {
  start(kPatient);
  open();
  const std::string bytes = frame(1, "in two parts", true);
  expect_to_upstream(bytes.substr(0, 9));
  gateway->server().begin_drain();
  expect_close_to_client();
  EXPECT_TRUE(upstream.silent_for(20ms));
  expect_to_upstream(bytes.substr(9));
  expect_close_to_upstream();
  answer_close();
}

TEST_P(TunnelDrain, EndsWhenACloseComesInsteadOfTheBoundaryItWaitedFor) {
  // The client ends its frame and answers our Close in one go: its own Close goes on, ours is not needed.
  start(kPatient);
  open();
  const std::string bytes = frame(1, "in two parts", true);
  expect_to_upstream(bytes.substr(0, 9));
  upstream.send(close_frame(1000, false));
  EXPECT_EQ(close_frame(1000, false), client.read_exactly(4));
  gateway->server().begin_drain();
  EXPECT_TRUE(upstream.silent_for(50ms));
  client.send(bytes.substr(9) + close_frame(1000, true));
  EXPECT_EQ(bytes.substr(9) + close_frame(1000, true), upstream.read_to_end());
  expect_prompt_end();
}

TEST_P(TunnelDrain, EndsTheOtherSideWhenAPeerEndsInTheMiddleOfItsFrame) {
  start(kPatient);
  open();
  expect_to_upstream(frame(1, "in two parts", true).substr(0, 9));
  gateway->server().begin_drain();
  expect_close_to_client();
  client.shutdown_write();
  EXPECT_EQ("", upstream.read_to_end());
  expect_prompt_end();
}

TEST_P(TunnelDrain, EndsTheClientWhenTheUpstreamEndsInTheMiddleOfItsFrame) {
  start(kPatient);
  open();
  expect_to_client(frame(1, "in two parts", false).substr(0, 5));
  gateway->server().begin_drain();
  expect_close_to_upstream();
  upstream.shutdown_write();
  EXPECT_EQ("", client.read_to_end());
  expect_prompt_end();
}

TEST_P(TunnelDrain, OfAnUpstreamThatDiesAfterOurCloseSendsNoSecondOne) {
  start(kPatient);
  open();
  gateway->server().begin_drain();
  expect_close_to_client();
  expect_close_to_upstream();
  upstream.reset();
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
  expect_prompt_end();
}

TEST_P(TunnelDrain, SendsNothingAfterItsClose) {
  start(kPatient);
  open();
  gateway->server().begin_drain();
  expect_close_to_client();
  expect_close_to_upstream();
  upstream.send(frame(1, "too late", false) + close_frame(1000, false));
  client.send(frame(1, "too late", true) + close_frame(1001, true));
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ("", upstream.read_to_end());
}

TEST_P(TunnelDrain, LetsAStreamThatIsNoWebSocketFlowUntilTheDeadline) {
  start("drain: { window: 10ms, deadline: 600ms }\n");
  open();
  expect_to_client("no frame");
  expect_to_upstream("nor here");
  Peer other_client{-1};
  Peer other_upstream{-1};
  open_pair(other_client, other_upstream);
  gateway->server().begin_drain();
  EXPECT_EQ(close_frame(1001, false), other_client.read_exactly(4));  // so the drain has begun
  expect_to_client("flows on");
  expect_to_upstream("both ways");
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ("", upstream.read_to_end());
}

TEST_P(TunnelDrain, CutsPeersThatNeverAnswerAtTheDeadline) {
  start("drain: { window: 10ms, deadline: 500ms }\n");
  open();
  const auto began = Clock::now();
  gateway->server().begin_drain();
  expect_close_to_client();
  expect_close_to_upstream();
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ("", upstream.read_to_end());
  EXPECT_GE(Clock::now() - began, 400ms);
  expect_prompt_end();
  EXPECT_EQ("drain", last_record()["reason"]);
}

TEST_P(TunnelDrain, CutsAPeerThatIsForeverInTheMiddleOfAFrameAtTheDeadline) {
  start("drain: { window: 10ms, deadline: 300ms }\n");
  open();
  expect_to_client(frame(1, "in two parts", false).substr(0, 5));
  expect_to_upstream(frame(1, "in two parts", true).substr(0, 5));
  gateway->server().begin_drain();
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ("", upstream.read_to_end());
}

TEST_F(TunnelDrainPlain, SpreadsItsClosesOverTheWindow) {
  start("drain: { window: 600ms, deadline: 9s }\n");
  constexpr std::size_t kTunnels = 24;
  std::vector<Peer> clients;
  std::vector<Peer> upstreams;
  for (std::size_t i = 0; i < kTunnels; ++i) {
    clients.emplace_back(-1);
    upstreams.emplace_back(-1);
    open_pair(clients.back(), upstreams.back());
  }
  gateway->server().begin_drain();
  std::vector<pollfd> waiting;
  for (const Peer& peer : clients) waiting.push_back({peer.fd(), POLLIN, 0});
  std::vector<Clock::time_point> came;
  while (came.size() < kTunnels && ::poll(waiting.data(), waiting.size(), 5000) > 0) {
    for (pollfd& each : waiting) {
      if (each.fd < 0 || each.revents == 0) continue;
      came.push_back(Clock::now());
      each.fd = -1;
    }
  }
  ASSERT_EQ(kTunnels, came.size());
  EXPECT_GT(came.back() - came.front(), 200ms);
  EXPECT_LT(came.back() - came.front(), 5s);
  EXPECT_GT(came[kTunnels / 2] - came.front(), 50ms);
}

TEST_F(TunnelDrainPlain, TellsHowFarItHasCome) {
  start("drain: { delay: 1h, window: 10ms, deadline: 2h }\n");
  open();
  const auto progress = [this] {
    std::promise<std::optional<server::DrainProgress>> told;
    gateway->server().loop().post([&] { told.set_value(gateway->server().drain_progress()); });
    return told.get_future().get();
  };
  EXPECT_FALSE(progress());
  const auto before = std::chrono::system_clock::now();
  gateway->server().begin_drain();
  const auto first = progress();
  ASSERT_TRUE(first);
  EXPECT_GE(first->began, before);
  EXPECT_EQ(2h, first->deadline - first->began);
  EXPECT_EQ(1u, first->initial);
  EXPECT_EQ(1u, first->remaining);
  Peer late_client{-1};
  Peer late_upstream{-1};
  open_pair(late_client, late_upstream);  // within the delay
  EXPECT_EQ(2u, progress()->initial);
  client.close();
  upstream.close();
  EXPECT_TRUE(eventually([&] { return progress()->remaining == 1; }));
  EXPECT_GE(progress()->initial, 1u);
  gateway->stop_now();
}

TEST_P(TunnelDrain, StopAtOnceEndsTunnelsWithoutAWord) {
  start(kPatient);
  open();
  expect_to_client(frame(1, "hello", false));
  gateway->stop_now();
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ("", upstream.read_to_end());
  EXPECT_EQ("stop", last_record()["reason"]);
}

TEST_P(TunnelDrain, StopAtOnceCutsADrainShort) {
  start(kPatient);
  open();
  gateway->server().begin_drain();
  expect_close_to_client();
  gateway->stop_now();
  EXPECT_EQ("", client.read_to_end());
}

TEST_P(TunnelDrain, OfAHandshakeThatIsUnderWayLetsItEnd) {
  start(kPatient);
  client = connect();
  client.send(handshake_request());
  upstream = scripted.accept();
  upstream.read_head();
  gateway->server().begin_drain();
  upstream.send(handshake_response());
  EXPECT_EQ(0u, client.read_head().find("HTTP/1.1 101 "));
  expect_close_to_client();
  expect_close_to_upstream();
  answer_close();
}

// ---- The access log

class TunnelRecord : public TunnelSceneOverWires {};
INSTANTIATE_TEST_SUITE_P(Wires, TunnelRecord, testing::Values(Wire::plain, Wire::tls), name_of);

TEST_P(TunnelRecord, TellsOfTheBeginningAndTheEndUnderOneId) {
  start();
  client = connect();
  client.send(handshake_request("/chat?token=secret"));
  upstream = scripted.accept();
  upstream.read_head();
  upstream.send(handshake_response());
  client.read_head();
  const json opened = json::parse(gateway->access_log(1).at(0));
  EXPECT_EQ("tunnel_open", opened["event"]);
  EXPECT_EQ(101, opened["status"]);
  EXPECT_EQ("/chat?token=*", opened["target"]);
  EXPECT_EQ("127.0.0.1", opened["remote_addr"]);

  const std::string up = frame(1, "one", true) + frame(2, noise(70'000), true) + frame(9, "ping", true);
  const std::string down = frame(1, "a", false, false) + frame(0, "b", false);
  expect_to_upstream(up);
  expect_to_client(down);
  expect_to_upstream(close_frame(4001, true));
  expect_to_client(close_frame(4002, false));
  upstream.close();
  client.close();
  const json closed = last_record();
  EXPECT_EQ(opened["id"], closed["id"]);
  EXPECT_EQ("/chat?token=*", closed["target"]);
  EXPECT_EQ("example.com", closed["host"]);
  EXPECT_EQ(scripted.url(), closed["server"]);
  EXPECT_EQ("finished", closed["reason"]);
  EXPECT_EQ("client", closed["ended_by"]);
  EXPECT_EQ(2, closed["messages_to_upstream"]);
  EXPECT_EQ(1, closed["messages_to_client"]);
  EXPECT_EQ(up.size() + 8, closed["bytes_to_upstream"]);
  EXPECT_EQ(down.size() + 4, closed["bytes_to_client"]);
  EXPECT_EQ(4001, closed["close_code_from_client"]);
  EXPECT_EQ(4002, closed["close_code_from_upstream"]);
  EXPECT_GT(closed["duration_seconds"].get<double>(), 0.0);
}

TEST_P(TunnelRecord, TellsWhoEnded) {
  start();
  struct Case {
    void (*end)(Peer& client, Peer& upstream);
    const char* reason;
    const char* party;
  };
  const Case cases[] = {
      {[](Peer& c, Peer&) { c.reset(); }, "client_reset", "client"},
      {[](Peer&, Peer& u) { u.reset(); }, "upstream_reset", "upstream"},
      {[](Peer& c, Peer&) { c.close(); }, "client_ended", "client"},
      {[](Peer&, Peer& u) { u.close(); }, "upstream_ended", "upstream"},
      {[](Peer&, Peer& u) { u.send(close_frame(1000, false)).close(); }, "finished", "upstream"},
      {[](Peer& c, Peer&) { c.send(close_frame(1000, true)).close(); }, "finished", "client"},
      {[](Peer& c, Peer&) { c.send(frame(8, "", true)).close(); }, "finished", "client"},
  };
  std::size_t lines = 0;
  for (const Case& each : cases) {
    SCOPED_TRACE(std::string(each.party) + " " + each.reason);
    open_pair(client, upstream);
    each.end(client, upstream);
    if (each.party == std::string("client")) {
      upstream.read_to_end();
    } else {
      client.read_to_end();
    }
    client.close();
    upstream.close();
    lines += 2;
    const json record = json::parse(gateway->access_log(lines).at(lines - 1));
    EXPECT_EQ(each.reason, record["reason"]);
    EXPECT_EQ(each.party, record["ended_by"]);
  }
}

}  // namespace
}  // namespace tidegate::test
