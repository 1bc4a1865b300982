#include "gateway/base/reason.h"

#include <array>
#include <cstddef>

namespace tidegate {
namespace {

constexpr std::array<ReasonInfo, static_cast<std::size_t>(Reason::kCount)> kReasons{{
    {Reason::none, "none", Party::gateway, 0, 0},
    {Reason::bad_request_line, "bad_request_line", Party::client, 400, 0},
    {Reason::bad_target, "bad_target", Party::client, 400, 0},
    {Reason::bad_field, "bad_field", Party::client, 400, 0},
    {Reason::bad_host, "bad_host", Party::client, 400, 0},
    {Reason::bad_framing, "bad_framing", Party::client, 400, 0},
    {Reason::bad_chunk, "bad_chunk", Party::client, 400, 0},
    {Reason::bad_handshake, "bad_handshake", Party::client, 400, 0},
    {Reason::websocket_version, "websocket_version", Party::client, 426, 0},
    {Reason::method_not_allowed, "method_not_allowed", Party::client, 405, 0},
    {Reason::method_unknown, "method_unknown", Party::client, 501, 0},
    {Reason::version_unsupported, "version_unsupported", Party::client, 505, 0},
    {Reason::head_too_large, "head_too_large", Party::client, 431, 0},
    {Reason::uri_too_long, "uri_too_long", Party::client, 414, 0},
    {Reason::body_too_large, "body_too_large", Party::client, 413, 0},
    {Reason::expectation_failed, "expectation_failed", Party::client, 417, 0},
    {Reason::plain_http_on_tls, "plain_http_on_tls", Party::client, 400, 0},
    {Reason::no_route, "no_route", Party::client, 404, 0},
    {Reason::origin_refused, "origin_refused", Party::client, 403, 0},
    {Reason::too_many_tunnels, "too_many_tunnels", Party::gateway, 503, 0},
    {Reason::header_timeout, "header_timeout", Party::client, 408, 0},
    {Reason::body_timeout, "body_timeout", Party::client, 408, 0},
    {Reason::keepalive_timeout, "keepalive_timeout", Party::client, 0, 0},
    {Reason::tls_handshake_timeout, "tls_handshake_timeout", Party::client, 0, 0},
    {Reason::tls_handshake_failed, "tls_handshake_failed", Party::client, 0, 0},
    {Reason::no_server, "no_server", Party::gateway, 503, 0},
    {Reason::upstream_unresolved, "upstream_unresolved", Party::upstream, 502, 0},
    {Reason::upstream_unreachable, "upstream_unreachable", Party::upstream, 502, 0},
    {Reason::upstream_connect_timeout, "upstream_connect_timeout", Party::upstream, 504, 0},
    {Reason::upstream_tls_failed, "upstream_tls_failed", Party::upstream, 502, 0},
    {Reason::upstream_closed, "upstream_closed", Party::upstream, 502, 0},
    {Reason::upstream_timeout, "upstream_timeout", Party::upstream, 504, 0},
    {Reason::upstream_bad_response, "upstream_bad_response", Party::upstream, 502, 0},
    {Reason::upstream_bad_upgrade, "upstream_bad_upgrade", Party::upstream, 502, 0},
    {Reason::upstream_truncated, "upstream_truncated", Party::upstream, 502, 0},
    {Reason::finished, "finished", Party::client, 0, 0},
    {Reason::client_ended, "client_ended", Party::client, 0, 0},
    {Reason::upstream_ended, "upstream_ended", Party::upstream, 0, 1011},
    {Reason::client_reset, "client_reset", Party::client, 0, 0},
    {Reason::upstream_reset, "upstream_reset", Party::upstream, 502, 1011},
    {Reason::client_gone, "client_gone", Party::client, 499, 0},
    {Reason::idle_timeout, "idle_timeout", Party::gateway, 0, 1001},
    {Reason::send_timeout, "send_timeout", Party::client, 0, 0},
    {Reason::close_timeout, "close_timeout", Party::gateway, 0, 0},
    {Reason::ping_timeout, "ping_timeout", Party::gateway, 0, 1001},
    {Reason::max_lifetime, "max_lifetime", Party::gateway, 0, 1001},
    {Reason::message_too_big, "message_too_big", Party::client, 0, 1009},
    {Reason::admin, "admin", Party::gateway, 0, 1001},
    {Reason::removed, "removed", Party::gateway, 0, 1001},
    {Reason::drain, "drain", Party::gateway, 503, 1001},
    {Reason::stop, "stop", Party::gateway, 0, 0},
    {Reason::out_of_descriptors, "out_of_descriptors", Party::gateway, 503, 0},
    {Reason::internal, "internal", Party::gateway, 500, 1011},
}};

}  // namespace

const ReasonInfo& info(Reason reason) {
  return kReasons[static_cast<std::size_t>(reason)];
}

std::string_view word(Party party) {
  switch (party) {
    case Party::client:
      return "client";
    case Party::upstream:
      return "upstream";
    case Party::gateway:
      return "gateway";
  }
  return "gateway";
}

std::uint16_t http_status(const Error& error) {
  const std::uint16_t status = info(error.reason).http_status;
  if (error.at_fault == Party::upstream && status < 500) return 502;
  return status;
}

}  // namespace tidegate
