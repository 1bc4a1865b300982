// A site of nginx's: what an upstream is sent, and what becomes of its answers.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/integration/site_gateway.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kGet = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

SiteGateway::Upstreams one(const ScriptedUpstream& upstream) {
  return {{"app", {upstream.url()}}};
}

TEST(SitesProxy, SpeaksHttp10AndClosesByDefault) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send("GET /a?b=1 HTTP/1.1\r\nHost: example.com\r\nX-Own: 1\r\nConnection: x\r\n\r\n");
  Peer server = upstream.accept();
  const std::string head = server.read_head();
  EXPECT_EQ(head, "GET /a?b=1 HTTP/1.0\r\nHost: app\r\nConnection: close\r\nX-Own: 1\r\n\r\n");
  // Close-delimited: the client of HTTP/1.1 gets chunks, and keeps its connection.
  server.send("HTTP/1.0 200 OK\r\nServer: theirs\r\nX-Pad: 1\r\n\r\nhello");
  server.close();
  const std::string answer = client.read_message();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("Server: tidegate\r\n"));
  EXPECT_THAT(answer, HasSubstr("Date: "));
  EXPECT_THAT(answer, Not(HasSubstr("X-Pad")));
  EXPECT_THAT(answer, HasSubstr("hello"));
  client.send(kGet);
  upstream.accept().send(ok("again"));
  EXPECT_THAT(client.read_message(), HasSubstr("again"));
}

/// What a client may write into $uri, a capture or an argument, decoded.
constexpr const char* kSplitting = "/x%0d%0aEvil:%201%0d%0a%0d%0aGET%20/second%20HTTP/1.1%0d%0a";

TEST(SitesProxy, LetsNoVariableEndALineOfTheRequest) {
  ScriptedUpstream upstream;
  const auto variable = [](const std::string& text) {
    return [text](Site& site) {
      conf::ProxyPass& proxy = Site::pass(site.at("/"), "app");
      proxy.uri = conf::Text{text, {}};
      Site::set(proxy, "X-Made", "$uri");
      Site::set(proxy, "Host", "$uri");
    };
  };
  for (const char* text : {"$uri", "/a$uri$is_args$args", "$uri?b=$uri"}) {
    SiteGateway gateway(one(upstream), variable(text));
    Peer client = gateway.connect();
    client.send("GET " + std::string(kSplitting) + " HTTP/1.1\r\nHost: example.com\r\n\r\n");
    Peer server = upstream.accept();
    const std::string head = server.read_head();
    const std::string line = head.substr(0, head.find("\r\n"));
    EXPECT_EQ(std::count(line.begin(), line.end(), ' '), 2) << line;
    EXPECT_THAT(line, HasSubstr("/x%0D%0AEvil:%201%0D%0A%0D%0AGET%20/second%20HTTP/1.1%0D%0A"));
    EXPECT_THAT(head, HasSubstr("\r\nHost: /x%0D%0AEvil: 1%0D%0A"));
    EXPECT_THAT(head, HasSubstr("\r\nX-Made: /x%0D%0AEvil: 1%0D%0A"));
    EXPECT_THAT(head, Not(HasSubstr("\r\nEvil")));
    server.send(ok("done"));
    client.read_message();
  }
}

TEST(SitesProxy, LetsNoVariableEndALineOfAnAnswer) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) {
    conf::Location& back = site.at("/");
    back.script = {Site::respond(302, "$uri")};
    back.added_fields = {{"X-Made", {"$uri", {}}, true}};
  });
  Peer client = gateway.connect();
  client.send("GET " + std::string(kSplitting) + " HTTP/1.1\r\nHost: example.com\r\n\r\n");
  const std::string answer = client.read_message();
  EXPECT_THAT(answer, HasSubstr("/x%0D%0AEvil: 1%0D%0A"));
  EXPECT_THAT(answer, HasSubstr("\r\nX-Made: /x%0D%0AEvil: 1%0D%0A"));
  EXPECT_THAT(answer, Not(HasSubstr("\r\nEvil")));
}

TEST(SitesProxy, RefusesAVariableThatIsNoMethod) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) {
    Site::pass(site.at("/"), "app").method = {"$uri", {}};
  });
  Peer client = gateway.connect();
  client.send("GET " + std::string(kSplitting) + " HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 500 "));
  EXPECT_TRUE(upstream.nobody_for(std::chrono::milliseconds(50)));
}

