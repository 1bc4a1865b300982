// What goes to an upstream, as Debian's nginx sends it.

#include "tests/unit/sites/walk/site.h"

namespace tidegate::sites::test {
namespace {

using Flag = Site::Step::Flag;
using ::testing::ElementsAre;
using ::testing::Pair;

std::string path(Site& site, std::string_view target) {
  return Visit(site, target).outgoing().path;
}

TEST(OutgoingPath, IsAsSentWhereNothingChangesIt) {
  Site site;
  site.server();
  site.proxy(site.location("/"));
  EXPECT_EQ(path(site, "/a%20b//c/../d?x=%41"), "/a%20b//c/../d?x=%41");
  EXPECT_EQ(Visit(site, "GET http://example.com/a HTTP/1.1\r\nHost: b\r\n\r\n").outgoing().path, "/a");
}

TEST(OutgoingPath, ReplacesWhatTheLocationMatched) {
  Site site;
  site.server();
  site.proxy(site.location("/app/"), "/x/");
  site.proxy(site.location("/one"), "/1");
  site.proxy(site.location("= /only"), "/exact?k=1");
  EXPECT_EQ(path(site, "/app/y?z=1"), "/x/y?z=1");
  EXPECT_EQ(path(site, "/app/a%20b%2Fc%22d?e"), "/x/a%20b/c%22d?e");
  EXPECT_EQ(path(site, "/app/%7B%22%3C%5C%5E%60%7C%7D%C3%A9%23%3F%25x"),
            "/x/%7B%22%3C%5C%5E%60%7C%7D%C3%A9%23%3F%25x");
  EXPECT_EQ(path(site, "/app/{x}"), "/x/{x}");
  EXPECT_EQ(path(site, "/one/more"), "/1/more");
  EXPECT_EQ(path(site, "/only?a"), "/exact?k=1?a");  // nginx does so too
}

TEST(OutgoingPath, IsEscapedAnewWhereItWasRewritten) {
  Site site;
  site.server();
  const std::size_t stays = site.location("/r/");
  site.proxy(stays, "/x/");
  site.at(stays).script = {rewrite("^/r/(.*)$", "/q/$1", Flag::stop)};
  site.proxy(site.location("/to/"));
  site.at(site.location("/go/")).script = {rewrite("^/go/(.*)$", "/to/$1", Flag::last)};
  const std::size_t args = site.location("/args");
  site.proxy(args);
  site.at(args).script = {set("args", "new=1")};
  EXPECT_EQ(path(site, "/r/a%20b?c"), "/q/a%20b?c");
  EXPECT_EQ(path(site, "/go/a%20b|c?d"), "/to/a%20b%7Cc?d");
  EXPECT_EQ(path(site, "/args?x=1"), "/args?new=1");
}

TEST(OutgoingTarget, MayHaveVariables) {
  Site site;
  site.server();
  conf::Upstream upstream;
  upstream.name = "backend";
  upstream.hash_key = {"$remote_addr$request_uri", {}};
  site.config.upstreams.push_back(upstream);
  upstream.name = "https://secure";
  site.config.upstreams.push_back(upstream);
  site.proxy_variable(site.location("/v/"), "http://$arg_to");
  site.proxy_variable(site.location("/z/"), "https://$arg_to/z").https_upstreams =
      std::make_shared<const std::map<std::string, std::string>>(
          std::map<std::string, std::string>{{"secure", "https://secure"}});
  site.proxy_variable(site.location("/y/"), "https://$arg_to/y");
  site.proxy_variable(site.location("/u/"), "http://$arg_to$request_uri");
  site.proxy_variable(site.location("/bad/"), "$arg_to");
  const auto to = [&site](std::string_view target) {
    Visit visit(site, target);
    const Outgoing out = visit.outgoing();
    std::string host;
    for (const auto& [name, value] : out.fields) host += name == "Host" ? value : "";
    return (out.https ? "https " : "http ") + out.upstream + " " + out.path + " " + host;
  };
  EXPECT_EQ(to("/v/a%20b?to=127.0.0.1:81"), "http 127.0.0.1:81 /v/a%20b?to=127.0.0.1:81 127.0.0.1:81");
  EXPECT_EQ(to("/v/?to=name"), "http name:80 /v/?to=name name");
  EXPECT_EQ(to("/v/?to=Backend"), "http backend /v/?to=Backend Backend");
  EXPECT_EQ(to("/v/?to=[::1]:5"), "http [::1]:5 /v/?to=[::1]:5 [::1]:5");
  EXPECT_EQ(to("/z/a?to=h"), "https h:443 /z h");
  EXPECT_EQ(to("/z/a?to=secure"), "https https://secure /z secure");
  EXPECT_EQ(to("/z/a?to=Secure:443"), "https Secure:443 /z Secure");
  // Another upstream of the same name may not be verified as this one asks.
  EXPECT_EQ(to("/y/a?to=secure"), "https secure:443 /y secure");
  EXPECT_EQ(to("/u/a?to=h:80"), "http h:80 /u/a?to=h:80 h");
  EXPECT_EQ(to("/v/?to=h:0"), "http  /v/?to=h:0 ");
  EXPECT_EQ(to("/v/?to=h:99999"), "http  /v/?to=h:99999 ");
  EXPECT_EQ(to("/bad/?to=ftp://x"), "http  /bad/?to=ftp://x ");
  EXPECT_EQ(Visit(site, "/v/?to=backend").outgoing().hash_key, "192.0.2.1/v/?to=backend");
}

TEST(OutgoingTarget, IsNoneWhereTheNameForTlsIsNone) {
  Site site;
  site.server();
  site.proxy_variable(site.location("/"), "https://$arg_to").tls_name = {"$arg_name", {}};
  const auto to = [&site](const std::string& name) { return Visit(site, "/?to=h&name=" + name).outgoing(); };
  EXPECT_EQ(to("a.example:5").tls_name, "a.example");
  EXPECT_EQ(to(std::string(255, 'a')).upstream, "h:443");
  EXPECT_EQ(to(std::string(256, 'a')).upstream, "");
}

TEST(OutgoingFields, AreNginxOwnUnlessSet) {
  Site site;
  site.server();
  site.proxy(site.location("/"));
  Visit visit(
      site,
      "POST / HTTP/1.1\r\nHost: Example.com:8080\r\nConnection: keep-alive, x-hop\r\nTE: trailers\r\n"
      "Keep-Alive: 5\r\nUpgrade: h2c\r\nExpect: 100-continue\r\nContent-Length: 1\r\nX-A: 1\r\nX-A: 2\r\n"
      "X_B: 1\r\nX!C: 1\r\n\r\n");
  const Outgoing out = visit.outgoing();
  EXPECT_THAT(out.fields, ElementsAre(Pair("Host", "app:3000"), Pair("Connection", "close"), Pair("X-A", "1"),
                                      Pair("X-A", "2")));
  EXPECT_EQ(out.method, "POST");
  EXPECT_EQ(out.minor_version, 0);
  EXPECT_EQ(out.upstream, "app");
  EXPECT_FALSE(out.handshake);
  EXPECT_FALSE(out.body);
}

TEST(OutgoingFields, FollowProxySetHeader) {
  Site site;
  site.server();
  conf::ProxyPass& proxy = site.proxy(site.location("/"));
  proxy.set_fields = {{"Host", {"$http_host", {}}},
                      {"X-Real-IP", {"$remote_addr", {}}},
                      {"X-Forwarded-For", {"$proxy_add_x_forwarded_for", {}}},
                      {"X-Forwarded-Proto", {"$scheme", {}}},
                      {"Connection", {"", {}}},
                      {"Accept-Encoding", {"", {}}},
                      {"Content-Length", {"", {}}},
                      {"X-None", {"$http_none", {}}}};
  proxy.method = {"PUT", {}};
  proxy.minor_version = 1;
  site.sites->servers[0].underscores_in_headers = true;
  Visit visit(site,
              "GET / HTTP/1.1\r\nHost: Example.com:8080\r\nAccept-Encoding: gzip\r\nx-real-ip: evil\r\n"
              "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\nX_B: 1\r\n\r\n");
  const Outgoing out = visit.outgoing();
  EXPECT_THAT(out.fields, ElementsAre(Pair("Host", "Example.com:8080"), Pair("X-Real-IP", "192.0.2.1"),
                                      Pair("X-Forwarded-For", "1.1.1.1, 2.2.2.2, 192.0.2.1"),
                                      Pair("X-Forwarded-Proto", "http"), Pair("X_B", "1")));
  EXPECT_EQ(out.method, "PUT");
  EXPECT_EQ(out.minor_version, 1);
}

/// Which of the client's fields pass, each by its name.
std::string passing(Site& site, const std::string& head) {
  Visit visit(site, head + "\r\n");
  std::string out;
  for (const auto& [name, value] : visit.outgoing().fields) {
    if (name.starts_with("X") || name.starts_with("Y")) out += name + " ";
  }
  return out;
}

/// As in nginx the listener's first server judges what comes before Host has named another.
TEST(OutgoingFields, AreJudgedByTheServerThatIsKnownByThen) {
  Site site;
  site.server({"strict.example.com"});
  site.proxy(site.location("/"));
  site.server({"lax.example.com"});
  site.proxy(site.location("/"));
  site.sites->servers[1].underscores_in_headers = true;
  site.server({"any.example.com"});
  site.proxy(site.location("/"));
  site.sites->servers[2].ignore_invalid_headers = false;
  const auto ask = [&](const std::string& host) {
    return passing(site, "GET / HTTP/1.1\r\nX_Early: 1\r\nHost: " + host +
                             ".example.com\r\nX_Late: 1\r\nX.Dot: 1\r\nX-Plain: 1\r\n");
  };
  EXPECT_EQ(ask("strict"), "X-Plain ");
  EXPECT_EQ(ask("lax"), "X_Late X-Plain ");
  EXPECT_EQ(ask("any"), "X_Late X.Dot X-Plain ");
  EXPECT_EQ(passing(site, "GET http://lax.example.com/ HTTP/1.1\r\nX_Early: 1\r\nHost: lax.example.com\r\n"),
            "X_Early ");
}

TEST(OutgoingFields, MayBeLeftOut) {
  Site site;
  site.server();
  conf::ProxyPass& proxy = site.proxy(site.location("/"));
  proxy.pass_fields = false;
  proxy.pass_body = false;
  EXPECT_THAT(Visit(site, "/").outgoing().fields,
              ElementsAre(Pair("Host", "app:3000"), Pair("Connection", "close")));
  EXPECT_EQ(Visit(site, "/").outgoing().body, "");
  Site other;
  other.server();
  other.proxy(other.location("/")).body = {"$request_method $uri", {}};
  EXPECT_EQ(Visit(other, "/a").outgoing().body, "GET /a");
}

class Handshake : public testing::Test {
 protected:
  static constexpr const char* kHandshake =
      "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
  Outgoing send(const char* upgrade, const char* connection, const char* raw = kHandshake) {
    Site site;
    site.server();
    site.map("$http_upgrade", "connection_upgrade", {{"default", "upgrade"}, {"", "close"}});
    conf::ProxyPass& proxy = site.proxy(site.location("/"));
    proxy.minor_version = 1;
    if (upgrade != nullptr) proxy.set_fields.push_back({"Upgrade", {upgrade, {}}});
    if (connection != nullptr) proxy.set_fields.push_back({"Connection", {connection, {}}});
    return Visit(site, raw).outgoing();
  }
  static std::string value(const Outgoing& out, std::string_view name) {
    std::string found;
    for (const auto& [field, text] : out.fields) found += field == name ? text : "";
    return found;
  }
};

TEST_F(Handshake, NeedsBothFields) {
  EXPECT_TRUE(send("$http_upgrade", "upgrade").handshake);
  EXPECT_TRUE(send("$http_upgrade", "Upgrade").handshake);
  EXPECT_TRUE(send("$http_upgrade", "$connection_upgrade").handshake);
  EXPECT_TRUE(send("WebSocket", "$http_connection").handshake);
  EXPECT_FALSE(send(nullptr, nullptr).handshake);
  EXPECT_FALSE(send("$http_upgrade", nullptr).handshake);
  EXPECT_FALSE(send(nullptr, "upgrade").handshake);
}

TEST_F(Handshake, IsTheClientsOnly) {
  const char* plain = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const char* h2c = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
  const Outgoing mapped = send("$http_upgrade", "$connection_upgrade", plain);
  EXPECT_FALSE(mapped.handshake);
  EXPECT_EQ(value(mapped, "Connection"), "close");
  EXPECT_EQ(value(send("$http_upgrade", "upgrade", plain), "Connection"), "upgrade");
  EXPECT_EQ(value(send("websocket", "upgrade", plain), "Upgrade"), "");
  EXPECT_EQ(value(send("$http_upgrade", "upgrade", h2c), "Upgrade"), "");
}

}  // namespace
}  // namespace tidegate::sites::test
