#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/http/head.h"

namespace tidegate::http {

/// Field rules of a route with their variables filled in. `set` replaces all fields of that name; an empty
/// value removes them. `add` comes besides the fields of that name that are left, in order; an empty value
/// adds nothing.
struct FieldRules {
  std::vector<std::pair<std::string_view, std::string>> set{};
  std::vector<std::string_view> remove{};
  std::vector<std::pair<std::string_view, std::string>> add{};
};

/// What the gateway says of a request that it passes on (docs/reference/http-and-websocket-rules.md).
struct RequestContext {
  std::string_view path{};            ///< target for the upstream, origin-form
  std::string_view client_address{};  ///< $remote_addr
  std::string_view peer_address{};    ///< $realip_remote_addr; empty for unix sockets
  std::string_view scheme{};          ///< "http" or "https", as the client saw it
  std::string_view upstream_host{};   ///< Host where the client sent none (HTTP/1.0)
  bool peer_trusted = false;          ///< X-Forwarded-* and Forwarded of the peer are kept and appended to
  bool allow_underscores = false;
  const FieldRules* rules = nullptr;
};

/// Serialises `head` anew for an upstream, as exactly one unambiguous HTTP/1.1 message head: Host first, our
/// framing, no hop-by-hop field but, for a handshake, `Connection: Upgrade` and `Upgrade: websocket`.
void append_request(std::string& out, const RequestHead& head, const RequestContext& context);

/// What the client is told and how.
struct ResponseContext {
  int status = 0;  ///< instead of the upstream's; 0: its own
  int client_minor_version = 1;
  bool keep_alive = true;           ///< whether the client's connection stays usable
  Framing framing = Framing::none;  ///< from client_framing()
  bool head_request = false;
  const FieldRules* rules = nullptr;
  std::string_view set_cookie{};  ///< a Set-Cookie value of ours to add; empty: none
};

/// How the body of `head` is delimited towards a client: as it came where possible; chunked instead of
/// until_close for HTTP/1.1; until_close instead of chunked for HTTP/1.0.
Framing client_framing(const ResponseHead& head, int client_minor_version);

/// Serialises a response head for the client; for a 101 with Connection, Upgrade and without framing fields.
/// Content-Length of a response to HEAD, and of a 304, is kept though no body follows.
void append_response(std::string& out, const ResponseHead& head, const ResponseContext& context);

/// Trailers of an upstream that may be relayed: no framing, routing or identity fields (RFC 9110 §6.5.1).
/// Writes the last chunk, the fields and the final CRLF.
void append_trailers(std::string& out, const std::vector<std::pair<std::string, std::string>>& trailers);

/// A whole answer of the gateway's own.
struct OwnResponse {
  int status = 200;
  std::string_view content_type{};
  std::string_view body{};
  std::optional<std::uint64_t> length{};  ///< of a body that comes behind instead
  std::vector<std::pair<std::string_view, std::string>> fields{};
  int client_minor_version = 1;
  bool keep_alive = false;
  bool head_request = false;
  const FieldRules* rules = nullptr;
};
void append_own_response(std::string& out, const OwnResponse& response);

/// RFC 9110 §15's phrase; empty for a code that isn't in the registry.
std::string_view reason_phrase(int status);

/// Does a 101 answer this handshake? Upgrade names websocket, Connection nominates it, Sec-WebSocket-Accept
/// fits the key (RFC 6455 §4.1).
bool accepts_handshake(const ResponseHead& response, const RequestHead& request);
/// A subprotocol or an extension in the 101 that the client did not offer (relayed, and counted).
bool answers_unoffered(const ResponseHead& response, const RequestHead& request);

/// Safe to send twice (RFC 9110 §9.2.2): GET, HEAD, OPTIONS, TRACE, PUT, DELETE.
bool is_idempotent(std::string_view method);

}  // namespace tidegate::http
