#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate::nginx {

// nginx's readings of numbers, sizes and times, with its bounds; nothing where nginx says NGX_ERROR.

/// Decimal digits.
std::optional<std::uint64_t> read_number(std::string_view text);
/// Bytes, k or m.
std::optional<std::uint64_t> read_size(std::string_view text);
/// Bytes, k, m or g.
std::optional<std::uint64_t> read_offset(std::string_view text);
/// "1h 30m", "90", "250ms"; a bare number is seconds.
std::optional<std::chrono::milliseconds> read_milliseconds(std::string_view text);
/// Likewise, without "ms".
std::optional<std::chrono::seconds> read_seconds(std::string_view text);

/// What an address in a `listen`, `server` or `proxy_pass` says (ngx_parse_url), not looked up.
struct Url {
  std::string host;  ///< as written, IPv6 in brackets; listen: empty where any will do
  std::uint16_t port = 0;
  std::uint16_t last_port = 0;  ///< listen: of a range; else the port
  bool has_port = false;
  std::string unix_path;  ///< not empty: a unix socket
  std::string uri;        ///< what follows
};
struct UrlRules {
  std::uint16_t default_port = 80;
  bool listen = false;
  bool uri_part = false;
};
/// Empty: fine; else what is wrong, in nginx's words.
std::string read_url(std::string_view text, const UrlRules& rules, Url& out);

}  // namespace tidegate::nginx
