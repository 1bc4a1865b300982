// A site of nginx's: answers of its own, subrequests, logs, and how connections go on.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/site_gateway.h"

namespace tidegate::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

SiteGateway::Upstreams one(const ScriptedUpstream& upstream) {
  return {{"app", {upstream.url()}}};
}

class SitesAnswers : public testing::Test {
 protected:
  ScriptedUpstream upstream_;
};

TEST_F(SitesAnswers, HaveTheBodyThatTheConfigurationSays) {
  SiteGateway gateway(one(upstream_), [](Site& site) {
    site.at("/").script = {Site::respond(200, "hello $arg_name")};
    site.exactly("/gone").script = {Site::respond(410, "")};
  });
  Peer client = gateway.connect();
  client.send("GET /?name=you HTTP/1.1\r\nHost: example.com\r\n\r\n");
  const std::string answer = client.read_message();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, testing::EndsWith("\r\n\r\nhello you"));
  client.send("HEAD / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_THAT(client.read_head(), HasSubstr("Content-Length: 6\r\n"));
  client.send("GET /gone HTTP/1.1\r\nHost: example.com\r\n\r\n");
  const std::string gone = client.read_message();
  EXPECT_THAT(gone, StartsWith("HTTP/1.1 410 Gone\r\n"));
  EXPECT_THAT(gone, HasSubstr("Content-Type: text/html"));
  EXPECT_THAT(gone, HasSubstr("<center><h1>410 Gone</h1></center>"));
}

TEST_F(SitesAnswers, EndTheConnectionWhereNginxDoes) {
  SiteGateway gateway(one(upstream_), [](Site& site) {
    site.exactly("/400").script = {Site::respond(400, "")};
    site.exactly("/close").script = {Site::respond(200, "x")};
    site.exactly("/close").keepalive_timeout = std::chrono::milliseconds(0);
    site.exactly("/404").script = {Site::respond(404, "")};
  });
  for (const char* path : {"/400"}) {
    Peer client = gateway.connect();
    client.send("GET " + std::string(path) + " HTTP/1.1\r\nHost: example.com\r\n\r\n");
    EXPECT_THAT(client.read_to_end(), HasSubstr("Connection: close\r\n")) << path;
  }
  Peer client = gateway.connect();
  for (int i = 0; i < 2; ++i) {
    client.send("GET /404 HTTP/1.1\r\nHost: example.com\r\n\r\n");
    EXPECT_THAT(client.read_message(), Not(HasSubstr("Connection: close")));
  }
}

TEST_F(SitesAnswers, EndTheConnectionAfterKeepaliveRequests) {
  SiteGateway gateway(one(upstream_), [](Site& site) {
    conf::Location& location = site.at("/");
    location.script = {Site::respond(200, "x")};
    location.keepalive_requests = 2;
  });
  Peer client = gateway.connect();
  client.send(kGet);
  EXPECT_THAT(client.read_message(), Not(HasSubstr("Connection: close")));
  client.send(kGet);
  EXPECT_THAT(client.read_to_end(), HasSubstr("Connection: close"));
}

TEST_F(SitesAnswers, WaitForTheNextRequestAsLongAsTheLocationSays) {
  SiteGateway gateway(one(upstream_), [](Site& site) {
    conf::Location& location = site.at("/");
    location.script = {Site::respond(200, "x")};
    location.keepalive_timeout = std::chrono::milliseconds(50);
  });
  Peer client = gateway.connect();
  client.send(kGet);
  client.read_message();
  client.expect_end();
}

TEST_F(SitesAnswers, SkipABodyThatNobodyReadsAndGoOn) {
  SiteGateway gateway(one(upstream_), [](Site& site) { site.at("/").script = {Site::respond(200, "x")}; });
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\n01234");
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 200"));
  client.send("56789GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 200"));
}

TEST_F(SitesAnswers, HangUpWithoutAWord) {
  SiteGateway gateway(one(upstream_), [](Site& site) { site.at("/").script = {Site::respond(444, "")}; });
  Peer client = gateway.connect();
  client.send(kGet);
  EXPECT_EQ(client.read_to_end(), "");
}

TEST_F(SitesAnswers, ComeInOrderUnderPipelining) {
  SiteGateway gateway(one(upstream_), [](Site& site) {
    Site::pass(site.at("/"), "app");
    site.exactly("/own").script = {Site::respond(200, "own")};
  });
  Peer client = gateway.connect();
  client.send(std::string(kGet) + "GET /own HTTP/1.1\r\nHost: example.com\r\n\r\n");
  Peer server = upstream_.accept();
  server.read_head();
  server.send(ok("first"));
  EXPECT_THAT(client.read_message(), HasSubstr("first"));
  EXPECT_THAT(client.read_message(), HasSubstr("own"));
}

TEST_F(SitesAnswers, StayRefusalsWhereTheHeadIsBad) {
  SiteGateway gateway(one(upstream_), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send(
      "GET / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400"));
}

