// How tunnels end: the rows "one side ends", "upstream dies in a tunnel" and "after a tunnel" of the rules table.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/gateway.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;

TEST(TunnelEnd, ClosingHandshakePassesAndIsLoggedWithItsCodes) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  OpenTunnel tunnel(gateway, upstream);
  tunnel.client.send(close_frame(1000, true));
  EXPECT_EQ(close_frame(1000, true), tunnel.upstream.read_exactly(8));
  tunnel.upstream.send(close_frame(1000, false));
  tunnel.upstream.close();
  EXPECT_EQ(close_frame(1000, false), tunnel.client.read_to_end());
  EXPECT_EQ(Ending::clean, tunnel.client.ending());
  tunnel.client.close();
  EXPECT_TRUE(gateway.empties());
  const auto log = gateway.access_log(2);
  EXPECT_THAT(log[1], HasSubstr("\"finished\""));
}

TEST(TunnelEnd, UpstreamThatDiesAtAFrameBoundaryGivesTheClientClose1011) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  OpenTunnel tunnel(gateway, upstream);
  tunnel.upstream.send(frame(1, "last words", false));
  tunnel.upstream.close();
  EXPECT_EQ(frame(1, "last words", false) + close_frame(1011, false), tunnel.client.read_to_end());
  EXPECT_EQ(Ending::clean, tunnel.client.ending());
}

TEST(TunnelEnd, UpstreamThatDiesInTheMiddleOfAFrameGetsNoClosePutIntoIt) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  OpenTunnel tunnel(gateway, upstream);
  const std::string half = frame(1, "cut in two", false).substr(0, 5);
  tunnel.upstream.send(half);
  EXPECT_EQ(half, tunnel.client.read_exactly(half.size()));
  tunnel.upstream.close();
  EXPECT_EQ("", tunnel.client.read_to_end());
}

TEST(TunnelEnd, DrainSendsBothSidesClose1001AndEndsWhenTheyAnswer) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "drain: { window: 10ms, deadline: 9s }\n"));
  OpenTunnel tunnel(gateway, upstream);
  gateway.server().begin_drain();
  EXPECT_EQ(close_frame(1001, false), tunnel.client.read_exactly(4));
  const std::string close = tunnel.upstream.read_exactly(8);
  EXPECT_EQ("\x88\x82", close.substr(0, 2));
  tunnel.client.send(close_frame(1001, true));
  tunnel.upstream.send(close_frame(1001, false));
  tunnel.client.expect_end();
  tunnel.client.close();
  tunnel.upstream.close();
}

}  // namespace
}  // namespace tidegate::test
