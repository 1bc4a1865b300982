#include "gateway/admin/upstreams_json.h"

#include <map>
#include <string_view>
#include <utility>

#include "gateway/admin/config_json.h"
#include "gateway/admin/route_json.h"

namespace tidegate::admin {

Json upstreams_json(const conf::Config& config, const metrics::Report& report) {
  std::map<std::pair<std::string_view, std::string_view>, const metrics::ServerSample*> samples;
  for (const metrics::ServerSample& sample : report.servers)
    samples[{sample.upstream, sample.server}] = &sample;
  Json list = Json::array();
  for (const conf::Upstream& upstream : config.upstreams) {
    Json servers = Json::array();
    for (const conf::Server& server : upstream.servers) {
      const metrics::ServerSample* sample = samples[{upstream.name, server.text}];
      if (sample == nullptr) continue;  // the report is of a configuration that came before
      servers.push_back({{"address", without_user(server.text)},
                         {"weight", server.weight},
                         {"configured_weight", server.weight},
                         {"backup", server.backup},
                         {"state", "up"},
                         {"reachable", sample->up},
                         {"tunnels", sample->tunnels},
                         {"max_tunnels", nullptr}});
    }
    list.push_back({{"name", upstream.name}, {"balance", word(upstream.balance)}, {"servers", servers}});
  }
  return list;
}

}  // namespace tidegate::admin
