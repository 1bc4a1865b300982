#include <algorithm>
#include <utility>

#include "conf/addresses.h"
#include "nginx-compat/import/lowering.h"

// What a location passes on: to which upstream, under which path, with which limits.

namespace tidegate::nginx {
namespace {

using Location = conf::Location;

/// The URI that nginx passes on by itself, as it is written out by some.
bool is_request_uri(std::string_view uri) {
  return uri.empty() || uri == "$request_uri" || uri == "$uri$is_args$args";
}

}  // namespace

/// The name of the upstream in YAML; nothing: it cannot be said, which is noted.
std::optional<std::string> Lowering::target_of(const Location& location, const Facts& facts,
                                               bool& uri_is_plain) {
  const conf::ProxyPass& proxy = *location.proxy;
  const Place* place = report_.at(location.at);
  uri_is_plain = !proxy.uri;
  if (!proxy.upstream.empty()) {
    const std::string name = upstream_named(proxy.upstream);
    const auto& all = out_.config.upstreams;
    const auto found =
        std::find_if(all.begin(), all.end(), [&name](const auto& upstream) { return upstream.name == name; });
    if (found != all.end() && !found->servers.empty()) return name;
    report_.note(place, "proxy_pass", Kind::refused, "no server is left where it leads to");
    return std::nullopt;
  }
  const std::string target = facts.fold(proxy.target.value);
  const std::size_t scheme = target.find("://");
  const std::size_t slash = target.find_first_of("/$", scheme == std::string::npos ? 0 : scheme + 3);
  const std::string authority = target.substr(0, slash);
  const std::string uri = slash == std::string::npos ? "" : target.substr(slash);
  conf::Server server;
  std::string problem;
  if (is_request_uri(uri) && variables_in(authority).empty() &&
      conf::parse_server_url(authority, server, problem)) {
    uri_is_plain = true;
    for (const conf::Upstream& upstream : in_.config.upstreams) {
      if (scheme != std::string::npos && upstream.name == authority.substr(scheme + 3))
        return upstream_named(upstream.name);
    }
    return upstream_for(server);
  }
  report_.note(place, "proxy_pass", Kind::refused,
               "YAML's upstreams are named, not computed; write a route and an upstream for each of them");
  return std::nullopt;
}

/// False: the path that the upstream would see cannot be said, which is noted.
bool Lowering::rewrite_of(const Location& location, const Ran& ran, bool uri_is_plain, conf::Route& route) {
  const Place* place = report_.at(location.at);
  const bool prefix = location.kind == Location::Kind::prefix || location.kind == Location::Kind::exact;
  if (!ran.strip.empty()) {
    if (location.pattern.value.starts_with(ran.strip) && prefix) {
      route.rewrite = conf::Rewrite{ran.strip};
      return true;
    }
    report_.note(place, "rewrite", Kind::refused,
                 "YAML strips a prefix of the route's own path; write a route for " + ran.strip);
    return false;
  }
  if (uri_is_plain || !location.proxy->uri) return true;
  const std::string& path = location.pattern.value;
  const std::string uri = ran.facts.fold(location.proxy->uri->value);
  if (is_request_uri(uri)) return true;
  report_.note(
      place, "proxy_pass", Kind::approximated,
      "the path passes as the client wrote it; nginx decodes it and resolves dots and double slashes");
  if (prefix && uri == path) return true;
  if (prefix && uri == "/" && path != "/") {
    std::string strip = path;
    if (strip.ends_with('/')) {
      strip.pop_back();
    } else if (location.kind == Location::Kind::prefix) {
      report_.note(place, "proxy_pass", Kind::approximated, path + "/x becomes /x; in nginx //x");
    }
    route.rewrite = conf::Rewrite{strip};
    return true;
  }
  report_.note(place, "proxy_pass", Kind::refused,
               "YAML can strip a prefix, not put " + uri +
                   " in its place; serve the upstream under the same path, or under /");
  return false;
}

void Lowering::refuse_proxy_extras(const Location& location) {
  const Place* place = report_.at(location.at);
  const conf::ProxyPass& proxy = *location.proxy;
  const auto refuse = [&](bool is_said, const char* directive, const char* why) {
    if (is_said) report_.note(place, directive, Kind::refused, why);
  };
  refuse(!proxy.pass_fields, "proxy_pass_request_headers",
         "the client's fields always pass; remove some with request_headers");
  refuse(!proxy.pass_body, "proxy_pass_request_body", "the client's body always passes");
  refuse(proxy.body.has_value(), "proxy_set_body", "the client's body passes as it is");
  refuse(!proxy.method.empty(), "proxy_method", "the client's method passes as it is");
  refuse(proxy.intercept_errors && !location.error_pages.empty(), "proxy_intercept_errors",
         "the upstream's answers pass as they are; let it send its error pages");
  refuse(!proxy.redirects.empty(), "proxy_redirect",
         "a Location passes as it is; let the upstream build it from Host and X-Forwarded-Proto");
  refuse(!proxy.cookie_domains.empty(), "proxy_cookie_domain",
         "cookies pass as they are; let the upstream set them right");
  refuse(!proxy.cookie_paths.empty(), "proxy_cookie_path",
         "cookies pass as they are; let the upstream set them right");
  refuse(!proxy.cookie_flags.empty(), "proxy_cookie_flags",
         "cookies pass as they are; let the upstream set them right");
  const conf::NextServer& next = proxy.next;
  refuse(
      !next.on_status.empty() || next.non_idempotent || (!next.on_error && !next.on_timeout),
      "proxy_next_upstream",
      "YAML tries another server by its own rule: where nothing was sent yet, or an idempotent request met a "
      "connection that had gone; keep `tidegate run --nginx`");
  if (!location.chunked) {
    report_.note(place, "chunked_transfer_encoding", Kind::approximated,
                 "an answer to HTTP/1.1 whose length is not known comes in chunks all the same");
  }
  refuse(!proxy.tls_name.empty(), "proxy_ssl_name", "the name is the same for every request; write it out");
  refuse(!proxy.bind.empty(), "proxy_bind", "the system chooses the address; keep `tidegate run --nginx`");
}

/// What is said is carried over; what is not stays the gateway's default, but for the size of a body.
void Lowering::lower_limits(const Location& location, conf::Route& route, bool websocket) {
  const Place* place = report_.at(location.at);
  const conf::Route& from = in_.config.routes[location.route];
  if (report_.given(place, "proxy_connect_timeout")) route.timeouts.connect = from.timeouts.connect;
  if (report_.given(place, "proxy_read_timeout")) {
    route.timeouts.response = from.timeouts.response;
    if (websocket) route.websocket.idle_timeout = from.timeouts.response;
  }
  if (report_.given(place, "proxy_send_timeout") || report_.given(place, "send_timeout")) {
    route.timeouts.send = from.timeouts.send;
    for (const char* name : {"proxy_send_timeout", "send_timeout"}) {
      report_.note(place, name, Kind::approximated,
                   "one timeouts.send for both sides, the longer of the two");
    }
  }
  if (report_.given(place, "client_body_timeout")) route.timeouts.body = from.timeouts.body;
  route.max_body_bytes = from.max_body_bytes;
  route.allow_underscores = from.allow_underscores;
}

void Lowering::lower_proxy(Setting& setting, const Location& location, const conf::PathMatch& path,
                           const Ran& ran) {
  const Place* place = report_.at(location.at);
  Draft draft;
  conf::Route& route = draft.route;
  route.path = path;
  bool uri_is_plain = true;
  const auto upstream = target_of(location, ran.facts, uri_is_plain);
  if (!upstream || ran.unsaid || !rewrite_of(location, ran, uri_is_plain, route)) {
    return leave_out(setting, location,
                     "what goes to " + location.proxy->target.value + " for " + location.pattern.value);
  }
  route.upstream.value = *upstream;
  refuse_proxy_extras(location);
  const bool websocket = lower_request_headers(location, ran.facts, route);
  lower_response_headers(location, route);
  lower_limits(location, route, websocket);
  if (location.proxy->minor_version == 0)
    report_.note(place, "proxy_pass", Kind::approximated, "in HTTP/1.1, over connections that are kept");
  const auto& upstreams = out_.config.upstreams;
  const auto used = std::find_if(upstreams.begin(), upstreams.end(),
                                 [&](const conf::Upstream& one) { return one.name == *upstream; });
  if (used != upstreams.end() && used->servers.size() > 1 && !report_.given(place, "proxy_next_upstream")) {
    report_.note(
        place, "proxy_pass", Kind::approximated,
        "another server is tried where nothing was sent yet, or an idempotent request met a connection "
        "that had gone");
  }
  if (!websocket) {
    report_.note(place, "proxy_pass", Kind::approximated,
                 "WebSocket handshakes pass too; nginx passes them on as plain requests");
    draft.comment.push_back("nginx let no WebSocket through here; Tidegate does.");
  }
  // nginx answers /app itself where there is a location /app/ that is proxied.
  const auto& all = setting.server.locations;
  const std::string bare = path.text.value.substr(0, path.text.value.size() - 1);
  const bool has_bare =
      std::any_of(all.begin(), all.end(), [&](const Location& other) { return other.pattern.value == bare; });
  if (location.kind == Location::Kind::prefix && path.text.value.size() > 1 &&
      path.text.value.ends_with('/') && !has_bare) {
    conf::Route slash;
    slash.path.kind = conf::PathMatch::Kind::exact;
    slash.path.text.value = bare;
    slash.redirect = conf::Redirect{301, {path.text.value + "$is_args$args", {}}};
    setting.drafts.push_back({slash, {}, true});
  }
  draft.comment.insert(draft.comment.begin(), setting.pending.begin(), setting.pending.end());
  setting.pending.clear();
  setting.drafts.push_back(std::move(draft));
}

}  // namespace tidegate::nginx
