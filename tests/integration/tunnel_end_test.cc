// How tunnels end by their peers: the rows "one side ends", "upstream dies in a tunnel" and "after a tunnel"
// of the rules table.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::size_t kMiB = 1024 * 1024;
constexpr char kShortClose[] = "timeouts: { close: 150ms }\n";
constexpr char kLongClose[] = "timeouts: { close: 8s }\n";

using TunnelEndPlain = TunnelScene;
class TunnelEnd : public TunnelSceneOverWires {};
INSTANTIATE_TEST_SUITE_P(Wires, TunnelEnd, testing::Values(Wire::plain, Wire::tls), name_of);

// ---- The closing handshake

TEST_P(TunnelEnd, ByTheClosingHandshakeIsCleanOnBothSides) {
  open();
  client.send(close_frame(1000, true));
  EXPECT_EQ(close_frame(1000, true), upstream.read_exactly(8));
  upstream.send(close_frame(1000, false)).shutdown_write();
  EXPECT_EQ(close_frame(1000, false), client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
  client.shutdown_write();
  upstream.expect_end();
  EXPECT_EQ(Ending::clean, upstream.ending());
  EXPECT_TRUE(gateway->empties());
}

TEST_P(TunnelEnd, ByTheUpstreamsCloseIsNotFollowedByAClose) {
  open();
  upstream.send(close_frame(4242, false)).close();
  EXPECT_EQ(close_frame(4242, false), client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
}

TEST_P(TunnelEnd, ByTheUpstreamsCloseWithoutACodeIsNotFollowedByAClose) {
  open();
  upstream.send(frame(8, "", false)).close();
  EXPECT_EQ(frame(8, "", false), client.read_to_end());
}

TEST_P(TunnelEnd, AfterTheClientEndedTheUpstreamsEndNeedsNoClose) {
  open();
  client.shutdown_write();
  upstream.expect_end();
  upstream.shutdown_write();
  EXPECT_EQ("", client.read_to_end());
  EXPECT_TRUE(gateway->empties());
}

// ---- EOF

TEST_P(TunnelEnd, OfTheClientLetsPendingBytesReachASlowUpstreamAndThenFin) {
  start("timeouts: { close: 8s }\n");
  open();
  const std::string bytes = noise(24 * kMiB);
  auto sender = std::async(std::launch::async, [&] {
    client.send(bytes);
    client.shutdown_write();
  });
  // A little at a time, so that much is pending when the end comes.
  std::string got = upstream.read_exactly(64 * 1024);
  got += upstream.read_to_end();
  sender.wait();
  EXPECT_TRUE(got == bytes);
  EXPECT_EQ(Ending::clean, upstream.ending());
}

TEST_P(TunnelEnd, OfTheUpstreamLetsPendingBytesReachASlowClientAndThenFin) {
  start(kShortClose);
  open();
  const std::string bytes = frame(2, noise(4 * kMiB), false);
  auto sender = std::async(std::launch::async, [&] {
    upstream.send(bytes);
    upstream.close();
  });
  const std::string got = client.read_to_end();
  sender.wait();
  EXPECT_TRUE(got == bytes + close_frame(1011, false)) << got.size();
  EXPECT_EQ(Ending::clean, client.ending());
}

TEST_P(TunnelEnd, OfTheClientLeavesTheUpstreamTimeToFinish) {
  start(kLongClose);
  open();
  client.shutdown_write();
  upstream.expect_end();
  expect_to_client(frame(1, "half-closed", false));
  const std::string last = frame(2, noise(kMiB), false);
  auto sender = std::async(std::launch::async, [&] { upstream.send(last).close(); });
  EXPECT_TRUE(client.read_to_end() == last);
  sender.wait();
}

TEST_P(TunnelEnd, OfTheUpstreamLeavesTheClientTimeToFinish) {
  start(kLongClose);
  open();
  upstream.shutdown_write();
  EXPECT_EQ(close_frame(1011, false), client.read_to_end());
  expect_to_upstream(frame(1, "half-closed", true));
  const std::string last = frame(2, noise(kMiB), true);
  auto sender = std::async(std::launch::async, [&] {
    client.send(last);
    client.close();
  });
  EXPECT_TRUE(upstream.read_to_end() == last);
  sender.wait();
}

TEST_P(TunnelEnd, OfTheClientTakesTheUpstreamAlongWhenItsTimeIsUp) {
  start(kShortClose);
  open();
  client.shutdown_write();
  upstream.expect_end();
  EXPECT_EQ("", client.read_to_end());  // the upstream says nothing and stays; the tunnel goes
  EXPECT_TRUE(gateway->empties());
  EXPECT_EQ("client_ended", last_record()["reason"]);
}

TEST_P(TunnelEnd, OfTheUpstreamTakesTheClientAlongWhenItsTimeIsUp) {
  start(kShortClose);
  open();
  upstream.shutdown_write();
  EXPECT_EQ(close_frame(1011, false), client.read_to_end());
  upstream.expect_end();
  EXPECT_TRUE(gateway->empties());
  EXPECT_EQ("upstream_ended", last_record()["reason"]);
}

TEST_F(TunnelEndPlain, OfTheUpstreamReachesAClientThatIsStillSending) {
  // The client's bytes have nowhere to go, so the gateway does not read them. When it gives up it must, or a
  // reset takes the place of the Close.
  start("timeouts: { close: 700ms }\n");
  open();
  const std::string bytes = frame_header(2, 48 * kMiB, true) + noise(48 * kMiB);
  const std::size_t sent = send_until_full(client, bytes);
  upstream.shutdown_write();
  EXPECT_TRUE(eventually([&] { return gateway->count(Reason::upstream_ended) == 1; }));
  client.send(bytes.substr(sent, 2 * kMiB));
  EXPECT_EQ(close_frame(1011, false), client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
}

// ---- RST

TEST_P(TunnelEnd, ByAResetOfTheClientResetsTheUpstream) {
  open();
  expect_to_upstream(frame(1, "hello", true));
  client.reset();
  EXPECT_EQ("", upstream.read_to_end());
  EXPECT_EQ(Ending::reset, upstream.ending());
  EXPECT_TRUE(gateway->empties());
  EXPECT_EQ(1u, gateway->count(Reason::client_reset));
}

TEST_P(TunnelEnd, ByAResetOfTheClientInTheMiddleOfAFrameResetsTheUpstream) {
  open();
  expect_to_upstream(frame(1, "cut in two", true).substr(0, 9));
  client.reset();
  EXPECT_EQ("", upstream.read_to_end());
  EXPECT_EQ(Ending::reset, upstream.ending());
}

TEST_P(TunnelEnd, ByAResetOfTheUpstreamGivesTheClientClose1011) {
  open();
  expect_to_client(frame(1, "last words", false));
  upstream.reset();
  EXPECT_EQ(close_frame(1011, false), client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
  EXPECT_TRUE(gateway->empties());
  EXPECT_EQ(1u, gateway->count(Reason::upstream_reset));
}

TEST_P(TunnelEnd, ByAResetOfTheUpstreamInTheMiddleOfAFrameResetsTheClient) {
  open();
  expect_to_client(frame(1, "cut in two", false).substr(0, 5));
  upstream.reset();
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ(Ending::reset, client.ending());
}

TEST_P(TunnelEnd, ByAResetOfTheUpstreamAfterItsCloseIsCleanForTheClient) {
  open();
  upstream.send(close_frame(1000, false));
  EXPECT_EQ(close_frame(1000, false), client.read_exactly(4));
  upstream.reset();
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
}

TEST_P(TunnelEnd, ByAResetOfTheUpstreamDoesNotOvertakeTheCloseThatASlowClientHasYetToRead) {
  open(/*receive_buffer=*/4096);
  const std::string bytes = frame(2, noise(8 * kMiB), false) + close_frame(1000, false);
  auto sender = std::async(std::launch::async, [&] {
    upstream.send(bytes);
    EXPECT_TRUE(eventually(
        [&] { return unsent_bytes(upstream) == 0; }));  // a reset drops what the kernel has not sent
    upstream.reset();
  });
  const std::string got = client.read_to_end();
  sender.wait();
  EXPECT_TRUE(got == bytes) << got.size() << " of " << bytes.size();
  EXPECT_EQ(Ending::clean, client.ending());
}

// ---- An upstream that dies

TEST_P(TunnelEnd, ByAnUpstreamThatDiesAtAFrameBoundaryGivesTheClientClose1011) {
  open();
  upstream.send(frame(1, "last words", false)).close();
  EXPECT_EQ(frame(1, "last words", false) + close_frame(1011, false), client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
}

TEST_P(TunnelEnd, ByAnUpstreamThatDiesBetweenFragmentsGivesTheClientClose1011) {
  open();
  const std::string fragment = frame(1, "to be contin", false, false);
  upstream.send(fragment).close();
  EXPECT_EQ(fragment + close_frame(1011, false), client.read_to_end());
}

TEST_F(TunnelEndPlain, ByAnUpstreamThatDiesInTheMiddleOfAFrameGetsNoClosePutIntoIt) {
  start(kShortClose);
  const std::string whole = frame(1, "first", false) + frame(2, noise(300), false);
  const std::size_t boundary = frame(1, "first", false).size();
  for (std::size_t cut = 1; cut < boundary + 8; ++cut) {
    SCOPED_TRACE(cut);
    open_pair(client, upstream);
    upstream.send(whole.substr(0, cut)).close();
    const std::string close = cut == boundary ? close_frame(1011, false) : "";
    EXPECT_EQ(whole.substr(0, cut) + close, client.read_to_end());
    EXPECT_EQ(Ending::clean, client.ending());
  }
}

TEST_P(TunnelEnd, ByAnUpstreamThatDiesInAStreamThatIsNoWebSocketAddsNothing) {
  open();
  expect_to_client("not a frame at all");
  upstream.close();
  EXPECT_EQ("", client.read_to_end());
}

TEST_P(TunnelEnd, ByAClientThatVanishesEndsTheUpstreamToo) {
  open();
  client.close();
  upstream.expect_end();
  upstream.close();
  EXPECT_TRUE(gateway->empties());
}

// ---- After a tunnel

TEST_P(TunnelEnd, LeavesNeitherConnectionToBeUsedAgain) {
  open();
  client.send(close_frame(1000, true));
  upstream.read_exactly(8);
  upstream.send(close_frame(1000, false));
  client.read_exactly(4);
  client.send("GET /after HTTP/1.1\r\nHost: example.com\r\n\r\n");  // bytes, not a request
  EXPECT_EQ("GET /after", upstream.read_exactly(10));
  client.close();
  upstream.read_to_end();
  upstream.shutdown_write();
  EXPECT_TRUE(gateway->empties());
  Peer next = connect();
  next.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  Peer server = scripted.accept();  // a connection of its own
  EXPECT_THAT(server.read_head(), StartsWith("GET / "));
  EXPECT_TRUE(scripted.nobody_for(0ms));
}

TEST(TunnelEnd, AfterBothClosesNobodyIsWaitedForBeyondTimeoutsClose) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { close: 50ms }\n"));
  OpenTunnel tunnel(gateway, upstream);
  tunnel.client.send(close_frame(1000, true));
  tunnel.upstream.read_exactly(8);
  tunnel.upstream.send(close_frame(1000, false));
  EXPECT_EQ(close_frame(1000, false), tunnel.client.read_to_end());
  EXPECT_EQ("", tunnel.upstream.read_to_end());
}

}  // namespace
}  // namespace tidegate::test