TEST(SitesProxy, KeepsConnectionsWhereBothSay) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) {
    conf::ProxyPass& proxy = Site::pass(site.at("/"), "app");
    proxy.minor_version = 1;
    Site::set(proxy, "Connection", "");
    site.upstream("app").keepalive_idle = std::chrono::seconds(60);
    site.upstream("app").keepalive_requests = 2;
  });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server = upstream.accept();
  EXPECT_THAT(server.read_head(), Not(HasSubstr("Connection")));
  server.send(ok("one"));
  client.read_message();
  client.send(kGet);
  server.read_head();
  server.send(ok("two"));
  client.read_message();
  server.expect_end();  // keepalive_requests
}

TEST(SitesProxy, TakesAKeptConnectionForAHandshake) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) {
    conf::ProxyPass& proxy = Site::pass(site.at("/"), "app");
    proxy.minor_version = 1;
    Site::upgrade(proxy);
    site.upstream("app").keepalive_idle = std::chrono::seconds(60);
  });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok("one"));
  client.read_message();
  client.send(handshake_request("/ws"));
  EXPECT_THAT(server.read_head(), StartsWith("GET /ws HTTP/1.1\r\n"));
  server.send(handshake_response());
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
  EXPECT_TRUE(upstream.nobody_for(std::chrono::milliseconds(20)));
}

TEST(SitesProxy, ReadsABodyThatNobodyPassesOn) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) {
    Site::pass(site.at("/"), "app").body = conf::Text{"own", {}};
    Site::pass(site.at("/none"), "app").pass_body = false;
  });
  Peer client = gateway.connect();
  for (const auto& [target, body] : {std::pair("/", "\r\n\r\nown"), {"/none", "\r\n\r\n"}}) {
    client.send("POST " + std::string(target) +
                " HTTP/1.1\r\nHost: example.com\r\nContent-Length: 8\r\n\r\nsome ");
    EXPECT_TRUE(upstream.nobody_for(std::chrono::milliseconds(20)));
    client.send("now");
    Peer server = upstream.accept();
    EXPECT_THAT(server.read_message(), testing::EndsWith(body));
    server.send(ok("done"));
    EXPECT_THAT(client.read_message(), Not(HasSubstr("Connection: close")));
  }
}

TEST(SitesProxy, ReadsTheBodyBeforeItIsAskedFor) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) {
    conf::ProxyPass& proxy = Site::pass(site.at("/"), "app");
    proxy.body = conf::Text{"[$request_body]", {}};
    Site::set(proxy, "X-Length", "$content_length");
  });
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n");
  client.send("3\r\nabc\r\n0\r\n\r\n");
  Peer server = upstream.accept();
  const std::string request = server.read_message();
  EXPECT_THAT(request, HasSubstr("X-Length: 3\r\n"));
  EXPECT_THAT(request, testing::EndsWith("\r\n\r\n[abc]"));
  server.send(ok("done"));
  client.read_message();
}

TEST(SitesProxy, GivesAChunkedBodyALengthWhereItIsBuffered) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  EXPECT_TRUE(upstream.nobody_for(std::chrono::milliseconds(50)));
  client.send("6\r\n world\r\n0\r\n\r\n");
  Peer server = upstream.accept();
  const std::string request = server.read_message();
  EXPECT_THAT(request, HasSubstr("Content-Length: 11\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Transfer-Encoding")));
  EXPECT_THAT(request, testing::EndsWith("\r\n\r\nhello world"));
  server.send(ok("done"));
  EXPECT_THAT(client.read_message(), HasSubstr("done"));
}

TEST(SitesProxy, KeepsALargeBodyInAFile) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::pass(site.at("/"), "app"); });
  const std::string body(3 * kMiB, 'b');
  std::thread sender([&] {
    Peer client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: " + std::to_string(body.size()) +
                "\r\n\r\n" + body);
    EXPECT_THAT(client.read_message(), HasSubstr("done"));
  });
  Peer server = upstream.accept();
  EXPECT_THAT(server.read_head(), HasSubstr("Content-Length: " + std::to_string(body.size())));
  EXPECT_EQ(server.read_exactly(body.size()), body);
  server.send(ok("done"));
  sender.join();
}

