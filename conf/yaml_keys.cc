#include "conf/units.h"
#include "conf/yaml_loader.h"

namespace tidegate::conf {
namespace {

const char* word(bool value) {
  return value ? "true" : "false";
}

/// What is in the model's hands is taken from there, so that this table cannot disagree with it.
const Listener kListener;
const ListenerTls kTls;
const Redirect kRedirect;
const Respond kRespond;
const WebSocketRules kWebSocket;
const Upstream kUpstream;
const Timeouts kTimeouts;
const Limits kLimits;
const Log kLog;
const Drain kDrain;

std::string size_or_none(std::uint64_t bytes) {
  return bytes == 0 ? "none" : format_size(bytes);
}

std::vector<KeyInfo> listener_keys() {
  return {
      {"listeners.<name>.address", "address", "required"},
      {"listeners.<name>.redirect", "`https`, URL or map", "none"},
      {"listeners.<name>.redirect.status", "number", std::to_string(kRedirect.status)},
      {"listeners.<name>.redirect.to", "template", "required"},
      {"listeners.<name>.acme_challenge", "path", "none"},
      {"listeners.<name>.proxy_protocol", "boolean", word(kListener.proxy_protocol)},
      {"listeners.<name>.tls", "map", "none"},
      {"listeners.<name>.tls.certificates", "list of maps", "required"},
      {"listeners.<name>.tls.certificates[].certificate", "path", "required"},
      {"listeners.<name>.tls.certificates[].private_key", "path", "required"},
      {"listeners.<name>.tls.protocols", "list", "[TLSv1.2, TLSv1.3]"},
      {"listeners.<name>.tls.ciphers", "string", "AEAD with forward secrecy"},
      {"listeners.<name>.tls.ciphersuites", "string", "OpenSSL's"},
      {"listeners.<name>.tls.prefer_server_ciphers", "boolean", word(kTls.prefer_server_ciphers)},
      {"listeners.<name>.tls.session_tickets", "boolean", word(kTls.session_tickets)},
      {"listeners.<name>.tls.reject_unknown_sni", "boolean", word(kTls.reject_unknown_sni)},
      {"listeners.<name>.tls.client_auth", "map", "none"},
      {"listeners.<name>.tls.client_auth.ca", "path", "required"},
      {"listeners.<name>.tls.client_auth.verify", "word", "required"},
  };
}

std::vector<KeyInfo> route_keys() {
  return {
      {"routes[].name", "string", "host and path"},
      {"routes[].host", "host or list of hosts", "every host"},
      {"routes[].path", "path or map", "/"},
      {"routes[].path.prefix", "path", "none"},
      {"routes[].path.exact", "path", "none"},
      {"routes[].path.regex", "regex", "none"},
      {"routes[].path.before_regex", "boolean", "false"},
      {"routes[].match", "map", "none"},
      {"routes[].match.listener", "name", "every listener"},
      {"routes[].match.methods", "list", "every method"},
      {"routes[].match.headers", "map of strings", "none"},
      {"routes[].match.query", "map of strings", "none"},
      {"routes[].match.subprotocol", "string", "none"},
      {"routes[].upstream", "name", "none"},
      {"routes[].respond", "map", "none"},
      {"routes[].respond.status", "number", std::to_string(kRespond.status)},
      {"routes[].respond.body", "template", "empty"},
      {"routes[].respond.content_type", "string", kRespond.content_type},
      {"routes[].redirect", "`https`, URL or map", "none"},
      {"routes[].redirect.status", "number", std::to_string(kRedirect.status)},
      {"routes[].redirect.to", "template", "required"},
      {"routes[].rewrite", "map", "none"},
      {"routes[].rewrite.strip_prefix", "path", "required"},
      {"routes[].request_headers", "map", "none"},
      {"routes[].request_headers.set", "map of templates", "none"},
      {"routes[].request_headers.remove", "list", "none"},
      {"routes[].response_headers", "map", "none"},
      {"routes[].response_headers.set", "map of templates", "none"},
      {"routes[].response_headers.remove", "list", "none"},
      {"routes[].websocket", "map", "inherited"},
      {"routes[].websocket.origins", "list of origins", "inherited"},
      {"routes[].websocket.idle_timeout", "duration", "inherited"},
      {"routes[].websocket.ping_interval", "duration", "inherited"},
      {"routes[].websocket.max_message", "size or `none`", "inherited"},
      {"routes[].websocket.max_lifetime", "duration", "inherited"},
      {"routes[].websocket.max_tunnels", "number or `none`", "inherited"},
      {"routes[].timeouts", "map", "inherited"},
      {"routes[].timeouts.connect", "duration", "inherited"},
      {"routes[].timeouts.response", "duration", "inherited"},
      {"routes[].timeouts.send", "duration", "inherited"},
      {"routes[].timeouts.body", "duration", "inherited"},
      {"routes[].limits", "map", "inherited"},
      {"routes[].limits.body", "size or `none`", "inherited"},
      {"routes[].underscores", "word", "inherited"},
  };
}

std::vector<KeyInfo> upstream_keys() {
  return {
      {"upstreams.<name>.servers", "list of URLs or maps", "required"},
      {"upstreams.<name>.servers[].address", "URL", "required"},
      {"upstreams.<name>.servers[].weight", "number", std::to_string(Server{}.weight)},
      {"upstreams.<name>.servers[].backup", "boolean", word(Server{}.backup)},
      {"upstreams.<name>.servers[].max_tunnels", "number or `none`", "none"},
      {"upstreams.<name>.balance", "word", "round_robin"},
      {"upstreams.<name>.sticky", "map", "none"},
      {"upstreams.<name>.sticky.cookie", "string", "none"},
      {"upstreams.<name>.sticky.hash", "template", "none"},
      {"upstreams.<name>.tls", "map", "none"},
      {"upstreams.<name>.tls.ca", "path", "the system's"},
      {"upstreams.<name>.tls.server_name", "host", "the server's host"},
      {"upstreams.<name>.tls.verify", "boolean", word(kUpstream.tls.verify)},
      {"upstreams.<name>.resolve", "duration", format_duration(kUpstream.resolve)},
      {"upstreams.<name>.keepalive", "map", "none"},
      {"upstreams.<name>.keepalive.idle", "duration", format_duration(kUpstream.keepalive_idle)},
      {"upstreams.<name>.keepalive.max", "number", std::to_string(kUpstream.keepalive_max)},
      {"upstreams.<name>.on_removal", "word", "keep"},
  };
}

std::vector<KeyInfo> process_keys() {
  return {
      {"timeouts.tls_handshake", "duration", format_duration(kTimeouts.tls_handshake)},
      {"timeouts.header", "duration", format_duration(kTimeouts.header)},
      {"timeouts.body", "duration", format_duration(kTimeouts.route.body)},
      {"timeouts.keepalive", "duration", format_duration(kTimeouts.keepalive)},
      {"timeouts.send", "duration", format_duration(kTimeouts.route.send)},
      {"timeouts.connect", "duration", format_duration(kTimeouts.route.connect)},
      {"timeouts.response", "duration", format_duration(kTimeouts.route.response)},
      {"timeouts.close", "duration", format_duration(kTimeouts.close)},
      {"websocket.origins", "list of origins", "every origin"},
      {"websocket.idle_timeout", "duration", format_duration(kWebSocket.idle_timeout)},
      {"websocket.ping_interval", "duration", format_duration(kWebSocket.ping_interval)},
      {"websocket.max_message", "size or `none`", size_or_none(kWebSocket.max_message_bytes)},
      {"websocket.max_lifetime", "duration", format_duration(kWebSocket.max_lifetime)},
      {"websocket.max_tunnels", "number or `none`", "none"},
      {"limits.head", "size", format_size(kLimits.head_bytes)},
      {"limits.fields", "number", std::to_string(kLimits.fields)},
      {"limits.uri", "size", format_size(kLimits.uri_bytes)},
      {"limits.body", "size or `none`", size_or_none(kLimits.body_bytes)},
      {"limits.tunnels", "`auto`, number or `none`", "auto"},
      {"log.level", "word or map", "info"},
      {"log.diagnostics", "word", "text"},
      {"log.access", "`stdout`, `off` or path", kLog.access},
      {"log.format", "word", "json"},
      {"log.query", "boolean", word(kLog.query)},
      {"log.query_values", "boolean", word(kLog.query_values)},
      {"drain.delay", "duration", format_duration(kDrain.delay)},
      {"drain.window", "duration", format_duration(kDrain.window)},
      {"drain.deadline", "duration", format_duration(kDrain.deadline)},
      {"drain.close_code", "number", std::to_string(kDrain.close_code)},
      {"metrics.address", "address", "required"},
      {"admin.address", "address or list of addresses", "required"},
  };
}

std::vector<KeyInfo> all_keys() {
  std::vector<KeyInfo> keys = {
      {"listeners", "map of names", "required"},
      {"routes", "list of maps", "none"},
      {"upstreams", "map of names", "none"},
      {"timeouts", "map", "none"},
      {"websocket", "map", "none"},
      {"limits", "map", "none"},
      {"trusted_proxies", "list of addresses", "none"},
      {"underscores", "word", "drop"},
      {"log", "map", "none"},
      {"drain", "map", "none"},
      {"metrics", "map", "none"},
      {"admin", "map", "none"},
      {"workers", "`auto` or number", "auto"},
  };
  for (auto* part : {&listener_keys, &route_keys, &upstream_keys, &process_keys}) {
    for (KeyInfo& key : (*part)()) keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace

const std::vector<KeyInfo>& known_keys() {
  static const std::vector<KeyInfo> keys = all_keys();
  return keys;
}

}  // namespace tidegate::conf
