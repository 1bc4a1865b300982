#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/model.h"
#include "conf/sites.h"
#include "gateway/base/ip.h"
#include "gateway/base/live_count.h"
#include "gateway/base/log_file.h"
#include "gateway/routing/route_table.h"
#include "gateway/sites/site_table.h"
#include "gateway/sites/zones.h"
#include "gateway/tls/server_context.h"
#include "gateway/upstream/connector.h"
#include "gateway/upstream/on_demand.h"
#include "metrics/slow_handshakes.h"
#include "metrics/tally.h"

namespace tidegate::tunnel {

/// One listener of a snapshot.
struct ListenerSite {
  const conf::Listener* conf = nullptr;
  std::shared_ptr<tls::ServerContext> tls;  ///< null: plain
  routing::Template redirect_to;
  metrics::ListenerCounts* counts = nullptr;
  /// Listeners whose connections come in by the sockets of this one, by the address that they come to.
  std::vector<std::pair<IpAddress, std::size_t>> guests{};
};

/// One upstream of a snapshot.
struct UpstreamSite {
  std::unique_ptr<upstream::Connector> connector;
  routing::Template sticky_hash;
};

/// Access logs by their path.
using SiteLogs = std::map<std::string, std::shared_ptr<LogFile>, std::less<>>;

/// A configuration as one worker runs it: the shared, immutable part and the worker's own upstream
/// connections and TLS contexts. Connections take a shared_ptr to it once, when they are accepted.
struct Snapshot {
  std::shared_ptr<const conf::Config> config;
  std::shared_ptr<const routing::RouteTable> routes;
  std::vector<ListenerSite> listeners;  ///< as in config->listeners
  std::vector<UpstreamSite> upstreams;  ///< as in config->upstreams
  std::vector<UpstreamSite*> by_route;  ///< as in config->routes; null: the route names no upstream
  std::vector<metrics::RouteCounts*> route_counts;  ///< as in config->routes
  /// By route: tunnels through it and handshakes that may become one, of every worker and configuration.
  std::vector<std::shared_ptr<LiveCount>> route_tunnels;
  LiveCount* tunnels = nullptr;   ///< likewise, of the whole process; outlives the snapshot
  std::uint64_t max_tunnels = 0;  ///< of the whole process; 0: no limit

  // Of an nginx configuration only; null and empty otherwise.

  std::shared_ptr<const sites::SiteTable> sites;
  sites::Zones* zones = nullptr;                      ///< the process's; outlive the snapshot
  std::map<std::string_view, UpstreamSite*> by_name;  ///< of `upstreams`
  std::unique_ptr<upstream::OnDemand> on_demand;      ///< servers that only requests name
  /// Of proxy_passes with variables that may come to https: what they speak to servers that `on_demand`
  /// finds.
  std::map<const conf::ProxyPass*, std::shared_ptr<tls::ClientContext>> variable_tls;
  std::shared_ptr<const SiteLogs> site_logs;  ///< access logs by their path

  metrics::SlowHandshakes* slow_handshakes = nullptr;  ///< the worker's; outlives the snapshot
  metrics::Tally* tally = nullptr;  ///< the worker's, where the counts above are; outlives the snapshot

  /// Null is a request that no route matched.
  metrics::RouteCounts& counts_of(const routing::CompiledRoute* route) const {
    return route != nullptr ? *route_counts[route->index] : tally->no_route();
  }
};

}  // namespace tidegate::tunnel
