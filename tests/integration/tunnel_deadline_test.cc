// What ends a tunnel by the clock or by its limits: send stalls, idle_timeout, max_lifetime, ping_interval,
// max_message.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMiB = 1024 * 1024;
constexpr char kShortClose[] = "timeouts: { close: 100ms }\n";

std::string websocket(const std::string& rules) {
  return "    websocket: { " + rules + " }\n";
}

using TunnelDeadlinePlain = TunnelScene;
class TunnelDeadline : public TunnelSceneOverWires {
 protected:
  void expect_close_to_client(int code) { EXPECT_EQ(close_frame(code, false), client.read_exactly(4)); }
  void expect_close_to_upstream(int code) {
    const std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
    EXPECT_EQ("8:" + payload, unmasked(upstream.read_exactly(8)));
  }
  void expect_close_to_both(int code) {
    expect_close_to_client(code);
    expect_close_to_upstream(code);
  }
  /// Both answer the gateway's Close, which ends the tunnel.
  void answer_close(int code) {
    client.send(close_frame(code, true));
    upstream.send(close_frame(code, false));
    client.expect_end();
    upstream.expect_end();
  }
  void expect_ping_to_client() { EXPECT_EQ(std::string("\x89\x00", 2), client.read_exactly(2)); }
  void expect_ping_to_upstream() { EXPECT_EQ("9:", unmasked(upstream.read_exactly(6))); }
};
INSTANTIATE_TEST_SUITE_P(Wires, TunnelDeadline, testing::Values(Wire::plain, Wire::tls), name_of);

// ---- Peers that do not read

TEST_P(TunnelDeadline, EndsATunnelWhoseClientDoesNotRead) {
  start("", "    timeouts: { send: 200ms }\n");
  open();
  send_until_full(upstream, frame_header(2, 48 * kMiB, false) + noise(48 * kMiB));
  EXPECT_TRUE(gateway->empties());
  EXPECT_EQ(1u, gateway->count(Reason::send_timeout));
  upstream.read_to_end();
  EXPECT_NE(Ending::none, upstream.ending());
  const auto record = last_record();
  EXPECT_EQ("send_timeout", record["reason"]);
  EXPECT_EQ("client", record["ended_by"]);
}

TEST_F(TunnelDeadlinePlain, EndsATunnelWhoseUpstreamDoesNotRead) {
  start("", "    timeouts: { send: 200ms }\n");
  open();
  send_until_full(client, frame_header(2, 48 * kMiB, true) + noise(48 * kMiB));
  EXPECT_TRUE(gateway->empties());
  const auto record = last_record();
  EXPECT_EQ("send_timeout", record["reason"]);
  EXPECT_EQ("upstream", record["ended_by"]);
}

TEST_P(TunnelDeadline, LetsASlowReaderBeSlow) {
  // It reads a little in each half of the send timeout: that is progress.
  start("", "    timeouts: { send: 2s }\n");
  open(/*receive_buffer=*/4096);
  const std::string bytes = frame(2, noise(12 * kMiB), false);
  auto sender = std::async(std::launch::async, [&] { upstream.send(bytes); });
  std::string got;
  while (got.size() < bytes.size())
    got += client.read_exactly(std::min<std::size_t>(16384, bytes.size() - got.size()));
  sender.wait();
  EXPECT_TRUE(got == bytes);
  EXPECT_EQ(0u, gateway->count(Reason::send_timeout));
}

// ---- idle_timeout

TEST_P(TunnelDeadline, ClosesAnIdleTunnelWith1001) {
  start(kShortClose, websocket("idle_timeout: 150ms"));
  open();
  expect_close_to_both(1001);
  answer_close(1001);
  EXPECT_TRUE(gateway->empties());
  const auto record = last_record();
  EXPECT_EQ("idle_timeout", record["reason"]);
  EXPECT_EQ("gateway", record["ended_by"]);
  EXPECT_EQ(1001, record["close_code_from_client"]);
  EXPECT_EQ(1001, record["close_code_from_upstream"]);
}

TEST_P(TunnelDeadline, TakesAnyFrameOfEitherSideAsActivity) {
  start(kShortClose, websocket("idle_timeout: 300ms"));
  open();
  const auto until = std::chrono::steady_clock::now() + 700ms;
  for (int i = 0; std::chrono::steady_clock::now() < until; ++i) {
    // Without pings of ours a Pong is the application's.
    const int opcode = i % 3 == 0 ? 1 : i % 3 == 1 ? 9 : 10;
    i % 2 == 0 ? expect_to_client(frame(opcode, "x", false)) : expect_to_upstream(frame(opcode, "x", true));
    pause_briefly();
  }
  EXPECT_EQ(0u, gateway->count(Reason::idle_timeout));
  expect_close_to_both(1001);
}

