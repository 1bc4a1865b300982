#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conf/model.h"
#include "conf/sites.h"

namespace tidegate::nginx {

using conf::Text;
using std::chrono::milliseconds;

/// What one block says by itself; unset is inherited. Arrays replace those of the block around, as in nginx.
template <typename T>
using Set = std::optional<T>;

struct Root {
  Text path;
  bool alias = false;
};

/// proxy_redirect.
struct Redirects {
  bool use_default = false;
  std::vector<conf::RedirectRule> rules;
};

/// Where a proxy_pass leads. Not inherited, but by an `if` and a limit_except.
struct Target {
  Text url;  ///< as written
  bool has_variables = false;
  bool https = false;
  std::size_t upstream = 0;  ///< of Work::upstreams; without variables
  std::string host;          ///< $proxy_host
  std::string port;          ///< $proxy_port
  std::optional<Text> uri;
};

struct TryFiles {
  std::vector<Text> candidates;
  Text fallback;
  int status = 0;
};

struct ValidReferers {
  conf::Referers referers;
  bool server_names = false;    ///< the server's own, too
  bool server_regexes = false;  ///< of these the regexes at least: the block around has them
};

using Types = std::map<std::string, std::string>;

/// The `ssl` of old, and where it stands.
struct SslSwitch {
  bool on = false;
  Position at;
};

/// What may stand in http, server and location.
struct LocationSettings {
  // Not inherited.
  std::optional<TryFiles> try_files;
  std::optional<Target> target;
  bool stub_status = false;
  bool internal = false;
  bool access_log_is_off = false;    ///< then the other access_logs of the block count for nothing
  std::shared_ptr<Types> own_types;  ///< while the block is read

  // Inherited, as kInherited lists them.
  Set<Root> root;
  Set<std::vector<Text>> index;
  Set<std::shared_ptr<const Types>> types;
  Set<std::string> default_type;
  Set<bool> etag;
  Set<conf::FileRules::IfModifiedSince> if_modified_since;
  Set<std::uint64_t> max_ranges;
  Set<bool> follow_symlinks;
  Set<std::string> charset;
  Set<bool> log_not_found;
  Set<std::vector<conf::ErrorPage>> error_pages;
  Set<bool> recursive_error_pages;
  Set<bool> absolute_redirect;
  Set<bool> server_name_in_redirect;
  Set<bool> port_in_redirect;
  Set<bool> server_tokens;
  Set<bool> chunked;
  Set<milliseconds> keepalive_timeout;
  Set<std::uint64_t> keepalive_requests;
  Set<std::uint64_t> max_body_bytes;
  Set<milliseconds> body_timeout;
  Set<milliseconds> send_timeout;
  Set<std::vector<conf::AddedField>> added_fields;
  Set<std::optional<conf::Expires>> expires;
  Set<std::vector<conf::AccessLog>> access_logs;

  Set<bool> satisfy_any;
  Set<std::vector<conf::AccessRule>> access_rules;
  Set<Text> realm;
  Set<Text> user_file;
  Set<Text> auth_request;
  Set<std::vector<std::pair<std::string, Text>>> auth_request_set;
  Set<std::vector<conf::RequestLimit>> request_limits;
  Set<std::vector<conf::ConnectionLimit>> connection_limits;
  Set<std::uint64_t> request_limit_status;
  Set<std::uint64_t> connection_limit_status;
  Set<bool> request_limit_dry_run;
  Set<bool> connection_limit_dry_run;

  Set<std::vector<std::optional<Cidr>>> real_ip_from;  ///< none: unix sockets
  Set<std::string> real_ip_header;
  Set<bool> real_ip_recursive;

  Set<ValidReferers> valid_referers;

  Set<milliseconds> proxy_connect_timeout;
  Set<milliseconds> proxy_send_timeout;
  Set<milliseconds> proxy_read_timeout;
  Set<std::vector<std::pair<std::string, Text>>> proxy_fields;
  Set<bool> pass_fields;
  Set<bool> pass_body;
  Set<bool> buffer_body;
  Set<Text> proxy_body;
  Set<Text> proxy_method;
  Set<int> proxy_minor_version;
  Set<std::vector<std::string>> hide_fields;
  Set<std::vector<std::string>> show_fields;
  Set<bool> intercept_errors;
  Set<bool> ignore_client_abort;
  Set<Redirects> redirects;
  Set<std::vector<conf::CookieRule>> cookie_domains;
  Set<std::vector<conf::CookieRule>> cookie_paths;
  Set<std::vector<conf::CookieFlags>> cookie_flags;
  Set<conf::NextServer> next;  ///< but for the two below
  Set<std::uint64_t> next_tries;
  Set<milliseconds> next_timeout;
  Set<Text> proxy_bind;
  Set<bool> ignore_accel_redirect;
  Set<Text> proxy_ssl_name;
  Set<bool> proxy_ssl_server_name;
  Set<bool> proxy_ssl_verify;
  Set<Text> proxy_ssl_trusted;
  Set<Text> proxy_ssl_certificate;
  Set<Text> proxy_ssl_key;
  Set<Text> proxy_ssl_crl;
  Set<std::uint64_t> proxy_ssl_depth;
  Set<std::vector<conf::TlsVersion>> proxy_ssl_protocols;
  Set<Text> proxy_ssl_ciphers;
  Set<bool> proxy_ssl_reuse;
};

/// What may stand in http and server.
struct ServerSettings {
  Set<milliseconds> header_timeout;
  Set<std::uint64_t> header_buffer;
  Set<std::pair<std::uint64_t, std::uint64_t>> large_header_buffers;  ///< how many, how large
  Set<bool> merge_slashes;
  Set<bool> underscores_in_headers;
  Set<bool> ignore_invalid_headers;

  Set<SslSwitch> ssl;
  Set<std::vector<Text>> certificates;
  Set<std::vector<Text>> keys;
  Set<std::vector<conf::TlsVersion>> protocols;
  Set<Text> ciphers;
  Set<bool> prefer_server_ciphers;
  Set<std::optional<conf::ClientAuth::Verify>> verify_client;
  Set<Text> client_certificate;
  Set<Text> trusted_certificate;
  Set<Text> crl;
  Set<std::uint64_t> verify_depth;
  Set<Text> dh_parameters;
  Set<std::string> groups;
  Set<milliseconds> session_timeout;
  Set<bool> session_tickets;
  Set<bool> stapling;
  Set<Text> stapled_response;
  Set<bool> reject_handshake;
  Set<std::vector<std::pair<std::string, Text>>> commands;
  Set<Text> key_passwords;
};

/// Takes over what `own` leaves unset. Answers how many elements of arrays were copied, long texts
/// for more than one.
std::size_t inherit(LocationSettings& own, const LocationSettings& around);
std::size_t inherit(ServerSettings& own, const ServerSettings& around);

}  // namespace tidegate::nginx
