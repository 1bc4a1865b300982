// What good files become.
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

#include "conf/yaml_loader.h"

namespace tidegate::conf {
namespace {

Text text(std::string value) {
  return {std::move(value), {}};
}

Config load(std::string_view yaml) {
  Diagnostics diagnostics;
  auto config = load_yaml_text(yaml, "t.yaml", "/etc/tidegate", diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.list()) ADD_FAILURE() << to_string(diagnostic);
  return config.value_or(Config{});
}

Config load_file(const std::string& path) {
  Diagnostics diagnostics;
  auto config = load_yaml(path, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.list()) ADD_FAILURE() << to_string(diagnostic);
  return config.value_or(Config{});
}

std::string at(const Position& position) {
  return position.file + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

TEST(Loader, GivesTheModelOfTheShippedFile) {
  Config expected;
  Listener http;
  http.name = "http";
  http.address = {"", 80, "", ":80", {}};
  http.redirect = Redirect{301, text("https://$host$request_uri")};
  http.redirect_to_https = true;
  http.acme_challenge = text("/var/www/html");
  Listener https;
  https.name = "https";
  https.address = {"", 443, "", ":443", {}};
  ListenerTls tls;
  tls.certificates = {{text("/etc/letsencrypt/live/yourdomain.com/fullchain.pem"),
                       text("/etc/letsencrypt/live/yourdomain.com/privkey.pem")}};
  tls.ciphers = text(
      "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
      "ECDHE-RSA-AES256-GCM-SHA384:DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384");
  https.tls = tls;
  expected.listeners = {http, https};
  Route route;
  route.name = "yourdomain.com/";
  route.hosts = {"yourdomain.com"};
  route.upstream = text("app");
  expected.routes = {route};
  Upstream app;
  app.name = "app";
  Server server;
  server.host = "localhost";
  server.port = 3000;
  server.text = "http://localhost:3000";
  app.servers = {server};
  expected.upstreams = {app};
  EXPECT_EQ(load_file(TIDEGATE_SOURCE_DIR "/conf/tidegate.yaml"), expected);
}

class EveryKey : public ::testing::Test {
 protected:
  const std::string dir_ = TIDEGATE_SOURCE_DIR "/tests/data/conf";
  const Config config_ = load_file(dir_ + "/every-key.yaml");
  void SetUp() override {
    ASSERT_EQ(config_.listeners.size(), 3u);
    ASSERT_EQ(config_.routes.size(), 6u);
    ASSERT_EQ(config_.upstreams.size(), 3u);
  }
};

TEST_F(EveryKey, OfAListener) {
  const Listener& http = config_.listeners[0];
  EXPECT_EQ(http.address, (ListenAddress{"127.0.0.1", 8080, "", "127.0.0.1:8080", {}}));
  EXPECT_EQ(http.redirect, (Redirect{308, text("https://$host:8443$request_uri")}));
  EXPECT_TRUE(http.redirect_to_https);
  EXPECT_EQ(http.acme_challenge.value, dir_ + "/challenges");
  EXPECT_TRUE(http.proxy_protocol);
  const Listener& https = config_.listeners[1];
  EXPECT_EQ(https.address, (ListenAddress{"::", 8443, "", "[::]:8443", {}}));
  EXPECT_FALSE(https.redirect);
  ListenerTls tls;
  tls.certificates = {
      {text(dir_ + "/ecdsa.pem"), text("/keys/ecdsa.key")},
      {text(std::filesystem::path(dir_).parent_path().string() + "/rsa.pem"), text(dir_ + "/rsa.key")}};
  tls.protocols = {TlsVersion::tls1_3};
  tls.ciphers = text("ECDHE-ECDSA-AES128-GCM-SHA256");
  tls.ciphersuites = text("TLS_AES_128_GCM_SHA256");
  tls.prefer_server_ciphers = false;
  tls.session_tickets = false;
  tls.reject_unknown_sni = true;
  tls.client_auth = ClientAuth{text(dir_ + "/clients.pem"), ClientAuth::Verify::optional};
  EXPECT_EQ(https.tls, tls);
  EXPECT_EQ(config_.listeners[2].address.unix_path, dir_ + "/run/tidegate.sock");
}

TEST_F(EveryKey, OfARoute) {
  Route chat;
  chat.name = "chat";
  chat.hosts = {"chat.example.com", "*.chat.example.com"};
  chat.path = {PathMatch::Kind::prefix, text("/ws/"), false};
  chat.match = {text("https"), {"GET"}, {{"X-Beta", "1"}}, {{"v", "2"}}, "stomp"};
  chat.upstream = text("chat");
  chat.rewrite = Rewrite{"/ws"};
  chat.request_headers = {{{"X-Real-IP", text("$remote_addr")}, {"Host", text("chat.internal")}},
                          {"X-Debug"}};
  chat.response_headers = {{{"Strict-Transport-Security", text("max-age=63072000")}}, {"Server"}};
  chat.websocket = {
      {text("https://example.com"), text("https://*.example.com")}, 10min, 30s, 1u << 20, 12h, 50000};
  chat.timeouts = {2s, 5min, 40s, 20s};
  chat.max_body_bytes = 10u << 20;
  chat.allow_underscores = false;
  EXPECT_EQ(config_.routes[0], chat);
}

TEST_F(EveryKey, OfOtherRoutes) {
  const Route& healthz = config_.routes[1];
  EXPECT_EQ(healthz.name, "/healthz");
  EXPECT_EQ(healthz.path.kind, PathMatch::Kind::exact);
  EXPECT_EQ(healthz.respond, (Respond{503, text("closed for $host"), "text/html"}));
  EXPECT_EQ(config_.routes[2].redirect, (Redirect{307, text("https://$host/new/$uri_rest$is_args$args")}));
  EXPECT_EQ(config_.routes[3].path, (PathMatch{PathMatch::Kind::prefix, text("/static/"), true}));
  EXPECT_EQ(config_.routes[4].path, (PathMatch{PathMatch::Kind::regex, text("^/room/[0-9]+$"), false}));
  EXPECT_EQ(config_.routes[4].name, "~^/room/[0-9]+$");
  EXPECT_EQ(config_.routes[5].path, PathMatch());
  EXPECT_EQ(config_.routes[5].name, "/");
}

TEST_F(EveryKey, IsInheritedByRoutes) {
  const Route& plain = config_.routes[5];
  EXPECT_EQ(plain.websocket, (WebSocketRules{{text("https://example.org")}, 2h, 50s, 2u << 20, 24h, 70000}));
  EXPECT_EQ(plain.timeouts, (RouteTimeouts{6s, 62s, 61s, 31s}));
  EXPECT_EQ(plain.max_body_bytes, 1u << 30);
  EXPECT_TRUE(plain.allow_underscores);
}

TEST_F(EveryKey, OfAnUpstream) {
  const Upstream& chat = config_.upstreams[0];
  ASSERT_EQ(chat.servers.size(), 3u);
  EXPECT_EQ(chat.servers[0], (Server{Server::Scheme::https,
                                     "chat-1",
                                     3000,
                                     "",
                                     "https://chat-1:3000",
                                     1,
                                     false,
                                     0,
                                     0,
                                     0,
                                     10s,
                                     false,
                                     {}}));
  EXPECT_EQ(chat.servers[1], (Server{Server::Scheme::https,
                                     "chat-2",
                                     443,
                                     "",
                                     "https://chat-2",
                                     2,
                                     false,
                                     30000,
                                     0,
                                     0,
                                     10s,
                                     false,
                                     {}}));
  EXPECT_EQ(chat.servers[2].unix_path, dir_ + "/run/chat.sock");
  EXPECT_TRUE(chat.servers[2].backup);
  EXPECT_EQ(chat.balance, Upstream::Balance::least_tunnels);
  EXPECT_EQ(chat.sticky, (Sticky{"tidegate", {}}));
  EXPECT_EQ(chat.tls, (UpstreamTls{text(dir_ + "/internal.pem"), "chat.internal", false}));
  EXPECT_EQ(chat.resolve, 30s);
  EXPECT_EQ(chat.keepalive_idle, 3s);
  EXPECT_EQ(chat.keepalive_max, 8u);
  EXPECT_EQ(chat.on_removal, Upstream::OnRemoval::drain);
  const Upstream& rooms = config_.upstreams[2];
  EXPECT_EQ(rooms.balance, Upstream::Balance::random);
  EXPECT_EQ(rooms.sticky, (Sticky{"", text("$arg_room")}));
  EXPECT_EQ(rooms.servers[1].host, "::1");
}

TEST_F(EveryKey, OfTheProcess) {
  EXPECT_EQ(config_.timeouts, (Timeouts{11s, 16s, 76s, 2s, {6s, 62s, 61s, 31s}}));
  EXPECT_EQ(config_.limits, (Limits{16 * kKiB, 50, 4 * kKiB, 1u << 30, 90000}));
  EXPECT_EQ(config_.trusted_proxies, (std::vector<Cidr>{*Cidr::parse("10.0.0.0/8"), *Cidr::parse("::1")}));
  EXPECT_EQ(config_.log, (Log{Log::Level::warning,
                              dir_ + "/access.log",
                              Log::Format::combined,
                              false,
                              true,
                              {{"tls", Log::Level::debug}, {"upstream", Log::Level::info}},
                              Log::Diagnostics::json,
                              {}}));
  EXPECT_EQ(config_.drain, (Drain{1s, 5s, 20s, 1012}));
  EXPECT_EQ(config_.metrics, (ListenAddress{"127.0.0.1", 9181, "", "127.0.0.1:9181", {}}));
  ASSERT_EQ(config_.admin.size(), 2u);
  EXPECT_EQ(config_.admin[0].unix_path, dir_ + "/run/admin.sock");
  EXPECT_EQ(config_.admin[1], (ListenAddress{"::1", 9182, "", "[::1]:9182", {}}));
  EXPECT_EQ(config_.workers, 4u);
}

TEST_F(EveryKey, KeepsThePositionsOfWhatIsCheckedLater) {
  const std::string file = dir_ + "/every-key.yaml";
  EXPECT_EQ(at(config_.listeners[1].address.at), file + ":9:14");
  EXPECT_EQ(at(config_.listeners[1].tls->certificates[1].private_key.at), file + ":13:51");
  EXPECT_EQ(at(config_.listeners[1].tls->ciphers.at), file + ":15:16");
  EXPECT_EQ(at(config_.routes[0].request_headers.set[0].second.at), file + ":36:42");
  EXPECT_EQ(at(config_.routes[4].path.text.at), file + ":54:20");
  EXPECT_EQ(at(config_.routes[4].at), file + ":54:5");
}

constexpr std::string_view kListener = "listeners: { http: { address: \":80\" } }\n";

TEST(Loader, TakesAListenerAlone) {
  const Config config = load(kListener);
  Config expected;
  Listener http;
  http.name = "http";
  http.address = {"", 80, "", ":80", {}};
  expected.listeners = {http};
  EXPECT_EQ(config, expected);
}

TEST(Loader, TakesOneAdminAddressOrAList) {
  const Config config =
      load(std::string(kListener) + "admin: { address: \"unix:/run/tidegate/admin.sock\" }\n");
  EXPECT_EQ(
      config.admin,
      (std::vector<ListenAddress>{{"", 0, "/run/tidegate/admin.sock", "unix:/run/tidegate/admin.sock", {}}}));
}

TEST(Loader, TakesUpstreamsInShort) {
  const Config config = load(std::string(kListener) +
                             "routes: [{ upstream: a }, { path: /b, upstream: b }]\n"
                             "upstreams:\n  a: http://one\n  b: [http://one, \"unix:two\"]\n");
  ASSERT_EQ(config.upstreams.size(), 2u);
  EXPECT_EQ(config.upstreams[0].servers.size(), 1u);
  ASSERT_EQ(config.upstreams[1].servers.size(), 2u);
  EXPECT_EQ(config.upstreams[1].servers[1].unix_path, "/etc/tidegate/two");
}

TEST(Loader, ReadsDefaultsWhereverTheyStand) {
  const Config before =
      load(std::string(kListener) + "timeouts: { connect: 9s }\nroutes: [{ respond: {} }]\n");
  const Config after =
      load(std::string(kListener) + "routes: [{ respond: {} }]\ntimeouts: { connect: 9s }\n");
  EXPECT_EQ(before, after);
  EXPECT_EQ(before.routes.at(0).timeouts.connect, 9s);
}

TEST(Loader, TellsNoLimitOnTunnelsFromOneOfItsOwnChoice) {
  const std::string listener = "listeners: { http: { address: \":80\" } }\n";
  EXPECT_EQ(std::nullopt, load(listener).limits.tunnels);
  EXPECT_EQ(std::nullopt, load(listener + "limits: { tunnels: auto }\n").limits.tunnels);
  EXPECT_EQ(0u, load(listener + "limits: { tunnels: none }\n").limits.tunnels);
  EXPECT_EQ(5u, load(listener + "limits: { tunnels: 5 }\n").limits.tunnels);
}

TEST(Loader, LetsARouteTakeALimitBack) {
  const Config config = load(std::string(kListener) +
                             "limits: { body: 1MiB }\nroutes: [{ respond: {}, limits: { body: none } }]\n");
  EXPECT_EQ(config.routes.at(0).max_body_bytes, 0u);
}

TEST(Loader, MakesNamesOfRoutesUnique) {
  const Config config = load(std::string(kListener) +
                             "routes:\n"
                             "  - { respond: {} }\n"
                             "  - { match: { methods: [GET] }, respond: {} }\n"
                             "  - { name: \"/#3\", path: /x, respond: {} }\n"
                             "  - { match: { methods: [PUT] }, respond: {} }\n");
  ASSERT_EQ(config.routes.size(), 4u);
  EXPECT_EQ(config.routes[0].name, "/");
  EXPECT_EQ(config.routes[1].name, "/#2");
  EXPECT_EQ(config.routes[3].name, "/#4");
}

TEST(Loader, FollowsAliases) {
  const Config config = load(
      "listeners: { http: { address: \":80\" } }\n"
      "routes:\n"
      "  - { host: a, websocket: &ws { idle_timeout: 3m }, upstream: app }\n"
      "  - { host: b, websocket: *ws, upstream: app }\n"
      "upstreams: { app: http://app }\n");
  EXPECT_EQ(config.routes.at(1).websocket.idle_timeout, 3min);
}

TEST(Loader, PutsTheEnvironmentIn) {
  ::setenv("TIDEGATE_TEST_SET", "8080", 1);
  ::unsetenv("TIDEGATE_TEST_UNSET");
  const Config config = load(
      "listeners: { http: { address: \":${env:TIDEGATE_TEST_SET}\" } }\n"
      "workers: ${env:TIDEGATE_TEST_UNSET:-3}\n");
  EXPECT_EQ(config.listeners.at(0).address.port, 8080);
  EXPECT_EQ(config.workers, 3u);
}

TEST(Loader, TakesLineEndsAndAByteOrderMark) {
  const Config config =
      load("\xef\xbb\xbflisteners:\r\n  http:\r\n    address: \":80\"\r\nworkers: \"2\"\r\n");
  EXPECT_EQ(config.listeners.at(0).address.port, 80);
  EXPECT_EQ(config.workers, 2u);
}

TEST(Loader, LetsPortZeroStandTwice) {
  EXPECT_EQ(load("listeners: { a: { address: \"127.0.0.1:0\" }, b: { address: \"127.0.0.1:0\" } }\n")
                .listeners.size(),
            2u);
}

TEST(Loader, SendsATlsListenerElsewhere) {
  const Config config = load(
      "listeners:\n  a:\n    address: \":443\"\n    tls: { certificates: [{ certificate: a, private_key: b "
      "}] }\n"
      "    redirect: HTTPS://www.example.com$request_uri\n");
  EXPECT_TRUE(config.listeners.at(0).redirect_to_https);
}

TEST(LoadYaml, ReportsAFileThatCannotBeRead) {
  Diagnostics missing;
  EXPECT_FALSE(load_yaml("/nowhere/tidegate.yaml", missing));
  ASSERT_EQ(missing.list().size(), 1u);
  EXPECT_EQ(to_string(missing.list()[0]),
            "/nowhere/tidegate.yaml: the file cannot be opened: No such file or directory; check the path "
            "and its rights");
  Diagnostics folder;
  EXPECT_FALSE(load_yaml("/tmp", folder));
  ASSERT_EQ(folder.list().size(), 1u);
  EXPECT_EQ(to_string(folder.list()[0]),
            "/tmp: the file cannot be read: Is a directory; give the path of a YAML file");
}

}  // namespace
}  // namespace tidegate::conf
