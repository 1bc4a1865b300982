#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/sites/uri_text.h"
#include "gateway/sites/walk_impl.h"

// What goes to an upstream: ngx_http_proxy_create_request().

namespace tidegate::sites {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

bool is_framing(std::string_view name) {
  return iequals(name, "Content-Length") || iequals(name, "Transfer-Encoding");
}

/// A `proxy_pass` whose host is a variable may still name one of the configured upstreams. With https only
/// those count that speak TLS as this proxy_pass wants it.
std::string upstream_of(const conf::Config& config, const conf::ProxyPass& proxy, const Target& target,
                        bool& on_demand) {
  if (!target.valid) return {};
  const bool unix = target.host.starts_with("unix:");
  std::string whole = unix ? target.host : target.host + ":" + target.proxy_port;
  if (target.https && proxy.https_upstreams != nullptr) {
    for (const std::string_view name : {std::string_view(target.host), std::string_view(whole)}) {
      const auto found = proxy.https_upstreams->find(to_lower(name));
      const bool fits = name.size() == whole.size() || target.port.empty();
      if (fits && found != proxy.https_upstreams->end()) return found->second;
    }
  }
  for (const conf::Upstream& upstream : config.upstreams) {
    if (target.https) break;
    if (target.port.empty() && iequals(upstream.name, target.host)) return upstream.name;
    if (iequals(upstream.name, whole)) return upstream.name;
  }
  on_demand = true;
  return whole;
}

/// proxy_ssl_name as nginx takes it: a port does not count (ngx_http_upstream_ssl_name).
std::string without_port(std::string name) {
  if (name.starts_with('[')) return name.substr(1, name.find(']') - 1);
  return name.substr(0, name.find(':'));
}

/// RFC 6066 §3 and OpenSSL: what TLS can ask for, and verify.
bool is_tls_name(std::string_view name) {
  return name.size() <= 255 && name.find('\0') == std::string_view::npos;
}

/// proxy_bind; none: it is off, or makes no sense, which nginx complains of and passes over.
std::optional<Outgoing::Local> local_address(const std::string& text, const Subject& subject) {
  if (text.empty()) return std::nullopt;
  if (const auto plain = IpAddress::parse(text)) return Outgoing::Local{*plain};
  const std::size_t colon = text.rfind(':');
  const std::uint64_t port =
      colon == std::string::npos ? 0 : parse_decimal(text.substr(colon + 1)).value_or(0);
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const auto ip = IpAddress::parse(host);
  if (ip && port > 0 && port <= 65535) return Outgoing::Local{*ip, static_cast<std::uint16_t>(port)};
  subject.complain(log::Level::error, "invalid local address \"" + text + '"');
  return std::nullopt;
}

/// What follows the upstream's name. The URI goes as it was sent where nothing says otherwise; what the
/// location matched is replaced by the `proxy_pass`'s own part, the rest escaped again where it was decoded.
std::string path_of(Request& r, const Target& target) {
  const ProxyPart& proxy = *r.location->proxy;
  std::string own = target.uri;
  if (proxy.uri) own = proxy.uri->evaluate(r);
  const bool with_variables = proxy.uri ? !proxy.uri->constant() : !target.uri.empty();
  if (with_variables && !own.empty()) return own.starts_with('?') ? "/" + own : own;
  if (own.empty() && r.valid_unparsed_uri) return std::string(r.visitor.head->path);

  if (!r.valid_location) own.clear();  // rewrite ... break: the whole of what it made goes on
  const std::size_t matched = own.empty() ? 0 : std::min(r.location->name.size(), r.uri.size());
  const std::string_view rest = std::string_view(r.uri).substr(matched);
  std::string out = std::move(own);
  if (r.quoted_uri || r.internal)
    out += escape_uri(rest);
  else
    out += rest;
  if (!r.args.empty()) out.append("?").append(r.args);
  return out;
}

bool is_set(const ProxyPart& proxy, std::string_view name) {
  return std::any_of(proxy.fields.begin(), proxy.fields.end(),
                     [name](const auto& field) { return iequals(field.first, name); });
}

Fields fields_of(Request& r) {
  const ProxyPart& proxy = *r.location->proxy;
  Fields out;
  for (const auto& [name, value] : proxy.fields) {
    std::string text = value.evaluate(r);
    if (!text.empty()) out.emplace_back(name, std::move(text));
  }
  if (!proxy.conf->pass_fields) return out;
  for (const http::Field& field : r.visitor.head->fields) {
    if (is_framing(field.name) || is_set(proxy, field.name) || !r.sees(field)) continue;
    out.emplace_back(field.name, field.value);
  }
  return out;
}

bool has_token(const Fields& fields, std::string_view name, std::string_view token) {
  bool found = false;
  for (const auto& [field, value] : fields) {
    if (!iequals(field, name)) continue;
    for_each_list_element(value, [&](std::string_view element) { found |= iequals(element, token); });
  }
  return found;
}

}  // namespace

Outgoing Walk::outgoing() const {
  Request& r = impl_->request;
  const ProxyPart& proxy = *r.location->proxy;
  const Target& target = r.proxy_target();
  Outgoing out;
  out.upstream = proxy.conf->upstream.empty()
                     ? upstream_of(*r.table.config, *proxy.conf, target, out.on_demand)
                     : proxy.conf->upstream;
  out.https = target.https;
  out.method = proxy.method.evaluate(r);
  if (out.method.empty()) out.method = r.method;
  out.path = path_of(r, target);
  out.minor_version = proxy.conf->minor_version;
  out.fields = fields_of(r);
  out.handshake = !r.subrequest && r.visitor.head->upgrade == http::Upgrade::websocket &&
                  has_token(out.fields, "Upgrade", "websocket") &&
                  has_token(out.fields, "Connection", "upgrade");
  // What else an upgrade may lead to is not spoken here, so it is not asked for.
  if (!out.handshake) std::erase_if(out.fields, [](const auto& f) { return iequals(f.first, "Upgrade"); });
  if (proxy.body)
    out.body = proxy.body->evaluate(r);
  else if (!proxy.conf->pass_body || r.subrequest)
    out.body.emplace();
  out.bind = local_address(proxy.bind.evaluate(r), impl_->subject());
  if (out.https && !proxy.tls_name.empty()) out.tls_name = without_port(proxy.tls_name.evaluate(r));
  if (out.tls_name && !is_tls_name(*out.tls_name)) {
    impl_->subject().complain(log::Level::error, "proxy_ssl_name is longer than 255 bytes, or has a NUL");
    out.upstream.clear();
  }
  const auto key = r.table.hash_keys.find(out.upstream);
  if (key != r.table.hash_keys.end()) out.hash_key = key->second.evaluate(r);
  return out;
}

}  // namespace tidegate::sites
