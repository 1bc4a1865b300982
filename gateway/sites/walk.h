#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/sites.h"
#include "gateway/base/ip.h"
#include "gateway/http/forward.h"
#include "gateway/http/head.h"
#include "gateway/sites/action.h"
#include "gateway/sites/site_table.h"

namespace tidegate::sites {

class Remains;
class Zones;

/// What a walk knows of its request and connection. The views outlive the walk.
struct Visitor {
  const http::RequestHead* head = nullptr;
  std::size_t listener = 0;         ///< of Config::listeners
  std::string_view scheme;          ///< http or https
  const IpAddress* peer = nullptr;  ///< null: it has none, as over a unix socket
  std::uint16_t peer_port = 0;
  bool over_unix = false;        ///< the listener's is a unix socket
  std::string_view server_addr;  ///< this end of the connection; "unix:/path"
  std::uint16_t server_port = 0;
  std::string_view sni;  ///< chooses the server where TLS was spoken, together with Host
  std::string_view ssl_protocol;
  std::string_view ssl_cipher;
  bool ssl_session_reused = false;
  std::string_view ssl_client_verify;  ///< NONE, SUCCESS, "FAILED:reason"
  bool ssl_client_tolerable =
      false;  ///< it failed since its authority is unknown: `optional_no_ca` allows it
  std::string_view ssl_client_subject;  ///< $ssl_client_s_dn
  std::string_view ssl_client_issuer;
  std::string_view ssl_client_serial;
  std::string_view ssl_client_fingerprint;
  std::string_view ssl_client_not_before;  ///< "Nov 21 05:55:09 2026 GMT"
  std::string_view ssl_client_not_after;
  std::string_view ssl_client_certificate;  ///< PEM
  const IpAddress* proxied = nullptr;       ///< $proxy_protocol_addr; null: no PROXY header, or of no address
  std::uint16_t proxied_port = 0;           ///< $proxy_protocol_port
  const IpAddress* proxied_server = nullptr;  ///< $proxy_protocol_server_addr
  std::uint16_t proxied_server_port = 0;      ///< $proxy_protocol_server_port
  std::uint64_t connection = 0;               ///< $connection
  std::uint64_t connection_requests = 1;
  std::chrono::steady_clock::time_point accepted;  ///< the connection: $connection_time
  bool pipelined = false;  ///< it came before the answer to the request before it was out
  std::string_view request_id;
  std::chrono::system_clock::time_point began;
};

/// What is known of an answer and of the way to it, for variables; filled in as it comes.
struct Facts {
  int status = 0;  ///< $status
  const http::ResponseHead* upstream =
      nullptr;                ///< $upstream_http_*, $upstream_cookie_*; null: none has answered
  std::string upstream_addr;  ///< "127.0.0.1:3000, 127.0.0.1:3001": nginx's lists, as all here
  std::string upstream_status;
  std::string upstream_connect_time;
  std::string upstream_header_time;
  std::string upstream_response_time;
  std::string upstream_response_length;
  std::string upstream_bytes_sent;
  std::string upstream_bytes_received;
  std::string sent_head;  ///< our answer's head as it was written: $sent_http_*
  std::uint64_t bytes_sent = 0;
  std::uint64_t body_bytes_sent = 0;
  std::uint64_t request_length = 0;
  std::optional<std::uint64_t> body_length;  ///< of chunks, once all have been read: $content_length
  std::string_view request_body;  ///< $request_body: where all of it was read before it was passed on
  std::optional<std::chrono::steady_clock::duration> request_time;  ///< none: it is not over
  bool complete = false;  ///< it has come to its own end: $request_completion
};

/// An answer whose head is still to be written, for the variables in its own fields: $sent_http_* of
/// `expires` and add_header. The views live during answer_rules().
struct Draft {
  const http::ResponseHead* upstream = nullptr;  ///< whose answer it is; null: the gateway's own
  std::string_view content_type{};               ///< of the gateway's own; likewise the two below
  std::optional<std::uint64_t> length{};
  std::span<const std::pair<std::string_view, std::string>> fields{};
  bool keep_alive = true;
};

/// How a request goes to an upstream.
struct Outgoing {
  std::string upstream;  ///< Config::upstreams' name; or, `on_demand`, "host:port" from a variable (or
                         ///< "unix:/path"); empty: a variable makes no sense, a 500
  bool on_demand = false;
  std::string hash_key;  ///< Upstream::hash_key with its variables filled in
  bool https = false;
  std::string method;
  std::string path;
  int minor_version = 0;
  /// All fields but those of framing (Content-Length, Transfer-Encoding), in order: the configuration's, Host
  /// and Connection among them, then the client's that pass.
  std::vector<std::pair<std::string, std::string>> fields;
  /// The head asks for an upgrade to websocket: the client's handshake was one, and the fields say so.
  bool handshake = false;
  std::optional<std::string> body;  ///< proxy_set_body, or empty without proxy_pass_request_body
  /// An end of a connection.
  struct Local {
    IpAddress ip;
    std::uint16_t port = 0;  ///< 0: the system chooses
    bool operator==(const Local&) const = default;
  };
  std::optional<Local> bind{};  ///< proxy_bind; none: the system chooses
  /// proxy_ssl_name with its variables filled in; none: it has none, and is the upstream's own.
  std::optional<std::string> tls_name;
};

/// One request's way through a site, as nginx's phases would take it: server, rewrite, location, rewrite,
/// limits, access, try_files, content; error_page and internal redirects among them.
///
/// Owner: the request. Thread: the worker's. Each call answers what is to be done next; nothing is done here
/// but reading the file system.
class Walk final {
 public:
  /// `zones` counts requests and connections for limit_req and limit_conn; it outlives the walk.
  Walk(const SiteTable& table, Zones& zones, const Visitor& visitor, Facts& facts);
  ~Walk();
  Walk(const Walk&) = delete;
  Walk& operator=(const Walk&) = delete;

