#include <algorithm>
#include <array>
#include <utility>

#include "gateway/base/text.h"
#include "nginx-compat/assemble.h"

// proxy_pass with everything around it, and the upstreams that come of it.

namespace tidegate::nginx {
namespace {

using Fields = std::vector<std::pair<std::string, Text>>;

constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kUsualFields = {{
    {"Host", "$proxy_host"},
    {"Connection", "close"},
    {"TE", ""},
    {"Keep-Alive", ""},
    {"Expect", ""},
    {"Upgrade", ""},
}};
constexpr std::array<std::string_view, 8> kUsuallyHidden = {"Date",
                                                            "Server",
                                                            "X-Pad",
                                                            "X-Accel-Expires",
                                                            "X-Accel-Redirect",
                                                            "X-Accel-Limit-Rate",
                                                            "X-Accel-Buffering",
                                                            "X-Accel-Charset"};

/// The configuration's own, then those of nginx's that it does not mention.
Fields fields_of(const LocationSettings& settings, const Position& at) {
  Fields fields = settings.proxy_fields ? *settings.proxy_fields : Fields{};
  const std::size_t own = fields.size();
  for (const auto& [name, value] : kUsualFields) {
    const bool said = std::any_of(fields.begin(), fields.begin() + static_cast<std::ptrdiff_t>(own),
                                  [name = name](const auto& field) { return iequals(field.first, name); });
    if (!said) fields.emplace_back(std::string(name), Text{std::string(value), at});
  }
  return fields;
}

std::vector<std::string> hidden_of(const LocationSettings& settings) {
  std::vector<std::string> hidden(kUsuallyHidden.begin(), kUsuallyHidden.end());
  if (settings.show_fields) {
    for (const std::string& shown : *settings.show_fields)
      std::erase_if(hidden, [&shown](const std::string& name) { return iequals(name, shown); });
  }
  if (settings.hide_fields)
    hidden.insert(hidden.end(), settings.hide_fields->begin(), settings.hide_fields->end());
  return hidden;
}

bool has_variables(const Text& text) {
  return text.value.find('$') != std::string::npos;
}

/// The name that is not nginx's own, which is the host of proxy_pass.
const Text* said_name(const LocationSettings& settings) {
  const auto& name = settings.proxy_ssl_name;
  return name && name->value != "$proxy_host" ? &*name : nullptr;
}

/// Without its port.
std::string host_alone(const std::string& host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

}  // namespace

conf::UpstreamTls Assembly::upstream_tls_of(const LocationBlock& block, const Target& target) {
  const LocationSettings& settings = block.settings;
  conf::UpstreamTls tls;
  tls.verify = settings.proxy_ssl_verify.value_or(false);
  if (settings.proxy_ssl_trusted) tls.ca = *settings.proxy_ssl_trusted;
  if (tls.verify && tls.ca.empty())
    work_.fail(*block.directive, "no proxy_ssl_trusted_certificate for proxy_ssl_verify");
  const Text* const name = said_name(settings);
  if (name == nullptr || has_variables(*name)) {
    tls.server_name = host_alone(target.host);  // of variables: whatever host it turns out to be
  } else {
    tls.server_name = host_alone(name->value);
  }
  tls.send_name = settings.proxy_ssl_server_name.value_or(false);
  if (settings.proxy_ssl_certificate && !settings.proxy_ssl_certificate->empty()) {
    if (!settings.proxy_ssl_key) {
      work_.fail(*block.directive, "no \"proxy_ssl_certificate_key\" is defined for certificate \"" +
                                       settings.proxy_ssl_certificate->value + '"');
    } else {
      tls.certificate = conf::Certificate{*settings.proxy_ssl_certificate, *settings.proxy_ssl_key};
    }
  }
  if (settings.proxy_ssl_crl) tls.crl = *settings.proxy_ssl_crl;
  tls.depth = static_cast<unsigned>(std::min<std::uint64_t>(settings.proxy_ssl_depth.value_or(1), 100));
  tls.protocols = settings.proxy_ssl_protocols.value_or(std::vector{conf::TlsVersion::tls1_2});
  if (settings.proxy_ssl_ciphers) tls.ciphers = *settings.proxy_ssl_ciphers;
  tls.reuse_sessions = settings.proxy_ssl_reuse.value_or(true);
  return tls;
}

/// The configuration's upstream for a block, by scheme and TLS: nginx's upstreams have neither.
const std::string& Assembly::upstream_of(const LocationBlock& block, const Target& target) {
  const UpstreamBlock& from = *work_.upstreams[target.upstream];
  return variant_of(target.upstream, target.https,
                    target.https ? upstream_tls_of(block, target) : conf::UpstreamTls{}, from);
}

const std::string& Assembly::variant_of(std::size_t index, bool https, conf::UpstreamTls tls,
                                        const UpstreamBlock& from) {
  std::vector<conf::Upstream>& all = work_.config.upstreams;
  const auto scheme = https ? conf::Server::Scheme::https : conf::Server::Scheme::http;
  for (const std::size_t known : variants_[index]) {
    const conf::Upstream& upstream = all[known];
    const bool same_scheme = upstream.servers.empty() || upstream.servers.front().scheme == scheme;
    if (same_scheme && (!https || upstream.tls == tls)) return upstream.name;
  }
  conf::Upstream upstream = from.upstream;
  for (conf::Server& server : upstream.servers) server.scheme = scheme;
  copied_ += upstream.servers.size() + variants_[index].size();  // the latter were looked at
  upstream.tls = std::move(tls);
  if (from.keepalive) upstream.keepalive_idle = from.keepalive_timeout;
  const bool port = from.is_implicit && from.port != 0 && !from.name.starts_with("unix:");
  const std::string base =
      (https ? "https://" : "") + from.name + (port ? ':' + std::to_string(from.port) : std::string());
  upstream.name = base;
  for (unsigned n = 2; !upstream_names_.insert(upstream.name).second; ++n)
    upstream.name = base + " (" + std::to_string(n) + ')';
  variants_[index].push_back(all.size());
  all.push_back(std::move(upstream));
  return all.back().name;
}

std::optional<conf::ProxyPass> Assembly::proxy_of(const LocationBlock& block) {
  const LocationSettings& settings = block.settings;
  if (!settings.target) return std::nullopt;
  const Target& target = *settings.target;
  conf::ProxyPass out;
  out.target = target.url;
  out.https = target.https;
  if (const Text* const name = said_name(settings); name != nullptr && has_variables(*name))
    out.tls_name = *name;
  if (target.has_variables) {
    const bool never_https = iequals(target.url.value.substr(0, 7), "http://");
    if (!never_https) {
      out.tls = upstream_tls_of(block, target);
      out.https_upstreams = upstreams_with(out.tls);
    }
  } else {
    out.upstream = upstream_of(block, target);
    out.host = target.host;
    out.port = target.port;
    out.uri = target.uri;
  }
  out.set_fields = fields_of(settings, target.url.at);
  copied_ += out.set_fields.size();
  out.pass_fields = settings.pass_fields.value_or(true);
  out.pass_body = settings.pass_body.value_or(true);
  out.buffer_body = settings.buffer_body.value_or(true);
  out.body = settings.proxy_body;
  out.method = settings.proxy_method.value_or(Text{});
  out.minor_version = settings.proxy_minor_version.value_or(0);
  out.hide_fields = hidden_of(settings);
  out.intercept_errors = settings.intercept_errors.value_or(false);
  out.ignore_client_abort = settings.ignore_client_abort.value_or(false);
  if (settings.redirects) {
    out.default_redirect = settings.redirects->use_default;
    out.redirects = settings.redirects->rules;
  }
  if (settings.cookie_domains) out.cookie_domains = *settings.cookie_domains;
  if (settings.cookie_paths) out.cookie_paths = *settings.cookie_paths;
  if (settings.cookie_flags) out.cookie_flags = *settings.cookie_flags;
  if (settings.next) out.next = *settings.next;
  out.next.tries =
      static_cast<unsigned>(std::min<std::uint64_t>(settings.next_tries.value_or(0), 0x7FFFFFFF));
  out.next.timeout = settings.next_timeout.value_or(milliseconds(0));
  out.bind = settings.proxy_bind.value_or(Text{});
  out.accel_redirect = !settings.ignore_accel_redirect.value_or(false);
  return out;
}

/// Filled by check_upstreams(), once all are known.
std::shared_ptr<const std::map<std::string, std::string>> Assembly::upstreams_with(
    const conf::UpstreamTls& tls) {
  const auto found = std::find_if(variable_tls_.begin(), variable_tls_.end(),
                                  [&tls](const VariableTls& each) { return each.tls == tls; });
  copied_ += variable_tls_.size();  // they were looked at
  if (found != variable_tls_.end()) return found->upstreams;
  return variable_tls_.emplace_back(VariableTls{tls, std::make_shared<std::map<std::string, std::string>>()})
      .upstreams;
}

/// An upstream that variables may name, with each TLS that they may want.
void Assembly::add_variants(std::size_t index, const UpstreamBlock& block) {
  for (const VariableTls& each : variable_tls_) {
    conf::UpstreamTls tls = each.tls;
    if (tls.server_name.empty()) tls.server_name = host_alone(block.name);
    each.upstreams->emplace(to_lower(block.name), variant_of(index, true, std::move(tls), block));
  }
}

/// Upstreams that a variable may lead to must be there too; and hosts must be known.
void Assembly::check_upstreams() {
  for (std::size_t i = 0; i < work_.upstreams.size(); ++i) {
    const UpstreamBlock& block = *work_.upstreams[i];
    if (!block.is_implicit) {
      if (variants_[i].empty()) variant_of(i, false, {}, block);
      add_variants(i, block);
      if (!fits()) return;
      continue;
    }
    const conf::Server& server = block.upstream.servers.front();
    if (server.unix_path.empty() && !work_.is_known(server.host))
      work_.fail(*block.directive, "host not found in upstream \"" + block.name + '"');
  }
}

}  // namespace tidegate::nginx
