#include <algorithm>
#include <utility>

#include "conf/addresses.h"
#include "conf/names.h"
#include "gateway/base/ip.h"
#include "gateway/base/text.h"
#include "nginx-compat/import/lowering.h"

// Upstreams, and what the file says once.

namespace tidegate::nginx {
namespace {

bool is_upstream_name(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
}

std::string url_of(const conf::Server& server) {
  if (!server.unix_path.empty()) return "unix:" + server.unix_path;
  const bool https = server.scheme == conf::Server::Scheme::https;
  const bool v6 = server.host.find(':') != std::string::npos;
  const std::string host = v6 ? "[" + server.host + "]" : server.host;
  const bool usual = server.port == (https ? 443 : 80);
  return (https ? "https://" : "http://") + host + (usual ? "" : ":" + std::to_string(server.port));
}

/// An error_page that answers with another status, or by what is no page.
bool leads_elsewhere(const Directive& directive) {
  const std::string& target = directive.args.back().text;
  const bool other_status =
      directive.args.size() > 2 && directive.args[directive.args.size() - 2].text.starts_with('=');
  return other_status || target.starts_with('@') || target.find("://") != std::string::npos;
}

bool same_place(const conf::Server& a, const conf::Server& b) {
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port && a.unix_path == b.unix_path;
}

}  // namespace

/// The block's own name; of a host alone its first label, or "app" where that is a machine's own.
std::string Lowering::upstream_name(const conf::Upstream& upstream) {
  std::string name = upstream.name;
  const Place* place = report_.at(upstream.at);
  const bool is_block = place != nullptr && place->directive->name.text == "upstream";
  if (is_block) name = place->directive->args.front().text;  // without what tells its variants apart
  const conf::Server* first = upstream.servers.empty() ? nullptr : &upstream.servers.front();
  if (!is_block && first != nullptr) {
    const bool own =
        first->host == "localhost" || IpAddress::parse(first->host).has_value() || !first->unix_path.empty();
    name = own ? "app" : first->host.substr(0, first->host.find('.'));
    if (taken_.contains(name) && first->unix_path.empty()) name += "-" + std::to_string(first->port);
  }
  if (!is_upstream_name(name)) {
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !is_upstream_name(std::string_view(&c, 1)); }, '-');
    name = name.substr(0, 60);
    if (name.empty()) name = "app";
  }
  const std::string plain = name;
  for (unsigned n = 2; !taken_.insert(name).second; ++n) name = plain + "-" + std::to_string(n);
  return name;
}

const std::string& Lowering::upstream_named(const std::string& name) {
  const auto known = upstreams_.find(name);
  if (known != upstreams_.end()) return known->second;
  for (const conf::Upstream& upstream : in_.config.upstreams) {
    if (upstream.name != name) continue;
    conf::Upstream out = lower_upstream(upstream);
    out.name = upstream_name(upstream);
    out_.config.upstreams.push_back(out);
    return upstreams_.emplace(name, out.name).first->second;
  }
  return upstreams_.emplace(name, name).first->second;
}

/// Of a target that was computed from what `set` says.
const std::string& Lowering::upstream_for(const conf::Server& server) {
  const std::string key = url_of(server);
  const auto known = upstreams_.find(key);
  if (known != upstreams_.end()) return known->second;
  conf::Upstream upstream;
  upstream.servers = {server};
  upstream.servers.front().text = key;
  if (server.scheme == conf::Server::Scheme::https) upstream.tls.verify = false;
  upstream.name = upstream_name(upstream);
  out_.config.upstreams.push_back(upstream);
  return upstreams_.emplace(key, upstream.name).first->second;
}

void Lowering::lower_servers(const conf::Upstream& upstream, const Place* place, conf::Upstream& out) {
  for (const conf::Server& from : upstream.servers) {
    const Position at = from.at;
    if (from.down) {
      report_.note(at, Kind::approximated, "it is left out, as it is down");
      continue;
    }
    const auto same = std::find_if(out.servers.begin(), out.servers.end(),
                                   [&](const conf::Server& other) { return same_place(other, from); });
    if (same != out.servers.end()) {
      same->weight = std::min(same->weight + from.weight, 1000u);
      continue;
    }
    conf::Server server;
    server.scheme = from.scheme;
    server.host = from.host;
    server.port = from.port;
    server.unix_path = from.unix_path;
    server.text = url_of(from);
    conf::Server probe;
    std::string problem;
    if (!conf::parse_server_url(server.text, probe, problem)) {
      report_.note(at, Kind::refused, "YAML does not take this server: " + problem);
      continue;
    }
    server.weight = std::clamp(from.weight, 1u, 1000u);
    server.backup = from.backup;
    server.max_tunnels = from.max_connections;
    out.servers.push_back(std::move(server));
    if (place == nullptr || place->directive->name.text != "upstream") continue;
    if (from.max_connections > 0)
      report_.note(at, Kind::approximated, "max_tunnels counts tunnels, not requests");
    const Place* line = report_.at(at);
    if (line == nullptr) continue;
    for (const Word& arg : line->directive->args) {
      if (arg.text.starts_with("max_fails=") || arg.text.starts_with("fail_timeout=")) {
        report_.note(at, Kind::approximated,
                     "a server that cannot be reached is passed over for 10 s, if there is another");
      }
    }
  }
  const bool only_backups =
      std::all_of(out.servers.begin(), out.servers.end(), [](const auto& server) { return server.backup; });
  if (only_backups) {
    for (conf::Server& server : out.servers) server.backup = false;
  }
}

