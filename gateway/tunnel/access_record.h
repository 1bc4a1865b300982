#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "conf/model.h"
#include "gateway/base/reason.h"

namespace tidegate::tunnel {

/// One line of the access log: a request, a tunnel's beginning, or its end. Views live during the call.
struct AccessRecord {
  enum class Event { request, tunnel_open, tunnel_close };
  Event event = Event::request;
  std::chrono::system_clock::time_point time;  ///< when the event happened (a request: when it ended)
  std::string_view id;                         ///< 16 hex digits; the same in a tunnel's two records
  std::string_view listener;
  std::string_view route;  ///< empty: none
  std::string_view remote_addr;
  std::string_view method;  ///< may hold anything a peer sent, when the request was refused
  std::string_view target;  ///< with its query, unredacted: the formatter redacts
  int minor_version = 1;
  std::string_view host;
  std::string_view user_agent;
  std::string_view referer;
  int status = 0;                    ///< 101 for a tunnel's beginning
  std::uint64_t bytes_sent = 0;      ///< body bytes to the client
  std::uint64_t bytes_received = 0;  ///< body bytes from the client
  std::chrono::microseconds duration{0};
  std::string_view server;  ///< the upstream's server that answered or was tried last; empty: none
  std::optional<std::chrono::microseconds>
      first_byte;                ///< from the request's head to the upstream's first byte
  Reason reason = Reason::none;  ///< why the gateway itself answered, or why the tunnel ended
  /// For the diagnostics log: whose fault `reason` was and what the system said of it; empty: see
  /// info(reason).
  std::optional<Error> why{};
  // tunnel_close only
  Party ended_by = Party::gateway;
  std::uint64_t messages_to_upstream = 0;
  std::uint64_t messages_to_client = 0;
  std::uint64_t bytes_to_upstream = 0;
  std::uint64_t bytes_to_client = 0;
  std::optional<std::uint16_t> close_code_from_client;
  std::optional<std::uint16_t> close_code_from_upstream;
};

/// One line, without newline. Values of query arguments are replaced by "*" unless `log.query_values`; the
/// query is left out unless `log.query`. Whatever a peer sent is escaped: JSON is valid UTF-8 whatever came
/// (invalid bytes become U+FFFD), combined escapes as nginx's log_format does (\xHH).
std::string format(const AccessRecord& record, const conf::Log& log);

}  // namespace tidegate::tunnel
