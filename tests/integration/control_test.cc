// The admin API as a client sees it: what it answers, to whom, and to whom not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/captured_log.h"
#include "tests/integration/control.h"
#include "tests/integration/messages.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string responding(const std::string& more = kAdmin) {
  return "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - respond: { status: 200 }\n" + more;
}

TEST(Control, TellsItsStatus) {
  Gateway gateway(responding());
  Peer client = gateway.connect();
  client.send(get("/"));
  client.read_message();
  const auto status = admin_json(gateway, "/status");
  EXPECT_EQ(status["version"], "test");
  EXPECT_EQ(status["state"], "running");
  EXPECT_EQ(status["config"], gateway.dir() + "/test.yaml");
  EXPECT_EQ(status["listeners"][0]["address"], "127.0.0.1:" + std::to_string(gateway.port()));
  EXPECT_EQ(status["workers"].size(), 2u);
  EXPECT_EQ(status["requests"], 1);
  EXPECT_EQ(status["connections"]["active"], 1);
  EXPECT_TRUE(status["drain"].is_null());
}

TEST(Control, LetsNobodyElseInByItsSocket) {
  Gateway gateway(responding());
  struct stat file {};
  ASSERT_EQ(::stat((gateway.dir() + "/admin.sock").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  EXPECT_EQ(file.st_uid, ::geteuid());
}

TEST(Control, TellsConfigurationRoutesAndUpstreams) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kAdmin, "    name: chat\n"));
  OpenTunnel tunnel(gateway, upstream);
  const std::string message = frame(1, "hello", true);
  tunnel.client.send(message);
  tunnel.upstream.read_exactly(message.size());
  EXPECT_TRUE(eventually([&] { return admin_json(gateway, "/routes")[0]["messages"]["to_upstream"] == 1; }));
  const auto route = admin_json(gateway, "/routes")[0];
  EXPECT_EQ(route["name"], "chat");
  EXPECT_EQ(route["upstream"], "app");
  EXPECT_EQ(route["tunnels"]["active"], 1);
  EXPECT_EQ(route["requests"], 1);
  const auto server = admin_json(gateway, "/upstreams")[0]["servers"][0];
  EXPECT_EQ(server["address"], upstream.url());
  EXPECT_EQ(server["tunnels"], 1);
  EXPECT_EQ(server["reachable"], true);
  EXPECT_EQ(admin_json(gateway, "/config")["routes"][0]["name"], "chat");
}

TEST(Control, FindsAndClosesTunnels) {
  ScriptedUpstream upstream;
  CapturedLog log;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kAdmin, "    name: chat\n"));
  OpenTunnel tunnel(gateway, upstream);
  const auto list = admin_json(gateway, "/tunnels?route=chat&upstream=app&order=bytes&limit=1");
  EXPECT_EQ(list["total"], 1);
  EXPECT_EQ(list["tunnels"][0]["server"], upstream.url());
  EXPECT_EQ(admin_json(gateway, "/tunnels?route=other")["total"], 0);
  const std::string id = list["tunnels"][0]["id"];
  const std::string answer = ask_admin(gateway, "DELETE", "/tunnels/" + id + "?code=4000");
  EXPECT_EQ(status_of(answer), 202);
  EXPECT_EQ(body_of(answer), "{\"id\":\"" + id + "\",\"code\":4000}\n");
  EXPECT_EQ(tunnel.client.read_exactly(close_frame(4000, false).size()).substr(2, 2), "\x0f\xa0");
  tunnel.client.send(close_frame(4000, true));
  tunnel.upstream.send(close_frame(4000, false));
  EXPECT_TRUE(eventually([&] { return admin_json(gateway, "/tunnels")["total"] == 0; }));
  EXPECT_EQ(status_of(ask_admin(gateway, "DELETE", "/tunnels/" + id)), 404);
  EXPECT_TRUE(log.says("Close 4000 for tunnel " + id + ", asked for over the admin API"));
}