TEST_P(TunnelDeadline, DoesNotTakeOurPingsAndTheirPongsAsActivity) {
  start(kShortClose, websocket("idle_timeout: 400ms, ping_interval: 50ms"));
  open();
  // Answers every ping; the Close comes all the same.
  const auto answer = [](Peer& peer, std::size_t size, bool masked) {
    for (int pings = 0;;) {
      const std::string head = peer.read_exactly(size);
      const int opcode = head.empty() ? 8 : head[0] & 0x0f;
      if (opcode == 8) return pings;
      if (opcode == 10) continue;  // the other side's
      ++pings;
      peer.send(frame(10, "", masked));
    }
  };
  auto other = std::async(std::launch::async, [&] { return answer(upstream, 6, false); });
  EXPECT_GE(answer(client, 2, true), 2);
  EXPECT_GE(other.get(), 2);
  EXPECT_TRUE(gateway->empties());
  EXPECT_EQ("idle_timeout", last_record()["reason"]);
}

TEST_P(TunnelDeadline, LetsAFrameEndBeforeItsClose) {
  start("timeouts: { close: 5s }\n", websocket("idle_timeout: 150ms"));
  open();
  const std::string bytes = frame(1, "in two parts", false);
  expect_to_client(bytes.substr(0, 6));
  expect_close_to_upstream(1001);
  EXPECT_TRUE(client.silent_for(20ms));
  expect_to_client(bytes.substr(6));
  expect_close_to_client(1001);
  answer_close(1001);
}

// ---- max_lifetime

TEST_P(TunnelDeadline, ClosesATunnelAtTheEndOfItsLifetimeHoweverBusy) {
  start(kShortClose, websocket("max_lifetime: 300ms"));
  open();
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (std::chrono::steady_clock::now() < until) {
    upstream.send(frame(1, "busy", false));
    if (client.read_exactly(2)[0] == close_frame(1001, false)[0]) break;
    client.read_exactly(4);
  }
  EXPECT_EQ(close_frame(1001, false).substr(2), client.read_exactly(2));
  EXPECT_TRUE(eventually([&] { return gateway->count(Reason::max_lifetime) == 1; }));
  client.close();
  upstream.close();
  EXPECT_EQ("max_lifetime", last_record()["reason"]);
}

TEST_P(TunnelDeadline, CutsPeersThatDoNotAnswerItsClose) {
  start(kShortClose, websocket("max_lifetime: 100ms"));
  open();
  expect_close_to_both(1001);
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ("", upstream.read_to_end());
  EXPECT_TRUE(gateway->empties());
  EXPECT_EQ("max_lifetime", last_record()["reason"]);
}

TEST_P(TunnelDeadline, SendsNothingAfterItsClose) {
  start("timeouts: { close: 5s }\n", websocket("max_lifetime: 100ms"));
  open();
  expect_close_to_both(1001);
  upstream.send(frame(1, "too late", false) + close_frame(1001, false));
  client.send(frame(1, "too late", true) + close_frame(1001, true));
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ("", upstream.read_to_end());
}

// ---- ping_interval

TEST_P(TunnelDeadline, PingsBothSidesAndLetsTheirPongsThrough) {
  start(kShortClose, websocket("ping_interval: 50ms"));
  open();
  for (int i = 0; i < 5; ++i) {
    expect_ping_to_client();
    expect_ping_to_upstream();
    expect_to_upstream(frame(10, "", true));
    expect_to_client(frame(10, "", false));
  }
}

TEST_P(TunnelDeadline, ClosesATunnelWhoseClientDoesNotAnswerAPing) {
  start(kShortClose, websocket("ping_interval: 100ms"));
  open();
  expect_ping_to_client();
  expect_ping_to_upstream();
  upstream.send(frame(10, "", false));  // the upstream lives
  EXPECT_EQ(frame(10, "", false), client.read_exactly(2));
  expect_close_to_both(1001);
  client.expect_end();
  upstream.expect_end();
  const auto record = last_record();
  EXPECT_EQ("ping_timeout", record["reason"]);
  EXPECT_EQ("client", record["ended_by"]);
}

