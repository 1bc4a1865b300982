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

/// A `proxy_pass` whose host is a variable may still name one of the configured upstreams. With https these
/// are called "https://name".
std::string upstream_of(const conf::Config& config, const Target& target) {
  if (!target.valid) return {};
  const bool unix = target.host.starts_with("unix:");
  const std::string whole = unix ? target.host : target.host + ":" + target.proxy_port;
  const std::string scheme = target.https ? "https://" : "";
  for (const conf::Upstream& upstream : config.upstreams) {
    if (target.port.empty() && iequals(upstream.name, scheme + target.host)) return upstream.name;
    if (iequals(upstream.name, scheme + whole)) return upstream.name;
  }
  return whole;
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
  out.upstream = proxy.conf->upstream.empty() ? upstream_of(*r.table.config, target) : proxy.conf->upstream;
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
  out.bind = proxy.bind.evaluate(r);
  const auto key = r.table.hash_keys.find(out.upstream);
  if (key != r.table.hash_keys.end()) out.hash_key = key->second.evaluate(r);
  return out;
}

}  // namespace tidegate::sites