TEST_F(SitesAnswers, AreAskedForLeaveFirst) {
  ScriptedUpstream auth;
  SiteGateway gateway({{"app", {upstream_.url()}}, {"auth", {auth.url()}}}, [](Site& site) {
    conf::Location& app = site.at("/");
    Site::pass(app, "app");
    app.admission.ask.emplace().uri.value = "/auth";
    conf::Location& ask = site.exactly("/auth");
    ask.internal = true;
    Site::pass(ask, "auth");
  });
  const auto ask = [&](const std::string& verdict, bool allowed) {
    Peer client = gateway.connect();
    client.send("POST /page HTTP/1.1\r\nHost: example.com\r\nCookie: a=1\r\nContent-Length: 2\r\n\r\nhi");
    Peer judge = auth.accept();
    const std::string question = judge.read_head();
    EXPECT_THAT(question, StartsWith("GET /auth HTTP/1.0\r\n"));
    EXPECT_THAT(question, HasSubstr("Cookie: a=1\r\n"));
    EXPECT_THAT(question, Not(HasSubstr("Content-Length")));
    judge.send(verdict);
    if (allowed) {
      Peer server = upstream_.accept();
      EXPECT_THAT(server.read_message(), testing::EndsWith("hi"));
      server.send(ok("page"));
    }
    return client.read_message();
  };
  EXPECT_THAT(ask("HTTP/1.1 204 No Content\r\n\r\n", true), HasSubstr("page"));
  const std::string refused =
      ask("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\nContent-Length: 4\r\n\r\nnope",
          false);
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(refused, HasSubstr("WWW-Authenticate: Basic realm=\"x\"\r\n"));
  EXPECT_THAT(refused, Not(HasSubstr("nope")));
  EXPECT_THAT(ask("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", false), StartsWith("HTTP/1.1 403"));
  EXPECT_THAT(ask("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", false), StartsWith("HTTP/1.1 500"));
}

TEST_F(SitesAnswers, AreRefusedWhereNobodyCanBeAsked) {
  SiteGateway gateway(
      {{"app", {upstream_.url()}}, {"auth", {"http://127.0.0.1:" + std::to_string(closed_port())}}},
      [](Site& site) {
        conf::Location& app = site.at("/");
        Site::pass(app, "app");
        app.admission.ask.emplace().uri.value = "/auth";
        Site::pass(site.exactly("/auth"), "auth");
      });
  Peer client = gateway.connect();
  client.send(kGet);
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 500"));
}

TEST_F(SitesAnswers, LoseAClientThatGoesWhileItIsAskedFor) {
  ScriptedUpstream auth;
  SiteGateway gateway({{"app", {upstream_.url()}}, {"auth", {auth.url()}}}, [](Site& site) {
    conf::Location& app = site.at("/");
    Site::pass(app, "app");
    app.admission.ask.emplace().uri.value = "/auth";
    Site::pass(site.exactly("/auth"), "auth");
  });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer judge = auth.accept();
  judge.read_head();
  client.close();
  judge.expect_end();
  EXPECT_TRUE(gateway.empties());
}

TEST_F(SitesAnswers, AreLoggedAsTheFormatSays) {
  TempDir dir;
  const std::string path = dir.path() + "/log";
  SiteGateway gateway(one(upstream_), [&](Site& site) {
    Site::pass(site.at("/"), "app");
    site.exactly("/own").script = {Site::respond(404, "none")};
    site.log("$request $status $body_bytes_sent $upstream_status", path);
  });
  Peer client = gateway.connect();
  client.send("GET /own HTTP/1.1\r\nHost: example.com\r\n\r\n");
  client.read_message();
  client.send(kGet);
  Peer server = upstream_.accept();
  server.read_head();
  server.send(ok("12345"));
  client.read_message();
  EXPECT_THAT(SiteGateway::lines(path, 2),
              ElementsAre("GET /own HTTP/1.1 404 4 -", "GET / HTTP/1.1 200 5 200"));
}

TEST_F(SitesAnswers, AreLoggedAs499WhereTheClientHasGone) {
  TempDir dir;
  const std::string path = dir.path() + "/log";
  SiteGateway gateway(one(upstream_), [&](Site& site) {
    Site::pass(site.at("/"), "app");
    site.log("$status", path);
  });
  Peer client = gateway.connect();
  client.send(kGet);
  upstream_.accept().read_head();
  client.close();
  EXPECT_THAT(SiteGateway::lines(path, 1), ElementsAre(testing::AnyOf("499", "502")));
}

TEST_F(SitesAnswers, OfATunnelAreLoggedOnceAtItsEnd) {
  TempDir dir;
  const std::string path = dir.path() + "/log";
  SiteGateway gateway(one(upstream_), [&](Site& site) {
    Site::upgrade(Site::pass(site.at("/"), "app"));
    site.log("$request_method $uri $status $body_bytes_sent $http_host $upstream_addr", path);
  });
  {
    OpenTunnel open(gateway, upstream_);
    open.upstream.send(frame(1, "12345", false));
    open.client.read_exactly(7);
    open.client.send(close_frame(1000, true));
    open.upstream.read_exactly(8);
  }
  EXPECT_TRUE(gateway.empties());
  EXPECT_THAT(SiteGateway::lines(path, 1),
              ElementsAre("GET / 101 7 example.com 127.0.0.1:" + std::to_string(upstream_.port())));
}

}  // namespace
}  // namespace tidegate::test
