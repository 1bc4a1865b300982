// Reload: a new configuration without a tunnel touched or a connection refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/gateway.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;

std::string status_of(Peer& client, const std::string& path = "/") {
  client.send("GET " + path + " HTTP/1.1\r\nHost: example.com\r\n\r\n");
  const std::string answer = client.read_message();
  return answer.substr(0, answer.find("\r\n"));
}

std::string responding(int status, const std::string& listeners = "  http: { address: \"127.0.0.1:0\" }\n") {
  return "listeners:\n" + listeners +
         "routes:\n  - path: /\n    respond: { status: " + std::to_string(status) + ", body: hello }\n";
}

TEST(Reload, NewConnectionsAndNewRequestsOfOldOnesFollowTheNewRoutes) {
  Gateway gateway(responding(200));
  Peer kept = gateway.connect();
  EXPECT_EQ("HTTP/1.1 200 OK", status_of(kept));
  const std::uint16_t port = gateway.port();
  ASSERT_TRUE(gateway.reload(responding(202)));
  EXPECT_EQ(port, gateway.port()) << "the listening socket stays";
  EXPECT_EQ("HTTP/1.1 202 Accepted", status_of(kept));
  Peer fresh = gateway.connect();
  EXPECT_EQ("HTTP/1.1 202 Accepted", status_of(fresh));
}

TEST(Reload, LeavesTunnelsAlone) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  OpenTunnel tunnel(gateway, upstream);
  const std::string message = frame(2, "across a reload", true);
  tunnel.client.send(message.substr(0, 5));
  EXPECT_EQ(message.substr(0, 5), tunnel.upstream.read_exactly(5));
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(gateway.reload(responding(200 + i % 2)));
  tunnel.client.send(message.substr(5));
  EXPECT_EQ(message.substr(5), tunnel.upstream.read_exactly(message.size() - 5));
  tunnel.upstream.send(frame(1, "and back", false));
  EXPECT_EQ(frame(1, "and back", false), tunnel.client.read_exactly(10));
}

TEST(Reload, ABadConfigurationLeavesEverythingAsItWas) {
  Gateway gateway(responding(200));
  EXPECT_FALSE(gateway.reload("listeners:\n  http: { adress: \":80\" }\n"));
  EXPECT_FALSE(gateway.reload(responding(203) + "  - path: { regex: '(' }\n    respond: { status: 200 }\n"));
  const std::string taken = "  http: { address: \"127.0.0.1:0\" }\n  more: { address: \"127.0.0.1:PORT\" }\n";
  ScriptedUpstream occupant;
  std::string busy = taken;
  busy.replace(busy.find("PORT"), 4, std::to_string(occupant.port()));
  EXPECT_FALSE(gateway.reload(responding(203, busy)));
  Peer client = gateway.connect();
  EXPECT_EQ("HTTP/1.1 200 OK", status_of(client));
}

TEST(Reload, AddsAndRemovesListenersByTheirAddress) {
  const std::string one = "  a: { address: \"unix:${dir}/a.sock\" }\n";
  const std::string two = "  b: { address: \"unix:${dir}/b.sock\" }\n";
  Gateway gateway(responding(200, one));
  ASSERT_TRUE(gateway.reload(responding(201, two + one)));
  Peer b = Peer::connect_unix(gateway.dir() + "/b.sock");
  EXPECT_EQ("HTTP/1.1 201 Created", status_of(b));
  Peer a = Peer::connect_unix(gateway.dir() + "/a.sock");
  EXPECT_EQ("HTTP/1.1 201 Created", status_of(a));
  ASSERT_TRUE(gateway.reload(responding(202, two)));
  // The worker closes what nobody kept; a connection of the removed listener ends after its next answer.
  a.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_THAT(a.read_message(), HasSubstr("Connection: close"));
  EXPECT_EQ("HTTP/1.1 202 Accepted", status_of(b));
}

TEST(Reload, RefusesNoConnectionWhileItHappens) {
  Gateway gateway(responding(200));
  for (int i = 0; i < 20; ++i) {
    Peer before = gateway.connect();
    ASSERT_TRUE(gateway.reload(responding(200 + i % 3)));
    EXPECT_THAT(status_of(before), HasSubstr("HTTP/1.1 20"));
  }
}

}  // namespace
}  // namespace tidegate::test
