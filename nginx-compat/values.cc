#include "nginx-compat/values.h"

#include <algorithm>
#include <array>
#include <limits>

#include "gateway/base/ip.h"
#include "gateway/base/text.h"

namespace tidegate::nginx {
namespace {

constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();

std::optional<std::uint64_t> scaled(std::string_view digits, std::uint64_t scale) {
  const auto number = read_number(digits);
  if (!number || *number > kMost / scale) return std::nullopt;
  return *number * scale;
}

struct TimeUnit {
  char letter;
  std::uint64_t seconds;
};
/// In the order in which they may follow each other.
constexpr std::array<TimeUnit, 7> kTimeUnits = {{{'y', 365 * 86400},
                                                 {'M', 30 * 86400},
                                                 {'w', 7 * 86400},
                                                 {'d', 86400},
                                                 {'h', 3600},
                                                 {'m', 60},
                                                 {'s', 1}}};
constexpr std::size_t kMilliseconds = kTimeUnits.size();
constexpr std::size_t kBare = kMilliseconds + 1;

/// ngx_parse_time: in seconds, or in milliseconds; then neither years nor months will do.
std::optional<std::uint64_t> read_time(std::string_view text, bool in_seconds) {
  const std::uint64_t per_second = in_seconds ? 1 : 1000;
  std::uint64_t total = 0;
  std::uint64_t value = 0;
  bool any = false;
  std::size_t next = in_seconds ? 0 : 2;  // of kTimeUnits: the largest unit that may still come
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i++];
    if (c >= '0' && c <= '9') {
      if (value > (kMost - 9) / 10) return std::nullopt;
      value = value * 10 + static_cast<std::uint64_t>(c - '0');
      any = true;
      continue;
    }
    std::uint64_t scale = 0;
    if (c == 'm' && i < text.size() && text[i] == 's') {
      if (in_seconds || next > kMilliseconds) return std::nullopt;
      ++i;
      scale = 1;
      next = kMilliseconds + 1;
    } else if (c == ' ') {
      if (next >= kTimeUnits.size()) return std::nullopt;
      scale = per_second;
      next = kBare;
    } else {
      std::size_t unit = next;
      while (unit < kTimeUnits.size() && kTimeUnits[unit].letter != c) ++unit;
      if (unit >= kTimeUnits.size()) return std::nullopt;
      scale = kTimeUnits[unit].seconds * per_second;
      next = unit + 1;
    }
    if (value > kMost / scale || total > kMost - value * scale) return std::nullopt;
    total += value * scale;
    value = 0;
    while (i < text.size() && text[i] == ' ') ++i;
  }
  if (!any || value > kMost / per_second || total > kMost - value * per_second) return std::nullopt;
  return total + value * per_second;
}

/// Longer ones would overflow the timers that come of them.
constexpr std::uint64_t kTenYears = std::uint64_t{10} * 365 * 86400;

std::string read_unix(std::string_view path, const UrlRules& rules, Url& out) {
  constexpr std::size_t kMostPath = 107;  // sun_path, less its zero
  if (rules.uri_part) {
    const std::size_t colon = path.find(':');
    if (colon != std::string_view::npos) {
      out.uri = path.substr(colon + 1);
      path = path.substr(0, colon);
    }
  }
  if (path.empty()) return "no path in the unix domain socket";
  if (path.size() > kMostPath) return "too long path in the unix domain socket";
  out.unix_path = path;
  return "";
}

bool read_port(std::string_view text, bool range, Url& out) {
  const std::size_t dash = range ? text.find('-') : std::string_view::npos;
  const auto first = read_number(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : read_number(text.substr(dash + 1));
  if (!first || !last || *first < 1 || *first > 65535 || *last < *first || *last > 65535) return false;
  out.port = static_cast<std::uint16_t>(*first);
  out.last_port = static_cast<std::uint16_t>(*last);
  out.has_port = true;
  return true;
}

std::string read_inet6(std::string_view text, const UrlRules& rules, Url& out) {
  const std::size_t bracket = text.find(']');
  if (bracket == std::string_view::npos) return "invalid host";
  std::string_view rest = text.substr(bracket + 1);
  const std::size_t uri = rest.find_first_of("/?");
  if (uri != std::string_view::npos) {
    if (rules.listen || !rules.uri_part) return "invalid host";
    out.uri = rest.substr(uri);
    rest = rest.substr(0, uri);
  }
  if (!rest.empty()) {
    if (rest.front() != ':') return "invalid host";
    if (!read_port(rest.substr(1), rules.listen, out)) return "invalid port";
  }
  if (bracket == 1) return "no host";
  if (!IpAddress::parse(text.substr(1, bracket - 1))) return "invalid IPv6 address";
  out.host = text.substr(0, bracket + 1);
  return "";
}

std::string read_inet(std::string_view text, const UrlRules& rules, Url& out) {
  const std::size_t uri = text.find_first_of("/?");
  std::string_view host = text.substr(0, uri);
  if (uri != std::string_view::npos) {
    if (rules.listen || !rules.uri_part) return "invalid host";
    out.uri = text.substr(uri);
  }
  const std::size_t colon = host.find(':');
  if (colon != std::string_view::npos) {
    if (!read_port(host.substr(colon + 1), rules.listen, out)) return "invalid port";
    host = host.substr(0, colon);
  } else if (rules.listen) {
    // A port alone.
    const bool number = read_number(host.substr(0, host.find('-'))).has_value();
    if (number && host.find_first_not_of("0123456789-") == std::string_view::npos) {
      return read_port(host, true, out) ? "" : "invalid port";
    }
  }
  if (host.empty()) return "no host";
  if (!(rules.listen && host == "*")) out.host = host;
  return "";
}

}  // namespace

std::optional<std::uint64_t> read_number(std::string_view text) {
  const auto number = parse_decimal(text);
  if (!number || *number > kMost) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> read_size(std::string_view text) {
  if (text.empty()) return std::nullopt;
  switch (text.back()) {
    case 'k':
    case 'K':
      return scaled(text.substr(0, text.size() - 1), 1024);
    case 'm':
    case 'M':
      return scaled(text.substr(0, text.size() - 1), 1024 * 1024);
    default:
      return read_number(text);
  }
}

std::optional<std::uint64_t> read_offset(std::string_view text) {
  if (!text.empty() && (text.back() == 'g' || text.back() == 'G'))
    return scaled(text.substr(0, text.size() - 1), std::uint64_t{1} << 30);
  return read_size(text);
}

std::optional<std::chrono::milliseconds> read_milliseconds(std::string_view text) {
  const auto time = read_time(text, false);
  if (!time) return std::nullopt;
  return std::chrono::milliseconds(std::min(*time, kTenYears * 1000));
}

std::optional<std::chrono::seconds> read_seconds(std::string_view text) {
  const auto time = read_time(text, true);
  if (!time) return std::nullopt;
  return std::chrono::seconds(std::min(*time, kTenYears));
}

std::string read_url(std::string_view text, const UrlRules& rules, Url& out) {
  std::string problem;
  if (text.size() >= 5 && iequals(text.substr(0, 5), "unix:")) {
    problem = read_unix(text.substr(5), rules, out);
  } else if (text.starts_with('[')) {
    problem = read_inet6(text, rules, out);
  } else {
    problem = read_inet(text, rules, out);
  }
  if (out.port == 0 && out.unix_path.empty()) out.port = out.last_port = rules.default_port;
  return problem;
}

}  // namespace tidegate::nginx