  Action begin();
  /// After Wait.
  Action resume();
  /// After Ask: the subrequest's status, and its head for auth_request_set (null where it failed).
  Action authorised(int status, const http::ResponseHead* head);
  /// What was to be done failed before a byte of its answer went out (413, 502, 504), or the upstream
  /// answered a status that error_page is to handle (see intercepts()). Nothing: no error_page, the status
  /// goes out as it is.
  std::optional<Action> failed(int status, Reason reason);
  /// Does error_page take this status of the upstream's?
  bool intercepts(int status) const;
  /// Has an error come up after which the connection serves no other request?
  bool ends_connection() const;
  /// What the client is told where an upstream answered `status`: the same, or error_page's.
  int told_status(int status) const;
  /// X-Accel-Redirect: on to another location, from the upstream's own answer.
  Action redirected(std::string_view uri);

  /// A request of the gateway's own within this one (auth_request): its walk has the same variables, another
  /// URI, no body, and its answer goes nowhere.
  std::unique_ptr<Walk> subrequest(std::string_view uri, Facts& facts) const;

  const conf::VirtualServer& server() const;
  const conf::Location& location() const;
  const std::string& uri() const;
  std::string_view args() const;
  std::string_view remote_addr() const;  ///< ngx_http_realip_module's

  /// After PassOn.
  Outgoing outgoing() const;
  /// What the location makes of an upstream's or our own answer with `status`: fields to leave out (they are
  /// compared without regard to case), fields to add, Location, Refresh and Set-Cookie rewritten.
  http::FieldRules answer_rules(int status, const Draft& draft) const;
  /// The status's own page, in nginx's manner.
  std::string page(int status) const;
  /// For access_log: where to, and the line with its end. Empty: nothing is logged.
  std::vector<std::pair<std::string_view, std::string>> log_lines() const;

  /// What a tunnel keeps of its request: then the walk may go.
  std::unique_ptr<Remains> leave();

  struct Impl;  ///< this folder's own

 private:
  explicit Walk(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::sites
