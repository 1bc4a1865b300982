#include "gateway/admin/upstreams_json.h"
#include "gateway/base/text.h"

#include <algorithm>

#include "gateway/admin/config_json.h"
#include "gateway/admin/route_json.h"

namespace tidegate::admin {
namespace {

Json server_json(const conf::Server& server, const metrics::ServerSample& sample) {
  return {{"address", without_user(server.text)},
          {"weight", sample.weight},
          {"configured_weight", sample.configured_weight},
          {"backup", server.backup},
          {"state", sample.drained ? "drain" : "up"},
          {"reachable", sample.up},
          {"tunnels", sample.tunnels},
          {"max_tunnels", server.max_tunnels == 0 ? Json() : Json(server.max_tunnels)}};
}

Json servers_json(const conf::Upstream& upstream, const metrics::Report& report) {
  Json list = Json::array();
  for (const conf::Server& server : upstream.servers) {
    const auto sample = std::find_if(
        report.servers.begin(), report.servers.end(), [&](const metrics::ServerSample& candidate) {
          return candidate.upstream == upstream.name && candidate.server == server.text;
        });
    // None: the report is of a configuration that came before.
    if (sample != report.servers.end()) list.push_back(server_json(server, *sample));
  }
  return list;
}

}  // namespace

Json upstreams_json(const conf::Config& config, const metrics::Report& report) {
  Json list = Json::array();
  for (const conf::Upstream& upstream : config.upstreams) {
    list.push_back({{"name", upstream.name},
                    {"balance", word(upstream.balance)},
                    {"servers", servers_json(upstream, report)}});
  }
  return list;
}

Json server_json(const conf::Config& config, const metrics::Report& report, const std::string& upstream,
                 const std::string& server) {
  for (const Json& candidate : upstreams_json(config, report)) {
    if (candidate["name"] != upstream) continue;
    for (const Json& one : candidate["servers"]) {
      if (one["address"] == without_user(server)) return one;
    }
  }
  return nullptr;
}

}  // namespace tidegate::admin