TEST_P(TunnelDeadline, ClosesATunnelWhoseUpstreamDoesNotAnswerAPing) {
  start(kShortClose, websocket("ping_interval: 100ms"));
  open();
  expect_ping_to_client();
  client.send(frame(10, "", true));
  expect_ping_to_upstream();
  upstream.read_exactly(6);  // the client's Pong
  // The client may be pinged once more before the gateway gives the upstream up.
  EXPECT_THAT(client.read_to_end(), testing::EndsWith(close_frame(1001, false)));
  const auto record = last_record();
  EXPECT_EQ("ping_timeout", record["reason"]);
  EXPECT_EQ("upstream", record["ended_by"]);
}

TEST_P(TunnelDeadline, PutsAPingBetweenFramesOnly) {
  start(kShortClose, websocket("ping_interval: 200ms"));
  open();
  const std::string bytes = frame(1, "a frame in two parts", false);
  expect_to_client(bytes.substr(0, 7));
  expect_ping_to_upstream();  // so the client's turn has come as well
  EXPECT_TRUE(client.silent_for(20ms));
  upstream.send(bytes.substr(7) + frame(1, "behind", false));
  const std::string got = client.read_exactly(bytes.size() - 7 + 2 + frame(1, "behind", false).size());
  const std::string ping("\x89\x00", 2);
  const std::string rest = bytes.substr(7);
  EXPECT_THAT(
      got, testing::AnyOf(rest + ping + frame(1, "behind", false), rest + frame(1, "behind", false) + ping));
}

TEST_P(TunnelDeadline, DoesNotPingAStreamThatIsNoWebSocket) {
  start(kShortClose, websocket("ping_interval: 50ms"));
  open();
  expect_to_client("no frame");
  for (int i = 0; i < 3; ++i) {
    expect_ping_to_upstream();
    expect_to_client(std::string(1, 'x'));
  }
}

// ---- max_message

TEST_P(TunnelDeadline, ClosesWith1009WhenTheClientsMessageIsTooBig) {
  start(kShortClose, websocket("max_message: 100"));
  open();
  expect_to_upstream(frame(1, noise(100), true));
  client.send(frame(1, "fits", true) + frame(2, noise(101), true) + frame(1, "never", true));
  EXPECT_EQ(frame(1, "fits", true), upstream.read_exactly(10));
  expect_close_to_both(1009);
  answer_close(1009);
  EXPECT_TRUE(gateway->empties());
  const auto record = last_record();
  EXPECT_EQ("message_too_big", record["reason"]);
  EXPECT_EQ("client", record["ended_by"]);
}

TEST_P(TunnelDeadline, ClosesWith1009WhenTheUpstreamsMessageIsTooBig) {
  start(kShortClose, websocket("max_message: 100"));
  open();
  upstream.send(frame(1, "fits", false) + frame(2, noise(101), false));
  EXPECT_EQ(frame(1, "fits", false), client.read_exactly(6));
  expect_close_to_both(1009);
  answer_close(1009);
  EXPECT_EQ("upstream", last_record()["ended_by"]);
}

TEST_P(TunnelDeadline, CountsAMessagesFragmentsTogether) {
  start(kShortClose, websocket("max_message: 100"));
  open();
  const std::string first = frame(1, noise(60), true, false) + frame(9, noise(90), true);
  expect_to_upstream(first);
  client.send(frame(0, noise(41), true));
  expect_close_to_both(1009);
  answer_close(1009);
}

TEST_P(TunnelDeadline, PutsNo1009IntoAFrameThatHasBegun) {
  start(kShortClose, websocket("max_message: 100"));
  open();
  const std::string bytes =
      frame(2, noise(300), true);  // two bytes of length: the header is known from byte 4 on
  expect_to_upstream(bytes.substr(0, 2));
  client.send(bytes.substr(2));
  expect_close_to_client(1009);
  EXPECT_EQ("", upstream.read_to_end());
}

TEST_P(TunnelDeadline, LetsACloseThroughThatComesBeforeAMessageThatIsTooBig) {
  start(kShortClose, websocket("max_message: 100"));
  open();
  client.send(close_frame(1000, true) + frame(2, noise(101), true));
  EXPECT_EQ(close_frame(1000, true), upstream.read_exactly(8));
  EXPECT_EQ("", upstream.read_to_end());
}

}  // namespace
}  // namespace tidegate::test
