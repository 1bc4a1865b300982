#include "gateway/admin/config_json.h"
#include "gateway/base/text.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "gateway/admin/route_json.h"
#include "gateway/base/units.h"

namespace tidegate::admin {
namespace {

using admin::word;  // of balance, beside those below

Json tls_json(const conf::ListenerTls& tls) {
  Json certificates = Json::array();
  for (const conf::Certificate& pair : tls.certificates) {
    certificates.push_back(
        {{"certificate", pair.certificate.value}, {"private_key", pair.private_key.value}});
  }
  Json protocols = Json::array();
  for (const conf::TlsVersion version : tls.protocols) {
    protocols.push_back(version == conf::TlsVersion::tls1_2 ? "TLSv1.2" : "TLSv1.3");
  }
  Json json = {{"certificates", certificates}, {"protocols", protocols}};
  if (!tls.ciphers.empty()) json["ciphers"] = tls.ciphers.value;
  if (!tls.ciphersuites.empty()) json["ciphersuites"] = tls.ciphersuites.value;
  json["prefer_server_ciphers"] = tls.prefer_server_ciphers;
  json["session_tickets"] = tls.session_tickets;
  json["reject_unknown_sni"] = tls.reject_unknown_sni;
  if (tls.client_auth) {
    const auto verify = tls.client_auth->verify;
    json["client_auth"] = {{"ca", tls.client_auth->ca.value},
                           {"verify", verify == conf::ClientAuth::Verify::required   ? "required"
                                      : verify == conf::ClientAuth::Verify::optional ? "optional"
                                                                                     : "optional_no_ca"}};
  }
  return json;
}

Json listeners_json(const conf::Config& config) {
  Json json = Json::object();
  for (const conf::Listener& listener : config.listeners) {
    Json& out = json[listener.name] = {{"address", listener.address.text}};
    if (listener.tls) out["tls"] = tls_json(*listener.tls);
    if (listener.redirect) out["redirect"] = redirect_json(*listener.redirect);
    if (!listener.acme_challenge.empty()) out["acme_challenge"] = listener.acme_challenge.value;
    if (listener.proxy_protocol) out["proxy_protocol"] = true;
  }
  return json;
}

Json servers_json(const conf::Upstream& upstream) {
  Json list = Json::array();
  for (const conf::Server& server : upstream.servers) {
    Json out = {{"address", without_user(server.text)}, {"weight", server.weight}, {"backup", server.backup}};
    if (server.max_tunnels > 0) out["max_tunnels"] = server.max_tunnels;
    list.push_back(std::move(out));
  }
  return list;
}

const char* word(conf::Upstream::OnRemoval what) {
  switch (what) {
    case conf::Upstream::OnRemoval::keep:
      return "keep";
    case conf::Upstream::OnRemoval::drain:
      return "drain";
    case conf::Upstream::OnRemoval::close:
      return "close";
  }
  return "";
}

bool speaks_tls(const conf::Upstream& upstream) {
  return std::any_of(upstream.servers.begin(), upstream.servers.end(),
                     [](const conf::Server& server) { return server.scheme == conf::Server::Scheme::https; });
}

Json tls_json(const conf::UpstreamTls& tls) {
  Json json = {{"verify", tls.verify}};
  if (!tls.ca.empty()) json["ca"] = tls.ca.value;
  if (!tls.server_name.empty()) json["server_name"] = tls.server_name;
  return json;
}

Json upstreams_json(const conf::Config& config) {
  Json json = Json::object();
  for (const conf::Upstream& upstream : config.upstreams) {
    Json& out =
        json[upstream.name] = {{"servers", servers_json(upstream)}, {"balance", word(upstream.balance)}};
    if (upstream.sticky) {
      const bool cookie = !upstream.sticky->cookie.empty();
      out["sticky"] = {
          {cookie ? "cookie" : "hash", cookie ? upstream.sticky->cookie : upstream.sticky->hash.value}};
    }
    if (speaks_tls(upstream)) out["tls"] = tls_json(upstream.tls);
    out["on_removal"] = word(upstream.on_removal);
    out["resolve"] = format_duration(upstream.resolve);
    out["keepalive"] = {{"idle", format_duration(upstream.keepalive_idle)}, {"max", upstream.keepalive_max}};
  }
  return json;
}

Json process_timeouts_json(const conf::Timeouts& timeouts) {
  Json json = {{"tls_handshake", format_duration(timeouts.tls_handshake)},
               {"header", format_duration(timeouts.header)},
               {"keepalive", format_duration(timeouts.keepalive)},
               {"close", format_duration(timeouts.close)}};
  json.update(timeouts_json(timeouts.route));
  return json;
}

const char* word(conf::Log::Level level) {
  switch (level) {
    case conf::Log::Level::debug:
      return "debug";
    case conf::Log::Level::info:
      return "info";
    case conf::Log::Level::warning:
      return "warning";
    case conf::Log::Level::error:
      return "error";
  }
  return "";
}

Json log_json(const conf::Log& log) {
  Json level = word(log.level);
  if (!log.area_levels.empty()) level = {{"default", level}};
  for (const auto& [area, own] : log.area_levels) level[area] = word(own);
  return {{"level", level},
          {"diagnostics", log.diagnostics == conf::Log::Diagnostics::json ? "json" : "text"},
          {"access", log.access},
          {"format", log.format == conf::Log::Format::json ? "json" : "combined"},
          {"query", log.query},
          {"query_values", log.query_values}};
}

Json limits_json(const conf::Limits& limits) {
  Json json = {{"head", format_size(limits.head_bytes)},
               {"fields", limits.fields},
               {"uri", format_size(limits.uri_bytes)},
               {"body", size_or_none(limits.body_bytes)},
               {"tunnels", "auto"}};
  if (limits.tunnels) json["tunnels"] = *limits.tunnels == 0 ? Json("none") : Json(*limits.tunnels);
  return json;
}

Json drain_json(const conf::Drain& drain) {
  return {{"delay", format_duration(drain.delay)},
          {"window", format_duration(drain.window)},
          {"deadline", format_duration(drain.deadline)},
          {"close_code", drain.close_code}};
}

}  // namespace

Json config_json(const conf::Config& config) {
  Json routes = Json::array();
  for (const conf::Route& route : config.routes) routes.push_back(route_config_json(route));
  Json proxies = Json::array();
  for (const Cidr& block : config.trusted_proxies) proxies.push_back(block.to_string());
  Json json = {{"listeners", listeners_json(config)},  {"routes", routes},
               {"upstreams", upstreams_json(config)},  {"timeouts", process_timeouts_json(config.timeouts)},
               {"limits", limits_json(config.limits)}, {"trusted_proxies", proxies},
               {"log", log_json(config.log)},          {"drain", drain_json(config.drain)}};
  if (config.metrics) json["metrics"] = {{"address", config.metrics->text}};
  for (const conf::ListenAddress& address : config.admin) json["admin"]["address"].push_back(address.text);
  json["workers"] = config.workers == 0 ? Json("auto") : Json(config.workers);
  return json;
}

}  // namespace tidegate::admin
