#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "nginx-compat/assemble.h"

// Servers and locations with everything that they inherit, and their routes.

namespace tidegate::nginx {
namespace {

using Kind = conf::Location::Kind;
using std::chrono::seconds;

template <typename T>
std::vector<T> list_of(const Set<std::vector<T>>& value) {
  return value ? *value : std::vector<T>{};
}

}  // namespace

void Assembly::fill_admission(const LocationSettings& settings, conf::Location& out) {
  conf::Admission& admission = out.admission;
  admission.satisfy_any = settings.satisfy_any.value_or(false);
  admission.rules = list_of(settings.access_rules);
  if (settings.realm && settings.realm->value != "off")
    admission.basic = {*settings.realm, settings.user_file.value_or(Text{})};
  if (settings.auth_request && !settings.auth_request->empty())
    admission.ask = {*settings.auth_request, list_of(settings.auth_request_set)};
  admission.request_limits = list_of(settings.request_limits);
  admission.connection_limits = list_of(settings.connection_limits);
  admission.request_limit_status = static_cast<int>(settings.request_limit_status.value_or(503));
  admission.connection_limit_status = static_cast<int>(settings.connection_limit_status.value_or(503));
  admission.request_limit_dry_run = settings.request_limit_dry_run.value_or(false);
  admission.connection_limit_dry_run = settings.connection_limit_dry_run.value_or(false);
}

/// ngx_http_realip_module.
conf::RealIp Assembly::real_ip_of(const LocationSettings& settings) {
  conf::RealIp out;
  for (const std::optional<Cidr>& from : list_of(settings.real_ip_from)) {
    out.from_unix_sockets |= !from;
    if (from) out.from.push_back(*from);
  }
  out.header = settings.real_ip_header.value_or("X-Real-IP");
  out.recursive = settings.real_ip_recursive.value_or(false);
  return out;
}

/// ngx_http_referer_merge_conf: the server's names count as if they stood there too.
conf::Referers Assembly::referers_of(const ServerBlock& server, const LocationBlock& block) {
  const ValidReferers& valid = *block.settings.valid_referers;
  conf::Referers out = valid.referers;
  for (const conf::ServerName& name : server.names) {
    if (valid.server_names || (valid.server_regexes && name.regex)) out.names.push_back({name, {}});
  }
  copied_ += server.names.size();
  std::unordered_set<std::string_view> known;
  bool has_hosts = false;
  for (const conf::Referers::Name& name : out.names) {
    const std::string& host = name.host.name.value;
    has_hosts |= !name.host.regex;
    if (name.host.regex || known.insert(host).second) continue;
    work_.fail(*block.directive, "conflicting parameter \"" + host + '"');
  }
  if ((out.none || out.blocked) && !has_hosts) {
    work_.fail(*block.directive,
               "the \"none\" or \"blocked\" referers are specified in the \"valid_referers\" directive "
               "without any valid referer");
  }
  return out;
}

void Assembly::fill_files(const LocationSettings& settings, conf::Location& out) const {
  conf::FileRules& files = out.files;
  files.root = settings.root->path;
  files.alias = settings.root->alias;
  if (settings.index) files.index = *settings.index;
  if (settings.try_files) {
    files.candidates = settings.try_files->candidates;
    files.fallback = settings.try_files->fallback;
    files.fallback_status = settings.try_files->status;
  }
  files.types = *settings.types;
  files.default_type = settings.default_type.value_or("text/plain");
  files.etag = settings.etag.value_or(true);
  if (settings.if_modified_since) files.if_modified_since = *settings.if_modified_since;
  if (settings.max_ranges)
    files.max_ranges = static_cast<unsigned>(std::min<std::uint64_t>(*settings.max_ranges, 0x7FFFFFFF));
  files.follow_symlinks = settings.follow_symlinks.value_or(true);
  files.charset = settings.charset.value_or("");
  files.log_not_found = settings.log_not_found.value_or(true);
}

void Assembly::fill_answers(const LocationSettings& settings, conf::Location& out) const {
  out.added_fields = list_of(settings.added_fields);
  if (settings.expires) out.expires = *settings.expires;
  out.error_pages = list_of(settings.error_pages);
  out.recursive_error_pages = settings.recursive_error_pages.value_or(false);
  out.access_logs = list_of(settings.access_logs);
  out.absolute_redirect = settings.absolute_redirect.value_or(true);
  out.server_name_in_redirect = settings.server_name_in_redirect.value_or(false);
  out.port_in_redirect = settings.port_in_redirect.value_or(true);
  out.chunked = settings.chunked.value_or(true);
  out.keepalive_timeout = settings.keepalive_timeout.value_or(seconds(75));
  out.keepalive_requests = settings.keepalive_requests.value_or(1000);
}

conf::Location Assembly::location_of(const ServerBlock& server, const LocationBlock& block) {
  conf::Location out;
  out.kind = block.kind;
  out.pattern = block.pattern;
  out.before_regex = block.before_regex;
  out.ignore_case = block.ignore_case;
  out.internal = block.settings.internal;
  out.nested = block.nested;
  out.parent = block.parent;
  out.script = block.script;
  out.except_methods = block.except_methods;
  out.except = block.except;
  out.at = block.directive->at();
  out.real_ip = real_ip_of(block.settings);
  if (block.settings.valid_referers) out.referers = referers_of(server, block);
  fill_admission(block.settings, out);
  fill_files(block.settings, out);
  fill_answers(block.settings, out);
  out.stub_status = block.settings.stub_status;
  out.proxy = proxy_of(block);
  out.route = route_for(server, block, out);
  return out;
}

std::string Assembly::unique_name(const std::string& wanted) {
  std::string name = wanted;
  while (!route_names_.insert(name).second) {
    unsigned& last = last_numbers_.try_emplace(wanted, 1).first->second;
    name = wanted + " (" + std::to_string(++last) + ')';
  }
  return name;
}

/// What its routes' names begin with: its first name; with the port where several servers have that.
std::string Assembly::title_of(const ServerBlock& server) {
  const auto [found, is_new] = titles_.try_emplace(&server);
  if (!is_new) return found->second;
  std::string title = server.first_name.empty() ? "_" : server.first_name;
  if (!server_titles_.insert(title).second && server.first_listen) {
    const conf::ListenAddress& address = server.first_listen->address;
    title += address.unix_path.empty() ? ':' + std::to_string(address.port) : ' ' + server.first_listen->text;
    server_titles_.insert(title);
  }
  return found->second = title;
}

std::size_t Assembly::route_for(const ServerBlock& server, const LocationBlock& block,
                                const conf::Location& location) {
  const LocationSettings& settings = block.settings;
  conf::Route route;
  route.at = location.at;
  if (location.proxy) route.upstream = {location.proxy->upstream, location.proxy->target.at};
  const milliseconds silent = settings.proxy_read_timeout.value_or(seconds(60));
  route.timeouts.connect = settings.proxy_connect_timeout.value_or(seconds(60));
  route.timeouts.response = silent;
  // One for both sides: the longer.
  route.timeouts.send =
      std::max(settings.send_timeout.value_or(seconds(60)),
               location.proxy ? settings.proxy_send_timeout.value_or(seconds(60)) : milliseconds(0));
  route.timeouts.body = settings.body_timeout.value_or(seconds(60));
  route.websocket.idle_timeout = silent;
  route.max_body_bytes = settings.max_body_bytes.value_or(std::uint64_t{1} << 20);
  route.allow_underscores = server.settings.underscores_in_headers.value_or(false);
  std::vector<conf::Route>& routes = work_.config.routes;
  if (block.kind == Kind::inner) {
    const std::size_t around = work_.sites.servers.back().locations[*block.parent].route;
    route.name = routes[around].name;
    if (route == routes[around]) return around;
  }
  route.name = unique_name(title_of(server) + (block.title.empty() ? "" : " ") + block.title);
  routes.push_back(std::move(route));
  return routes.size() - 1;
}

void Assembly::build_servers() {
  for (const auto& server : work_.servers) {
    conf::VirtualServer& out = work_.sites.servers.emplace_back();
    out.names = server->names;
    out.first_name = server->first_name;
    out.at = server->directive->at();
    const ServerSettings& settings = server->settings;
    out.merge_slashes = settings.merge_slashes.value_or(true);
    out.underscores_in_headers = settings.underscores_in_headers.value_or(false);
    out.ignore_invalid_headers = settings.ignore_invalid_headers.value_or(true);
    if (settings.verify_client) out.verify_client = *settings.verify_client;
    for (const auto& block : server->locations) {
      if (!fits()) return;
      out.locations.push_back(location_of(*server, *block));
    }
  }
}

}  // namespace tidegate::nginx
