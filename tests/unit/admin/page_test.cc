// docs/reference/admin-api.md and the answers have the same members.
#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

#include "gateway/admin/control_json.h"
#include "gateway/admin/frame_stream.h"
#include "gateway/admin/route_json.h"
#include "gateway/admin/status_json.h"
#include "gateway/admin/upstreams_json.h"

namespace tidegate::admin {
namespace {

using namespace std::chrono_literals;

/// The first JSON block under a heading.
Json on_page(const std::string& heading) {
  std::ifstream in(TIDEGATE_SOURCE_DIR "/docs/reference/admin-api.md");
  EXPECT_TRUE(in);
  std::stringstream text;
  text << in.rdbuf();
  const std::string page = text.str();
  const std::size_t section = page.find("\n## " + heading + "\n");
  EXPECT_NE(section, std::string::npos) << heading;
  const std::size_t begin = page.find("```json\n", section) + 8;
  Json json = Json::parse(page.substr(begin, page.find("```", begin) - begin), nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << heading;
  return json;
}

void collect(const Json& json, const std::string& path, std::set<std::string>& out) {
  if (json.is_array()) {
    for (const Json& item : json) collect(item, path + "[]", out);
  } else if (json.is_object()) {
    for (const auto& [name, value] : json.items()) collect(value, path + "." + name, out);
  } else {
    out.insert(path);
  }
}

/// Every member's path, as ".workers[].index".
std::set<std::string> members_of(const Json& json) {
  std::set<std::string> paths;
  collect(json, "", paths);
  return paths;
}

conf::Config sample_config() {
  conf::Config config;
  config.listeners.resize(1);
  config.listeners[0].name = "https";
  config.listeners[0].tls.emplace();
  config.upstreams.resize(1);
  config.upstreams[0].name = "chat";
  config.upstreams[0].servers.resize(1);
  config.upstreams[0].servers[0].text = "http://chat-1:3000";
  config.routes.resize(1);
  config.routes[0].name = "chat";
  config.routes[0].hosts = {"chat.example.com"};
  config.routes[0].upstream.value = "chat";
  return config;
}

metrics::Report sample_report() {
  metrics::Report report;
  metrics::WorkerSample& worker = report.workers.emplace_back();
  metrics::RouteCounts& route = worker.tally.route("chat", "chat");
  route.tunnels_active = 2;
  route.tunnels_opened = 5;
  route.tunnels_closed[1][2] = 3;
  route.traffic.bytes = {70, 80};
  route.traffic.messages = {{{4, 5, 100, 100}, {6, 7, 100, 100}}};
  metrics::ListenerCounts& listener = worker.tally.listener("https");
  listener.connections = 9;
  listener.active = 4;
  listener.request(route, "GET", 200);
  listener.request(route, "POST", 404);
  worker.tunnels = 2;
  worker.slowest_handshakes.emplace_back();
  report.servers.push_back({"chat", "http://chat-1:3000", false, 2});
  report.certificates.push_back({"https", "example.com", 86400 * 3 - 1});
  report.reloads = {3, 1, false, 7s};
  return report;
}

Json sample_status(std::optional<server::DrainProgress> drain = {}) {
  const conf::Config config = sample_config();
  const std::vector<net::SocketAddress> addresses = {
      {.ip = *IpAddress::parse("::1"), .port = 8443, .unix_path = ""}};
  return status_json({.version = "1",
                      .pid = 1,
                      .config_file = "/t.yaml",
                      .drain = drain,
                      .started_at = {},
                      .now = std::chrono::system_clock::time_point(86400s),
                      .state = StatusFacts::State::running,
                      .config = config,
                      .addresses = addresses,
                      .last_errors = {{{}, log::Level::error, "upstream", "it failed", "0123456789abcdef"}}},
                     sample_report());
}

TEST(AdminPage, ShowsEveryMemberOfStatus) {
  EXPECT_EQ(members_of(sample_status()), members_of(on_page("GET /status")));
  const Json draining = sample_status(server::DrainProgress{{}, {}, 5, 2})["drain"];
  EXPECT_EQ(
      to_text(draining),
      "{\"began_at\":\"1970-01-01T00:00:00.000Z\",\"deadline_at\":\"1970-01-01T00:00:00.000Z\",\"initial\":5,"
      "\"remaining\":2}");
}

TEST(AdminPage, ShowsEveryMemberOfTheOthers) {
  EXPECT_EQ(members_of(routes_json(sample_config(), metrics::Sums(sample_report()))),
            members_of(on_page("GET /routes")));
  EXPECT_EQ(members_of(upstreams_json(sample_config(), sample_report())),
            members_of(on_page("GET /upstreams")));
  EXPECT_EQ(members_of(tunnels_json({1, {tunnel::TunnelInfo{}}})), members_of(on_page("GET /tunnels")));
  server::ReloadResult result;
  result.differences.emplace_back();
  result.diagnostics.warning({"a.yaml", 1, 2}, "b");
  EXPECT_EQ(members_of(reload_json(result)), members_of(on_page("POST /reload and POST /plan")));
}

TEST(AdminPage, ShowsEveryMemberOfAFrame) {
  tunnel::FrameEvent frame;
  EXPECT_EQ(members_of(frame_json(frame)), members_of(on_page("GET /tunnels/{id}/frames")));
  frame.frame.opcode = websocket::Opcode::close;
  frame.frame.close_code = 1001;
  frame.from_gateway = true;
  EXPECT_EQ(to_text(frame_json(frame)),
            "{\"at\":\"1970-01-01T00:00:00.000000Z\",\"direction\":\"to_upstream\",\"opcode\":\"close\","
            "\"fin\":true,"
            "\"rsv\":0,\"masked\":false,\"length\":0,\"code\":1001,\"from_gateway\":true}");
}

TEST(Status, AddsUp) {
  const Json status = sample_status();
  EXPECT_EQ(to_text(status["tunnels"]), "{\"active\":2,\"opened\":5,\"closed\":3,\"limit\":null}");
  EXPECT_EQ(to_text(status["connections"]), "{\"active\":4,\"total\":9}");
  EXPECT_EQ(status["requests"], 2);
  EXPECT_EQ(to_text(status["messages"]), "{\"to_upstream\":9,\"to_client\":13}");
  EXPECT_EQ(to_text(status["bytes"]), "{\"to_upstream\":70,\"to_client\":80}");
  EXPECT_EQ(status["uptime_seconds"], 86400.0);
  EXPECT_EQ(status["certificates"][0]["not_after"], "1970-01-03T23:59:59Z");
  EXPECT_EQ(status["certificates"][0]["days_left"], 1);
  EXPECT_EQ(
      to_text(status["reload"]),
      "{\"succeeded\":3,\"failed\":1,\"last_succeeded\":false,\"last_success_at\":\"1970-01-01T00:00:07Z\"}");
  EXPECT_EQ(status["listeners"][0]["address"], "[::1]:8443");
}

TEST(Routes, HaveTheirCounts) {
  const Json route = routes_json(sample_config(), metrics::Sums(sample_report()))[0];
  EXPECT_EQ(route["requests"], 2);
  EXPECT_EQ(to_text(route["tunnels"]), "{\"active\":2,\"opened\":5}");
  EXPECT_EQ(route["action"], "upstream");
  conf::Config config = sample_config();
  config.routes[0].upstream = {};
  config.routes[0].respond.emplace();
  EXPECT_EQ(routes_json(config, metrics::Sums(metrics::Report{}))[0]["action"], "respond");
  EXPECT_TRUE(routes_json(config, metrics::Sums(metrics::Report{}))[0]["upstream"].is_null());
}

}  // namespace
}  // namespace tidegate::admin
