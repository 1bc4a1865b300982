#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/diagnostic.h"
#include "gateway/base/ip.h"

/// The configuration as plain values, defaults beside their meaning. Loaders (YAML, nginx) fill it; the
/// gateway reads it and nothing else of theirs. It is immutable once loaded and may be shared between
/// threads.
namespace tidegate::conf {

using std::chrono::milliseconds;
using namespace std::chrono_literals;  // NOLINT: literals only, for the defaults below

/// A string of the configuration with the place it stood at, for complaints that are found later (a regex
/// that does not compile, a certificate that does not match its key, a port in use).
struct Text {
  std::string value;
  Position at;
  bool operator==(const Text&) const = default;
  bool empty() const { return value.empty(); }
};

/// Where a listener accepts: ":80" (every IPv4 and IPv6 address), "127.0.0.1:80", "[::]:80", "unix:/path".
struct ListenAddress {
  std::string host;        ///< a literal address without brackets; empty: every address
  std::uint16_t port = 0;  ///< 0: chosen by the system (tests)
  std::string unix_path;   ///< not empty: a unix socket
  std::string text;        ///< as written
  Position at;
  bool operator==(const ListenAddress&) const = default;
};

struct Certificate {
  Text certificate;  ///< PEM, the chain, absolute path
  Text private_key;  ///< PEM, absolute path
  bool operator==(const Certificate&) const = default;
};

struct ClientAuth {
  enum class Verify { optional, required, optional_no_ca };
  Text ca;  ///< PEM, absolute path
  Verify verify = Verify::required;
  Text crl{};          ///< PEM, absolute path; empty: none
  unsigned depth = 0;  ///< of the chain; 0: OpenSSL's own limit
  /// nginx's way: no handshake fails for the certificate; net::TlsInfo says what was wrong with it, and the
  /// request is refused (495, 496).
  bool refuse_by_status = false;
  bool operator==(const ClientAuth&) const = default;
};

enum class TlsVersion { tls1_2, tls1_3 };

struct NamedTls;

struct ListenerTls {
  std::vector<Certificate> certificates;  ///< the first is the default
  std::vector<TlsVersion> protocols = {TlsVersion::tls1_2, TlsVersion::tls1_3};
  Text ciphers;       ///< TLS 1.2, OpenSSL's format; empty: AEAD with forward secrecy
  Text ciphersuites;  ///< TLS 1.3, OpenSSL's format; empty: OpenSSL's default
  bool prefer_server_ciphers = true;
  bool session_tickets = true;
  bool reject_unknown_sni = false;  ///< an alert instead of the default certificate
  std::optional<ClientAuth> client_auth;
  Position at;
  /// Not from YAML: `tidegate demo` and `run --to` make a self-signed certificate for these names at start.
  std::vector<std::string> self_signed_for;

  // Not from YAML yet.

  /// Where the client's SNI fits one of these, its TLS counts instead of all this, but for `protocols`,
  /// `groups` and `session_timeout`. One without certificates that does not reject either counts for nothing.
  std::vector<NamedTls> by_name;      // no initializer: to clang the type is not complete here
  bool reject_handshake = false;      ///< ssl_reject_handshake: an alert (unrecognized_name) to everybody
  Text key_passwords{};               ///< a file with passphrases of private keys, one a line; empty: none
  Text dh_parameters{};               ///< PEM, absolute path; empty: OpenSSL's own where `ciphers` have DHE
  std::string groups{};               ///< ssl_ecdh_curve; empty: OpenSSL's default
  Text stapled_response{};            ///< an OCSP response, DER, absolute path; empty: none
  milliseconds session_timeout = 2h;  ///< how long a session may be resumed
  std::vector<std::pair<std::string, Text>> commands{};  ///< ssl_conf_command: SSL_CONF_cmd's name and value
  bool operator==(const ListenerTls&) const = default;
};

/// TLS of the virtual servers that have a name: see ListenerTls::by_name.
struct NamedTls {
  std::vector<std::string> names;  ///< "example.com", "*.example.com", "www.example.*", or "~" and a regex
  ListenerTls tls;
  bool operator==(const NamedTls&) const = default;
};

/// An answer that sends the client elsewhere. `to` is a template of request variables.
struct Redirect {
  int status = 301;  ///< 301, 302, 303, 307 or 308
  Text to;
  bool operator==(const Redirect&) const = default;
};

/// What a listening socket is beyond its address; nginx's parameters of `listen`.
struct SocketOptions {
  int backlog = 4096;     ///< the kernel cuts it to net.core.somaxconn
  bool ipv6_only = true;  ///< [::] does not take IPv4 too (an address without a host always does)
  bool keepalive = true;  ///< TCP's, on what is accepted
  std::chrono::seconds keepalive_idle{60};  ///< zero: the system's; likewise the two below
  std::chrono::seconds keepalive_interval{15};
  int keepalive_probes = 4;
  int receive_buffer_bytes = 0;  ///< zero: the system's
  int send_buffer_bytes = 0;     ///< zero: the system's
  bool operator==(const SocketOptions&) const = default;
};

struct Listener {
  std::string name;  ///< its key in the file
  ListenAddress address;
  std::optional<ListenerTls> tls;
  std::optional<Redirect> redirect;  ///< `redirect: https` is {301, "https://$host$request_uri"}
  bool redirect_to_https =
      false;            ///< `to` begins with https: not sent where a trusted proxy says https already
  Text acme_challenge;  ///< absolute directory; empty: off
  /// Every connection begins with a PROXY header, v1 or v2. From trusted_proxies alone; who else connects is
  /// closed without a word.
  bool proxy_protocol = false;

