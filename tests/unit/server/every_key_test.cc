// Each key of the configuration, changed by itself, is a difference that says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/server/differences.h"
#include "tests/unit/server/load.h"

namespace tidegate::server {
namespace {

using testing::HasSubstr;
using Kind = Difference::Kind;
using Subject = Difference::Subject;

/// A key, a change to tests/data/conf/every-key.yaml, and what is to be said of it.
struct Change {
  std::string key;
  std::string from;
  std::string to;
  Subject subject;
  std::string name;
  std::string what;
  Kind kind = Kind::changed;
};

const std::vector<Change>& listener_changes() {
  static const std::vector<Change> changes = {
      {"listeners.<name>.address", "127.0.0.1:8080", "127.0.0.1:8081", Subject::listener, "http",
       "address: 127.0.0.1:8080 -> 127.0.0.1:8081"},
      {"listeners.<name>.redirect.status", "status: 308", "status: 301", Subject::listener, "http",
       "redirect.status: 308 -> 301"},
      {"listeners.<name>.redirect.to", "$host:8443$request_uri", "$host:9443$request_uri", Subject::listener,
       "http", "redirect.to: https://$host:8443$request_uri -> https://$host:9443$request_uri"},
      {"listeners.<name>.acme_challenge", "challenges", "others", Subject::listener, "http",
       "acme_challenge: /etc/tidegate/challenges -> /etc/tidegate/others"},
      {"listeners.<name>.proxy_protocol", "proxy_protocol: true", "proxy_protocol: false", Subject::listener,
       "http", "proxy_protocol: true -> false"},
      {"listeners.<name>.tls.certificates[].certificate", "certificate: ecdsa.pem", "certificate: new.pem",
       Subject::listener, "https", "tls.certificates: [/etc/tidegate/ecdsa.pem with /keys/ecdsa.key"},
      {"listeners.<name>.tls.certificates[].private_key", "/keys/ecdsa.key", "/keys/new.key",
       Subject::listener, "https", "/etc/tidegate/ecdsa.pem with /keys/new.key"},
      {"listeners.<name>.tls.protocols", "protocols: [TLSv1.3]", "protocols: [TLSv1.2, TLSv1.3]",
       Subject::listener, "https", "tls.protocols: [TLSv1.3] -> [TLSv1.2, TLSv1.3]"},
      {"listeners.<name>.tls.ciphers", "ciphers: ECDHE-ECDSA-AES128-GCM-SHA256",
       "ciphers: ECDHE-RSA-AES128-GCM-SHA256", Subject::listener, "https",
       "tls.ciphers: ECDHE-ECDSA-AES128-GCM-SHA256 -> ECDHE-RSA-AES128-GCM-SHA256"},
      {"listeners.<name>.tls.ciphersuites", "TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384",
       Subject::listener, "https", "tls.ciphersuites: TLS_AES_128_GCM_SHA256 -> TLS_AES_256_GCM_SHA384"},
      {"listeners.<name>.tls.prefer_server_ciphers", "prefer_server_ciphers: false",
       "prefer_server_ciphers: true", Subject::listener, "https", "tls.prefer_server_ciphers: false -> true"},
      {"listeners.<name>.tls.session_tickets", "session_tickets: false", "session_tickets: true",
       Subject::listener, "https", "tls.session_tickets: false -> true"},
      {"listeners.<name>.tls.reject_unknown_sni", "reject_unknown_sni: true", "reject_unknown_sni: false",
       Subject::listener, "https", "tls.reject_unknown_sni: true -> false"},
      {"listeners.<name>.tls.client_auth.ca", "clients.pem", "others.pem", Subject::listener, "https",
       "tls.client_auth.ca: /etc/tidegate/clients.pem -> /etc/tidegate/others.pem"},
      {"listeners.<name>.tls.client_auth.verify", "verify: optional", "verify: required", Subject::listener,
       "https", "tls.client_auth.verify: optional -> required"},
  };
  return changes;
}

const std::vector<Change>& route_changes() {
  static const std::vector<Change> changes = {
      {"routes[].name", "name: chat", "name: talk", Subject::route, "chat", "", Kind::removed},
      {"routes[].host", "Chat.example.com", "talk.example.com", Subject::route, "chat",
       "host: [chat.example.com, *.chat.example.com] -> [talk.example.com, *.chat.example.com]"},
      {"routes[].path", "path: /ws/", "path: /wss/", Subject::route, "chat", "path: /ws/ -> /wss/"},
      {"routes[].path.prefix", "path: /ws/", "path: { prefix: /wss/ }", Subject::route, "chat",
       "path: /ws/ -> /wss/"},
      {"routes[].path.exact", "path: /ws/", "path: { exact: /ws/ }", Subject::route, "chat",
       "path: /ws/ -> {exact: /ws/}"},
      {"routes[].path.regex", "path: /ws/", "path: { regex: '^/ws/' }", Subject::route, "chat",
       "path: /ws/ -> {regex: ^/ws/}"},
      {"routes[].path.before_regex", "before_regex: true", "before_regex: false", Subject::route, "/static/",
       "path.before_regex: true -> false"},
      {"routes[].match.listener", "listener: https", "listener: local", Subject::route, "chat",
       "match.listener: https -> local"},
      {"routes[].match.methods", "methods: [GET]", "methods: [GET, POST]", Subject::route, "chat",
       "match.methods: [GET] -> [GET, POST]"},
      {"routes[].match.headers", "X-Beta: \"1\"", "X-Beta: \"2\"", Subject::route, "chat",
       "match.headers.X-Beta: changed"},
      {"routes[].match.query", "v: 2", "v: 3", Subject::route, "chat", "match.query.v: changed"},
      {"routes[].match.subprotocol", "stomp", "mqtt", Subject::route, "chat",
       "match.subprotocol: stomp -> mqtt"},
      {"routes[].upstream", "    upstream: chat\n", "    upstream: files\n", Subject::route, "chat",
       "upstream: chat -> files"},
      {"routes[].respond.status", "status: 503", "status: 500", Subject::route, "/healthz",
       "respond.status: 503 -> 500"},
      {"routes[].respond.body", "closed for $host", "open for $host", Subject::route, "/healthz",
       "respond.body: closed for $host -> open for $host"},
      {"routes[].respond.content_type", "text/html", "text/css", Subject::route, "/healthz",
       "respond.content_type: text/html -> text/css"},
      {"routes[].redirect.status", "status: 307", "status: 302", Subject::route, "/old/",
       "redirect.status: 307 -> 302"},
      {"routes[].redirect.to", "/new/", "/newer/", Subject::route, "/old/",
       "redirect.to: https://$host/new/"},
      {"routes[].rewrite.strip_prefix", "strip_prefix: /ws ", "strip_prefix: /w ", Subject::route, "chat",
       "rewrite.strip_prefix: /ws -> /w"},
      {"routes[].request_headers.set", "Host: chat.internal", "Host: talk.internal", Subject::route, "chat",
       "request_headers.set.Host: changed"},
      {"routes[].request_headers.remove", "remove: [X-Debug]", "remove: [X-Trace]", Subject::route, "chat",
       "request_headers.remove: [X-Debug] -> [X-Trace]"},
      {"routes[].response_headers.set", "max-age=63072000", "max-age=60", Subject::route, "chat",
       "response_headers.set.Strict-Transport-Security: changed"},
      {"routes[].response_headers.remove", "remove: [Server]", "remove: [Via]", Subject::route, "chat",
       "response_headers.remove: [Server] -> [Via]"},
      {"routes[].websocket.origins", "origins: [https://example.com, ", "origins: [", Subject::route, "chat",
       "websocket.origins: [https://example.com, https://*.example.com] -> [https://*.example.com]"},
      {"routes[].websocket.idle_timeout", "idle_timeout: 10m", "idle_timeout: 11m", Subject::route, "chat",
       "websocket.idle_timeout: 10m -> 11m"},
      {"routes[].websocket.ping_interval", "ping_interval: 30s", "ping_interval: 31s", Subject::route, "chat",
       "websocket.ping_interval: 30s -> 31s"},
      {"routes[].websocket.max_message", "max_message: 1MiB", "max_message: none", Subject::route, "chat",
       "websocket.max_message: 1MiB -> none"},
      {"routes[].websocket.max_lifetime", "max_lifetime: 12h", "max_lifetime: 11h", Subject::route, "chat",
       "websocket.max_lifetime: 12h -> 11h"},
      {"routes[].websocket.max_tunnels", "max_tunnels: 50000", "max_tunnels: none", Subject::route, "chat",
       "websocket.max_tunnels: 50000 -> none"},
      {"routes[].timeouts.connect", "connect: 2s", "connect: 3s", Subject::route, "chat",
       "timeouts.connect: 2s -> 3s"},
      {"routes[].timeouts.response", "response: 5m", "response: 6m", Subject::route, "chat",
       "timeouts.response: 5m -> 6m"},
      {"routes[].timeouts.send", "send: 40s", "send: 41s", Subject::route, "chat",
       "timeouts.send: 40s -> 41s"},
      {"routes[].timeouts.body", "body: 20s", "body: 21s", Subject::route, "chat",
       "timeouts.body: 20s -> 21s"},
      {"routes[].limits.body", "body: 10MiB", "body: 11MiB", Subject::route, "chat",
       "limits.body: 10MiB -> 11MiB"},
      {"routes[].underscores", "underscores: drop", "underscores: allow", Subject::route, "chat",
       "underscores: drop -> allow"},
  };
  return changes;
}

const std::vector<Change>& upstream_changes() {
  static const std::vector<Change> changes = {
      {"upstreams.<name>.servers[].address", "https://chat-1:3000", "https://chat-3:3000", Subject::server,
       "chat https://chat-1:3000", "", Kind::removed},
      {"upstreams.<name>.servers[].weight", "weight: 2", "weight: 3", Subject::server, "chat https://chat-2",
       "weight: 2 -> 3"},
      {"upstreams.<name>.servers[].backup", "backup: true", "backup: false", Subject::server,
       "chat unix:run/chat.sock", "backup: true -> false"},
      {"upstreams.<name>.servers[].max_tunnels", "max_tunnels: 30000", "max_tunnels: 1", Subject::server,
       "chat https://chat-2", "max_tunnels: 30000 -> 1"},
      {"upstreams.<name>.balance", "balance: least_tunnels", "balance: random", Subject::upstream, "chat",
       "balance: least_tunnels -> random"},
      {"upstreams.<name>.sticky.cookie", "cookie: tidegate", "cookie: other", Subject::upstream, "chat",
       "sticky.cookie: tidegate -> other"},
      {"upstreams.<name>.sticky.hash", "hash: $arg_room", "hash: $arg_sid", Subject::upstream, "rooms",
       "sticky.hash: $arg_room -> $arg_sid"},
      {"upstreams.<name>.tls.ca", "internal.pem", "others.pem", Subject::upstream, "chat",
       "tls.ca: /etc/tidegate/internal.pem -> /etc/tidegate/others.pem"},
      {"upstreams.<name>.tls.server_name", "server_name: chat.internal", "server_name: talk.internal",
       Subject::upstream, "chat", "tls.server_name: chat.internal -> talk.internal"},
      {"upstreams.<name>.tls.verify", "verify: false", "verify: true", Subject::upstream, "chat",
       "tls.verify: false -> true"},
      {"upstreams.<name>.resolve", "resolve: 30s", "resolve: 31s", Subject::upstream, "chat",
       "resolve: 30s -> 31s"},
      {"upstreams.<name>.keepalive.idle", "idle: 3s", "idle: 2s", Subject::upstream, "chat",
       "keepalive.idle: 3s -> 2s"},
      {"upstreams.<name>.keepalive.max", "max: 8", "max: 9", Subject::upstream, "chat",
       "keepalive.max: 8 -> 9"},
      {"upstreams.<name>.on_removal", "on_removal: drain", "on_removal: close", Subject::upstream, "chat",
       "on_removal: drain -> close"},
  };
  return changes;
}

const std::vector<Change>& process_changes() {
  static const std::vector<Change> changes = {
      {"timeouts.tls_handshake", "11s", "12s", Subject::setting, "timeouts.tls_handshake", "11s -> 12s"},
      {"timeouts.header", "16s", "17s", Subject::setting, "timeouts.header", "16s -> 17s"},
      {"timeouts.body", "31s", "32s", Subject::setting, "timeouts.body", "31s -> 32s"},
      {"timeouts.keepalive", "76s", "77s", Subject::setting, "timeouts.keepalive", "76s -> 77s"},
      {"timeouts.send", "61s", "63s", Subject::setting, "timeouts.send", "61s -> 63s"},
      {"timeouts.connect", "connect: 6s", "connect: 7s", Subject::setting, "timeouts.connect", "6s -> 7s"},
      {"timeouts.response", "62s", "64s", Subject::setting, "timeouts.response", "62s -> 64s"},
      {"timeouts.close", "close: 2s", "close: 3s", Subject::setting, "timeouts.close", "2s -> 3s"},
      {"websocket.origins", "https://example.org", "https://example.net", Subject::route, "/static/",
       "websocket.origins: [https://example.org] -> [https://example.net]"},
      {"websocket.idle_timeout", "idle_timeout: 2h", "idle_timeout: 3h", Subject::route, "/static/",
       "websocket.idle_timeout: 2h -> 3h"},
      {"websocket.ping_interval", "ping_interval: 50s", "ping_interval: 51s", Subject::route, "/static/",
       "websocket.ping_interval: 50s -> 51s"},
      {"websocket.max_message", "max_message: 2MiB", "max_message: 3MiB", Subject::route, "/static/",
       "websocket.max_message: 2MiB -> 3MiB"},
      {"websocket.max_lifetime", "max_lifetime: 1d", "max_lifetime: 2d", Subject::route, "/static/",
       "websocket.max_lifetime: 1d -> 2d"},
      {"websocket.max_tunnels", "max_tunnels: 70000", "max_tunnels: none", Subject::route, "/static/",
       "websocket.max_tunnels: 70000 -> none"},
      {"limits.head", "head: 16KiB", "head: 17KiB", Subject::setting, "limits.head", "16KiB -> 17KiB"},
      {"limits.fields", "fields: 50", "fields: 51", Subject::setting, "limits.fields", "50 -> 51"},
      {"limits.uri", "uri: 4KiB", "uri: 5KiB", Subject::setting, "limits.uri", "4KiB -> 5KiB"},
      {"limits.body", "body: 1GiB", "body: none", Subject::setting, "limits.body", "1GiB -> none"},
      {"limits.tunnels", "tunnels: 90000", "tunnels: auto", Subject::setting, "limits.tunnels",
       "90000 -> auto"},
      {"trusted_proxies", "10.0.0.0/8", "10.1.0.0/16", Subject::setting, "trusted_proxies",
       "[10.0.0.0/8, ::1] -> [10.1.0.0/16, ::1]"},
      {"underscores", "\nunderscores: allow", "\nunderscores: drop", Subject::route, "/static/",
       "underscores: allow -> drop"},
      {"log.level", "default: warning", "default: error", Subject::setting, "log.level", "warning -> error"},
      {"log.level", "tls: debug", "tls: error", Subject::setting, "log.level.tls", "debug -> error"},
      {"log.diagnostics", "diagnostics: json", "diagnostics: text", Subject::setting, "log.diagnostics",
       "json -> text"},
      {"log.access", "access: access.log", "access: off", Subject::setting, "log.access",
       "/etc/tidegate/access.log -> off"},
      {"log.format", "format: combined", "format: json", Subject::setting, "log.format", "combined -> json"},
      {"log.query", "query: false", "query: true", Subject::setting, "log.query", "false -> true"},
      {"log.query_values", "query_values: true", "query_values: false", Subject::setting, "log.query_values",
       "true -> false"},
      {"drain.delay", "delay: 1s", "delay: 2s", Subject::setting, "drain.delay", "1s -> 2s"},
      {"drain.window", "window: 5s", "window: 6s", Subject::setting, "drain.window", "5s -> 6s"},
      {"drain.deadline", "deadline: 20s", "deadline: 21s", Subject::setting, "drain.deadline", "20s -> 21s"},
      {"drain.close_code", "close_code: 1012", "close_code: 1001", Subject::setting, "drain.close_code",
       "1012 -> 1001"},
      {"metrics.address", "127.0.0.1:9181", "127.0.0.1:9182", Subject::setting, "metrics.address",
       "127.0.0.1:9181 -> 127.0.0.1:9182"},
      {"admin.address", "[::1]:9182", "[::1]:9183", Subject::setting, "admin.address",
       "unix:run/admin.sock, [::1]:9182] -> [unix:run/admin.sock, [::1]:9183]"},
      {"workers", "workers: 4", "workers: auto", Subject::setting, "workers", "4 -> auto"},
  };
  return changes;
}

std::vector<Change> all_changes() {
  std::vector<Change> all;
  for (const auto* part : {&listener_changes(), &route_changes(), &upstream_changes(), &process_changes()}) {
    all.insert(all.end(), part->begin(), part->end());
  }
  return all;
}

std::string every_key() {
  std::ifstream in(TIDEGATE_SOURCE_DIR "/tests/data/conf/every-key.yaml");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string told(const std::vector<Difference>& list) {
  std::string all;
  for (const Difference& difference : list) all += to_string(difference) + "\n";
  return all;
}

TEST(EveryKey, IsADifferenceThatSaysSo) {
  const std::string text = every_key();
  const conf::Config before = load(text);
  EXPECT_EQ("", told(differences(before, {}, load(text), {}, {})));
  for (const Change& change : all_changes()) {
    SCOPED_TRACE(change.key);
    const std::size_t at = text.find(change.from);
    ASSERT_NE(std::string::npos, at) << change.from;
    std::string changed = text;
    changed.replace(at, change.from.size(), change.to);
    const auto list = differences(before, {}, load(changed), {}, {});
    const bool said = std::any_of(list.begin(), list.end(), [&](const Difference& difference) {
      return difference.kind == change.kind && difference.subject == change.subject &&
             difference.name == change.name && difference.what.find(change.what) != std::string::npos;
    });
    EXPECT_TRUE(said) << "wanted: " << change.name << ": " << change.what << "\nsaid:\n" << told(list);
  }
}

TEST(EveryKey, IsTriedHere) {
  std::set<std::string> tried;
  for (const Change& change : all_changes()) tried.insert(change.key);
  std::vector<std::string> known;
  for (const conf::KeyInfo& key : conf::known_keys()) known.push_back(key.path);
  for (const std::string& path : known) {
    const bool has_keys_of_its_own = std::any_of(known.begin(), known.end(), [&](const std::string& other) {
      return other.starts_with(path + ".") || other.starts_with(path + "[].");
    });
    EXPECT_TRUE(has_keys_of_its_own || tried.contains(path))
        << path << ": a reload has to say when it changes; see describe() in gateway/server/description.cc";
  }
}

TEST(EveryKey, IsNeverAHeadersValue) {
  const std::string text = every_key();
  std::string changed = text;
  changed.replace(changed.find("Host: chat.internal"), 19, "Host: s3cret.internal");
  const std::string said = told(differences(load(text), {}, load(changed), {}, {}));
  EXPECT_THAT(said, HasSubstr("request_headers.set.Host: changed"));
  EXPECT_EQ(std::string::npos, said.find("s3cret")) << said;
}

}  // namespace
}  // namespace tidegate::server