TEST(Control, ToldFramesOfOneTunnelUntilItsEnd) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kAdmin));
  OpenTunnel tunnel(gateway, upstream);
  const std::string id = admin_json(gateway, "/tunnels")["tunnels"][0]["id"];
  Peer watcher = connect_to_admin(gateway);
  watcher.send(admin_request("GET", "/tunnels/" + id + "/frames"));
  const std::string head = watcher.read_head();
  EXPECT_EQ(status_of(head), 200);
  EXPECT_EQ(field_of(head, "Content-Type"), "application/x-ndjson");
  tunnel.client.send(frame(1, "hush", true));
  const std::string first = watcher.read_until("\n\r\n");
  EXPECT_THAT(first, HasSubstr("\"direction\":\"to_upstream\",\"opcode\":\"text\",\"fin\":true,\"rsv\":0,"
                               "\"masked\":true,\"length\":4}\n"));
  EXPECT_EQ(count_of(first, "hush"), 0);
  tunnel.client.send(close_frame(1000, true));
  tunnel.upstream.send(close_frame(1000, false));
  const std::string rest = watcher.read_until("0\r\n\r\n");
  EXPECT_THAT(rest, HasSubstr("\"code\":1000"));
  EXPECT_THAT(rest, HasSubstr("{\"ended\":true}\n"));
  watcher.send(admin_request("GET", "/tunnels/" + id + "/frames"));
  EXPECT_EQ(status_of(watcher.read_message()), 404);
}

TEST(Control, EndsAtOnceWhileFramesAreWatched) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kAdmin));
  OpenTunnel tunnel(gateway, upstream);
  const std::string id = admin_json(gateway, "/tunnels")["tunnels"][0]["id"];
  Peer watcher = connect_to_admin(gateway);
  watcher.send(admin_request("GET", "/tunnels/" + id + "/frames"));
  EXPECT_EQ(status_of(watcher.read_head()), 200);
  gateway.stop_now();  // the watch ends after the workers
}

TEST(Control, OutlivesClientsThatVanishInALongAnswer) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kAdmin));
  OpenTunnel tunnel(gateway, upstream);
  const std::string id = admin_json(gateway, "/tunnels")["tunnels"][0]["id"];
  for (int i = 0; i < 20; ++i) {
    Peer watcher = connect_to_admin(gateway);
    watcher.send(admin_request("GET", "/tunnels/" + id + "/frames"));
    if (i % 2 == 0) watcher.read_head();
    tunnel.client.send(frame(2, "x", true));
    if (i % 4 < 2) {
      watcher.reset();
    } else {
      watcher.close();
    }
    tunnel.client.send(frame(2, "x", true));
  }
  Peer asking = connect_to_admin(gateway);
  asking.send(admin_request("GET", "/status") + admin_request("GET", "/tunnels"));
  asking.reset();
  EXPECT_EQ(admin_json(gateway, "/status")["state"], "running");
}

TEST(Control, DrainsAndTellsHowFar) {
  ScriptedUpstream upstream;
  CapturedLog log;
  Gateway gateway(
      Gateway::in_front_of(upstream.url(), std::string(kAdmin) + "drain: { window: 0s, deadline: 20s }\n"));
  OpenTunnel tunnel(gateway, upstream);
  EXPECT_EQ(status_of(ask_admin(gateway, "POST", "/drain")), 202);
  tunnel.client.read_exactly(close_frame(1001, false).size());
  const auto status = admin_json(gateway, "/status");
  EXPECT_EQ(status["state"], "draining");
  EXPECT_EQ(status["drain"]["initial"], 1);
  EXPECT_EQ(status["drain"]["remaining"], 1);
  EXPECT_TRUE(log.says("a drain, asked for over the admin API"));
  tunnel.client.send(close_frame(1001, true));
  tunnel.upstream.send(close_frame(1001, false));
}