  // Not from YAML yet.

  bool proxy_protocol_from_all =
      false;  ///< nginx's way: anybody may send one, and it changes no address by itself
  SocketOptions socket{};
  Position at;
  bool operator==(const Listener&) const = default;
};

struct PathMatch {
  enum class Kind { prefix, exact, regex };
  Kind kind = Kind::prefix;
  Text text = {"/", {}};
  bool before_regex = false;  ///< prefix only: nginx's ^~
  bool operator==(const PathMatch&) const = default;
};

/// What a request must have besides host and path; everything listed must fit.
struct Match {
  Text listener;                                             ///< a listener's name; empty: any
  std::vector<std::string> methods;                          ///< empty: any
  std::vector<std::pair<std::string, std::string>> headers;  ///< name, exact value
  std::vector<std::pair<std::string, std::string>> query;    ///< argument, exact value
  std::string subprotocol;  ///< offered in Sec-WebSocket-Protocol; empty: any
  bool operator==(const Match&) const = default;
};

/// Rules for header fields; values are templates of request variables. An empty value removes the field.
struct HeaderRules {
  std::vector<std::pair<std::string, Text>> set;
  std::vector<std::string> remove;
  bool operator==(const HeaderRules&) const = default;
};

struct Respond {
  int status = 200;
  Text body;  ///< template
  std::string content_type = "text/plain; charset=utf-8";
  bool operator==(const Respond&) const = default;
};

struct Rewrite {
  std::string strip_prefix;  ///< removed from the start of the path, which keeps a leading slash
  bool operator==(const Rewrite&) const = default;
};

/// Time limits of one route; zero means never.
struct RouteTimeouts {
  milliseconds connect = 5s;    ///< until an upstream's server accepts (TCP and TLS)
  milliseconds response = 60s;  ///< an upstream silent before its head
  milliseconds send = 60s;      ///< a peer, client or upstream, that does not read
  milliseconds body = 30s;      ///< a stall inside a request body
  bool operator==(const RouteTimeouts&) const = default;
};

/// Limits on one WebSocket connection.
struct WebSocketRules {
  std::vector<Text> origins;            ///< allowed Origin values, "https://*.example.com" too; empty: any
  milliseconds idle_timeout = 1h;       ///< without any frame but our own pings and their pongs; zero: never
  milliseconds ping_interval = 0ms;     ///< zero: no pings
  std::uint64_t max_message_bytes = 0;  ///< beyond: Close 1009; zero: no limit
  milliseconds max_lifetime = 0ms;      ///< zero: no limit
  unsigned max_tunnels = 0;             ///< open at once through one route; zero: no limit
  bool operator==(const WebSocketRules&) const = default;
};

struct Route {
  std::string name;                ///< for logs and metrics; from the file, or host and path
  std::vector<std::string> hosts;  ///< lower case; "*.example.com" is a suffix; empty: any host
  PathMatch path;
  Match match;
  // Exactly one of these three says what happens.
  Text upstream;  ///< an upstream's name
  std::optional<Respond> respond;
  std::optional<Redirect> redirect;
  std::optional<Rewrite> rewrite;
  HeaderRules request_headers;
  HeaderRules response_headers;
  WebSocketRules websocket;          ///< the file's defaults with the route's own on top
  RouteTimeouts timeouts;            ///< likewise
  std::uint64_t max_body_bytes = 0;  ///< zero: no limit
  bool allow_underscores = false;    ///< header names with "_" pass
  Position at;
  bool operator==(const Route&) const = default;
};

struct Server {
  enum class Scheme { http, https };
  Scheme scheme = Scheme::http;
  std::string host;  ///< a name or a literal address without brackets
  std::uint16_t port = 80;
  std::string unix_path;  ///< not empty: a unix socket ("unix:/path")
  std::string text;       ///< as written
  unsigned weight = 1;
  bool backup = false;       ///< used only when no other server can be
  unsigned max_tunnels = 0;  ///< open at once to this server; zero: no limit

  // Not from YAML yet.

  unsigned max_connections = 0;  ///< requests and tunnels at once; zero: no limit
  unsigned max_fails = 0;        ///< within fail_timeout, then it is passed over for as long; zero: never
  milliseconds fail_timeout = 10s;
  bool down = false;
  Position at;
  bool operator==(const Server&) const = default;
};

struct Sticky {
  std::string cookie;  ///< the name of our own cookie; or
  Text hash;           ///< a template whose value chooses the server
  bool operator==(const Sticky&) const = default;
};

/// TLS towards an upstream.
struct UpstreamTls {
  Text ca;                  ///< PEM, absolute path; empty: the system's
  std::string server_name;  ///< for SNI and verification; empty: the server's host
  bool verify = true;

