#include "gateway/routing/origin.h"

#include <algorithm>
#include <optional>

#include "gateway/base/text.h"

namespace tidegate::routing {
namespace {

/// RFC 6454 §6.2: scheme "://" host [ ":" port ].
struct Origin {
  std::string_view scheme, host, port;
};

bool is_host_character(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

std::string_view default_port(std::string_view scheme) {
  if (iequals(scheme, "http") || iequals(scheme, "ws")) return "80";
  if (iequals(scheme, "https") || iequals(scheme, "wss")) return "443";
  return {};
}

/// Where the host of "host" or "host:port" ends; nothing if it is none.
std::optional<std::size_t> host_end(std::string_view text) {
  if (text.starts_with('[')) {  // an IPv6 address
    const std::size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    return bracket + 1;
  }
  const auto end = std::find_if_not(text.begin(), text.end(), is_host_character);
  if (end == text.begin()) return std::nullopt;
  return static_cast<std::size_t>(end - text.begin());
}

std::optional<Origin> parse(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  Origin out{text.substr(0, colon), {}, {}};
  text.remove_prefix(colon + 3);
  const auto end = host_end(text);
  if (!end) return std::nullopt;
  out.host = text.substr(0, *end);
  text.remove_prefix(*end);
  out.port = default_port(out.scheme);
  if (text.empty()) return out;
  if (text.front() != ':' || !parse_decimal(text.substr(1))) return std::nullopt;
  out.port = text.substr(1);
  return out;
}

/// Does the entry "https://*.example.com" allow `origin`?
bool suffix_allows(std::string_view entry, std::size_t star, const Origin& origin) {
  // "https://" + "example.com:8443", to have the entry's parts.
  const std::string apex = std::string(entry.substr(0, star)) += entry.substr(star + 2);
  const std::optional<Origin> suffix = parse(apex);
  if (!suffix || !iequals(suffix->scheme, origin.scheme) || suffix->port != origin.port) return false;
  if (origin.host.size() < suffix->host.size() + 2) return false;  // at least "x."
  const std::size_t dot = origin.host.size() - suffix->host.size() - 1;
  return origin.host[dot] == '.' && iequals(origin.host.substr(dot + 1), suffix->host);
}

bool allows(std::string_view entry, std::string_view text, const std::optional<Origin>& origin) {
  if (entry == text) return true;
  if (!origin) return false;
  const std::size_t star = entry.find("://*.");
  if (star != std::string_view::npos) return suffix_allows(entry, star + 3, *origin);
  const std::optional<Origin> allowed = parse(entry);
  return allowed && iequals(allowed->scheme, origin->scheme) && iequals(allowed->host, origin->host) &&
         allowed->port == origin->port;
}

}  // namespace

bool origin_allowed(const std::vector<conf::Text>& origins, std::string_view origin) {
  if (origin.empty() || origins.empty()) return true;
  const std::optional<Origin> parsed = parse(origin);
  return std::any_of(origins.begin(), origins.end(),
                     [&](const conf::Text& entry) { return allows(entry.value, origin, parsed); });
}

}  // namespace tidegate::routing
