#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::http {

/// One field line: name as sent, value without surrounding white space. Views into the head's storage.
struct Field {
  std::string_view name;
  std::string_view value;
};

/// How a message's body is delimited (RFC 9112 §6).
enum class Framing : std::uint8_t { none, length, chunked, until_close };

/// What all heads share. Neither copied nor moved, since the fields point into `storage`; held by unique_ptr.
struct Head {
  Head() = default;
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  /// The first field of that name, null if there is none. Names compare without regard to case.
  const Field* find(std::string_view name) const;
  std::string_view value(std::string_view name) const;  ///< empty if there is none
  std::size_t count(std::string_view name) const;
  /// Is `token` an element of the comma-separated lists in all fields of that name?
  bool lists(std::string_view name, std::string_view token) const;

  std::vector<char> storage;
  std::vector<Field> fields;
  int minor_version = 1;
  Framing framing = Framing::none;
  std::uint64_t content_length = 0;  ///< with Framing::length
};

/// What a request asks of its connection (docs/reference/http-and-websocket-rules.md).
enum class Upgrade : std::uint8_t {
  none,               ///< an ordinary request, whatever Upgrade it names
  websocket,          ///< a valid handshake
  websocket_invalid,  ///< answered with 400
  websocket_version,  ///< answered with 426
};

/// A request head that keeps every rule of the table "Requests".
struct RequestHead : Head {
  std::string_view method;
  std::string_view target;  ///< as sent
  std::string_view
      path;  ///< origin-form path and query to forward; "*" for OPTIONS *; "/" where absolute-form had none
  std::string_view
      authority;  ///< Host (or absolute-form's authority) as sent, port included; empty: HTTP/1.0 without one
  std::string host;        ///< its uri-host in lower case, brackets kept on IPv6, one trailing dot removed
  std::string_view port;   ///< digits, or empty
  bool keep_alive = true;  ///< RFC 9112 §9.3
  bool expect_continue = false;
  bool te_trailers = false;
  Upgrade upgrade = Upgrade::none;
};

struct ResponseHead : Head {
  int status = 0;
  std::string_view phrase;
  bool keep_alive = true;         ///< the upstream's connection may be used again once the body has ended
  int keep_alive_timeout_s = -1;  ///< Keep-Alive: timeout=N; -1: not said
  bool informational() const { return status >= 100 && status < 200; }
};

}  // namespace tidegate::http