TEST(Control, ReloadsAndPlans) {
  CapturedLog log;
  Gateway gateway(responding());
  const auto read = [](const std::string& answer) {
    return nlohmann::json::parse(body_of(answer), nullptr, false);
  };
  std::string answer = ask_admin(gateway, "POST", "/reload");
  EXPECT_EQ(status_of(answer), 200);
  EXPECT_EQ(read(answer)["applied"], true);
  EXPECT_EQ(read(answer)["differences"].size(), 0u);
  EXPECT_TRUE(log.says("a reload, asked for over the admin API"));
  const std::string base = "listeners:\n  http: { address: \"127.0.0.1:0\" }\n";
  answer = ask_admin(gateway, "POST", "/plan?file=/etc/t.yaml",
                     base + "routes:\n  - { respond: { status: 404 } }\n");
  EXPECT_EQ(status_of(answer), 200) << answer;
  EXPECT_GE(read(answer)["differences"].size(), 1u) << answer;
  answer = ask_admin(gateway, "POST", "/plan?file=/etc/t.yaml", base + "route: []\n");
  EXPECT_EQ(status_of(answer), 422);
  EXPECT_EQ(read(answer)["applied"], false);
  EXPECT_EQ(read(answer)["diagnostics"][0]["file"], "/etc/t.yaml");
  EXPECT_EQ(read(answer)["diagnostics"][0]["line"], 3);
  EXPECT_EQ(status_of(ask_admin(gateway, "POST", "/plan?file=t.yaml", base)), 400);
  EXPECT_EQ(admin_json(gateway, "/status")["reload"]["succeeded"], 1) << "a plan is none";
}

TEST(Control, OrdersServers) {
  ScriptedUpstream upstream;
  CapturedLog log;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kAdmin));
  const std::string path =
      "/upstreams/app/servers/http%3A%2F%2F127.0.0.1%3A" + std::to_string(upstream.port());
  std::string answer = ask_admin(gateway, "POST", path, R"({"state": "drain", "weight": 7})");
  EXPECT_EQ(status_of(answer), 200) << answer;
  EXPECT_TRUE(log.says("server " + upstream.url() + " of upstream app: state drain, weight 7, asked for"));
  auto server = admin_json(gateway, "/upstreams")[0]["servers"][0];
  EXPECT_EQ(nlohmann::json::parse(body_of(answer)), server);
  EXPECT_EQ(server["state"], "drain");
  EXPECT_EQ(server["weight"], 7);
  EXPECT_EQ(server["configured_weight"], 1);
  EXPECT_EQ(status_of(ask_admin(gateway, "POST", path, R"({"state": "up", "weight": null})")), 200);
  server = admin_json(gateway, "/upstreams")[0]["servers"][0];
  EXPECT_EQ(server["state"], "up");
  EXPECT_EQ(server["weight"], 1);
  EXPECT_THAT(error_of(ask_admin(gateway, "POST", path, "drain")), StartsWith("the body is not an order"));
  answer = ask_admin(gateway, "POST", "/upstreams/app/servers/http%3A%2F%2Fother", R"({"state": "up"})");
  EXPECT_EQ(status_of(answer), 404);
}

TEST(Control, StopsAndSaysSoFirst) {
  Gateway gateway(responding());
  Peer peer = connect_to_admin(gateway);
  peer.send(admin_request("POST", "/stop"));
  EXPECT_EQ(body_of(peer.read_message()), "{\"state\":\"stopping\"}\n");
}

