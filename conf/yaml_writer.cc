#include "conf/yaml_writer.h"

#include <utility>

#include "conf/units.h"
#include "conf/yaml_text.h"
#include "conf/yaml_write_sections.h"

namespace tidegate::conf {
namespace yaml {

Writing duration(milliseconds value) {
  return Writing::word(format_duration(value));
}

Writing size_or_none(std::uint64_t bytes) {
  return Writing::word(bytes == 0 ? "none" : format_size(bytes));
}

Writing number(std::uint64_t value) {
  return Writing::word(std::to_string(value));
}

Writing number_or_none(std::uint64_t value) {
  return value == 0 ? Writing::word("none") : number(value);
}

Writing boolean(bool value) {
  return Writing::word(value ? "true" : "false");
}

Writing address(const ListenAddress& address) {
  if (!address.unix_path.empty()) return Writing::text("unix:" + address.unix_path);
  if (!address.text.empty()) return Writing::text(address.text);
  const bool v6 = address.host.find(':') != std::string::npos;
  return Writing::text((v6 ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port));
}

Writing texts(const std::vector<std::string>& values) {
  Writing list = Writing::list();
  for (const std::string& value : values) list.add(Writing::text(value));
  return list;
}

Writing redirect(const Redirect& redirect, bool https_is_a_word) {
  if (redirect.status == 301) {
    const bool https = https_is_a_word && redirect.to.value == "https://$host$request_uri";
    return https ? Writing::word("https") : Writing::text(redirect.to.value);
  }
  Writing map = Writing::map();
  map.add("status", number(static_cast<std::uint64_t>(redirect.status)));
  map.add("to", Writing::text(redirect.to.value));
  return map;
}

Writing websocket(const WebSocketRules& rules, const WebSocketRules& inherited) {
  Writing map = Writing::map();
  if (rules.origins != inherited.origins) {
    Writing origins = Writing::list();
    for (const Text& origin : rules.origins) origins.add(Writing::text(origin.value));
    map.add("origins", std::move(origins));
  }
  if (rules.idle_timeout != inherited.idle_timeout) map.add("idle_timeout", duration(rules.idle_timeout));
  if (rules.ping_interval != inherited.ping_interval) map.add("ping_interval", duration(rules.ping_interval));
  if (rules.max_message_bytes != inherited.max_message_bytes) {
    map.add("max_message", size_or_none(rules.max_message_bytes));
  }
  if (rules.max_lifetime != inherited.max_lifetime) map.add("max_lifetime", duration(rules.max_lifetime));
  if (rules.max_tunnels != inherited.max_tunnels) map.add("max_tunnels", number_or_none(rules.max_tunnels));
  return map;
}

}  // namespace yaml

namespace {

using yaml::Writing;

Writing certificate_of(const Certificate& certificate) {
  Writing map = Writing::map();
  map.add("certificate", Writing::text(certificate.certificate.value));
  map.add("private_key", Writing::text(certificate.private_key.value));
  return map;
}

Writing protocols_of(const std::vector<TlsVersion>& versions) {
  Writing list = Writing::list();
  for (const TlsVersion version : versions) {
    list.add(Writing::word(version == TlsVersion::tls1_2 ? "TLSv1.2" : "TLSv1.3"));
  }
  return list;
}

Writing tls_of(const ListenerTls& tls) {
  static const ListenerTls kUsual;
  Writing map = Writing::map();
  map.spread();
  Writing certificates = Writing::list();
  certificates.spread();
  for (const Certificate& certificate : tls.certificates) certificates.add(certificate_of(certificate));
  map.add("certificates", std::move(certificates));
  if (tls.protocols != kUsual.protocols) map.add("protocols", protocols_of(tls.protocols));
  if (!tls.ciphers.empty()) map.add("ciphers", Writing::text(tls.ciphers.value));
  if (!tls.ciphersuites.empty()) map.add("ciphersuites", Writing::text(tls.ciphersuites.value));
  if (tls.prefer_server_ciphers != kUsual.prefer_server_ciphers) {
    map.add("prefer_server_ciphers", yaml::boolean(tls.prefer_server_ciphers));
  }
  if (tls.session_tickets != kUsual.session_tickets) {
    map.add("session_tickets", yaml::boolean(tls.session_tickets));
  }
  if (tls.reject_unknown_sni) map.add("reject_unknown_sni", yaml::boolean(true));
  if (tls.client_auth) {
    Writing auth = Writing::map();
    auth.add("ca", Writing::text(tls.client_auth->ca.value));
    if (tls.client_auth->verify == ClientAuth::Verify::optional)
      auth.add("verify", Writing::word("optional"));
    map.add("client_auth", std::move(auth));
  }
  return map;
}

Writing listener_of(const Listener& listener) {
  Writing map = Writing::map();
  map.spread();
  map.add("address", yaml::address(listener.address));
  if (listener.redirect) map.add("redirect", yaml::redirect(*listener.redirect, !listener.tls));
  if (listener.proxy_protocol) map.add("proxy_protocol", yaml::boolean(true));
  if (!listener.acme_challenge.empty()) {
    map.add("acme_challenge", Writing::text(listener.acme_challenge.value));
  }
  if (listener.tls) map.add("tls", tls_of(*listener.tls));
  return map;
}

Writing server_of(const Server& server) {
  const Writing url = Writing::text(server.unix_path.empty() ? server.text : "unix:" + server.unix_path);
  if (server.weight == 1 && !server.backup && server.max_tunnels == 0) return url;
  Writing map = Writing::map();
  map.add("address", url);
  if (server.weight != 1) map.add("weight", yaml::number(server.weight));
  if (server.backup) map.add("backup", yaml::boolean(true));
  if (server.max_tunnels > 0) map.add("max_tunnels", yaml::number(server.max_tunnels));
  return map;
}

void add_balance(const Upstream& upstream, Writing& map) {
  if (upstream.balance == Upstream::Balance::least_tunnels)
    map.add("balance", Writing::word("least_tunnels"));
  if (upstream.balance == Upstream::Balance::random) map.add("balance", Writing::word("random"));
  if (!upstream.sticky) return;
  Writing sticky = Writing::map();
  if (upstream.sticky->cookie.empty()) {
    sticky.add("hash", Writing::text(upstream.sticky->hash.value));
  } else {
    sticky.add("cookie", Writing::text(upstream.sticky->cookie));
  }
  map.add("sticky", std::move(sticky));
}

void add_upstream_tls(const UpstreamTls& tls, Writing& map) {
  Writing out = Writing::map();
  if (!tls.ca.empty()) out.add("ca", Writing::text(tls.ca.value));
  if (!tls.server_name.empty()) out.add("server_name", Writing::text(tls.server_name));
  if (!tls.verify) out.add("verify", yaml::boolean(false));
  if (!out.empty()) map.add("tls", std::move(out));
}

/// A URL, or a list of them, where there is nothing else to say.
Writing upstream_of(const Upstream& upstream) {
  static const Upstream kUsual;
  Writing settings = Writing::map();
  add_balance(upstream, settings);
  add_upstream_tls(upstream.tls, settings);
  if (upstream.resolve != kUsual.resolve) settings.add("resolve", yaml::duration(upstream.resolve));
  Writing keepalive = Writing::map();
  if (upstream.keepalive_idle != kUsual.keepalive_idle) {
    keepalive.add("idle", yaml::duration(upstream.keepalive_idle));
  }
  if (upstream.keepalive_max != kUsual.keepalive_max)
    keepalive.add("max", yaml::number(upstream.keepalive_max));
  if (!keepalive.empty()) settings.add("keepalive", std::move(keepalive));
  if (upstream.on_removal != Upstream::OnRemoval::keep) {
    settings.add("on_removal",
                 Writing::word(upstream.on_removal == Upstream::OnRemoval::drain ? "drain" : "close"));
  }
  Writing servers = Writing::list();
  for (const Server& server : upstream.servers) servers.add(server_of(server));
  if (settings.empty()) {
    const bool one = upstream.servers.size() == 1;
    return one && server_of(upstream.servers.front()).is_scalar() ? server_of(upstream.servers.front())
                                                                  : servers;
  }
  Writing map = Writing::map();
  map.spread();
  map.add("servers", std::move(servers));
  map.append(std::move(settings));
  return map;
}

}  // namespace

std::string write_yaml(const Config& config, const YamlNotes& notes) {
  const auto above = [&notes](const std::string& place) {
    const auto found = notes.above.find(place);
    return found != notes.above.end() ? found->second : std::vector<std::string>();
  };
  Writing file = Writing::map();
  file.comment(notes.head);
  Writing listeners = Writing::map();
  listeners.spread().comment(above("listeners"));
  for (const Listener& listener : config.listeners) {
    listeners.add(listener.name, listener_of(listener).comment(above("listeners." + listener.name)));
  }
  if (!notes.head.empty()) listeners.apart();
  file.add("listeners", std::move(listeners));
  const yaml::Inherited inherited = yaml::inherited_by_routes(config);
  if (!config.routes.empty()) {
    Writing routes = yaml::routes(config, inherited, notes);
    file.add("routes", std::move(routes.apart().comment(above("routes"))));
  }
  if (!config.upstreams.empty()) {
    Writing upstreams = Writing::map();
    upstreams.spread().apart().comment(above("upstreams"));
    for (const Upstream& upstream : config.upstreams) {
      upstreams.add(upstream.name, upstream_of(upstream).comment(above("upstreams." + upstream.name)));
    }
    file.add("upstreams", std::move(upstreams));
  }
  Writing process = yaml::process(config, inherited, notes);
  process.first_apart();
  file.append(std::move(process));
  return file.document();
}

}  // namespace tidegate::conf
