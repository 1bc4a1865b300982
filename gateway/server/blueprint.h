#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <vector>

#include "conf/model.h"
#include "conf/sites.h"
#include "gateway/base/diagnostic.h"
#include "gateway/routing/route_table.h"
#include "gateway/sites/site_table.h"
#include "gateway/tls/client_context.h"
#include "gateway/tls/server_context.h"

namespace tidegate::server {

/// A configuration checked and compiled as far as all workers can share it: regexes, templates, certificates.
/// Immutable.
struct Blueprint {
  std::shared_ptr<const conf::Config> config;
  std::shared_ptr<const routing::RouteTable> routes;
  std::shared_ptr<const sites::SiteTable> sites;  ///< of an nginx configuration; null: it is none
  std::vector<std::shared_ptr<const tls::ServerMaterial>> tls;           ///< by listener; null: plain
  std::vector<std::shared_ptr<const tls::ClientMaterial>> upstream_tls;  ///< by upstream; null: plain
  /// Of proxy_passes with variables that may come to https: each TLS that they have, and who has which.
  std::vector<std::shared_ptr<const tls::ClientMaterial>> variable_tls;
  std::map<const conf::ProxyPass*, std::size_t> variable_tls_of;
  std::vector<routing::Template> redirects;      ///< by listener
  std::vector<routing::Template> sticky_hashes;  ///< by upstream

  /// Null if anything is wrong; every complaint is in `diagnostics`, which may hold errors of the loader
  /// already. Opens no socket: `tidegate check` is this.
  static std::shared_ptr<const Blueprint> make(std::shared_ptr<const conf::Config> config,
                                               Diagnostics& diagnostics);

 private:
  void load_upstream_tls(Diagnostics& diagnostics);
};

/// The number of workers: as configured, or the cores that this process may use (sched_getaffinity), bounded
/// by the cgroup's CPU quota.
unsigned worker_count(const conf::Config& config);

}  // namespace tidegate::server
