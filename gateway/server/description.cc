#include "gateway/server/description.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/base/units.h"

namespace tidegate::server {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kLongestShown = 80;

const char* word(bool value) {
  return value ? "true" : "false";
}

template <typename T, typename Word>
std::string list_of(const std::vector<T>& items, Word word_of) {
  std::string out;
  for (const T& item : items) out += (out.empty() ? "" : ", ") + word_of(item);
  return '[' + out + ']';
}

/// Gathers entries; a prefix stands before each key.
class Writer {
 public:
  explicit Writer(std::vector<Entry>& out, std::string prefix = "") : out_(out), prefix_(std::move(prefix)) {}
  Writer below(const std::string& key) const { return Writer(out_, prefix_ + key + '.'); }

  void text(const std::string& key, const std::string& value) const {
    if (!value.empty()) out_.push_back({prefix_ + key, value});
  }
  void secret(const std::string& key, const std::string& value) const {
    out_.push_back({prefix_ + key, value, true});
  }
  void boolean(const std::string& key, bool value) const { text(key, word(value)); }
  void number(const std::string& key, std::uint64_t value) const { text(key, std::to_string(value)); }
  void duration(const std::string& key, milliseconds value) const { text(key, format_duration(value)); }
  void size(const std::string& key, std::uint64_t bytes) const {
    if (bytes > 0) text(key, format_size(bytes));  // zero: no limit
  }
  void count(const std::string& key, std::uint64_t most) const {
    if (most > 0) number(key, most);  // zero: no limit
  }
  void words(const std::string& key, const std::vector<std::string>& items) const {
    if (!items.empty()) text(key, list_of(items, [](const std::string& item) { return item; }));
  }
  void texts(const std::string& key, const std::vector<conf::Text>& items) const {
    if (!items.empty()) text(key, list_of(items, [](const conf::Text& item) { return item.value; }));
  }