  // Not from YAML yet.

  bool send_name = true;                     ///< SNI
  std::optional<Certificate> certificate{};  ///< shown to the upstream
  Text crl{};                                ///< PEM, absolute path; empty: none
  unsigned depth = 0;                        ///< of the chain; 0: OpenSSL's own limit
  std::vector<TlsVersion> protocols{};       ///< empty: 1.2 and 1.3
  Text ciphers{};                            ///< TLS 1.2; empty: OpenSSL's default
  bool reuse_sessions = true;
  bool operator==(const UpstreamTls&) const = default;
};

struct Upstream {
  /// The last five are nginx's, not YAML's yet: by requests and tunnels at once; two at random, of which
  /// least_connections' choice; by the client's address; by the hash of `hash_key`, modulo or consistent.
  enum class Balance {
    round_robin,
    least_tunnels,
    random,
    least_connections,
    random_two,
    ip_hash,
    hash,
    consistent_hash,
  };
  /// What becomes of a tunnel when a reload removes its route or its server.
  enum class OnRemoval {
    keep,   ///< it goes on
    drain,  ///< Close 1001 at a moment of its own within drain.window
    close,  ///< Close 1001 at once
  };
  std::string name;
  std::vector<Server> servers;
  Balance balance = Balance::round_robin;
  std::optional<Sticky> sticky;
  UpstreamTls tls;             ///< for https servers
  milliseconds resolve = 10s;  ///< how often names are looked up again
  milliseconds keepalive_idle =
      4s;  ///< an idle connection is kept this long; below Node's 5 s. Zero: none is kept
  unsigned keepalive_max = 64;  ///< idle connections per server and worker
  OnRemoval on_removal = OnRemoval::keep;
  Text hash_key{};                       ///< of hash and consistent_hash: a template
  std::uint64_t keepalive_requests = 0;  ///< on one connection; zero: no limit
  milliseconds keepalive_time = 0ms;     ///< of one connection's life; zero: no limit
  Position at;
  bool operator==(const Upstream&) const = default;
};

/// The file's `timeouts`: `connect`, `response`, `send`, `body` are already merged into each route; `send`
/// and `body` here are for connections that have no route yet.
struct Timeouts {
  milliseconds tls_handshake = 10s;
  milliseconds header = 15s;     ///< a whole request head
  milliseconds keepalive = 75s;  ///< idle between requests
  milliseconds close = 1s;       ///< the other direction after EOF
  RouteTimeouts route;
  bool operator==(const Timeouts&) const = default;
};

struct Limits {
  std::size_t head_bytes = 32 * kKiB;
  std::size_t fields = 100;
  std::size_t uri_bytes = 8 * kKiB;
  std::uint64_t body_bytes = 0;  ///< zero: none; merged into routes
  /// Tunnels open at once in the whole process; zero: no limit. None: auto, as many as the memory limit of
  /// its cgroup has room for.
  std::optional<unsigned> tunnels;
  bool operator==(const Limits&) const = default;
};

struct Log {
  enum class Level { debug, info, warning, error };
  enum class Format { json, combined };
  enum class Diagnostics { text, json };
  Level level = Level::info;
  std::string access = "stdout";  ///< stdout, off, or an absolute path
  Format format = Format::json;
  bool query = true;          ///< the query string is in the record (its values redacted); false: left out
  bool query_values = false;  ///< values of query arguments are not redacted
  std::vector<std::pair<std::string, Level>>
      area_levels{};                            ///< of areas (log::kAreas) that differ from `level`
  Diagnostics diagnostics = Diagnostics::text;  ///< the form of the lines on stderr
  Position at;
  bool operator==(const Log&) const = default;
};

struct Drain {
  milliseconds delay = 0s;
  milliseconds window = 10s;
  milliseconds deadline = 25s;  ///< counted from the signal
  std::uint16_t close_code = 1001;
  bool operator==(const Drain&) const = default;
};

struct Sites;  // conf/sites.h

struct Config {
  std::vector<Listener> listeners;
  std::vector<Route> routes;
  std::vector<Upstream> upstreams;
  Timeouts timeouts;
  Limits limits;
  std::vector<Cidr> trusted_proxies;
  Log log;
  Drain drain;
  std::optional<ListenAddress> metrics;  ///< where /metrics, /healthz and /readyz are served; none: nowhere
  std::vector<ListenAddress> admin;      ///< where the admin API is served, unix or loopback; none: nowhere
  unsigned workers = 0;                  ///< 0: auto, the cores bounded by the cgroup's CPU quota
  /// From an nginx configuration: then it decides about every request, and `routes` are what it refers to.
  std::shared_ptr<const Sites> sites{};
  bool operator==(const Config&) const = default;
};

}  // namespace tidegate::conf
