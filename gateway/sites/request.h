#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/base/ip.h"
#include "gateway/routing/regex.h"
#include "gateway/sites/place.h"
#include "gateway/sites/walk.h"

namespace tidegate::sites {

struct LocationPart;
struct ServerPart;

/// What the latest regex that matched has captured.
struct Captures {
  std::string subject;
  std::vector<routing::Regex::Group> groups;

  std::string_view group(std::size_t number) const {
    if (number >= groups.size()) return {};
    const auto [first, end] = groups[number];
    return std::string_view(subject).substr(first, end - first);
  }
};

/// The value of one variable within one request.
struct Slot {
  enum class State : std::uint8_t { unknown, known, computing };
  State state = State::unknown;
  std::string value{};
};

/// Where a proxy_pass leads, once its variables have values.
struct Target {
  bool valid = false;
  bool https = false;
  std::string host{};         ///< without port, brackets kept; a path for "unix:"
  std::string port{};         ///< as written; empty: none was
  std::string host_header{};  ///< $proxy_host
  std::string proxy_port{};   ///< $proxy_port
  std::string uri{};          ///< empty: none
};

/// One request on its way: what nginx's ngx_http_request_t holds of it, names likewise where they differ from
/// nobody else's here.
///
/// Owner: its Walk. Thread: the worker's.
struct Request {
  Request(const SiteTable::Impl& t, const Visitor& v, Facts& f);

  const SiteTable::Impl& table;
  const Visitor& visitor;
  Facts& facts;

  const ServerPart* server = nullptr;
  const LocationPart* location = nullptr;
  std::string uri = "/";
  std::string args;
  std::string_view method;

  bool valid_unparsed_uri = true;  ///< nothing rewrote the URI: it may go on as it was sent
  bool quoted_uri = false;         ///< escapes were decoded
  bool plus_in_uri = false;
  bool internal = false;       ///< rewritten or redirected inside: may enter internal locations
  bool valid_location = true;  ///< the URI begins with what the location matched
  bool uri_changed = false;    ///< by a rewrite: another location is to be found
  bool subrequest = false;
  bool in_error_page = false;    ///< no other error_page is looked for
  int uri_changes = 11;          ///< how often the URI may still change
  bool ends_connection = false;  ///< an error has come up after which nginx serves nothing on it
  int error_status = 0;          ///< what the client is told in place of the answer's own status; 0: nothing

  /// The listener's or the SNI's: its rules hold for the head until Host has named another.
  const conf::VirtualServer* first_server = nullptr;
  std::size_t early_fields = 0;              ///< so many come before that, Host among them
  std::optional<Target> target;              ///< of the location's proxy_pass, once it was asked for
  std::shared_ptr<std::vector<Slot>> slots;  ///< shared with subrequests
  Captures captures;
  bool uri_behind_alias = false;  ///< Place's
  std::string limit_rate = "0";
  std::string_view request_limit_status;     ///< $limit_req_status
  std::string_view connection_limit_status;  ///< $limit_conn_status
  std::string remote_addr;  ///< the client's, as ngx_http_realip_module sees it; empty text for unix sockets
  std::optional<IpAddress> remote_ip;
  std::uint16_t remote_port = 0;
  bool knows_real_ip = false;              ///< the three above are what a proxy has said
  std::optional<std::int64_t> modified_s;  ///< of the file that is sent
  /// Fields of an upstream's answer that an X-Accel-Redirect takes along.
  std::vector<std::pair<std::string, std::string>> carried;

  /// The head that is being made; null: none is, or it was written.
  struct Making {
    const Draft& draft;
    std::string_view content_type;  ///< without what `charset` adds
    int status;
    const http::FieldRules& rules;  ///< so far
  };
  const Making* making = nullptr;

  bool gave_up = false;  ///< a regex came to its limits: whatever it would have decided, the answer is 500
  int variables_within = 0;  ///< how many values are being made that ask for each other

  /// Appends a variable's value. False: it has none.
  bool append(std::uint32_t variable, std::string& out);
  void set(std::uint32_t variable, std::string value);
  /// The value of a client's field as $http_NAME would find it, `pattern` in lower case with "_" for "-".
  std::optional<std::string> field(std::string_view pattern) const;
  /// Does nginx see this field of the client's? (ignore_invalid_headers, underscores_in_headers)
  bool sees(const http::Field& field) const;
  /// $host.
  std::string_view host() const;
  std::string_view server_name() const;
  /// Moves the request to a location of its server, or to that one's limit_except.
  void enter(std::size_t location);
  /// Where the location's proxy_pass leads.
  const Target& proxy_target();
  /// Where the location's files are, its template evaluated.
  Place place();

 private:
  bool append_value(std::uint32_t variable, std::string& out);
};

}  // namespace tidegate::sites