TEST(Control, SaysWhatIsWrongWithARequest) {
  Gateway gateway(responding());
  const auto refused = [&](const std::string& method, const std::string& target,
                           const std::string& body = "") {
    const std::string answer = ask_admin(gateway, method, target, body);
    return std::to_string(status_of(answer)) + " " + error_of(answer);
  };
  EXPECT_THAT(refused("GET", "/nothing"), StartsWith("404 there is no such page"));
  EXPECT_THAT(refused("GET", "/"), StartsWith("404 the dashboard is for browsers"));
  EXPECT_THAT(refused("GET", "/tunnels//frames"), StartsWith("404 "));
  EXPECT_EQ(refused("GET", "/status?x=1"), "400 \"x\" is not known in this query; nothing stands in it");
  EXPECT_EQ(refused("GET", "/tunnels?limit=0"),
            "400 \"0\" does not fit \"limit\"; write a number from 1 to 10000");
  EXPECT_EQ(refused("GET", "/tunnels?order=size"),
            "400 \"size\" does not fit \"order\"; write age, messages or bytes");
  EXPECT_THAT(refused("GET", "/tunnels?route=%zz"), StartsWith("400 \"route=%zz\" has a broken escape"));
  EXPECT_THAT(refused("DELETE", "/tunnels/x?code=1005"),
              StartsWith("400 1005 is a code that no Close frame may carry; write 1001"));
  EXPECT_EQ(refused("POST", "/drain", "now"), "400 this request takes no body; send none");
  EXPECT_THAT(refused("GET", "/tunnels/0123456789abcdef/frames"), StartsWith("404 there is no tunnel"));
  const std::string answer = ask_admin(gateway, "PUT", "/status");
  EXPECT_EQ(status_of(answer), 405);
  EXPECT_EQ(field_of(answer, "Allow"), "GET, HEAD");
  EXPECT_EQ(field_of(ask_admin(gateway, "GET", "/drain"), "Allow"), "POST");
  EXPECT_EQ(body_of(ask_admin(gateway, "HEAD", "/status")), "");
  EXPECT_EQ(admin_json(gateway, "/status")["state"], "running") << "nothing of it did anything";
}

// ---------------------------------------------------------------------------------------------------------------
// Over TCP

std::string ask_port(const Gateway& gateway, const std::string& method, const std::string& target,
                     const std::string& host = "localhost", const std::string& fields = "") {
  Peer peer = connect_to_admin_port(gateway);
  peer.send(method + " " + target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n" + fields +
            "\r\n");
  return peer.read_to_end();
}

TEST(Control, IsReadOnlyOverTcp) {
  Gateway gateway(responding());
  EXPECT_EQ(status_of(ask_port(gateway, "GET", "/status")), 200);
  EXPECT_EQ(status_of(ask_port(gateway, "HEAD", "/status")), 200);
  for (const char* target : {"/stop", "/drain", "/reload", "/plan", "/status", "/nothing"}) {
    const std::string answer = ask_port(gateway, "POST", target);
    EXPECT_EQ(status_of(answer), 405) << target;
    EXPECT_EQ(field_of(answer, "Allow"), "GET, HEAD");
    EXPECT_THAT(error_of(answer), StartsWith("over TCP the admin API is read-only"));
  }
  EXPECT_EQ(status_of(ask_port(gateway, "DELETE", "/tunnels/x")), 405);
  // Not a byte of its body is waited for.
  EXPECT_EQ(status_of(ask_port(gateway, "POST", "/plan", "localhost", "Content-Length: 4000000\r\n")), 405);
  EXPECT_EQ(admin_json(gateway, "/status")["state"], "running");
}

TEST(Control, AnswersNoOtherSite) {
  Gateway gateway(responding());
  EXPECT_EQ(status_of(ask_port(gateway, "GET", "/status", "evil.example")), 403);
  EXPECT_EQ(status_of(ask_port(gateway, "GET", "/status", "localhost", "Origin: https://evil.example\r\n")),
            403);
  EXPECT_EQ(status_of(ask_port(gateway, "GET", "/", "localhost", "Sec-Fetch-Site: cross-site\r\n")), 403);
  EXPECT_EQ(status_of(ask_port(gateway, "GET", "/", "[::1]:9182")), 200);
}

