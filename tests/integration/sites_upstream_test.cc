// A site of nginx's: which server of an upstream is asked, and which next.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/site_gateway.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
constexpr const char* kPost = "POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\n\r\nhi";

/// Two servers, of which a request asks the first.
class SitesUpstream : public testing::Test {
 protected:
  SiteGateway::Upstreams both() const { return {{"app", {one_.url(), two_.url()}}}; }
  std::string first_is_closed() const { return "http://127.0.0.1:" + std::to_string(closed_port()); }

  ScriptedUpstream one_;
  ScriptedUpstream two_;
};

TEST_F(SitesUpstream, NextServerAfterARefusedConnection) {
  SiteGateway gateway({{"app", {first_is_closed(), two_.url()}}},
                      [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send(kPost);  // nothing was sent: a POST may go on
  Peer server = two_.accept();
  EXPECT_THAT(server.read_message(), testing::EndsWith("hi"));
  server.send(ok("two"));
  EXPECT_THAT(client.read_message(), HasSubstr("two"));
}

TEST_F(SitesUpstream, NoNextServerWhereItIsOff) {
  SiteGateway gateway({{"app", {first_is_closed(), two_.url()}}}, [](Site& site) {
    conf::NextServer& next = Site::pass(site.at("/"), "app").next;
    next.on_error = next.on_timeout = false;
  });
  Peer client = gateway.connect();
  client.send(kGet);
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 502"));
}

TEST_F(SitesUpstream, NextServerAfterAStatus) {
  SiteGateway gateway(both(), [](Site& site) {
    Site::pass(site.at("/"), "app").next.on_status = {503, 404};
  });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer first = one_.accept();
  first.read_head();
  first.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  Peer second = two_.accept();
  second.read_head();
  second.send("HTTP/1.1 404 None\r\nContent-Length: 4\r\n\r\nlast");
  // Nobody is left: the last answer counts.
  const std::string answer = client.read_message();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(answer, HasSubstr("last"));
}

TEST_F(SitesUpstream, APostReachesOneServerOnly) {
  SiteGateway gateway(both(), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send(kPost);
  Peer first = one_.accept();
  first.read_message();
  first.close();
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 502"));
  EXPECT_TRUE(two_.nobody_for(std::chrono::milliseconds(20)));
}

TEST_F(SitesUpstream, APostReachesAnotherWhereThatIsAllowed) {
  SiteGateway gateway(both(), [](Site& site) { Site::pass(site.at("/"), "app").next.non_idempotent = true; });
  Peer client = gateway.connect();
  client.send(kPost);
  Peer first = one_.accept();
  first.read_message();
  first.close();
  Peer second = two_.accept();
  EXPECT_THAT(second.read_message(), testing::EndsWith("hi"));
  second.send(ok("two"));
  EXPECT_THAT(client.read_message(), HasSubstr("two"));
}

TEST_F(SitesUpstream, NextServerAfterSilence) {
  SiteGateway gateway(both(), [](Site& site) {
    conf::Location& app = site.at("/");
    Site::pass(app, "app");
    site.route(app).timeouts.response = std::chrono::milliseconds(50);
  });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer first = one_.accept();
  first.read_head();
  Peer second = two_.accept();
  second.read_head();
  second.send(ok("two"));
  EXPECT_THAT(client.read_message(), HasSubstr("two"));
  first.expect_end();
}

TEST_F(SitesUpstream, A504WhenAllAreSilent) {
  SiteGateway gateway({{"app", {one_.url()}}}, [](Site& site) {
    conf::Location& app = site.at("/");
    Site::pass(app, "app");
    site.route(app).timeouts.response = std::chrono::milliseconds(50);
  });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server = one_.accept();
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 504"));
}

TEST_F(SitesUpstream, NoMoreTriesThanAllowed) {
  SiteGateway gateway(both(), [](Site& site) { Site::pass(site.at("/"), "app").next.tries = 1; });
  Peer client = gateway.connect();
  client.send(kGet);
  one_.accept().close();
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 502"));
  EXPECT_TRUE(two_.nobody_for(std::chrono::milliseconds(20)));
}

TEST_F(SitesUpstream, AFailedServerIsLeftAlone) {
  SiteGateway gateway(both(), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send(kGet);
  one_.accept().close();
  for (int i = 0; i < 3; ++i) {
    Peer second = two_.accept();
    second.read_head();
    second.send(ok("two"));
    client.read_message();
    if (i < 2) client.send(kGet);
  }
  EXPECT_TRUE(one_.nobody_for(std::chrono::milliseconds(20)));
}

TEST_F(SitesUpstream, TunnelsCountAmongMaxConnections) {
  SiteGateway gateway({{"app", {one_.url()}}}, [](Site& site) {
    Site::upgrade(Site::pass(site.at("/"), "app"));
    site.upstream("app").servers[0].max_connections = 1;
  });
  {
    OpenTunnel open(gateway, one_);
    Peer other = gateway.connect();
    other.send(kGet);
    EXPECT_THAT(other.read_message(), StartsWith("HTTP/1.1 502"));
  }
  EXPECT_TRUE(gateway.empties());
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server = one_.accept();
  server.read_head();
  server.send(ok("free again"));
  EXPECT_THAT(client.read_message(), HasSubstr("free again"));
}

TEST_F(SitesUpstream, ABackupIsAskedWhenNobodyElseCanBe) {
  SiteGateway gateway({{"app", {first_is_closed(), two_.url()}}}, [](Site& site) {
    Site::pass(site.at("/"), "app");
    site.upstream("app").servers[1].backup = true;
  });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server = two_.accept();
  server.read_head();
  server.send(ok("backup"));
  EXPECT_THAT(client.read_message(), HasSubstr("backup"));
}

TEST_F(SitesUpstream, AStaleConnectionIsNoFailure) {
  SiteGateway gateway({{"app", {one_.url()}}}, [](Site& site) {
    conf::ProxyPass& proxy = Site::pass(site.at("/"), "app");
    proxy.minor_version = 1;
    Site::set(proxy, "Connection", "");
    site.upstream("app").keepalive_idle = std::chrono::seconds(60);
  });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer first = one_.accept();
  first.read_head();
  first.send(ok("one"));
  client.read_message();
  client.send(kGet);
  first.read_head();
  first.close();  // in the moment in which the request came
  Peer second = one_.accept();
  second.read_head();
  second.send(ok("two"));
  EXPECT_THAT(client.read_message(), HasSubstr("two"));
}

}  // namespace
}  // namespace tidegate::test
