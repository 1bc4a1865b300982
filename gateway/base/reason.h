#pragma once

#include <cstdint>
#include <string_view>

namespace tidegate {

/// Whose doing it was. Chooses 4xx, 502 or 500, the metric label, and whether another server may be tried.
enum class Party : std::uint8_t { client, upstream, gateway };

/// Why a request was answered by the gateway itself, or why a connection or a tunnel ended. The one list
/// of reasons: `info()` has each one's HTTP status (before the upgrade), WebSocket close code (after it),
/// and the word that logs and metric labels use.
enum class Reason : std::uint8_t {
  none,
  // Requests that the gateway refuses. RFC 9110 §15.5, RFC 9112.
  bad_request_line,
  bad_target,
  bad_field,
  bad_host,
  bad_framing,
  bad_chunk,
  bad_handshake,
  websocket_version,
  method_not_allowed,
  method_unknown,
  version_unsupported,
  head_too_large,
  uri_too_long,
  body_too_large,
  expectation_failed,
  plain_http_on_tls,
  no_route,
  origin_refused,
  too_many_tunnels,
  header_timeout,
  body_timeout,
  keepalive_timeout,
  tls_handshake_timeout,
  tls_handshake_failed,
  // Upstreams that fail.
  no_server,
  upstream_unresolved,
  upstream_unreachable,
  upstream_connect_timeout,
  upstream_tls_failed,
  upstream_closed,
  upstream_timeout,
  upstream_bad_response,
  upstream_bad_upgrade,
  upstream_truncated,
  // Ends of connections and tunnels.
  finished,
  client_ended,
  upstream_ended,
  client_reset,
  upstream_reset,
  client_gone,
  idle_timeout,
  send_timeout,
  close_timeout,
  ping_timeout,
  max_lifetime,
  message_too_big,
  admin,
  removed,
  drain,
  stop,
  out_of_descriptors,
  internal,
  kCount,
};

struct ReasonInfo {
  Reason reason;
  std::string_view word;  ///< in logs and metric labels
  Party at_fault;
  std::uint16_t http_status;  ///< 0: never answered with a status
  std::uint16_t close_code;   ///< RFC 6455 §7.4.1; 0: no Close frame of ours
};

const ReasonInfo& info(Reason reason);

inline std::string_view word(Reason reason) {
  return info(reason).word;
}
std::string_view word(Party party);

/// Something that went wrong, small enough to return by value; words are made where it is logged.
struct Error {
  Reason reason = Reason::internal;
  Party at_fault = Party::gateway;
  int os_error = 0;  ///< a negative errno as libuv gives it, or 0

  explicit Error(Reason r, int os = 0) : reason(r), at_fault(info(r).at_fault), os_error(os) {}
  Error(Reason r, Party party, int os = 0) : reason(r), at_fault(party), os_error(os) {}
  bool operator==(const Error&) const = default;
};

/// The status that answers a request which failed this way: the table's, but 502 where an upstream broke a
/// rule for which a client would get a 4xx.
std::uint16_t http_status(const Error& error);

}  // namespace tidegate
