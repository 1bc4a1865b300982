#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "conf/model.h"

/// What an nginx configuration says beyond the routes of YAML: virtual servers with rewrite programs, nested
/// locations, variables, files, error pages. As plain values, inheritance resolved: whoever reads a Location
/// need not look at what it stands in. Config::sites holds it; where it is set, it decides about every
/// request, and Config::routes are only the names, limits and upstreams that its locations refer to.
///
/// A `Text` that "may have variables" is a template of nginx's variables, captures (`$1`, `$name`) among
/// them.
namespace tidegate::conf {

/// Of an `if` (ngx_http_rewrite_module).
struct Condition {
  enum class Kind : std::uint8_t {
    truthy,      ///< the variable is neither empty nor "0"
    equals,      ///< `=`
    matches,     ///< `~` and `~*`
    file,        ///< `-f`
    directory,   ///< `-d`
    exists,      ///< `-e`
    executable,  ///< `-x`
  };
  Kind kind = Kind::truthy;
  bool negated = false;      ///< `!=`, `!~`, `!-f` ...
  bool ignore_case = false;  ///< `~*`
  Text subject;              ///< may have variables: the left side, or the path
  Text operand;              ///< equals: may have variables; matches: a regex
  bool operator==(const Condition&) const = default;
};

/// One step of a rewrite program (ngx_http_rewrite_module), which runs from the first to the last.
struct RewriteStep {
  enum class Kind : std::uint8_t { set, rewrite, respond, stop, test };
  enum class Flag : std::uint8_t { none, last, stop, redirect, permanent };
  Kind kind = Kind::stop;  ///< `set`, `rewrite`, `return`, `break`, `if`
  Position at;
  std::string variable;  ///< set: without "$"
  Text regex;            ///< rewrite
  Flag flag = Flag::none;
  Text value;  ///< may have variables. set: the value; rewrite: the replacement; return: the URL or the body
  int status = 0;                 ///< return; 444 closes the connection without a word
  Condition condition;            ///< if
  std::vector<RewriteStep> then;  ///< if: what runs where the condition holds
  std::optional<std::size_t>
      into;  ///< if, in a location: the Location (of the same server) that holds from then on
  bool operator==(const RewriteStep&) const = default;
};
using Script = std::vector<RewriteStep>;

/// ngx_http_access_module: the first that fits decides; none: allowed.
struct AccessRule {
  bool allow = true;
  std::optional<Cidr> block;  ///< none: `all`
  bool unix_sockets = false;  ///< `unix:`
  bool operator==(const AccessRule&) const = default;
};

struct BasicAuth {
  Text realm;      ///< may have variables; the value "off" means no authentication
  Text user_file;  ///< may have variables; an absolute path
  bool operator==(const BasicAuth&) const = default;
};

/// ngx_http_auth_request_module.
struct AuthRequest {
  Text uri;                                       ///< may have variables
  std::vector<std::pair<std::string, Text>> set;  ///< auth_request_set: variable, value (may have variables)
  bool operator==(const AuthRequest&) const = default;
};

/// A zone of shared memory, known by its name to every server. Its state outlives a reload.
struct LimitZone {
  enum class Kind : std::uint8_t { requests, connections };
  Kind kind = Kind::requests;
  std::string name;
  Text key;                      ///< may have variables; an empty value is not counted
  std::size_t bytes = 0;         ///< bounds how many keys are kept
  std::uint64_t per_minute = 0;  ///< requests, times 1000
  Position at;
  bool operator==(const LimitZone&) const = default;
};

struct RequestLimit {
  std::string zone;
  unsigned burst = 0;
  std::optional<unsigned> delay = 0;  ///< of the burst, so many go undelayed; none: `nodelay`
  bool operator==(const RequestLimit&) const = default;
};

struct ConnectionLimit {
  std::string zone;
  unsigned most = 0;
  bool operator==(const ConnectionLimit&) const = default;
};

/// ngx_http_realip_module.
struct RealIp {
  std::vector<Cidr> from;
  bool from_unix_sockets = false;    ///< `unix:`
  std::string header = "X-Real-IP";  ///< or "proxy_protocol"
  bool recursive = false;
  bool operator==(const RealIp&) const = default;
};

struct Admission {
  bool satisfy_any = false;
  std::vector<AccessRule> rules;
  std::optional<BasicAuth> basic;
  std::optional<AuthRequest> ask;
  std::vector<RequestLimit> request_limits;
  std::vector<ConnectionLimit> connection_limits;
  int request_limit_status = 503;
  int connection_limit_status = 503;
  bool request_limit_dry_run = false;
  bool connection_limit_dry_run = false;
  bool operator==(const Admission&) const = default;
};

/// Where files are and how they are told.
struct FileRules {
  Text root;                                       ///< may have variables; an absolute path
  bool alias = false;                              ///< `root` replaces what the location matched
  std::vector<Text> index = {{"index.html", {}}};  ///< may have variables
  /// try_files: the candidates; may have variables; a last "/" asks for a directory. Empty: none.
  std::vector<Text> candidates;
  Text fallback;            ///< of try_files: a URI, or "@name"; may have variables
  int fallback_status = 0;  ///< of try_files: `=404`; then there is no fallback
  /// Extension (lower case) to media type; shared by all that inherit it.
  std::shared_ptr<const std::map<std::string, std::string>> types;
  std::string default_type = "text/plain";
  bool etag = true;
  enum class IfModifiedSince : std::uint8_t { off, exact, before } if_modified_since = IfModifiedSince::exact;
  std::optional<unsigned> max_ranges;
  bool follow_symlinks = true;  ///< disable_symlinks off
  std::string charset;          ///< empty: off
  bool log_not_found = true;
  bool operator==(const FileRules&) const = default;
};

struct AddedField {
  std::string name;
  Text value;           ///< may have variables; an empty value adds nothing
  bool always = false;  ///< else with 200, 201, 204, 206, 301, 302, 303, 304, 307 and 308 only
  bool operator==(const AddedField&) const = default;
};

/// `expires`.
struct Expires {
  enum class Kind : std::uint8_t { after, since_modified, daily, epoch, max } kind = Kind::after;
  std::chrono::seconds span{0};  ///< may be negative; daily: since midnight
  Text from;                     ///< not empty: a template whose value says it in nginx's words
  bool operator==(const Expires&) const = default;
};

/// `error_page`.
struct ErrorPage {
  std::vector<int> statuses;
  std::optional<int> answer_with;  ///< `=200`; 0 is `=`: what the page's own answer says
  Text target;                     ///< may have variables: a URI, an URL or "@name"
  bool operator==(const ErrorPage&) const = default;
};

/// proxy_redirect: what `Location` and `Refresh` of an upstream become.
struct RedirectRule {
  Text from;  ///< may have variables; a prefix, or a regex
  bool regex = false;
  bool ignore_case = false;
  Text to;  ///< may have variables
  bool operator==(const RedirectRule&) const = default;
};

/// proxy_cookie_domain, proxy_cookie_path.
using CookieRule = RedirectRule;

/// proxy_cookie_flags.
struct CookieFlags {
  Text name;  ///< may have variables, or a regex ("~"); which cookies
  bool regex = false;
  std::vector<std::string> flags;  ///< secure, nosecure, httponly, samesite=lax ...
  bool operator==(const CookieFlags&) const = default;
};

/// proxy_next_upstream.
struct NextServer {
  bool on_error = true;
  bool on_timeout = true;
  bool on_invalid_header = false;
  bool non_idempotent = false;
  std::vector<int> on_status;
  unsigned tries = 0;      ///< zero: no limit
  milliseconds timeout{};  ///< zero: no limit
  bool operator==(const NextServer&) const = default;
};

/// proxy_pass and what goes with it. The upstream's servers, TLS and balancing are in Config::upstreams.
struct ProxyPass {
  std::string upstream;  ///< Config::upstreams' name; empty: `target` has variables
  Text target;           ///< as written; may have variables, then it is evaluated for each request
  bool https = false;
  std::string host;  ///< $proxy_host
  std::string port;  ///< $proxy_port
  /// Replaces what the location matched; may have variables (then it is the whole URI). None: the request's
  /// own URI, as sent where nothing rewrote it.
  std::optional<Text> uri;
  std::vector<std::pair<std::string, Text>> set_fields;  ///< proxy_set_header with nginx's defaults below it
  bool pass_fields = true;                               ///< proxy_pass_request_headers
  bool pass_body = true;                                 ///< proxy_pass_request_body
  bool buffer_body = true;                               ///< proxy_request_buffering
  std::optional<Text> body;                              ///< proxy_set_body
  Text method;                           ///< proxy_method; may have variables; empty: the client's
  int minor_version = 0;                 ///< proxy_http_version
  std::vector<std::string> hide_fields;  ///< with nginx's defaults, less proxy_pass_header's
  bool intercept_errors = false;
  bool ignore_client_abort = false;
  bool default_redirect = true;  ///< proxy_redirect default, or nothing said
  std::vector<RedirectRule> redirects;
  std::vector<CookieRule> cookie_domains;
  std::vector<CookieRule> cookie_paths;
  std::vector<CookieFlags> cookie_flags;
  NextServer next;
  Text bind;                   ///< proxy_bind; may have variables; empty: none
  bool accel_redirect = true;  ///< X-Accel-Redirect counts, but for proxy_ignore_headers
  /// proxy_ssl_name where it has variables: then it is the name that is sent and verified.
  Text tls_name{};
  UpstreamTls tls{};  ///< where `target` has variables and leads to https
  /// Where `target` has variables: what Config::upstreams' names are for the upstreams that they may name
  /// with https (host, or host:port, in lower case), with just this `tls`. Shared by all with the same.
  std::shared_ptr<const std::map<std::string, std::string>> https_upstreams{};
  bool operator==(const ProxyPass&) const = default;
};

/// access_log.
struct AccessLog {
  std::string path;  ///< absolute; or "stdout", "stderr"
  std::string format = "combined";
  Text condition;  ///< `if=`; may have variables; empty: always
  bool operator==(const AccessLog&) const = default;
};

struct LogFormat {
  enum class Escape : std::uint8_t { standard, json, none } escape = Escape::standard;
  Text text;  ///< may have variables
  bool operator==(const LogFormat&) const = default;
};

/// One of a server's names: "example.com", "*.example.com" (".example.com" is both), "www.example.*", "" or a
/// regex without its "~".
struct ServerName {
  Text name;
  bool regex = false;
  bool operator==(const ServerName&) const = default;
};

/// valid_referers: what $invalid_referer judges by. The names are those of the server too, where it says
/// `server_names`.
struct Referers {
  struct Name {
    ServerName host;   ///< a regex of a server's name is held to the host, one of its own to all behind "://"
    std::string path;  ///< what the path begins with; empty: any
    bool whole = false;  ///< a regex of its own
    bool operator==(const Name&) const = default;
  };
  bool none = false;     ///< requests without a Referer
  bool blocked = false;  ///< those whose Referer has no scheme
  std::vector<Name> names;
  bool operator==(const Referers&) const = default;
};

/// What holds for a request that has come to a location; or to a server outside of its locations, to an `if`
/// inside of a location, to a limit_except. All that nginx would inherit stands here already.
struct Location {
  enum class Kind : std::uint8_t {
    server,  ///< the server itself: where no location fits
    prefix,
    exact,
    regex,
    named,  ///< "@name"
    inner,  ///< an `if` or a limit_except: never found by its path
  };
  Kind kind = Kind::server;
  Text pattern;               ///< the path, the regex or the name with its "@"
  bool before_regex = false;  ///< `^~`
  bool ignore_case = false;   ///< `~*`
  bool internal = false;
  std::vector<std::size_t> nested;  ///< indices of VirtualServer::locations, in file order
  std::optional<std::size_t> parent;
  Script script;
  /// limit_except: for every method but these (and HEAD with GET) the Location `except` says who is admitted.
  std::vector<std::string> except_methods;
  std::optional<std::size_t> except;

