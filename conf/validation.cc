#include "conf/validation.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conf/names.h"
#include "gateway/base/text.h"

namespace tidegate::conf {
namespace {

template <typename T>
std::vector<std::string_view> names_of(const std::vector<T>& items) {
  std::vector<std::string_view> names;
  for (const T& item : items) names.push_back(item.name);
  return names;
}

/// An error unless `name` is one of `names`.
void check_reference(const Text& name, std::string_view what, const std::vector<std::string_view>& names,
                     Diagnostics& diagnostics) {
  if (name.empty() || std::find(names.begin(), names.end(), name.value) != names.end()) return;
  std::string message = "no " + std::string(what) + " is named " + in_quotes(name.value);
  const std::string_view near = nearest(name.value, names);
  if (!near.empty()) {
    message += "; did you mean " + in_quotes(near) + "?";
  } else if (names.empty()) {
    message += "; add it under " + std::string(what) + "s";
  } else {
    message += "; there is " + all_of(names);
  }
  diagnostics.error(name.at, std::move(message));
}

/// What two listeners cannot both have. ":80" takes the port on every address, as 0.0.0.0 and :: do.
bool same_socket(const ListenAddress& a, const ListenAddress& b) {
  if (!a.unix_path.empty() || !b.unix_path.empty()) return a.unix_path == b.unix_path;
  if (a.port != b.port || a.port == 0) return false;
  const auto any = [](const std::string& host) { return host == "0.0.0.0" || host == "::"; };
  return a.host == b.host || (a.host.empty() && any(b.host)) || (b.host.empty() && any(a.host));
}

/// Who accepts at an address, in the words of a complaint.
struct Entrance {
  const ListenAddress* address;
  std::string name;
};

std::vector<Entrance> entrances_of(const Config& config) {
  std::vector<Entrance> all;
  for (const Listener& listener : config.listeners) {
    all.push_back({&listener.address, "listener " + in_quotes(listener.name)});
  }
  const auto process = [&all](const ListenAddress& address, std::string_view key) {
    all.push_back({&address, in_quotes(key)});
  };
  if (config.metrics) process(*config.metrics, "metrics");
  for (const ListenAddress& address : config.admin) process(address, "admin");
  std::erase_if(all, [](const Entrance& entrance) { return entrance.address->text.empty(); });  // reported
  return all;
}

void check_proxies(const Config& config, Diagnostics& diagnostics) {
  for (const Listener& listener : config.listeners) {
    const bool from_some = listener.proxy_protocol && !listener.proxy_protocol_from_all;
    if (!from_some || !config.trusted_proxies.empty() || !listener.address.unix_path.empty()) continue;
    diagnostics.error(listener.at, "listener " + in_quotes(listener.name) +
                                       " takes connections from trusted_proxies alone, since its "
                                       "proxy_protocol is true, and there are none; write trusted_proxies: "
                                       "[10.0.0.0/8]");
  }
}

void check_addresses(const Config& config, Diagnostics& diagnostics) {
  const std::vector<Entrance> all = entrances_of(config);
  for (auto entrance = all.begin(); entrance != all.end(); ++entrance) {
    const auto first = std::find_if(all.begin(), entrance, [&](const Entrance& other) {
      return same_socket(*other.address, *entrance->address);
    });
    if (first == entrance) continue;
    diagnostics.error(entrance->address->at, entrance->name + " has the address of " + first->name +
                                                 " in line " + std::to_string(first->address->at.line) +
                                                 "; choose another port or address");
  }
}

/// Everything but the host that chooses a route, in one form however it was written.
std::string fingerprint(const Route& route) {
  const auto field = [](std::string_view text) {
    return std::to_string(text.size()) + ":" + std::string(text);
  };
  const auto pairs = [&](std::vector<std::pair<std::string, std::string>> list, bool fold) {
    std::string out = std::to_string(list.size()) + "{";
    for (auto& [name, value] : list) {
      if (fold) name = to_lower(name);
    }
    std::sort(list.begin(), list.end());
    for (const auto& [name, value] : list) out += field(name) + field(value);
    return out + "}";
  };
  std::set<std::string_view> methods(route.match.methods.begin(), route.match.methods.end());
  std::string out = std::to_string(static_cast<int>(route.path.kind)) + field(route.path.text.value) +
                    field(route.match.listener.value) + std::to_string(methods.size());
  for (const std::string_view method : methods) out += field(method);
  return out + pairs(route.match.headers, true) + pairs(route.match.query, false) +
         field(route.match.subprotocol);
}

/// Of two routes with the same host, path and match the second would never see a request.
void check_routes(const Config& config, Diagnostics& diagnostics) {
  std::map<std::string, const Route*> seen;
  for (const Route& route : config.routes) {
    const std::string rest = fingerprint(route);
    const std::vector<std::string> every_host = {""};
    for (const std::string& host : route.hosts.empty() ? every_host : route.hosts) {
      const auto [first, added] = seen.try_emplace(host + "/" + rest, &route);
      if (added) continue;
      diagnostics.error(route.at,
                        "the route in line " + std::to_string(first->second->at.line) + " has the same host" +
                            (host.empty() ? "" : " (" + host + ")") +
                            ", path and match, so that this one is never used; change or remove one");
      break;
    }
  }
}

void check_references(const Config& config, Diagnostics& diagnostics) {
  const auto listeners = names_of(config.listeners);
  const auto upstreams = names_of(config.upstreams);
  std::set<std::string_view> used;
  for (const Route& route : config.routes) {
    check_reference(route.match.listener, "listener", listeners, diagnostics);
    check_reference(route.upstream, "upstream", upstreams, diagnostics);
    used.insert(route.upstream.value);
  }
  for (const Upstream& upstream : config.upstreams) {
    if (used.contains(upstream.name)) continue;
    diagnostics.warning(upstream.at, "no route uses the upstream " + in_quotes(upstream.name) +
                                         "; remove it, or name it in "
                                         "a route");
  }
}

}  // namespace

void validate(const Config& config, Diagnostics& diagnostics) {
  check_addresses(config, diagnostics);
  check_proxies(config, diagnostics);
  check_references(config, diagnostics);
  check_routes(config, diagnostics);
}

}  // namespace tidegate::conf
