#include <algorithm>
#include <utility>

#include "conf/names.h"
#include "gateway/base/text.h"
#include "nginx-compat/import/lowering.h"

// Header fields: those of requests that go to upstreams, those of answers.

namespace tidegate::nginx {
namespace {

using Location = conf::Location;

/// What the gateway writes itself for every connection (conf/yaml_headers.cc).
constexpr std::string_view kOwn[] = {
    "connection", "content-length",   "expect",  "http2-settings",    "keep-alive",
    "te",         "proxy-connection", "trailer", "transfer-encoding", "upgrade"};
constexpr std::string_view kHandshake[] = {"sec-websocket-accept", "sec-websocket-key",
                                           "sec-websocket-version"};
/// What nginx holds back of an upstream's answer unless it is told not to.
constexpr std::string_view kHiddenByNginx[] = {"date", "server", "x-pad"};

template <std::size_t N>
bool contains(const std::string_view (&fields)[N], std::string_view name) {
  return std::any_of(std::begin(fields), std::end(fields),
                     [&](std::string_view one) { return iequals(one, name); });
}

/// "$http_x_request_id" for X-Request-ID.
bool is_clients_own(std::string_view field, const std::string& value) {
  std::string variable = "$http_" + to_lower(field);
  std::replace(variable.begin(), variable.end(), '-', '_');
  return to_lower(value) == variable;
}

}  // namespace

const Directive* Lowering::field_directive(const Place* block, std::string_view directive,
                                           std::string_view field) const {
  for (const Directive* one : report_.holding(block, directive)) {
    if (!one->args.empty() && iequals(one->args.front().text, field)) return one;
  }
  return nullptr;
}

bool Lowering::check_value(const Directive* directive, const std::string& value) {
  for (const std::string& name : variables_in(value)) {
    if (yaml_has_variable(name)) continue;
    if (directive != nullptr) {
      report_.note(
          *directive, Kind::refused,
          "YAML has no variable $" + name + "; let the upstream see to it, or keep `tidegate run --nginx`");
    }
    return false;
  }
  if (conf::is_field_value(value)) return true;
  if (directive != nullptr) report_.note(*directive, Kind::refused, "its value has a control character");
  return false;
}

/// Is this what lets an upgrade pass? A map whose variable it is has done its work then.
bool Lowering::upgrades(const std::string& value) {
  if (iequals(value, "upgrade") || to_lower(value) == "$http_connection") return true;
  const std::vector<std::string> names = variables_in(value);
  if (names.size() != 1) return false;
  for (const conf::Map& map : sites_.maps) {
    if (!iequals(map.variable, names.front())) continue;
    const auto is_upgrade = [](const conf::Text& text) {
      const std::string lower = to_lower(text.value);
      return lower == "upgrade" || lower == "$http_connection";
    };
    const bool any =
        is_upgrade(map.otherwise) || std::any_of(map.entries.begin(), map.entries.end(),
                                                 [&](const auto& entry) { return is_upgrade(entry.value); });
    if (any) report_.note(map.at, Kind::exact, "handshakes are recognised");
    return any;
  }
  return false;
}

bool Lowering::lower_request_headers(const Location& location, const Facts& facts, conf::Route& route) {
  const Place* place = report_.at(location.at);
  const conf::ProxyPass& proxy = *location.proxy;
  Facts known = facts;
  const std::string port =
      proxy.port.empty() || proxy.port == "80" || proxy.port == "443" ? "" : ":" + proxy.port;
  const std::string target = facts.fold(proxy.target.value);
  const std::size_t scheme = target.find("://");
  const std::string authority = scheme == std::string::npos ? target : target.substr(scheme + 3);
  known.set("proxy_host",
            proxy.host.empty() ? authority.substr(0, authority.find_first_of("/$")) : proxy.host);
  known.set("proxy_port", proxy.port.empty() ? "80" : proxy.port);
  for (const char* name : {"host", "http_host", "scheme", "server_port"}) known.forget(name);
  bool upgrade = false;
  bool connection = false;
  bool identity = false;
  for (const auto& [name, text] : proxy.set_fields) {
    const std::string value = known.fold(text.value);
    if (iequals(name, "Upgrade")) {
      upgrade = to_lower(value) == "$http_upgrade" || iequals(value, "websocket");
    } else if (iequals(name, "Connection")) {
      connection = upgrades(value);
    } else {
      identity = identity || iequals(name, "X-Forwarded-For") || iequals(name, "X-Real-IP");
      lower_request_header(location, name, value, route);
    }
  }
  if (!identity) {
    report_.note(place, "proxy_pass", Kind::approximated,
                 "the upstream is told X-Real-IP and X-Forwarded-For, -Proto, -Host too");
  }
  return upgrade && connection;
}

void Lowering::lower_request_header(const Location& location, const std::string& name,
                                    const std::string& value, conf::Route& route) {
  const Directive* directive = field_directive(report_.at(location.at), "proxy_set_header", name);
  const auto note = [&](Kind kind, const std::string& why) {
    if (directive != nullptr) report_.note(*directive, kind, why);
  };
  const std::string lower = to_lower(value);
  if (is_clients_own(name, value)) return note(Kind::exact, {});
  if (iequals(name, "Host") &&
      (lower == "$host" || lower == "$host:$server_port" || lower == "$http_host:$server_port")) {
    return note(Kind::approximated, "Host goes through as the client sent it, with its port");
  }
  if (iequals(name, "X-Real-IP") && lower == "$remote_addr") return note(Kind::exact, {});
  if (iequals(name, "X-Forwarded-Proto") && (lower == "$scheme" || lower == "http" || lower == "https")) {
    return note(lower == "$scheme" ? Kind::exact : Kind::approximated,
                lower == "$scheme" ? "" : "as the client came");
  }
  if (iequals(name, "X-Forwarded-For") &&
      (lower == "$proxy_add_x_forwarded_for" || lower == "$remote_addr")) {
    return note(lower == "$remote_addr" ? Kind::exact : Kind::approximated,
                lower == "$remote_addr"
                    ? ""
                    : "what a client wrote itself is replaced, unless it is one of trusted_proxies");
  }
  if (iequals(name, "X-Forwarded-Host") && (lower == "$host" || lower == "$http_host")) {
    return note(lower == "$http_host" ? Kind::exact : Kind::approximated,
                lower == "$http_host" ? "" : "with the client's port");
  }
  if (contains(kOwn, name)) {
    const bool empty = value.empty();
    return note(empty ? Kind::exact : Kind::refused, empty ? "" : "the gateway writes this field itself");
  }
  if (contains(kHandshake, name)) return note(Kind::refused, "it is a part of the WebSocket handshake");
  if (!conf::is_token(name)) return note(Kind::refused, "it is not a header name");
  if (!check_value(directive, value)) return;
  if (value.empty()) {
    route.request_headers.remove.push_back(name);
  } else {
    auto& set = route.request_headers.set;
    const auto same =
        std::find_if(set.begin(), set.end(), [&](const auto& rule) { return iequals(rule.first, name); });
    if (same != set.end()) {
      same->second.value += ", " + value;
      return note(Kind::approximated, "in one line with the one before");
    }
    set.emplace_back(name, conf::Text{value, {}});
  }
  note(Kind::exact, {});
}

void Lowering::lower_response_headers(const Location& location, conf::Route& route) {
  const Place* place = report_.at(location.at);
  auto& set = route.response_headers.set;
  for (const conf::AddedField& field : location.added_fields) {
    const Directive* directive = field_directive(place, "add_header", field.name);
    const auto note = [&](Kind kind, const std::string& why) {
      if (directive != nullptr) report_.note(*directive, kind, why);
    };
    const std::string value = Facts().fold(field.value.value);
    if (contains(kOwn, field.name) || contains(kHandshake, field.name) || iequals(field.name, "Host") ||
        !conf::is_token(field.name)) {
      note(Kind::refused, "the gateway writes this field itself");
      continue;
    }
    if (!check_value(directive, value)) continue;
    if (iequals(field.name, "Content-Type") && route.respond) {
      route.respond->content_type = value;
      note(Kind::approximated, "as the only Content-Type");
      continue;
    }
    const auto same = std::find_if(set.begin(), set.end(),
                                   [&](const auto& rule) { return iequals(rule.first, field.name); });
    if (same == set.end()) {
      set.emplace_back(field.name, conf::Text{value, {}});
      if (!field.always) {
        note(Kind::approximated, "with errors too");
      } else if (location.proxy) {
        note(Kind::approximated, "but not with errors of the gateway's own, such as 413 and 502");
      } else {
        note(Kind::exact, {});
      }
    } else if (iequals(field.name, "Set-Cookie")) {
      note(Kind::refused, "YAML sets a field once; let the upstream set the other cookies");
    } else {
      same->second.value += ", " + value;
      note(Kind::approximated, "in one line with the one before");
    }
  }
  lower_expires(location, route);
  if (!location.proxy) return;
  for (const std::string& name : location.proxy->hide_fields) {
    const Directive* directive = field_directive(place, "proxy_hide_header", name);
    if (directive == nullptr && (contains(kHiddenByNginx, name) || to_lower(name).starts_with("x-accel-")))
      continue;
    const bool is_set =
        std::any_of(set.begin(), set.end(), [&](const auto& rule) { return iequals(rule.first, name); });
    if (!is_set && !contains(kOwn, name) && conf::is_token(name))
      route.response_headers.remove.push_back(name);
    if (directive != nullptr) report_.note(*directive, Kind::exact);
  }
}

/// As Cache-Control alone: a date would have to be computed.
void Lowering::lower_expires(const Location& location, conf::Route& route) {
  if (!location.expires) return;
  const Place* place = report_.at(location.at);
  const conf::Expires& expires = *location.expires;
  using When = conf::Expires::Kind;
  const bool plain =
      expires.from.empty() && expires.kind != When::since_modified && expires.kind != When::daily;
  if (!plain) {
    return report_.note(place, "expires", Kind::refused,
                        "YAML computes no dates; let the upstream say Cache-Control");
  }
  std::string value = "no-cache";
  if (expires.kind == When::max) value = "max-age=315360000";
  if (expires.kind == When::after && expires.span.count() >= 0)
    value = "max-age=" + std::to_string(expires.span.count());
  auto& set = route.response_headers.set;
  const auto same = std::find_if(set.begin(), set.end(),
                                 [](const auto& rule) { return iequals(rule.first, "Cache-Control"); });
  if (same == set.end()) {
    set.emplace_back("Cache-Control", conf::Text{value, {}});
  } else {
    same->second.value += ", " + value;
  }
  report_.note(place, "expires", Kind::approximated, "Cache-Control alone, without Expires, with errors too");
}

}  // namespace tidegate::nginx
