// Reload: a new configuration without a tunnel touched or a connection refused.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>

#include "tests/integration/gateway.h"
#include "tests/integration/site_gateway.h"

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

TEST(Reload, ARemovedListenerAnswersWhoeverHadConnected) {
  const std::string one = "  a: { address: \"127.0.0.1:0\" }\n";
  Gateway gateway(responding(200, one));
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(gateway.reload(responding(200, one + "  b: { address: \"127.0.0.1:0\" }\n")));
    std::vector<Peer> connected;
    for (int each = 0; each < 20; ++each) {
      connected.push_back(gateway.connect(1));
      connected.back().send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
    }
    ASSERT_TRUE(gateway.reload(responding(201, one)));
    for (Peer& peer : connected) EXPECT_THAT(peer.read_message(), HasSubstr("HTTP/1.1 20"));
  }
}

TEST(Reload, AConnectionEndsWhereAProxyHeaderIsAskedForNow) {
  Gateway gateway(responding(200));
  Peer kept = gateway.connect();
  EXPECT_EQ("HTTP/1.1 200 OK", status_of(kept));
  ASSERT_TRUE(gateway.reload(responding(202, "  http: { address: \"127.0.0.1:0\", proxy_protocol: true }\n") +
                             "trusted_proxies: [127.0.0.1]\n"));
  kept.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_THAT(kept.read_message(), HasSubstr("Connection: close"));
  kept.expect_end();
}

/// As nginx's `listen *:P` answers "wildcard" at all of Config::listeners but the second, "beside", which has
/// no sockets of its own.
void build_sites(conf::Config& config) {
  {
    Site site(config);
    site.at("/").script = {Site::respond(200, "wildcard")};
  }
  if (config.listeners.size() == 1) return;
  auto sites = std::make_shared<conf::Sites>(*config.sites);
  sites->servers.push_back(sites->servers.front());
  sites->servers.back().locations.back().script = {Site::respond(403, "beside")};
  sites->by_listener[1] = {{1}, 1, 0};
  config.sites = sites;
}

TEST(Reload, AConnectionEndsWhereItsAddressLeadsToAnotherServerNow) {
  const std::string wildcard = "  all: { address: \"0.0.0.0:0\" }\n";
  const std::string beside = "  beside: { address: \"127.0.0.1:0\" }\n";
  Gateway gateway(responding(200, wildcard), build_sites);
  Peer kept = gateway.connect();
  EXPECT_EQ("HTTP/1.1 200 OK", status_of(kept));
  ASSERT_TRUE(gateway.reload(responding(200, wildcard)));
  EXPECT_EQ("HTTP/1.1 200 OK", status_of(kept));
  ASSERT_TRUE(gateway.reload(responding(200, wildcard + beside)));
  Peer fresh = gateway.connect();
  EXPECT_EQ("HTTP/1.1 403 Forbidden", status_of(fresh));
  kept.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_THAT(kept.read_message(), HasSubstr("Connection: close"));
  kept.expect_end();
  ASSERT_TRUE(gateway.reload(responding(200, wildcard + beside)));
  EXPECT_EQ("HTTP/1.1 403 Forbidden", status_of(fresh)) << "it is where it was";
}

TEST(Reload, EveryoneWhoAsksIsAnswered) {
  Gateway gateway(responding(200));
  std::atomic<int> applied{0};
  for (int i = 0; i < 10; ++i) {
    gateway.server().reload([&applied](const server::ReloadResult& result) { applied += result.applied; });
  }
  EXPECT_TRUE(eventually([&applied] { return applied == 10; }));
}

TEST(Reload, ADrainRefusesIt) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "drain: { window: 0s, deadline: 10s }\n"));
  OpenTunnel tunnel(gateway, upstream);
  gateway.server().begin_drain();
  const server::ReloadResult result = gateway.reloaded(responding(200));
  EXPECT_FALSE(result.applied);
  ASSERT_EQ(1u, result.diagnostics.list().size());
  EXPECT_THAT(result.diagnostics.list()[0].message, HasSubstr("draining"));
  tunnel.client.close();
}

TEST(Plan, ChecksEverythingAndChangesNothing) {
  Gateway gateway(responding(200));
  const std::string more =
      "  http: { address: \"127.0.0.1:0\" }\n  more: { address: \"unix:${dir}/more.sock\" }\n";
  const server::ReloadResult plan =
      gateway.plan(responding(202, more) + "log: { access: \"${dir}/other.log\" }\n");
  EXPECT_TRUE(plan.applied);
  EXPECT_FALSE(std::filesystem::exists(gateway.dir() + "/more.sock"));
  EXPECT_FALSE(std::filesystem::exists(gateway.dir() + "/other.log"));
  Peer client = gateway.connect();
  EXPECT_EQ("HTTP/1.1 200 OK", status_of(client));
}

TEST(Plan, SaysWhyItCouldNotBeApplied) {
  Gateway gateway(responding(200));
  ScriptedUpstream occupant;
  const std::string busy = "  http: { address: \"127.0.0.1:0\" }\n  more: { address: \"127.0.0.1:" +
                           std::to_string(occupant.port()) + "\" }\n";
  const server::ReloadResult plan =
      gateway.plan(responding(202, busy) + "log: { access: /nonexistent/access.log }\n");
  EXPECT_FALSE(plan.applied);
  std::string said;
  for (const Diagnostic& diagnostic : plan.diagnostics.list()) said += to_string(diagnostic) + "\n";
  EXPECT_THAT(said, HasSubstr("plan.yaml:3:20: cannot listen on 127.0.0.1:"));
  EXPECT_THAT(said, HasSubstr("cannot write the access log /nonexistent/access.log: No such file"));
  EXPECT_FALSE(gateway.plan("listeners:\n  http: { adress: \":80\" }\n").applied);
}

}  // namespace
}  // namespace tidegate::test