TEST(SitesProxy, StreamsABodyThatIsNotBuffered) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) {
    conf::ProxyPass& proxy = Site::pass(site.at("/"), "app");
    proxy.minor_version = 1;
    proxy.buffer_body = false;
  });
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  Peer server = upstream.accept();
  EXPECT_THAT(server.read_head(), HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_EQ(server.read_until("hello\r\n"), "5\r\nhello\r\n");
  client.send("0\r\n\r\n");
  EXPECT_EQ(server.read_until("0\r\n\r\n"), "0\r\n\r\n");
  server.send(ok("done"));
  EXPECT_THAT(client.read_message(), HasSubstr("done"));
}

TEST(SitesProxy, AnswersExpectationsItself) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_head(), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send("hi");
  Peer server = upstream.accept();
  EXPECT_THAT(server.read_message(), Not(HasSubstr("Expect")));
  server.send(ok("done"));
  EXPECT_THAT(client.read_message(), HasSubstr("done"));
}

TEST(SitesProxy, OpensATunnelWhereTheFieldsSayUpgrade) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::upgrade(Site::pass(site.at("/"), "app")); });
  OpenTunnel open(gateway, upstream);
  open.client.send(frame(1, "ping", true));
  EXPECT_EQ(open.upstream.read_exactly(10), frame(1, "ping", true));
  open.upstream.send(frame(1, "pong", false));
  EXPECT_EQ(open.client.read_exactly(6), frame(1, "pong", false));
}

TEST(SitesProxy, TakesAHandshakeForAnOrdinaryRequestWithoutThem) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send(handshake_request());
  Peer server = upstream.accept();
  const std::string head = server.read_head();
  EXPECT_THAT(head, Not(HasSubstr("Upgrade:")));
  EXPECT_THAT(head, HasSubstr("Connection: close"));
  server.send("HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n");
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 426"));
}

TEST(SitesProxy, RefusesA101ThatNobodyAskedFor) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server = upstream.accept();
  server.read_head();
  server.send(handshake_response());
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 502"));
}

TEST(SitesProxy, ShowsAnErrorPageOfAnotherLocationWhereNobodyAnswers) {
  ScriptedUpstream spare;
  SiteGateway gateway(
      {{"app", {"http://127.0.0.1:" + std::to_string(closed_port())}}, {"spare", {spare.url()}}},
      [](Site& site) {
        conf::Location& app = site.at("/");
        Site::pass(app, "app");
        Site::error_page(app, {502}, "@spare");
        Site::pass(site.named("@spare"), "spare");
      });
  Peer client = gateway.connect();
  client.send("POST /x HTTP/1.1\r\nHost: example.com\r\nContent-Length: 4\r\n\r\nbody");
  Peer server = spare.accept();
  const std::string request = server.read_message();
  EXPECT_THAT(request, StartsWith("POST /x HTTP/1.0\r\n"));
  EXPECT_THAT(request, testing::EndsWith("body"));
  server.send(ok("spare"));
  EXPECT_THAT(client.read_message(), HasSubstr("spare"));
}

TEST(SitesProxy, InterceptsErrorsAndKeepsTheClient) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) {
    conf::Location& app = site.at("/");
    Site::pass(app, "app").intercept_errors = true;
    Site::error_page(app, {503}, "/sorry");
    site.exactly("/sorry").script = {Site::respond(200, "sorry")};
  });
  Peer client = gateway.connect();
  for (int i = 0; i < 2; ++i) {
    client.send(kGet);
    Peer server = upstream.accept();
    server.read_head();
    server.send("HTTP/1.1 503 Busy\r\nContent-Length: 1000\r\n\r\npart");
    const std::string answer = client.read_message();
    EXPECT_THAT(answer, HasSubstr("sorry"));
    EXPECT_THAT(answer, Not(HasSubstr("part")));
    server.expect_end();
  }
}

TEST(SitesProxy, FollowsXAccelRedirect) {
  ScriptedUpstream upstream, other;
  SiteGateway gateway({{"app", {upstream.url()}}, {"other", {other.url()}}}, [](Site& site) {
    Site::pass(site.at("/"), "app");
    conf::Location& internal = site.at("/hidden/");
    internal.internal = true;
    Site::pass(internal, "other");
  });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok("never seen", "X-Accel-Redirect: /hidden/file?x=1\r\nSet-Cookie: a=1\r\n"));
  Peer hidden = other.accept();
  EXPECT_THAT(hidden.read_head(), StartsWith("GET /hidden/file?x=1 "));
  hidden.send(ok("hidden"));
  const std::string answer = client.read_message();
  EXPECT_THAT(answer, HasSubstr("hidden"));
  EXPECT_THAT(answer, HasSubstr("Set-Cookie: a=1\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("X-Accel")));
}

TEST(SitesProxy, Answers413ForABodyThatIsTooLarge) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) {
    conf::Location& app = site.at("/");
    Site::pass(app, "app");
    site.route(app).max_body_bytes = 4;
  });
  Peer told = gateway.connect();
  told.send("POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 5\r\n\r\n");
  EXPECT_THAT(told.read_head(), StartsWith("HTTP/1.1 413"));
  Peer chunked = gateway.connect();
  chunked.send("POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
  const std::string head = chunked.read_head();
  EXPECT_THAT(head, StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(head, HasSubstr("Connection: close"));
  EXPECT_TRUE(upstream.nobody_for(std::chrono::milliseconds(20)));
}

TEST(SitesProxy, AnswersBadChunksWith400) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 400"));
}