conf::Upstream Lowering::lower_upstream(const conf::Upstream& upstream) {
  using Balance = conf::Upstream::Balance;
  conf::Upstream out;
  const Place* place = report_.at(upstream.at);
  lower_servers(upstream, place, out);
  switch (upstream.balance) {
    case Balance::round_robin:
      break;
    case Balance::random:
    case Balance::random_two:
      out.balance = Balance::random;
      report_.note(place, "random", upstream.balance == Balance::random ? Kind::exact : Kind::approximated,
                   upstream.balance == Balance::random ? "" : "one at random, not the better of two");
      break;
    case Balance::least_tunnels:
    case Balance::least_connections:
      out.balance = Balance::least_tunnels;
      report_.note(place, "least_conn", Kind::approximated, "by tunnels, not by requests under way");
      break;
    case Balance::ip_hash:
      out.sticky = conf::Sticky{{}, {"$remote_addr", {}}};
      report_.note(place, "ip_hash", Kind::approximated,
                   "by the whole address, and another hash: clients change their server once");
      break;
    case Balance::hash:
    case Balance::consistent_hash: {
      const std::string key = Facts().fold(upstream.hash_key.value);
      if (yaml_has_variables_of(key) && !key.empty()) {
        out.sticky = conf::Sticky{{}, {key, {}}};
        report_.note(place, "hash", Kind::approximated, "another hash: clients change their server once");
      } else {
        report_.note(place, "hash", Kind::refused,
                     "YAML does not know every variable of it; sticky takes a cookie or a hash");
      }
      break;
    }
  }
  const bool https = std::any_of(out.servers.begin(), out.servers.end(), [](const auto& server) {
    return server.scheme == conf::Server::Scheme::https;
  });
  if (https) {
    out.tls.ca = upstream.tls.ca;
    out.tls.verify = upstream.tls.verify;
    const std::string& name = upstream.tls.server_name;
    const bool is_host = std::all_of(out.servers.begin(), out.servers.end(),
                                     [&](const auto& server) { return server.host == name; });
    if (!is_host && name.find('.') != std::string::npos && variables_in(name).empty())
      out.tls.server_name = name;
    if (upstream.tls.certificate) {
      report_.note(upstream.tls.certificate->certificate.at, Kind::refused,
                   "YAML shows upstreams no certificate; keep `tidegate run --nginx`");
    }
  }
  if (report_.given(place, "keepalive") && place->directive->name.text == "upstream") {
    out.keepalive_max = std::clamp(upstream.keepalive_max, 1u, 65535u);
    for (const Directive& directive : place->directive->block) {
      if (directive.name.text == "keepalive_timeout") out.keepalive_idle = upstream.keepalive_idle;
    }
  }
  return out;
}

/// YAML's trusted_proxies hold for all servers, and it passes over every one of them in X-Forwarded-For.
/// Where nginx does otherwise clients could choose who they are, so that it is refused and nobody is
/// believed.
void Lowering::lower_real_ip() {
  bool alike = !sites_.servers.empty();
  for (const Verdict& verdict : in_.report) {
    const Place* place = report_.at(verdict.at);
    if (place == nullptr) continue;
    const std::string& name = place->directive->name.text;
    if (name != "set_real_ip_from" && !name.starts_with("real_ip_")) continue;
    if (place->parent != nullptr && place->parent->directive->name.text == "location") {
      report_.note(verdict.at, Kind::refused, "trusted_proxies are for all routes; say it in http");
      alike = false;
    }
    if (name == "set_real_ip_from" && place->directive->args.front().text == "unix:")
      report_.note(verdict.at, Kind::refused, "a proxy behind a unix socket is not believed");
  }
  for (const conf::VirtualServer& server : sites_.servers) alike = check_real_ip(server) && alike;
  if (!alike) return;
  auto& trusted = out_.config.trusted_proxies;
  for (const Cidr& block : sites_.servers.front().locations.front().real_ip.from) {
    if (std::find(trusted.begin(), trusted.end(), block) == trusted.end()) trusted.push_back(block);
  }
}

