#include "gateway/server/blueprint.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/routing/regex.h"
#include "gateway/server/cgroup.h"
#include "gateway/tls/client_context.h"

namespace tidegate::server {
namespace {

/// For names of virtual servers that are regexes. nginx compares them without regard to case where a capital
/// stands in them, since names come in lower case.
tls::NameMatcher make_matcher(const std::string& regex, const Position& at, Diagnostics& diagnostics) {
  const bool capitals = regex.find_first_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos;
  routing::Regex::Failure failure;
  std::shared_ptr<const routing::Regex> compiled =
      routing::Regex::compile(capitals && !regex.starts_with("(*") ? "(?i)" + regex : regex, failure);
  if (compiled == nullptr) {
    diagnostics.error(at, "server name \"~" + regex + "\": " + failure.message);
    return {};
  }
  return [compiled](std::string_view name) { return compiled->matches(name); };
}

}  // namespace

std::shared_ptr<const Blueprint> Blueprint::make(std::shared_ptr<const conf::Config> config,
                                                 Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.errors();
  auto blueprint = std::make_shared<Blueprint>();
  blueprint->config = config;
  blueprint->routes = routing::RouteTable::compile(*config, diagnostics);
  if (config->sites != nullptr) blueprint->sites = sites::SiteTable::compile(*config, diagnostics);
  // What the loader complained of already (then there is an error) is not complained of twice.
  const auto names_files = [&](const conf::ListenerTls& tls) {
    return errors_before == 0 || tls.reject_handshake ||
           (!tls.certificates.empty() &&
            std::all_of(tls.certificates.begin(), tls.certificates.end(), [](const conf::Certificate& pair) {
              return !pair.certificate.empty() && !pair.private_key.empty();
            }));
  };
  for (const conf::Listener& listener : config->listeners) {
    blueprint->tls.push_back(
        listener.tls && names_files(*listener.tls)
            ? tls::ServerMaterial::load(*listener.tls, listener.name, diagnostics, make_matcher)
            : nullptr);
    blueprint->redirects.push_back(
        listener.redirect
            ? routing::Template::compile(listener.redirect->to.value, listener.redirect->to.at, diagnostics)
            : routing::Template());
  }
  for (const conf::Upstream& upstream : config->upstreams) {
    blueprint->sticky_hashes.push_back(
        upstream.sticky && !upstream.sticky->hash.empty()
            ? routing::Template::compile(upstream.sticky->hash.value, upstream.sticky->hash.at, diagnostics)
            : routing::Template());
  }
  blueprint->load_upstream_tls(diagnostics);
  if (diagnostics.errors() > errors_before) return nullptr;
  return blueprint;
}

/// Here, since a worker may have no right to read a private key.
void Blueprint::load_upstream_tls(Diagnostics& diagnostics) {
  for (const conf::Upstream& upstream : config->upstreams) {
    const bool https =
        std::any_of(upstream.servers.begin(), upstream.servers.end(),
                    [](const conf::Server& server) { return server.scheme == conf::Server::Scheme::https; });
    upstream_tls.push_back(https ? tls::ClientMaterial::load(upstream.tls, diagnostics) : nullptr);
  }
  if (config->sites == nullptr) return;
  std::vector<const conf::UpstreamTls*> known;
  for (const conf::VirtualServer& site : config->sites->servers) {
    for (const conf::Location& location : site.locations) {
      if (!location.proxy || !location.proxy->upstream.empty()) continue;
      const std::string_view target = location.proxy->target.value;
      if (iequals(target.substr(0, 7), "http://")) continue;  // whatever its variables say
      const conf::UpstreamTls& wanted = location.proxy->tls;
      const auto found = std::find_if(known.begin(), known.end(),
                                      [&wanted](const conf::UpstreamTls* other) { return *other == wanted; });
      variable_tls_of[&*location.proxy] = static_cast<std::size_t>(found - known.begin());
      if (found != known.end()) continue;
      known.push_back(&wanted);
      variable_tls.push_back(tls::ClientMaterial::load(wanted, diagnostics));
    }
  }
}

unsigned worker_count(const conf::Config& config) {
  if (config.workers > 0) return config.workers;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  int cores = sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 1;
  if (const auto quota = cgroup::cpu_quota()) cores = std::min(cores, static_cast<int>(std::ceil(*quota)));
  return static_cast<unsigned>(std::clamp(cores, 1, 256));  // an id has eight bits for its worker
}

}  // namespace tidegate::server