TEST(Control, GuardsWhatItAnswers) {
  Gateway gateway(responding());
  for (const char* target : {"/", "/status", "/nothing"}) {
    const std::string answer = ask_port(gateway, "GET", target);
    EXPECT_EQ(field_of(answer, "Cache-Control"), "no-store") << target;
    EXPECT_EQ(field_of(answer, "X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(field_of(answer, "X-Frame-Options"), "DENY");
    EXPECT_THAT(field_of(answer, "Content-Security-Policy"), StartsWith("default-src 'none';"));
    EXPECT_EQ(field_of(answer, "Access-Control-Allow-Origin"), "");
  }
  EXPECT_EQ(field_of(ask_port(gateway, "GET", "/"), "Content-Type"), "text/html; charset=utf-8");
}

// ---------------------------------------------------------------------------------------------------------------
// Connections

TEST(Control, ReadsBodiesHoweverTheyArrive) {
  Gateway gateway(responding());
  const std::string request =
      admin_request("POST", "/drain", "no body here") + admin_request("GET", "/status");
  Peer peer = connect_to_admin(gateway);
  for (std::size_t cut = 1; cut < request.size(); cut += 7) {
    peer.send(request.substr(0, cut));
    peer.send(request.substr(cut));
    EXPECT_EQ(status_of(peer.read_message()), 400) << "cut at " << cut;
    EXPECT_EQ(status_of(peer.read_message()), 200) << "cut at " << cut;
  }
  peer.send_bytewise(request);
  EXPECT_EQ(status_of(peer.read_message()), 400);
  EXPECT_EQ(status_of(peer.read_message()), 200);
}

TEST(Control, RefusesBodiesThatAreTooLong) {
  Gateway gateway(responding());
  Peer told = connect_to_admin(gateway);
  told.send("POST /drain HTTP/1.1\r\nHost: a\r\nContent-Length: 4194305\r\n\r\n");
  EXPECT_THAT(error_of(told.read_to_end()), StartsWith("the body is longer than 4 MiB"));
  Peer chunked = connect_to_admin(gateway);
  chunked.send("POST /drain HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const std::string piece = chunk(std::string(1024 * 1024, 'x'));
  for (int i = 0; i < 4; ++i) chunked.send(piece);
  chunked.send("1\r\nx");
  EXPECT_EQ(status_of(chunked.read_to_end()), 413);
}

TEST(Control, HoldsAFewConnectionsPerAddress) {
  Gateway gateway(responding());
  std::vector<Peer> peers;
  for (int i = 0; i < 64; ++i) {
    peers.push_back(connect_to_admin_port(gateway));
    peers.back().send(admin_request("GET", "/status"));
    EXPECT_EQ(status_of(peers.back().read_message()), 200);
  }
  connect_to_admin_port(gateway).expect_end();
  EXPECT_EQ(admin_json(gateway, "/status")["state"], "running") << "the unix socket is not shut by them";
}

TEST(Control, MovesWithAReload) {
  Gateway gateway(responding());
  Peer idle = connect_to_admin(gateway);
  idle.send(admin_request("GET", "/status"));
  EXPECT_EQ(status_of(idle.read_message()), 200);
  Peer kept = connect_to_admin_port(gateway);
  kept.send(admin_request("GET", "/status"));
  EXPECT_EQ(status_of(kept.read_message()), 200);
  const std::uint16_t port = gateway.admin_addresses().at(1).port;
  ASSERT_TRUE(
      gateway.reload(responding("admin: { address: [\"127.0.0.1:0\", \"unix:${dir}/moved.sock\"] }\n")));
  idle.expect_end();
  EXPECT_NE(::access((gateway.dir() + "/admin.sock").c_str(), F_OK), 0);
  EXPECT_EQ(gateway.admin_addresses().at(0).port, port) << "the socket that stays is the same";
  kept.send(admin_request("GET", "/status"));
  EXPECT_EQ(status_of(kept.read_message()), 200);
  Peer moved = Peer::connect_unix(gateway.dir() + "/moved.sock");
  moved.send(admin_request("GET", "/config"));
  EXPECT_EQ(status_of(moved.read_message()), 200);
  ASSERT_TRUE(gateway.reload(responding("")));
  moved.expect_end();
  kept.expect_end();
  ASSERT_TRUE(gateway.reload(responding()));
  EXPECT_EQ(admin_json(gateway, "/status")["reload"]["succeeded"], 3);
}

}  // namespace
}  // namespace tidegate::test
