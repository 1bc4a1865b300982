#include <algorithm>
#include <map>

#include "conf/addresses.h"
#include "conf/route_names.h"
#include "conf/yaml_sections.h"
#include "gateway/base/text.h"

namespace tidegate::conf::yaml {
namespace {

void read_hosts(Section& section, std::vector<std::string>& out) {
  const Node* node = section.find("host");
  if (node == nullptr) return;
  const Context& context = section.context();
  if (node->kind == Node::Kind::sequence && node->items.empty()) {
    context.error(*node, "\"host\" lists none; leave it out to match every host");
  }
  for (const Node* item : context.one_or_more(*node, "host")) {
    const auto text = context.scalar(*item, "host");
    if (!text) continue;
    std::string host;
    std::string problem;
    if (!parse_host_pattern(*text, host, problem)) {
      context.error(*item, problem);
    } else if (std::find(out.begin(), out.end(), host) != out.end()) {
      context.error(*item, in_quotes(host) + " stands twice in \"host\"; keep one");
    } else {
      out.push_back(std::move(host));
    }
  }
}

bool has_escape(std::string_view path) {
  const auto hex = [&path](std::size_t i) {
    return i < path.size() &&
           std::string_view("0123456789abcdefABCDEF").find(path[i]) != std::string_view::npos;
  };
  for (std::size_t i = path.find('%'); i != std::string_view::npos; i = path.find('%', i + 1)) {
    if (hex(i + 1) && hex(i + 2)) return true;
  }
  return false;
}

/// Requests are matched by nginx's normalised $uri, so that a path which is not normalised would never match.
void check_path(const Context& context, const Text& path) {
  const std::string with_end = path.value + "/";
  const auto complain = [&](std::string_view problem) {
    context.diagnostics.error(path.at, in_quotes(path.value) + std::string(problem));
  };
  if (!path.value.starts_with('/')) {
    complain(" is not a path; write one that begins with \"/\" (for a regex: { regex: '^/...' })");
  } else if (path.value.find_first_of("?#") != std::string::npos) {
    complain(" has a query or fragment; write the path alone (match.query matches arguments)");
  } else if (has_escape(path.value)) {
    complain(" has an escape, but paths are compared decoded; write the character itself");
  } else if (path.value.find("//") != std::string::npos || with_end.find("/./") != std::string::npos ||
             with_end.find("/../") != std::string::npos) {
    complain(
        " has \"//\", \".\" or \"..\", but paths are compared with these resolved; write the resolved path");
  } else if (!is_field_value(path.value)) {
    complain(" has a control character; remove it");
  }
}

void read_path_map(const Context& context, const Node& node, PathMatch& out) {
  Section section(context, node, "routes[].path");
  const std::pair<std::string_view, PathMatch::Kind> kinds[] = {{"prefix", PathMatch::Kind::prefix},
                                                                {"exact", PathMatch::Kind::exact},
                                                                {"regex", PathMatch::Kind::regex}};
  int given = 0;
  for (const auto& [key, kind] : kinds) {
    if (section.find(key) == nullptr) continue;
    ++given;
    out.kind = kind;
    section.text(key, out.text);
  }
  section.boolean("before_regex", out.before_regex);
  if (given != 1) context.error(node, "\"path\" takes exactly one of prefix, exact or regex; write one");
  if (out.before_regex && out.kind != PathMatch::Kind::prefix) {
    context.error(node, "\"before_regex\" belongs to a prefix; remove it");
  }
  if (out.kind == PathMatch::Kind::regex && out.text.empty()) {
    context.error(node, "\"regex\" is empty; write one, or leave \"path\" out to match every path");
  }
}

void read_path(Section& section, PathMatch& out) {
  const Node* node = section.find("path");
  if (node == nullptr) return;
  const Context& context = section.context();
  if (node->kind == Node::Kind::map) {
    read_path_map(context, *node, out);
  } else if (auto text = context.text(*node, "path")) {
    out.text = std::move(*text);
  }
  if (out.kind != PathMatch::Kind::regex && out.text.at.line > 0) check_path(context, out.text);
}

using Pairs = std::vector<std::pair<std::string, std::string>>;

void read_pairs(Section& section, std::string_view key, Pairs& out) {
  const Node* node = section.find(key);
  const auto* entries = node != nullptr ? section.context().entries(*node, key) : nullptr;
  if (entries == nullptr) return;
  for (const Node::Entry& entry : *entries) {
    if (auto value = section.context().scalar(entry.value, entry.key)) {
      out.emplace_back(entry.key, std::move(*value));
    }
  }
}

void read_methods(Section& section, std::vector<std::string>& out) {
  const Node* node = section.find("methods");
  const Context& context = section.context();
  const auto* items = node != nullptr ? context.list(*node, "methods") : nullptr;
  if (items == nullptr) return;
  if (items->empty()) context.error(*node, "\"methods\" lists none; leave it out to match every method");
  for (const Node& item : *items) {
    auto method = context.scalar(item, "methods");
    if (!method) continue;
    if (!is_token(*method)) {
      context.error(item, in_quotes(*method) + " is not a method; write one such as GET");
    } else if (std::any_of(method->begin(), method->end(), [](char c) { return c >= 'a' && c <= 'z'; })) {
      context.error(item, in_quotes(*method) + " is in lower case, which no client sends; write GET, POST …");
    } else if (*method == "CONNECT" || *method == "TRACE") {
      context.error(item, in_quotes(*method) + " is always answered with 405; remove it");
    } else {
      out.push_back(std::move(*method));
    }
  }
}

void read_match(const Context& context, const Node& node, Match& out) {
  Section section(context, node, "routes[].match");
  section.text("listener", out.listener);
  if (out.listener.at.line > 0 && out.listener.empty()) {
    context.diagnostics.error(out.listener.at,
                              "\"listener\" is empty; write a listener's name, or remove it");
  }
  read_methods(section, out.methods);
  read_pairs(section, "headers", out.headers);
  for (const auto& [name, value] : out.headers) {
    const Node& headers = *section.find("headers");
    if (!is_token(name))
      context.error(headers, in_quotes(name) + " is not a header name; write one such as X-Beta");
    if (!is_field_value(value)) {
      context.error(headers, "the value of " + in_quotes(name) + " has a control character; remove it");
    }
  }
  read_pairs(section, "query", out.query);
  section.string("subprotocol", out.subprotocol);
  const Node* subprotocol = section.find("subprotocol");
  if (subprotocol != nullptr && subprotocol->kind == Node::Kind::scalar && !is_token(out.subprotocol)) {
    context.error(*subprotocol,
                  in_quotes(out.subprotocol) + " is not a subprotocol; write one name such as graphql-ws");
  }
}

void read_respond(const Context& context, const Node& node, Respond& out) {
  Section section(context, node, "routes[].respond");
  unsigned status = static_cast<unsigned>(out.status);
  section.number("status", status, 200, 599);
  out.status = static_cast<int>(status);
  section.text("body", out.body);
  section.string("content_type", out.content_type);
  if (out.content_type.empty() || !is_field_value(out.content_type)) {
    context.error(*section.find("content_type"),
                  in_quotes(out.content_type) + " is not a content type; write one such as text/plain");
  }
  // RFC 9110 §15.3.5, §15.3.6, §15.4.5: these have no content.
  if ((status == 204 || status == 205 || status == 304) && !out.body.empty()) {
    context.diagnostics.error(out.body.at, "an answer with status " + std::to_string(status) +
                                               " has no body; remove it, or write status: 200");
  }
}

void read_rewrite(const Context& context, const Node& node, const PathMatch& path, Rewrite& out) {
  Section section(context, node, "routes[].rewrite");
  const Node* prefix = section.require("strip_prefix", "strip_prefix: /app");
  section.string("strip_prefix", out.strip_prefix);
  if (prefix == nullptr || out.strip_prefix.empty()) return;
  if (!out.strip_prefix.starts_with('/')) {
    context.error(*prefix, in_quotes(out.strip_prefix) + " is not a path; write one that begins with \"/\"");
  } else if (path.kind != PathMatch::Kind::regex && !path.text.value.starts_with(out.strip_prefix)) {
    context.error(*prefix, in_quotes(out.strip_prefix) + " is not how the route's path " +
                               in_quotes(path.text.value) + " begins; write a prefix of it");
  }
}

/// What the three kinds of routes say, and that it is one of them.
void read_action(Section& section, Route& out) {
  const Context& context = section.context();
  int given = 0;
  if (section.find("upstream") != nullptr) ++given;
  section.text("upstream", out.upstream);
  if (const Node* respond = section.find("respond")) {
    ++given;
    read_respond(context, *respond, out.respond.emplace());
  }
  if (const Node* redirect = section.find("redirect")) {
    ++given;
    read_redirect(context, *redirect, "routes[].redirect", out.redirect);
  }
  if (given != 1 && section.node().kind == Node::Kind::map) {
    context.error(section.node(),
                  given == 0 ? "the route says nothing to do; write one of upstream, respond or redirect"
                             : "the route says more than one thing to do; keep one of upstream, "
                               "respond or redirect");
  }
  // No key is accepted and ignored: these act on what goes to an upstream.
  for (const std::string_view key : {"rewrite", "request_headers", "websocket"}) {
    const Node* node = section.find(key);
    if (node == nullptr || section.find("upstream") != nullptr || given != 1) continue;
    context.error(*node, in_quotes(key) + " has no effect in a route without an upstream; remove it");
  }
}

void read_route(const Context& context, const Node& node, Route& out) {
  Section section(context, node, "routes[]");
  out.at = context.at(node);
  if (const Node* name = section.find("name")) {
    section.string("name", out.name);
    if (name->kind == Node::Kind::scalar &&
        (out.name.empty() || out.name.size() > 128 || !is_field_value(out.name))) {
      context.error(*name,
                    in_quotes(out.name) + " is not a route's name; write 1 to 128 printable characters");
    }
  }
  read_hosts(section, out.hosts);
  read_path(section, out.path);
  if (const Node* match = section.find("match")) read_match(context, *match, out.match);
  read_action(section, out);
  if (const Node* rewrite = section.find("rewrite")) {
    read_rewrite(context, *rewrite, out.path, out.rewrite.emplace());
  }
  if (const Node* rules = section.find("request_headers")) {
    read_header_rules(context, *rules, "routes[].request_headers", HeaderSide::request, out.request_headers);
  }
  if (const Node* rules = section.find("response_headers")) {
    read_header_rules(context, *rules, "routes[].response_headers", HeaderSide::response,
                      out.response_headers);
  }
  if (const Node* rules = section.find("websocket")) {
    read_websocket(context, *rules, "routes[].websocket", out.websocket);
  }
  if (const Node* timeouts = section.find("timeouts")) {
    Section inner(context, *timeouts, "routes[].timeouts");
    read_route_timeouts(inner, out.timeouts);
  }
  if (const Node* limits = section.find("limits")) {
    Section inner(context, *limits, "routes[].limits");
    inner.size_or_none("body", out.max_body_bytes);
  }
  read_underscores(section, out.allow_underscores);
}

/// Names tell routes apart in metrics and across reloads, so that they are unique.
void make_names_unique(const Context& context, std::vector<Route>& routes) {
  std::map<std::string, const Route*> taken;
  for (const Route& route : routes) {
    if (route.name.empty()) continue;
    const auto [first, added] = taken.try_emplace(route.name, &route);
    if (added) continue;
    context.diagnostics.error(route.at, "the route's name " + in_quotes(route.name) +
                                            " is that of the one in line " +
                                            std::to_string(first->second->at.line) + " too; choose another");
  }
  conf::name_routes(routes);
}

}  // namespace

void read_routes(const Context& context, const Node& node, const RouteDefaults& defaults,
                 std::vector<Route>& out) {
  const auto* items = context.list(node, "routes");
  if (items == nullptr) return;
  for (const Node& item : *items) {
    Route route;
    route.websocket = defaults.websocket;
    route.timeouts = defaults.timeouts;
    route.max_body_bytes = defaults.max_body_bytes;
    route.allow_underscores = defaults.allow_underscores;
    read_route(context, item, route);
    out.push_back(std::move(route));
  }
  make_names_unique(context, out);
}

}  // namespace tidegate::conf::yaml