 private:
  std::vector<Entry>& out_;
  std::string prefix_;
};

std::string protocol_words(const std::vector<conf::TlsVersion>& protocols) {
  return list_of(protocols, [](conf::TlsVersion version) {
    return std::string(version == conf::TlsVersion::tls1_2 ? "TLSv1.2" : "TLSv1.3");
  });
}

void describe(const conf::ClientAuth& auth, const Writer& out) {
  const auto& [ca, verify, crl, depth, refuse_by_status] = auth;
  out.text("ca", ca.value);
  out.text("verify", verify == conf::ClientAuth::Verify::required   ? "required"
                     : verify == conf::ClientAuth::Verify::optional ? "optional"
                                                                    : "optional_no_ca");
  if (!crl.empty()) out.text("crl", crl.value);
  if (depth > 0) out.number("depth", depth);
  if (refuse_by_status) out.boolean("refuse_by_status", true);
}

std::string identity_of(const std::string& text) {
  return text;
}

/// What YAML cannot say, where it is said.
void describe_more(const conf::ListenerTls& tls, const Writer& out) {
  if (tls.reject_handshake) out.boolean("reject_handshake", true);
  if (!tls.key_passwords.empty()) out.text("key_passwords", tls.key_passwords.value);
  if (!tls.dh_parameters.empty()) out.text("dh_parameters", tls.dh_parameters.value);
  if (!tls.groups.empty()) out.text("groups", tls.groups);
  if (!tls.stapled_response.empty()) out.text("stapled_response", tls.stapled_response.value);
  if (tls.session_timeout != conf::ListenerTls().session_timeout) {
    out.duration("session_timeout", tls.session_timeout);
  }
  for (const auto& [name, value] : tls.commands) out.text("command " + name, value.value);
}

void describe(const conf::ListenerTls& tls, const Writer& out) {
  const auto& [certificates, protocols, ciphers, ciphersuites, prefer_server_ciphers, session_tickets,
               reject_unknown_sni, client_auth, at, self_signed_for, by_name, reject_handshake, key_passwords,
               dh_parameters, groups, stapled_response, session_timeout, commands] = tls;
  out.text("certificates", list_of(certificates, [](const conf::Certificate& pair) {
             const auto& [certificate, private_key] = pair;
             return certificate.value + " with " + private_key.value;
           }));
  out.text("protocols", protocol_words(protocols));
  out.text("ciphers", ciphers.value);
  out.text("ciphersuites", ciphersuites.value);
  out.boolean("prefer_server_ciphers", prefer_server_ciphers);
  out.boolean("session_tickets", session_tickets);
  out.boolean("reject_unknown_sni", reject_unknown_sni);
  if (client_auth) describe(*client_auth, out.below("client_auth"));
  out.words("self_signed_for", self_signed_for);
  describe_more(tls, out);
  for (const auto& [names, named] : by_name)
    describe(named, out.below("name " + list_of(names, identity_of)));
}

/// YAML cannot say any of it: it is told where it is not as usual.
void describe(const conf::SocketOptions& socket, const Writer& out) {
  const auto& [backlog, ipv6_only, keepalive, idle, interval, probes, receive_bytes, send_bytes] = socket;
  if (socket == conf::SocketOptions()) return;
  out.number("backlog", static_cast<std::uint64_t>(backlog));
  out.boolean("ipv6_only", ipv6_only);
  out.boolean("keepalive", keepalive);
  out.duration("keepalive_idle", idle);
  out.duration("keepalive_interval", interval);
  out.number("keepalive_probes", static_cast<std::uint64_t>(probes));
  out.number("receive_buffer_bytes", static_cast<std::uint64_t>(receive_bytes));
  out.number("send_buffer_bytes", static_cast<std::uint64_t>(send_bytes));
}

/// `to_https` is told by the target, and is no key.
void describe(const conf::Redirect& redirect, const Writer& out) {
  const auto& [status, to] = redirect;
  out.number("status", static_cast<std::uint64_t>(status));
  out.text("to", without_user(to.value));
}

void describe(const conf::PathMatch& path, const Writer& out) {
  const auto& [kind, text, before_regex] = path;
  switch (kind) {
    case conf::PathMatch::Kind::prefix:
      out.text("path", text.value);
      break;
    case conf::PathMatch::Kind::exact:
      out.text("path", "{exact: " + text.value + "}");
      break;
    case conf::PathMatch::Kind::regex:
      out.text("path", "{regex: " + text.value + "}");
      break;
  }
  out.boolean("path.before_regex", before_regex);
}

void describe(const conf::Match& match, const Writer& out) {
  const auto& [listener, methods, headers, query, subprotocol] = match;
  out.text("listener", listener.value);
  out.words("methods", methods);
  for (const auto& [name, value] : headers) out.secret("headers." + name, value);
  for (const auto& [name, value] : query) out.secret("query." + name, value);
  out.text("subprotocol", subprotocol);
}

void describe(const conf::HeaderRules& rules, const Writer& out) {
  const auto& [set, remove] = rules;
  for (const auto& [name, value] : set) out.secret("set." + name, value.value);
  out.words("remove", remove);
}

void describe(const conf::Respond& respond, const Writer& out) {
  const auto& [status, body, content_type] = respond;
  out.number("status", static_cast<std::uint64_t>(status));
  out.text("body", body.value);
  out.text("content_type", content_type);
}

void describe(const conf::WebSocketRules& rules, const Writer& out) {
  const auto& [origins, idle_timeout, ping_interval, max_message_bytes, max_lifetime, max_tunnels] = rules;
  out.texts("origins", origins);
  out.duration("idle_timeout", idle_timeout);
  out.duration("ping_interval", ping_interval);
  out.size("max_message", max_message_bytes);
  out.duration("max_lifetime", max_lifetime);
  out.count("max_tunnels", max_tunnels);
}

void describe(const conf::RouteTimeouts& timeouts, const Writer& out) {
  const auto& [connect, response, send, body] = timeouts;
  out.duration("connect", connect);
  out.duration("response", response);
  out.duration("send", send);
  out.duration("body", body);
}

std::string balance_word(conf::Upstream::Balance balance) {
  switch (balance) {
    case conf::Upstream::Balance::round_robin:
      return "round_robin";
    case conf::Upstream::Balance::least_tunnels:
      return "least_tunnels";
    case conf::Upstream::Balance::random:
      return "random";
    case conf::Upstream::Balance::least_connections:
      return "least_connections";
    case conf::Upstream::Balance::random_two:
      return "random_two";
    case conf::Upstream::Balance::ip_hash:
      return "ip_hash";
    case conf::Upstream::Balance::hash:
      return "hash";
    case conf::Upstream::Balance::consistent_hash:
      return "consistent_hash";
  }
  return {};
}

std::string removal_word(conf::Upstream::OnRemoval on_removal) {
  switch (on_removal) {
    case conf::Upstream::OnRemoval::keep:
      return "keep";
    case conf::Upstream::OnRemoval::drain:
      return "drain";
    case conf::Upstream::OnRemoval::close:
      return "close";
  }
  return {};
}

void describe(const conf::Sticky& sticky, const Writer& out) {
  const auto& [cookie, hash] = sticky;
  out.text("cookie", cookie);
  out.text("hash", hash.value);
}

void describe(const conf::UpstreamTls& tls, const Writer& out) {
  const auto& [ca, server_name, verify, send_name, certificate, crl, depth, protocols, ciphers,
               reuse_sessions] = tls;
  out.text("ca", ca.value);
  out.text("server_name", server_name);
  out.boolean("verify", verify);
  if (!send_name) out.boolean("send_name", false);
  if (certificate) out.text("certificate", certificate->certificate.value);
  if (!crl.empty()) out.text("crl", crl.value);
  if (depth > 0) out.number("depth", depth);
  if (!protocols.empty()) out.text("protocols", protocol_words(protocols));
  if (!ciphers.empty()) out.text("ciphers", ciphers.value);
  if (!reuse_sessions) out.boolean("reuse_sessions", false);
}

void describe(const conf::Timeouts& timeouts, const Writer& out) {
  const auto& [tls_handshake, header, keepalive, close, route] = timeouts;
  out.duration("tls_handshake", tls_handshake);
  out.duration("header", header);
  out.duration("keepalive", keepalive);
  out.duration("close", close);
  describe(route, out);
}

void describe(const conf::Limits& limits, const Writer& out) {
  const auto& [head_bytes, fields, uri_bytes, body_bytes, tunnels] = limits;
  out.size("head", head_bytes);
  out.number("fields", fields);
  out.size("uri", uri_bytes);
  out.size("body", body_bytes);
  out.count("tunnels", tunnels.value_or(0));
  if (!tunnels) out.text("tunnels", "auto");
}

std::string level_word(conf::Log::Level level) {
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
  return {};
}

void describe(const conf::Log& log, const Writer& out) {
  const auto& [level, access, format, query, query_values, area_levels, diagnostics, at] = log;
  out.text("level", level_word(level));
  for (const auto& [area, own] : area_levels) out.text("level." + area, level_word(own));
  out.text("diagnostics", diagnostics == conf::Log::Diagnostics::json ? "json" : "text");
  out.text("access", access);
  out.text("format", format == conf::Log::Format::json ? "json" : "combined");
  out.boolean("query", query);
  out.boolean("query_values", query_values);
}

void describe(const conf::Drain& drain, const Writer& out) {
  const auto& [delay, window, deadline, close_code] = drain;
  out.duration("delay", delay);
  out.duration("window", window);
  out.duration("deadline", deadline);
  out.number("close_code", close_code);
}

const Entry* find(const std::vector<Entry>& entries, const std::string& key) {
  const auto found =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& each) { return each.key == key; });
  return found != entries.end() ? &*found : nullptr;
}