  std::size_t route = 0;  ///< of Config::routes: name, timeouts, body limit, WebSocket rules, upstream
  RealIp real_ip;         ///< the server's decides before its location is known, if it finds somebody
  std::optional<Referers> referers;
  Admission admission;
  FileRules files;
  std::optional<ProxyPass> proxy;
  bool stub_status = false;
  std::vector<AddedField> added_fields;
  std::optional<Expires> expires;
  std::vector<ErrorPage> error_pages;
  bool recursive_error_pages = false;
  std::vector<AccessLog> access_logs;
  bool absolute_redirect = true;
  bool server_name_in_redirect = false;
  bool port_in_redirect = true;
  bool chunked = true;                   ///< chunked_transfer_encoding
  milliseconds keepalive_timeout = 75s;  ///< zero: no keep-alive
  std::uint64_t keepalive_requests = 1000;
  Position at;
  bool operator==(const Location&) const = default;
};

/// A `server` block.
struct VirtualServer {
  std::vector<ServerName> names;
  std::string first_name;           ///< $server_name
  std::vector<Location> locations;  ///< the first is the server itself; its `nested` are the top ones
  bool merge_slashes = true;
  bool underscores_in_headers = false;
  bool ignore_invalid_headers = true;
  /// ssl_verify_client: 495 and 496 where it is not as it should be, 421 where the client's SNI named
  /// another.
  std::optional<ClientAuth::Verify> verify_client{};
  Position at;
  bool operator==(const VirtualServer&) const = default;
};

/// Which servers answer at one of Config::listeners.
struct ListenerServers {
  std::vector<std::size_t> servers;  ///< of Sites::servers, in file order
  std::size_t otherwise = 0;         ///< default_server, or the first
  /// Another of Config::listeners, the wildcard of the same port: its sockets take the connections to this
  /// address too.
  std::optional<std::size_t> through{};
  bool operator==(const ListenerServers&) const = default;
};

/// `map`: evaluated when a variable is asked for, once per request.
struct Map {
  struct Entry {
    enum class Kind : std::uint8_t { exact, prefix_wildcard, suffix_wildcard, regex, regex_ignore_case };
    Kind kind = Kind::exact;  ///< wildcards with `hostnames` only
    Text key;                 ///< exact: lower case
    Text value;               ///< may have variables
    bool operator==(const Entry&) const = default;
  };
  std::string variable;  ///< without "$"
  Text source;           ///< may have variables
  bool hostnames = false;
  bool is_volatile = false;
  std::vector<Entry> entries;
  Text otherwise;  ///< `default`; may have variables
  Position at;
  bool operator==(const Map&) const = default;
};

/// `geo`: the longest block that holds the address decides.
struct Geo {
  std::string variable;
  Text source;  ///< may have variables; usually $remote_addr
  std::vector<std::pair<Cidr, std::string>> blocks;
  std::vector<std::tuple<IpAddress, IpAddress, std::string>> ranges;  ///< with `ranges`, both ends in
  std::vector<Cidr> proxies;
  bool proxy_recursive = false;
  std::string otherwise;
  Position at;
  bool operator==(const Geo&) const = default;
};

/// `split_clients`: by the hash of a value.
struct Split {
  std::string variable;
  Text source;                                        ///< may have variables
  std::vector<std::pair<std::uint32_t, Text>> parts;  ///< up to this hash; the value
  Text otherwise;                                     ///< `*`
  bool operator==(const Split&) const = default;
};

struct Sites {
  std::vector<ListenerServers> by_listener;  ///< as in Config::listeners
  std::vector<VirtualServer> servers;
  std::vector<Map> maps;
  std::vector<Geo> geos;
  std::vector<Split> splits;
  std::vector<LimitZone> zones;
  std::map<std::string, LogFormat> log_formats;
  std::string prefix;  ///< `-p`, without a last slash
  bool operator==(const Sites&) const = default;
};

}  // namespace tidegate::conf
