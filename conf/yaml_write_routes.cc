#include <algorithm>
#include <utility>

#include "conf/route_names.h"
#include "conf/yaml_write_sections.h"

namespace tidegate::conf::yaml {
namespace {

/// Which routes must say their names: not those that get them anyway.
std::vector<bool> named_routes(const std::vector<Route>& routes) {
  std::vector<bool> named(routes.size(), false);
  for (bool changed = true; changed;) {
    std::vector<Route> bare = routes;
    for (std::size_t i = 0; i < bare.size(); ++i) {
      if (!named[i]) bare[i].name.clear();
    }
    name_routes(bare);
    changed = false;
    for (std::size_t i = 0; i < bare.size(); ++i) {
      if (bare[i].name == routes[i].name || named[i] || routes[i].name.empty()) continue;
      named[i] = changed = true;
    }
  }
  return named;
}

Writing path_of(const PathMatch& path) {
  if (path.kind == PathMatch::Kind::prefix && !path.before_regex) return Writing::text(path.text.value);
  Writing map = Writing::map();
  if (path.kind == PathMatch::Kind::exact) {
    map.add("exact", Writing::text(path.text.value));
  } else if (path.kind == PathMatch::Kind::regex) {
    map.add("regex", Writing::text(path.text.value));
  } else {
    map.add("prefix", Writing::text(path.text.value));
    map.add("before_regex", boolean(true));
  }
  return map;
}

Writing pairs(const std::vector<std::pair<std::string, std::string>>& values) {
  Writing map = Writing::map();
  for (const auto& [name, value] : values) map.add(name, Writing::text(value));
  return map;
}

Writing match_of(const Match& match) {
  Writing map = Writing::map();
  if (!match.listener.empty()) map.add("listener", Writing::text(match.listener.value));
  if (!match.methods.empty()) map.add("methods", texts(match.methods));
  if (!match.headers.empty()) map.add("headers", pairs(match.headers));
  if (!match.query.empty()) map.add("query", pairs(match.query));
  if (!match.subprotocol.empty()) map.add("subprotocol", Writing::text(match.subprotocol));
  return map;
}

Writing respond_of(const Respond& respond) {
  static const Respond kUsual;
  Writing map = Writing::map();
  if (respond.status != kUsual.status || respond.body.empty()) {
    map.add("status", number(static_cast<std::uint64_t>(respond.status)));
  }
  if (!respond.body.empty()) map.add("body", Writing::text(respond.body.value));
  if (respond.content_type != kUsual.content_type) {
    map.add("content_type", Writing::text(respond.content_type));
  }
  return map;
}

Writing headers_of(const HeaderRules& rules) {
  Writing map = Writing::map();
  Writing set = Writing::map();
  for (const auto& [name, value] : rules.set) set.add(name, Writing::text(value.value));
  if (!set.empty()) map.add("set", std::move(set));
  if (!rules.remove.empty()) map.add("remove", texts(rules.remove));
  return map;
}

Writing timeouts_of(const RouteTimeouts& timeouts, const RouteTimeouts& inherited) {
  Writing map = Writing::map();
  if (timeouts.connect != inherited.connect) map.add("connect", duration(timeouts.connect));
  if (timeouts.response != inherited.response) map.add("response", duration(timeouts.response));
  if (timeouts.send != inherited.send) map.add("send", duration(timeouts.send));
  if (timeouts.body != inherited.body) map.add("body", duration(timeouts.body));
  return map;
}

void add_some(Writing& map, std::string key, Writing value) {
  if (!value.empty()) map.add(std::move(key), std::move(value));
}

void add_action(Writing& map, const Route& route) {
  if (route.respond) {
    map.add("respond", respond_of(*route.respond));
  } else if (route.redirect) {
    map.add("redirect", redirect(*route.redirect, true));
  } else {
    map.add("upstream", Writing::text(route.upstream.value));
  }
}

Writing route_of(const Config& config, const Inherited& inherited, const Route& route, bool named) {
  Writing map = Writing::map();
  if (named) map.add("name", Writing::text(route.name));
  if (route.hosts.size() == 1) map.add("host", Writing::text(route.hosts.front()));
  if (route.hosts.size() > 1) map.add("host", texts(route.hosts));
  map.add("path", path_of(route.path));
  add_some(map, "match", match_of(route.match));
  add_action(map, route);
  if (route.rewrite) {
    map.add("rewrite", Writing::map().add("strip_prefix", Writing::text(route.rewrite->strip_prefix)));
  }
  add_some(map, "request_headers", headers_of(route.request_headers));
  add_some(map, "response_headers", headers_of(route.response_headers));
  if (!route.respond && !route.redirect) {
    add_some(map, "websocket", websocket(route.websocket, inherited.websocket));
  }
  add_some(map, "timeouts", timeouts_of(route.timeouts, config.timeouts.route));
  if (route.max_body_bytes != config.limits.body_bytes) {
    map.add("limits", Writing::map().add("body", size_or_none(route.max_body_bytes)));
  }
  if (route.allow_underscores != inherited.allow_underscores) {
    map.add("underscores", Writing::word(route.allow_underscores ? "allow" : "drop"));
  }
  return map;
}

}  // namespace

Inherited inherited_by_routes(const Config& config) {
  Inherited inherited;
  const auto& routes = config.routes;
  const bool any_origin = std::any_of(routes.begin(), routes.end(),
                                      [](const Route& route) { return route.websocket.origins.empty(); });
  std::size_t most = 0;
  std::size_t allowing = 0;
  for (const Route& route : routes) {
    allowing += route.allow_underscores ? 1 : 0;
    // "Every origin" cannot be said again once there are some.
    if (any_origin && !route.websocket.origins.empty()) continue;
    const auto equal =
        static_cast<std::size_t>(std::count_if(routes.begin(), routes.end(), [&](const Route& other) {
          return other.websocket == route.websocket;
        }));
    // A route without an upstream cannot say anything of its own.
    const std::size_t weight = route.upstream.empty()
                                   ? 2 * routes.size() + 2
                                   : 2 * equal + (route.websocket == WebSocketRules{} ? 1 : 0);
    if (weight <= most) continue;
    most = weight;
    inherited.websocket = route.websocket;
  }
  inherited.allow_underscores = allowing * 2 > routes.size();
  return inherited;
}

Writing routes(const Config& config, const Inherited& inherited, const YamlNotes& notes) {
  const std::vector<bool> named = named_routes(config.routes);
  Writing list = Writing::list();
  list.spread();
  const auto above = [&notes](std::size_t i) {
    const auto found = notes.above.find("routes[" + std::to_string(i) + "]");
    return found != notes.above.end() ? found->second : std::vector<std::string>();
  };
  for (std::size_t i = 0; i < config.routes.size(); ++i) {
    Writing route = route_of(config, inherited, config.routes[i], named[i]);
    if (!notes.one_line.contains(i)) route.spread();
    list.add(std::move(route.comment(above(i))));
  }
  list.end_comment(above(config.routes.size()));
  return list;
}

}  // namespace tidegate::conf::yaml