/// On one line, and not much of it.
std::string shown(const Entry* entry) {
  if (entry == nullptr) return "none";
  std::string text = entry->value.substr(0, kLongestShown);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
  }
  return text + (entry->value.size() > kLongestShown ? "…" : "");
}

}  // namespace

std::vector<Entry> describe(const conf::Listener& listener) {
  const auto& [name, address, tls, redirect, redirect_to_https, acme_challenge, proxy_protocol,
               proxy_protocol_from_all, socket, at] = listener;
  std::vector<Entry> entries;
  const Writer out(entries);
  out.text("address", address.text);
  if (redirect) describe(*redirect, out.below("redirect"));
  out.text("acme_challenge", acme_challenge.value);
  out.boolean("proxy_protocol", proxy_protocol);
  if (proxy_protocol_from_all) out.boolean("proxy_protocol_from_all", true);
  describe(socket, out.below("socket"));
  if (tls) describe(*tls, out.below("tls"));
  return entries;
}

std::vector<Entry> describe(const conf::Route& route) {
  const auto& [name, hosts, path, match, upstream, respond, redirect, rewrite, request_headers,
               response_headers, websocket, timeouts, max_body_bytes, allow_underscores, at] = route;
  std::vector<Entry> entries;
  const Writer out(entries);
  out.words("host", hosts);
  describe(path, out);
  describe(match, out.below("match"));
  out.text("upstream", upstream.value);
  if (respond) describe(*respond, out.below("respond"));
  if (redirect) describe(*redirect, out.below("redirect"));
  if (rewrite) {
    const auto& [strip_prefix] = *rewrite;
    out.text("rewrite.strip_prefix", strip_prefix);
  }
  describe(request_headers, out.below("request_headers"));
  describe(response_headers, out.below("response_headers"));
  describe(websocket, out.below("websocket"));
  describe(timeouts, out.below("timeouts"));
  out.size("limits.body", max_body_bytes);
  out.text("underscores", allow_underscores ? "allow" : "drop");
  return entries;
}

