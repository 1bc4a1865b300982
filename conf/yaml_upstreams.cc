#include <algorithm>

#include "conf/addresses.h"
#include "conf/yaml_sections.h"

namespace tidegate::conf::yaml {
namespace {

/// The server that `node` names, or nothing.
std::optional<Server> parse_server(const Context& context, const Node& node, std::string_view what) {
  const auto text = context.scalar(node, what);
  if (!text) return std::nullopt;
  Server server;
  std::string problem;
  if (!parse_server_url(*text, server, problem)) {
    context.error(node, problem);
    return std::nullopt;
  }
  if (!server.unix_path.empty()) server.unix_path = context.socket_path(node, server.unix_path);
  server.at = context.at(node);
  return server;
}

std::optional<Server> read_server(const Context& context, const Node& node) {
  if (node.kind == Node::Kind::scalar) return parse_server(context, node, "servers");
  Section section(context, node, "upstreams.<name>.servers[]");
  const Node* address = section.require("address", "address: http://localhost:3000");
  std::optional<Server> server;
  if (address != nullptr) server = parse_server(context, *address, "address");
  unsigned weight = 1;
  unsigned max_tunnels = 0;
  bool backup = false;
  section.number("weight", weight, 1, 1000);
  section.boolean("backup", backup);
  section.number_or_none("max_tunnels", max_tunnels);
  if (server) {
    server->weight = weight;
    server->backup = backup;
    server->max_tunnels = max_tunnels;
  }
  return server;
}

bool same_place(const Server& a, const Server& b) {
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port && a.unix_path == b.unix_path;
}

void read_servers(const Context& context, const Node& node, std::vector<Server>& out) {
  const auto* items = context.list(node, "servers");
  if (items == nullptr) return;
  if (items->empty())
    context.error(node, "an upstream without servers; write at least one, such as http://localhost:3000");
  for (const Node& item : *items) {
    auto server = read_server(context, item);
    if (!server) continue;
    const auto first =
        std::find_if(out.begin(), out.end(), [&](const Server& other) { return same_place(other, *server); });
    if (first != out.end()) {
      context.diagnostics.error(server->at, in_quotes(server->text) +
                                                " stands twice in this upstream, first in line " +
                                                std::to_string(first->at.line) + "; keep one, with a weight");
      continue;
    }
    out.push_back(std::move(*server));
  }
  const bool only_backups = std::all_of(out.begin(), out.end(), [](const Server& s) { return s.backup; });
  if (!out.empty() && only_backups) {
    context.error(node, "every server here is a backup; make at least one an ordinary server");
  }
}

void read_sticky(const Context& context, const Node& node, std::optional<Sticky>& out) {
  Section section(context, node, "upstreams.<name>.sticky");
  Sticky sticky;
  section.string("cookie", sticky.cookie);
  section.text("hash", sticky.hash);
  const Node* cookie = section.find("cookie");
  const Node* hash = section.find("hash");
  if (node.kind != Node::Kind::map) return;
  if ((cookie == nullptr) == (hash == nullptr)) {
    context.error(node, "\"sticky\" takes exactly one of cookie or hash; write one");
  } else if (cookie != nullptr && cookie->kind == Node::Kind::scalar && !is_token(sticky.cookie)) {
    // RFC 6265 §4.1.1: a cookie's name is a token.
    context.error(*cookie, in_quotes(sticky.cookie) + " is not a cookie's name; write one such as tidegate");
  } else if (hash != nullptr && hash->kind == Node::Kind::scalar && sticky.hash.empty()) {
    context.error(*hash, "\"hash\" is empty; write what chooses the server, such as $arg_sid");
  }
  out = std::move(sticky);
}

void read_tls(const Context& context, const Node& node, Upstream& out) {
  Section section(context, node, "upstreams.<name>.tls");
  section.file_path("ca", out.tls.ca);
  section.string("server_name", out.tls.server_name);
  section.boolean("verify", out.tls.verify);
  if (const Node* name = section.find("server_name")) {
    std::string host;
    std::string problem;
    const bool literal = parse_host_pattern(out.tls.server_name, host, problem) && !host.starts_with("*.");
    if (name->kind == Node::Kind::scalar && !literal) {
      context.error(*name, in_quotes(out.tls.server_name) +
                               " is not a server's name; write one such as app.example.com");
    }
  }
  const bool https = std::any_of(out.servers.begin(), out.servers.end(),
                                 [](const Server& s) { return s.scheme == Server::Scheme::https; });
  if (!https && !out.servers.empty()) {
    context.error(
        node,
        "\"tls\" is for https servers, and this upstream has none; write https:// in their addresses, "
        "or remove it");
  }
}

void read_settings(const Context& context, const Node& node, Upstream& out) {
  Section section(context, node, "upstreams.<name>");
  if (const Node* servers = section.require("servers", "servers: [http://localhost:3000]")) {
    read_servers(context, *servers, out.servers);
  }
  section.choice<Upstream::Balance>("balance", out.balance,
                                    {{"round_robin", Upstream::Balance::round_robin},
                                     {"least_tunnels", Upstream::Balance::least_tunnels},
                                     {"random", Upstream::Balance::random}});
  if (const Node* sticky = section.find("sticky")) read_sticky(context, *sticky, out.sticky);
  if (const Node* tls = section.find("tls")) read_tls(context, *tls, out);
  section.duration("resolve", out.resolve, milliseconds(100));
  if (const Node* keepalive = section.find("keepalive")) {
    Section inner(context, *keepalive, "upstreams.<name>.keepalive");
    inner.duration("idle", out.keepalive_idle);
    inner.number("max", out.keepalive_max, 1, 65535);
  }
  section.choice<Upstream::OnRemoval>("on_removal", out.on_removal,
                                      {{"keep", Upstream::OnRemoval::keep},
                                       {"drain", Upstream::OnRemoval::drain},
                                       {"close", Upstream::OnRemoval::close}});
}

}  // namespace

void read_upstreams(const Context& context, const Node& node, std::vector<Upstream>& out) {
  const auto* entries = context.entries(node, "upstreams");
  if (entries == nullptr) return;
  for (const Node::Entry& entry : *entries) {
    check_name(context, entry, "an upstream");
    Upstream upstream;
    upstream.name = entry.key;
    upstream.at = {context.file, entry.line, entry.column};
    if (entry.value.kind == Node::Kind::scalar) {
      if (auto server = parse_server(context, entry.value, entry.key))
        upstream.servers.push_back(std::move(*server));
    } else if (entry.value.kind == Node::Kind::sequence) {
      read_servers(context, entry.value, upstream.servers);
    } else {
      read_settings(context, entry.value, upstream);
    }
    out.push_back(std::move(upstream));
  }
}

}  // namespace tidegate::conf::yaml
