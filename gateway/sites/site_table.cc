#include "gateway/sites/site_table.h"

#include <algorithm>
#include <array>

#include "gateway/base/text.h"
#include "gateway/sites/compiled.h"

namespace tidegate::sites {
namespace {

constexpr const char* kCombined =
    "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent \"$http_referer\" "
    "\"$http_user_agent\"";

/// ngx_http_proxy_headers, without those of framing: these are the writer's.
constexpr std::array<std::pair<const char*, const char*>, 6> kDefaultFields = {{{"Host", "$proxy_host"},
                                                                                {"Connection", "close"},
                                                                                {"TE", ""},
                                                                                {"Keep-Alive", ""},
                                                                                {"Expect", ""},
                                                                                {"Upgrade", ""}}};

class Compiler {
 public:
  Compiler(VariableTable& variables, Diagnostics& diagnostics)
      : variables_(variables), diagnostics_(diagnostics) {}

  LocationPart location(const conf::VirtualServer& server, std::size_t index) {
    const conf::Location& conf = server.locations[index];
    LocationPart out{.conf = &conf, .index = index};
    name(out, server);
    out.script = Program::compile(conf.script, variables_, diagnostics_);
    files(out, conf.files);
    admission(out, conf.admission);
    for (const conf::AddedField& field : conf.added_fields) out.added_fields.push_back(text(field.value));
    if (conf.expires) out.expires = text(conf.expires->from);
    for (const conf::ErrorPage& page : conf.error_pages) out.error_pages.push_back(text(page.target));
    for (const conf::AccessLog& log : conf.access_logs) out.log_conditions.push_back(text(log.condition));
    if (conf.referers) out.referers.emplace(*conf.referers, diagnostics_);
    if (conf.proxy) out.proxy = proxy(*conf.proxy);
    return out;
  }

 private:
  Expression text(const conf::Text& value) { return Expression::compile(value, variables_, diagnostics_); }

  /// An `if` or a limit_except goes by the name of the location around it.
  static void name(LocationPart& out, const conf::VirtualServer& server) {
    const conf::Location* at = out.conf;
    for (std::size_t steps = 0; steps < server.locations.size(); ++steps) {
      if (at->kind != conf::Location::Kind::inner || !at->parent) break;
      at = &server.locations[*at->parent];
    }
    out.by_regex = at->kind == conf::Location::Kind::regex;
    const bool by_path = at->kind == conf::Location::Kind::prefix || at->kind == conf::Location::Kind::exact;
    if (by_path) out.name = at->pattern.value;
  }

  void files(LocationPart& out, const conf::FileRules& files) {
    out.root = text(files.root);
    for (const conf::Text& index : files.index) out.index_files.push_back(text(index));
    for (const conf::Text& candidate : files.candidates) out.candidates.push_back(text(candidate));
    out.fallback = text(files.fallback);
  }

  void admission(LocationPart& out, const conf::Admission& admission) {
    if (admission.basic) {
      out.realm = text(admission.basic->realm);
      out.user_file = text(admission.basic->user_file);
    }
    if (!admission.ask) return;
    out.ask = text(admission.ask->uri);
    for (const auto& [variable, value] : admission.ask->set)
      out.ask_set.emplace_back(variables_.assign(variable, value.at, diagnostics_), text(value));
  }

  ProxyPart proxy(const conf::ProxyPass& conf) {
    ProxyPart out{.conf = &conf};
    if (conf.upstream.empty()) out.target = text(conf.target);
    if (conf.uri) out.uri = text(*conf.uri);
    fields(out, conf);
    if (conf.body) out.body = text(*conf.body);
    out.method = text(conf.method);
    out.bind = text(conf.bind);
    out.tls_name = text(conf.tls_name);
    for (const conf::RedirectRule& rule : conf.redirects) out.redirects.push_back(replace(rule));
    for (const conf::CookieRule& rule : conf.cookie_domains) out.cookie_domains.push_back(replace(rule));
    for (const conf::CookieRule& rule : conf.cookie_paths) out.cookie_paths.push_back(replace(rule));
    for (const conf::CookieFlags& flags : conf.cookie_flags) {
      CookieFlagsPart part{.conf = &flags};
      if (flags.regex)
        part.pattern = Pattern::compile(flags.name, true, variables_, diagnostics_);
      else
        part.name = text(flags.name);
      out.cookie_flags.push_back(std::move(part));
    }
    return out;
  }

  void fields(ProxyPart& out, const conf::ProxyPass& conf) {
    const auto is_framing = [](std::string_view name) {
      return iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding");
    };
    for (const auto& [name, value] : conf.set_fields) {
      if (!is_framing(name)) out.fields.emplace_back(name, text(value));
    }
    for (const auto& [name, value] : kDefaultFields) {
      const bool said = std::any_of(conf.set_fields.begin(), conf.set_fields.end(),
                                    [n = name](const auto& field) { return iequals(field.first, n); });
      if (!said) out.fields.emplace_back(name, text({value, {}}));
    }
  }

  ReplaceRule replace(const conf::RedirectRule& rule) {
    ReplaceRule out;
    if (rule.regex)
      out.pattern = Pattern::compile(rule.from, rule.ignore_case, variables_, diagnostics_);
    else
      out.from = text(rule.from);
    out.to = text(rule.to);
    return out;
  }

  VariableTable& variables_;
  Diagnostics& diagnostics_;
};

}  // namespace

ServerPart compile_server(const conf::VirtualServer& server, std::size_t index, VariableTable& variables,
                          Diagnostics& diagnostics) {
  ServerPart out{.conf = &server, .index = index};
  Compiler compiler(variables, diagnostics);
  out.tree = LocationTree::compile(server.locations, variables, diagnostics);
  for (std::size_t i = 0; i < server.locations.size(); ++i)
    out.locations.push_back(compiler.location(server, i));
  return out;
}

SiteTable::SiteTable(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SiteTable::~SiteTable() = default;

std::unique_ptr<SiteTable> SiteTable::compile(const conf::Config& config, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.errors();
  auto impl = std::make_unique<Impl>();
  impl->config = &config;
  impl->sites = config.sites.get();
  VariableTable& variables = impl->variables;
  const conf::Sites& sites = *config.sites;

  compile_computed(sites, variables, diagnostics);
  for (std::size_t i = 0; i < sites.servers.size(); ++i)
    impl->servers.push_back(compile_server(sites.servers[i], i, variables, diagnostics));
  for (const conf::ListenerServers& listener : sites.by_listener) {
    ServerNames& names = impl->names.emplace_back();
    for (const std::size_t server : listener.servers)
      names.add(server, sites.servers[server], variables, diagnostics);
  }
  const auto text = [&](const conf::Text& value) {
    return Expression::compile(value, variables, diagnostics);
  };
  for (const conf::LimitZone& zone : sites.zones) impl->zone_keys.emplace(zone.name, text(zone.key));
  impl->log_formats.emplace("combined", LogFormatPart{.text = text({kCombined, {}})});
  for (const auto& [name, format] : sites.log_formats)
    impl->log_formats.insert_or_assign(name, LogFormatPart{format.escape, text(format.text)});
  for (const conf::Upstream& upstream : config.upstreams) {
    if (!upstream.hash_key.empty()) impl->hash_keys.emplace(upstream.name, text(upstream.hash_key));
  }
  variables.finish(diagnostics);
  if (diagnostics.errors() > before) return nullptr;
  return std::unique_ptr<SiteTable>(new SiteTable(std::move(impl)));
}

}  // namespace tidegate::sites
