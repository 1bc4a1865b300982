#include "gateway/http/message_rules.h"

#include "gateway/base/text.h"
#include "gateway/http/grammar.h"
#include "gateway/http/hop_by_hop.h"
#include "gateway/http/host.h"

namespace tidegate::http {
namespace {

/// Content-Length and Transfer-Encoding, for requests and responses alike: anything that two readers could
/// read in two ways is refused. RFC 9112 §6.1-6.3, §11.2. Sets framing to none, length or chunked.
bool apply_framing_rules(Head& head) {
  const std::size_t lengths = head.count("Content-Length");
  const std::size_t encodings = head.count("Transfer-Encoding");
  if (encodings > 0) {
    if (encodings > 1 || lengths > 0 || head.minor_version == 0) return false;
    if (!iequals(head.value("Transfer-Encoding"), "chunked")) return false;
    head.framing = Framing::chunked;
  } else if (lengths > 0) {
    const auto length = parse_decimal(head.value("Content-Length"));
    if (lengths > 1 || !length) return false;
    head.framing = Framing::length;
    head.content_length = *length;
  } else {
    head.framing = Framing::none;
  }
  return true;
}

/// RFC 9112 §9.3.
bool persists(const Head& head, const ConnectionOptions& options) {
  if (options.nominates("close")) return false;
  return head.minor_version == 1 || options.nominates("keep-alive");
}

/// RFC 9112 §3.2, §3.2.2: Host is checked even where absolute-form overrides it.
bool apply_host_rules(RequestHead& head) {
  const std::size_t hosts = head.count("Host");
  if (hosts > 1 || (hosts == 0 && head.minor_version == 1)) return false;
  if (hosts == 1) {
    const std::string_view host = head.value("Host");
    if (!parse_host(host)) return false;
    if (head.authority.empty()) head.authority = host;
  }
  if (head.authority.empty()) return true;
  const auto parsed = parse_host(head.authority);
  if (!parsed) return false;
  head.host = to_lower(parsed->host);
  if (head.host.back() == '.') head.host.pop_back();
  head.port = parsed->port;
  return true;
}

/// RFC 9110 §10.1.1. HTTP/1.0 clients know no 1xx: their 100-continue is ignored.
bool apply_expect_rules(RequestHead& head) {
  bool met = true;
  for (const Field& field : head.fields) {
    if (!iequals(field.name, "Expect")) continue;
    for_each_list_element(field.value, [&](std::string_view expectation) {
      if (!iequals(expectation, "100-continue")) met = false;
      head.expect_continue = head.minor_version == 1;
    });
  }
  return met;
}

bool is_base64_char(char c) {
  return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || c == '+' || c == '/';
}

/// 16 bytes in base64. RFC 4648 §3.5 lets decoders pass over the last character's unused bits, and clients
/// that make keys of random characters need them to.
bool is_websocket_key(std::string_view key) {
  if (key.size() != 24 || !key.ends_with("==")) return false;
  for (char c : key.substr(0, 22)) {
    if (!is_base64_char(c)) return false;
  }
  return true;
}

/// RFC 6455 §4.2.1, §4.4.
Upgrade upgrade_of(const RequestHead& head, const ConnectionOptions& options) {
  if (head.minor_version == 0) return Upgrade::none;
  if (!head.lists("Upgrade", "websocket") || !options.nominates("upgrade")) return Upgrade::none;
  const bool body = head.framing == Framing::chunked || head.content_length > 0;
  if (head.method != "GET" || body) return Upgrade::websocket_invalid;
  const std::string_view version = head.value("Sec-WebSocket-Version");
  if (head.count("Sec-WebSocket-Version") != 1 || !parse_decimal(version)) return Upgrade::websocket_invalid;
  if (version != "13") return Upgrade::websocket_version;
  const bool key = head.count("Sec-WebSocket-Key") == 1 && is_websocket_key(head.value("Sec-WebSocket-Key"));
  return key ? Upgrade::websocket : Upgrade::websocket_invalid;
}

/// The N of `Keep-Alive: timeout=N`; -1 where it isn't said.
int keep_alive_timeout(const Head& head) {
  constexpr std::string_view kParameter = "timeout=";
  int timeout = -1;
  for_each_list_element(head.value("Keep-Alive"), [&](std::string_view parameter) {
    if (!iequals(parameter.substr(0, kParameter.size()), kParameter)) return;
    const auto seconds = parse_decimal(parameter.substr(kParameter.size()));
    if (seconds && *seconds <= 24 * 60 * 60) timeout = static_cast<int>(*seconds);
  });
  return timeout;
}

}  // namespace

std::optional<SplitTarget> split_target(std::string_view method, std::string_view target) {
  if (target.starts_with('/')) return SplitTarget{{}, target};
  if (target == "*") return method == "OPTIONS" ? std::optional(SplitTarget{{}, target}) : std::nullopt;
  const std::size_t colon = target.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view scheme = target.substr(0, colon);
  if (!iequals(scheme, "http") && !iequals(scheme, "https")) return std::nullopt;
  std::string_view rest = target.substr(colon + 1);
  if (!rest.starts_with("//")) return std::nullopt;
  rest.remove_prefix(2);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (!parse_host(authority)) return std::nullopt;
  rest.remove_prefix(authority.size());
  // RFC 9112 §3.2.4: OPTIONS for a server as a whole.
  if (rest.empty()) rest = method == "OPTIONS" ? "*" : "/";
  return SplitTarget{authority, rest};
}

Reason apply_request_rules(RequestHead& head) {
  const ConnectionOptions options(head);
  if (options.too_many()) return Reason::bad_field;
  if (!apply_framing_rules(head)) return Reason::bad_framing;
  if (!apply_host_rules(head)) return Reason::bad_host;
  if (!apply_expect_rules(head)) return Reason::expectation_failed;
  head.keep_alive = persists(head, options);
  head.te_trailers = head.minor_version == 1 && head.lists("TE", "trailers");
  head.upgrade = upgrade_of(head, options);
  return Reason::none;
}

Reason apply_response_rules(ResponseHead& head) {
  const ConnectionOptions options(head);
  if (options.too_many() || !apply_framing_rules(head)) return Reason::upstream_bad_response;
  // RFC 9112 §6.3: no body whatever the lengths say.
  const bool no_body = head.informational() || head.status == 204 || head.status == 304;
  if (no_body) {
    head.framing = Framing::none;
  } else if (head.framing == Framing::none) {
    head.framing = Framing::until_close;
  }
  head.keep_alive = persists(head, options) && head.framing != Framing::until_close && head.status != 101;
  head.keep_alive_timeout_s = keep_alive_timeout(head);
  return Reason::none;
}

void apply_head_request(ResponseHead& head) {
  head.framing = Framing::none;
  head.keep_alive = persists(head, ConnectionOptions(head)) && head.status != 101;
}

}  // namespace tidegate::http
