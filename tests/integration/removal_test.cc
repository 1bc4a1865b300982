// upstreams.<name>.on_removal: what becomes of tunnels whose route or server a reload takes away.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/gateway.h"

namespace tidegate::test {
namespace {

using server::Difference;
using testing::HasSubstr;

/// Two routes to one upstream.
std::string yaml(const std::string& servers, const std::string& on_removal, const std::string& routes) {
  return "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n" + routes +
         "upstreams:\n  app: { servers: [" + servers + "], on_removal: " + on_removal +
         " }\n  other: http://127.0.0.1:1\ndrain: { window: 100ms, deadline: 5s }\n";
}

const std::string kRoute = "  - { name: everything, path: /, upstream: app }\n";
const std::string kSpare = "  - { name: spare, path: /spare, upstream: other }\n";
constexpr const char* kElsewhere = "\"http://127.0.0.1:1\"";

std::string quoted(const std::string& url) {
  return '"' + url + '"';
}

void expect_alive(OpenTunnel& tunnel) {
  tunnel.client.send(frame(1, "still here", true));
  EXPECT_EQ(frame(1, "still here", true), tunnel.upstream.read_exactly(16));
}

/// Close 1001 on both sides, each answered; then the end.
void expect_closed(OpenTunnel& tunnel) {
  EXPECT_EQ(close_frame(1001, false), tunnel.client.read_exactly(4));
  const std::string masked = tunnel.upstream.read_exactly(8);
  EXPECT_EQ('\x88', masked[0]);
  tunnel.client.send(close_frame(1001, true));
  tunnel.upstream.send(close_frame(1001, false));
  EXPECT_EQ("", tunnel.client.read_to_end());
}

const Difference* find(const server::ReloadResult& result, Difference::Subject subject) {
  for (const Difference& difference : result.differences) {
    if (difference.subject == subject && difference.kind == Difference::Kind::removed) return &difference;
  }
  return nullptr;
}

TEST(OnRemoval, KeepLetsTunnelsGoOn) {
  ScriptedUpstream upstream;
  Gateway gateway(yaml(quoted(upstream.url()), "keep", kRoute + kSpare));
  OpenTunnel tunnel(gateway, upstream);
  const server::ReloadResult result = gateway.reloaded(yaml(kElsewhere, "close", kRoute + kSpare));
  ASSERT_TRUE(result.applied);
  const Difference* gone = find(result, Difference::Subject::server);
  ASSERT_NE(nullptr, gone);
  EXPECT_EQ("app " + upstream.url(), gone->name);
  EXPECT_EQ(1u, gone->tunnels);
  EXPECT_EQ("", gone->consequence);
  expect_alive(tunnel);
  // What it is under now does not matter to it: that step is past.
  ASSERT_TRUE(
      gateway.reload(yaml(kElsewhere, "close", kRoute + kSpare + "  - { path: /x, upstream: other }\n")));
  expect_alive(tunnel);
}

TEST(OnRemoval, CloseEndsTunnelsAtOnce) {
  ScriptedUpstream upstream;
  Gateway gateway(yaml(quoted(upstream.url()), "close", kRoute + kSpare));
  OpenTunnel tunnel(gateway, upstream);
  const server::ReloadResult result = gateway.reloaded(yaml(kElsewhere, "close", kRoute + kSpare));
  ASSERT_TRUE(result.applied);
  const Difference* gone = find(result, Difference::Subject::server);
  ASSERT_NE(nullptr, gone);
  EXPECT_EQ("each is closed with 1001 at once", gone->consequence);
  expect_closed(tunnel);
  EXPECT_TRUE(gateway.empties());
}

TEST(OnRemoval, DrainEndsTunnelsOfARemovedRouteWithinTheWindow) {
  ScriptedUpstream upstream;
  Gateway gateway(yaml(quoted(upstream.url()), "drain", kRoute + kSpare));
  OpenTunnel tunnel(gateway, upstream);
  const std::string without = yaml(quoted(upstream.url()), "drain", kSpare);
  const server::ReloadResult plan = gateway.plan(without);
  ASSERT_TRUE(plan.applied);
  const Difference* planned = find(plan, Difference::Subject::route);
  ASSERT_NE(nullptr, planned);
  EXPECT_EQ("everything", planned->name);
  EXPECT_EQ(1u, planned->tunnels);
  EXPECT_EQ("each is closed with 1001 at a moment of its own within 100ms", planned->consequence);
  expect_alive(tunnel);
  ASSERT_TRUE(gateway.reload(without));
  expect_closed(tunnel);
  EXPECT_THAT(gateway.access_log(2).back(), HasSubstr("\"reason\":\"removed\""));
}

TEST(OnRemoval, LeavesTunnelsOfServersThatStay) {
  ScriptedUpstream stays;
  Gateway gateway(yaml(quoted(stays.url()) + ", { address: " + kElsewhere + ", backup: true }", "close",
                       kRoute + kSpare));
  OpenTunnel tunnel(gateway, stays);
  ASSERT_TRUE(gateway.reload(yaml(quoted(stays.url()), "close", kSpare + kRoute)));
  expect_alive(tunnel);
}

TEST(OnRemoval, FindsATunnelWhoseHandshakeWasUnderWay) {
  ScriptedUpstream upstream;
  Gateway gateway(yaml(quoted(upstream.url()), "close", kRoute + kSpare));
  Peer client = gateway.connect();
  client.send(handshake_request());
  Peer server = upstream.accept();
  server.read_head();
  ASSERT_TRUE(gateway.reload(yaml(kElsewhere, "close", kRoute + kSpare)));
  server.send(handshake_response());
  EXPECT_EQ(0u, client.read_head().find("HTTP/1.1 101 "));
  EXPECT_EQ(close_frame(1001, false), client.read_exactly(4));
}

}  // namespace
}  // namespace tidegate::test