std::vector<Entry> describe(const conf::Upstream& upstream) {
  const auto& [name, servers, balance, sticky, tls, resolve, keepalive_idle, keepalive_max, on_removal,
               hash_key, keepalive_requests, keepalive_time, at] = upstream;
  std::vector<Entry> entries;
  const Writer out(entries);
  out.text("balance", balance_word(balance));
  if (sticky) describe(*sticky, out.below("sticky"));
  describe(tls, out.below("tls"));
  out.duration("resolve", resolve);
  out.duration("keepalive.idle", keepalive_idle);
  out.number("keepalive.max", keepalive_max);
  out.text("on_removal", removal_word(on_removal));
  if (!hash_key.empty()) out.text("hash", hash_key.value);
  if (keepalive_requests > 0) out.number("keepalive.requests", keepalive_requests);
  if (keepalive_time > milliseconds(0)) out.duration("keepalive.time", keepalive_time);
  return entries;
}

std::vector<Entry> describe(const conf::Server& server) {
  const auto& [scheme, host, port, unix_path, text, weight, backup, max_tunnels, max_connections, max_fails,
               fail_timeout, down, at] = server;
  std::vector<Entry> entries;
  const Writer out(entries);
  out.number("weight", weight);
  out.boolean("backup", backup);
  out.count("max_tunnels", max_tunnels);
  if (max_connections > 0) out.number("max_connections", max_connections);
  if (max_fails > 0)
    out.text("max_fails", std::to_string(max_fails) + " in " + format_duration(fail_timeout));
  if (down) out.boolean("down", true);
  return entries;
}

std::vector<Entry> describe_settings(const conf::Config& config) {
  const auto& [listeners, routes, upstreams, timeouts, limits, trusted_proxies, log, drain, metrics, admin,
               workers, sites] = config;
  std::vector<Entry> entries;
  const Writer out(entries);
  describe(timeouts, out.below("timeouts"));
  describe(limits, out.below("limits"));
  if (!trusted_proxies.empty()) {
    out.text("trusted_proxies",
             list_of(trusted_proxies, [](const Cidr& block) { return block.to_string(); }));
  }
  describe(log, out.below("log"));
  describe(drain, out.below("drain"));
  if (metrics) out.text("metrics.address", metrics->text);
  if (!admin.empty()) {
    out.text("admin.address",
             list_of(admin, [](const conf::ListenAddress& address) { return address.text; }));
  }
  out.text("workers", workers == 0 ? "auto" : std::to_string(workers));
  return entries;
}

std::string change(const Entry* before, const Entry* after) {
  if ((before != nullptr && before->secret) || (after != nullptr && after->secret)) {
    return before == nullptr ? "added" : after == nullptr ? "removed" : "changed";
  }
  const std::string from = shown(before);
  const std::string to = shown(after);
  return from == to ? "changed" : from + " -> " + to;  // the same: they differ in what is not shown
}

std::string changes(const std::vector<Entry>& before, const std::vector<Entry>& after) {
  std::string out;
  const auto add = [&out](const std::string& key, const Entry* old_one, const Entry* new_one) {
    out += (out.empty() ? "" : "; ") + key + ": " + change(old_one, new_one);
  };
  for (const Entry& entry : before) {
    const Entry* other = find(after, entry.key);
    if (other == nullptr || other->value != entry.value) add(entry.key, &entry, other);
  }
  for (const Entry& entry : after) {
    if (find(before, entry.key) == nullptr) add(entry.key, nullptr, &entry);
  }
  return out;
}

std::string identity(const conf::Server& server) {
  return std::string(server.scheme == conf::Server::Scheme::https ? "https" : "http") + ' ' + server.host +
         ' ' + std::to_string(server.port) + ' ' + server.unix_path;
}

}  // namespace tidegate::server