bool Lowering::check_real_ip(const conf::VirtualServer& server) {
  const conf::RealIp& real = server.locations.front().real_ip;
  if (real.from.empty()) return true;
  const Place* place = place_of(server);
  bool as_in_yaml = true;
  const auto refuse = [&](std::string_view directive, const std::string& why) {
    report_.note(place, report_.given(place, directive) ? directive : "set_real_ip_from", Kind::refused, why);
    as_in_yaml = false;
  };
  if (real.header == "proxy_protocol") {
    refuse("real_ip_header",
           "YAML would believe the X-Forwarded-For of clients that are in the list themselves; "
           "keep `tidegate run --nginx`");
  } else if (!iequals(real.header, "X-Forwarded-For")) {
    refuse("real_ip_header",
           "YAML reads the client's address from X-Forwarded-For alone; let the proxy in front send it, and "
           "say `real_ip_header X-Forwarded-For`");
  } else if (!real.recursive) {
    refuse("real_ip_recursive",
           "YAML passes over every address of the list in X-Forwarded-For; say `real_ip_recursive on`, if "
           "they may all be believed");
  }
  const bool everywhere =
      std::all_of(sites_.servers.begin(), sites_.servers.end(), [&real](const conf::VirtualServer& other) {
        const auto& from = other.locations.front().real_ip.from;
        return std::is_permutation(from.begin(), from.end(), real.from.begin(), real.from.end());
      });
  if (!everywhere)
    refuse("set_real_ip_from", "trusted_proxies are for all servers, which differ in this; say it in http");
  return as_in_yaml;
}

void Lowering::lower_logs() {
  const conf::AccessLog* log = nullptr;
  bool off = false;
  bool several = false;
  for (const conf::VirtualServer& server : sites_.servers) {
    for (const conf::Location& location : server.locations) {
      if (location.kind == conf::Location::Kind::inner) continue;
      off = off || location.access_logs.empty();
      for (const conf::AccessLog& one : location.access_logs) {
        if (log == nullptr) log = &one;
        several = several || one.path != log->path;
      }
    }
  }
  conf::Log& out = out_.config.log;
  bool said = false;
  for (const Verdict& verdict : in_.report) {
    const Place* place = report_.at(verdict.at);
    if (place == nullptr || place->directive->name.text != "access_log") continue;
    said = true;
    const auto& args = place->directive->args;
    if (args.front().text == "off" && log != nullptr) {
      report_.note(verdict.at, Kind::approximated, "there is one access log, for all");
    } else if (several) {
      report_.note(verdict.at, Kind::approximated, "there is one access log, for all: the first");
    } else if (args.size() > 1 && args[1].text != "combined") {
      report_.note(verdict.at, Kind::approximated, "in the format combined, or json, which tells more");
    }
  }
  if (!said) return;
  if (log == nullptr) {
    out.access = "off";
  } else if (log->path.starts_with('/') && variables_in(log->path).empty()) {
    out.access = log->path == "/dev/stdout" ? "stdout" : log->path;
    out.format = conf::Log::Format::combined;
  } else {
    out.format = conf::Log::Format::combined;
  }
}

/// What most routes say is said once, at the top.
void Lowering::settle_limits() {
  std::map<std::uint64_t, std::size_t> counts;
  for (const conf::Route& route : out_.config.routes) {
    if (!route.upstream.empty()) ++counts[route.max_body_bytes];
  }
  std::size_t most = 0;
  for (const auto& [bytes, count] : counts) {
    if (count <= most) continue;
    most = count;
    out_.config.limits.body_bytes = bytes;
  }
  for (conf::Route& route : out_.config.routes) {
    if (route.upstream.empty()) route.max_body_bytes = out_.config.limits.body_bytes;
  }
  bool said = false;
  for (const Verdict& verdict : in_.report)
    said = said || verdict.directive.starts_with("client_max_body_size");
  if (!said && out_.config.limits.body_bytes == kMiB) {
    out_.notes.above["limits"] = {"nginx's own limit, which nothing changed."};
  }
}

void Lowering::lower_process() {
  conf::Config& config = out_.config;
  lower_logs();
  settle_limits();
  std::erase_if(config.upstreams, [&config](const conf::Upstream& upstream) {
    return std::none_of(config.routes.begin(), config.routes.end(),
                        [&](const conf::Route& route) { return route.upstream.value == upstream.name; });
  });
  config.workers = in_.config.workers;
  for (const Verdict& verdict : in_.report) {
    const Place* place = report_.at(verdict.at);
    if (place == nullptr) continue;
    const std::string& name = place->directive->name.text;
    const bool in_http = place->parent != nullptr && place->parent->directive->name.text == "http";
    if (name == "worker_shutdown_timeout") config.drain = in_.config.drain;
    if (name == "client_header_timeout")
      config.timeouts.header = std::max(in_.config.timeouts.header, std::chrono::milliseconds(1));
    if (name == "keepalive_timeout" && in_http)
      config.timeouts.keepalive = std::max(in_.config.timeouts.keepalive, std::chrono::milliseconds(1));
    if (name == "error_page" && leads_elsewhere(*place->directive)) {
      report_.note(
          verdict.at, Kind::refused,
          "YAML has no error pages: an error keeps its status and has a short text; let the upstream "
          "answer, or keep `tidegate run --nginx`");
    }
    if (name == "upstream") {
      const bool used =
          std::any_of(in_.config.upstreams.begin(), in_.config.upstreams.end(), [&](const auto& upstream) {
            return upstreams_.contains(upstream.name) && report_.at(upstream.at) == place;
          });
      if (!used) {
        report_.note(verdict.at, Kind::ignored, "nothing that is left passes anything to it");
        report_.leave_out(place, "it is in an upstream that is left out");
      }
    }
  }
}

}  // namespace tidegate::nginx
