#include "gateway/server/blueprint.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>

#include "gateway/tls/client_context.h"

namespace tidegate::server {
namespace {

/// cgroup v2's cpu.max: "200000 100000", or "max 100000". Zero: no bound, or not told.
double quota_of(const std::string& file) {
  std::ifstream in(file);
  std::string quota;
  double period = 0;
  if (!(in >> quota >> period) || quota == "max" || period <= 0) return 0;
  return std::strtod(quota.c_str(), nullptr) / period;
}

/// The tightest CPU quota of this process's cgroup and those above it.
double cpu_quota() {
  std::ifstream in("/proc/self/cgroup");
  std::string line;
  double quota = 0;
  while (std::getline(in, line)) {
    if (!line.starts_with("0::")) continue;  // cgroup v2 alone
    std::string path = line.substr(3);
    while (true) {
      const double here = quota_of("/sys/fs/cgroup" + path + "/cpu.max");
      if (here > 0) quota = quota > 0 ? std::min(quota, here) : here;
      const std::size_t slash = path.rfind('/');
      if (slash == std::string::npos || path.size() <= 1) break;
      path.resize(slash);
    }
  }
  return quota;
}

}  // namespace

std::shared_ptr<const Blueprint> Blueprint::make(std::shared_ptr<const conf::Config> config,
                                                 Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.errors();
  auto blueprint = std::make_shared<Blueprint>();
  blueprint->config = config;
  blueprint->routes = routing::RouteTable::compile(*config, diagnostics);
  // What the loader complained of already (then there is an error) is not complained of twice.
  const auto names_files = [&](const conf::ListenerTls& tls) {
    return errors_before == 0 ||
           (!tls.certificates.empty() &&
            std::all_of(tls.certificates.begin(), tls.certificates.end(), [](const conf::Certificate& pair) {
              return !pair.certificate.empty() && !pair.private_key.empty();
            }));
  };
  for (const conf::Listener& listener : config->listeners) {
    blueprint->tls.push_back(listener.tls && names_files(*listener.tls)
                                 ? tls::ServerMaterial::load(*listener.tls, listener.name, diagnostics)
                                 : nullptr);
    blueprint->redirects.push_back(
        listener.redirect
            ? routing::Template::compile(listener.redirect->to.value, listener.redirect->to.at, diagnostics)
            : routing::Template());
  }
  for (const conf::Upstream& upstream : config->upstreams) {
    const bool https =
        std::any_of(upstream.servers.begin(), upstream.servers.end(),
                    [](const conf::Server& server) { return server.scheme == conf::Server::Scheme::https; });
    if (https) tls::ClientContext::check(upstream.tls, diagnostics);
    blueprint->sticky_hashes.push_back(
        upstream.sticky && !upstream.sticky->hash.empty()
            ? routing::Template::compile(upstream.sticky->hash.value, upstream.sticky->hash.at, diagnostics)
            : routing::Template());
  }
  if (diagnostics.errors() > errors_before) return nullptr;
  return blueprint;
}

unsigned worker_count(const conf::Config& config) {
  if (config.workers > 0) return config.workers;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  int cores = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
  const double quota = cpu_quota();
  if (quota > 0) cores = std::min(cores, static_cast<int>(std::ceil(quota)));
  return static_cast<unsigned>(std::max(cores, 1));
}

}  // namespace tidegate::server