TEST(SitesProxy, GoesWhereAVariableLeads) {
  ScriptedUpstream upstream, other;
  SiteGateway gateway({{"app", {upstream.url()}}}, [](Site& site) {
    conf::ProxyPass& proxy = Site::pass(site.at("/"), "");
    proxy.target.value = "http://$arg_to";
  });
  const std::string address = "127.0.0.1:" + std::to_string(other.port());
  Peer client = gateway.connect();
  client.send("GET /?to=" + address + " HTTP/1.1\r\nHost: example.com\r\n\r\n");
  Peer server = other.accept();
  EXPECT_THAT(server.read_head(), HasSubstr("Host: " + address));
  server.send(ok("there"));
  EXPECT_THAT(client.read_message(), HasSubstr("there"));
  client.send("GET /?to=app HTTP/1.1\r\nHost: example.com\r\n\r\n");
  upstream.accept().send(ok("by name"));
  EXPECT_THAT(client.read_message(), HasSubstr("by name"));
  client.send("GET /?to=localhost:" + std::to_string(other.port()) +
              " HTTP/1.1\r\nHost: example.com\r\n\r\n");
  other.accept().send(ok("looked up"));
  EXPECT_THAT(client.read_message(), HasSubstr("looked up"));
}

TEST(SitesProxy, ATunnelHoldsTheServerThatItsRequestNamed) {
  ScriptedUpstream other;
  SiteGateway gateway({{"app", {other.url()}}}, [&](Site& site) {
    conf::ProxyPass& proxy = Site::pass(site.at("/"), "");
    proxy.target.value = "http://127.0.0.1:$arg_port";
    Site::upgrade(proxy);
  });
  Peer client = gateway.connect();
  client.send(handshake_request("/?port=" + std::to_string(other.port())));
  Peer server = other.accept();
  server.read_head();
  server.send(handshake_response());
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101"));
  client.send(frame(1, "ping", true));
  EXPECT_EQ(server.read_exactly(10), frame(1, "ping", true));
}

TEST(SitesProxy, CancelsTheUpstreamWhenTheClientGoes) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = gateway.connect();
  client.send(kGet);
  Peer server = upstream.accept();
  server.read_head();
  client.close();
  server.expect_end();
  EXPECT_TRUE(gateway.empties());
  EXPECT_EQ(gateway.count(Reason::client_gone), 1u);
}

TEST(SitesProxy, GoesOnWithoutTheClientWhereAbortsAreIgnored) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream),
                      [](Site& site) { Site::pass(site.at("/"), "app").ignore_client_abort = true; });
  Peer client = gateway.connect();
  client.send(kGet);
  client.shutdown_write();
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok("all the same"));
  EXPECT_THAT(client.read_to_end(), HasSubstr("all the same"));
}

TEST(SitesProxy, HoldsTheUpstreamBackForASlowReader) {
  ScriptedUpstream upstream;
  SiteGateway gateway(one(upstream), [](Site& site) { Site::pass(site.at("/"), "app"); });
  Peer client = Peer::connect(gateway.port(), /*receive_buffer=*/4096);
  client.send(kGet);
  Peer server = upstream.accept();
  server.read_head();
  server.send("HTTP/1.1 200 OK\r\n\r\n");
  const std::string chunk(64 * kKiB, 'x');
  const std::size_t sent = server.send_until_stalled(chunk, 64 * kMiB, std::chrono::milliseconds(300));
  EXPECT_LT(sent, 32 * kMiB);
  server.close();
  EXPECT_GT(client.read_until("\r\n0\r\n\r\n").size(), sent);
}

}  // namespace
}  // namespace tidegate::test
