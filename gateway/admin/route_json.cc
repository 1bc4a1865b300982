#include "gateway/admin/route_json.h"

#include <utility>
#include <vector>

#include "gateway/admin/config_json.h"
#include "gateway/admin/traffic_json.h"
#include "gateway/base/text.h"
#include "gateway/base/units.h"

namespace tidegate::admin {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

const char* word(conf::PathMatch::Kind kind) {
  switch (kind) {
    case conf::PathMatch::Kind::prefix:
      return "prefix";
    case conf::PathMatch::Kind::exact:
      return "exact";
    case conf::PathMatch::Kind::regex:
      return "regex";
  }
  return "";
}

Json path_json(const conf::PathMatch& path) {
  Json json = {{word(path.kind), path.text.value}};
  if (path.before_regex) json["before_regex"] = true;
  return json;
}

bool is_name_byte(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// "$a", "${a}$b", and nothing else: it holds no secret of its own.
bool is_made_of_variables(std::string_view text) {
  while (!text.empty()) {
    if (text.front() != '$') return false;
    text.remove_prefix(1);
    const bool braced = text.starts_with('{');
    if (braced) text.remove_prefix(1);
    std::size_t name = 0;
    while (name < text.size() && is_name_byte(text[name])) ++name;
    if (name == 0 || (braced && (name == text.size() || text[name] != '}'))) return false;
    text.remove_prefix(name + (braced ? 1 : 0));
  }
  return true;
}

Json secret_values(const Pairs& pairs) {
  Json json = Json::object();
  for (const auto& [name, value] : pairs) json[name] = kSecret;
  return json;
}

Json match_json(const conf::Match& match) {
  Json json = Json::object();
  if (!match.listener.empty()) json["listener"] = match.listener.value;
  if (!match.methods.empty()) json["methods"] = match.methods;
  if (!match.headers.empty()) json["headers"] = secret_values(match.headers);
  if (!match.query.empty()) json["query"] = secret_values(match.query);
  if (!match.subprotocol.empty()) json["subprotocol"] = match.subprotocol;
  return json;
}

/// What a response sets, every client sees; what a request sets may open an upstream's door.
Json rules_json(const conf::HeaderRules& rules, bool secret) {
  Json json = Json::object();
  for (const auto& [name, value] : rules.set) {
    json["set"][name] = secret && !is_made_of_variables(value.value) ? std::string(kSecret) : value.value;
  }
  if (!rules.remove.empty()) json["remove"] = rules.remove;
  return json;
}

Json websocket_json(const conf::WebSocketRules& rules) {
  Json json = {{"idle_timeout", format_duration(rules.idle_timeout)},
               {"ping_interval", format_duration(rules.ping_interval)},
               {"max_message", size_or_none(rules.max_message_bytes)},
               {"max_lifetime", format_duration(rules.max_lifetime)}};
  if (rules.max_tunnels > 0) json["max_tunnels"] = rules.max_tunnels;
  for (const conf::Text& origin : rules.origins) json["origins"].push_back(origin.value);
  return json;
}

const char* action_of(const conf::Route& route) {
  if (route.respond) return "respond";
  return route.redirect ? "redirect" : "upstream";
}

}  // namespace

std::string size_or_none(std::uint64_t bytes) {
  return bytes == 0 ? "none" : format_size(bytes);
}

const char* word(conf::Upstream::Balance balance) {
  switch (balance) {
    case conf::Upstream::Balance::round_robin:
      return "round_robin";
    case conf::Upstream::Balance::least_tunnels:
      return "least_tunnels";
    case conf::Upstream::Balance::random:
      return "random";
    case conf::Upstream::Balance::least_connections:
      return "least_connections";
    case conf::Upstream::Balance::random_two:
      return "random_two";
    case conf::Upstream::Balance::ip_hash:
      return "ip_hash";
    case conf::Upstream::Balance::hash:
      return "hash";
    case conf::Upstream::Balance::consistent_hash:
      return "consistent_hash";
  }
  return "";
}

Json redirect_json(const conf::Redirect& redirect) {
  return {{"status", redirect.status}, {"to", without_user(redirect.to.value)}};
}

Json timeouts_json(const conf::RouteTimeouts& timeouts) {
  return {{"connect", format_duration(timeouts.connect)},
          {"response", format_duration(timeouts.response)},
          {"send", format_duration(timeouts.send)},
          {"body", format_duration(timeouts.body)}};
}

Json route_config_json(const conf::Route& route) {
  Json json = {{"name", route.name}};
  if (!route.hosts.empty()) json["host"] = route.hosts;
  json["path"] = path_json(route.path);
  if (Json match = match_json(route.match); !match.empty()) json["match"] = std::move(match);
  if (!route.upstream.empty()) json["upstream"] = route.upstream.value;
  if (route.respond) {
    json["respond"] = {{"status", route.respond->status},
                       {"body", route.respond->body.value},
                       {"content_type", route.respond->content_type}};
  }
  if (route.redirect) json["redirect"] = redirect_json(*route.redirect);
  if (route.rewrite) json["rewrite"] = {{"strip_prefix", route.rewrite->strip_prefix}};
  if (Json rules = rules_json(route.request_headers, true); !rules.empty())
    json["request_headers"] = std::move(rules);
  if (Json rules = rules_json(route.response_headers, false); !rules.empty())
    json["response_headers"] = std::move(rules);
  if (!route.upstream.empty()) json["websocket"] = websocket_json(route.websocket);
  json["timeouts"] = timeouts_json(route.timeouts);
  json["limits"] = {{"body", size_or_none(route.max_body_bytes)}};
  json["underscores"] = route.allow_underscores ? "allow" : "drop";
  return json;
}

Json routes_json(const conf::Config& config, const metrics::Sums& sums) {
  std::map<std::string_view, std::uint64_t> requests;
  for (const auto& [key, count] : sums.requests) requests[std::get<1>(key)] += count;
  Json list = Json::array();
  for (const conf::Route& route : config.routes) {
    static const metrics::RouteCounts kNone;
    const auto found = sums.by_route.find(route.name);
    const metrics::RouteCounts& counts = found != sums.by_route.end() ? found->second : kNone;
    list.push_back({{"name", route.name},
                    {"hosts", route.hosts},
                    {"path", path_json(route.path)},
                    {"action", action_of(route)},
                    {"upstream", route.upstream.empty() ? Json() : Json(route.upstream.value)},
                    {"tunnels", {{"active", counts.tunnels_active}, {"opened", counts.tunnels_opened}}},
                    {"requests", requests[route.name]},
                    {"messages", messages_json(counts.traffic)},
                    {"bytes", bytes_json(counts.traffic)}});
  }
  return list;
}

}  // namespace tidegate::admin
