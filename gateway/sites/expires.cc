#include "gateway/sites/expires.h"

#include <array>
#include <limits>

#include "gateway/http/date.h"

namespace tidegate::sites {
namespace {

using Kind = conf::Expires::Kind;

constexpr std::int64_t kDay = 24 * 60 * 60;

/// "Expires: now" and the like, at a time.
std::string date(std::int64_t time) {
  char buffer[32];
  return std::string(http::http_date(static_cast<std::time_t>(time), buffer));
}

/// The next time that the clock on the wall shows so many seconds after midnight.
std::optional<std::int64_t> next_time(std::int64_t since_midnight, std::time_t now) {
  std::tm parts{};
  localtime_r(&now, &parts);
  const int day = parts.tm_mday;
  for (int later = 0; later < 2; ++later) {
    parts.tm_mday = day + later;
    parts.tm_hour = static_cast<int>(since_midnight / 3600);
    parts.tm_min = static_cast<int>(since_midnight / 60 % 60);
    parts.tm_sec = static_cast<int>(since_midnight % 60);
    const std::time_t next = std::mktime(&parts);
    if (next == -1) return std::nullopt;
    if (next > now) return next;
  }
  return std::nullopt;
}

struct Meaning {
  Kind kind;
  std::int64_t seconds = 0;
};

/// What `expires $variable` says. Nothing: off, or not to be read.
std::optional<Meaning> read(std::string_view said, Kind kind) {
  if (kind != Kind::since_modified) {
    if (said == "epoch") return Meaning{Kind::epoch};
    if (said == "max") return Meaning{Kind::max};
    if (said == "off") return std::nullopt;
  }
  const bool daily = said.starts_with('@'), minus = said.starts_with('-');
  if (daily && kind == Kind::since_modified) return std::nullopt;
  if (daily || minus || said.starts_with('+')) said.remove_prefix(1);
  const std::optional<std::int64_t> seconds = parse_seconds(said);
  if (!seconds || (daily && *seconds > kDay)) return std::nullopt;
  return Meaning{daily ? Kind::daily : kind, minus ? -*seconds : *seconds};
}

Freshness until(std::int64_t time, std::time_t now, bool past) {
  const std::int64_t age = time - now;
  return {date(time), past || age < 0 ? "no-cache" : "max-age=" + std::to_string(age)};
}

}  // namespace

std::optional<Freshness> freshness(const conf::Expires& expires, std::string_view said,
                                   std::optional<std::int64_t> modified_s, std::time_t now) {
  Meaning meaning{expires.kind, expires.span.count()};
  if (!expires.from.empty()) {
    const std::optional<Meaning> read_now = read(said, expires.kind);
    if (!read_now) return std::nullopt;
    meaning = *read_now;
  }
  if (meaning.kind == Kind::epoch) return Freshness{"Thu, 01 Jan 1970 00:00:01 GMT", "no-cache"};
  if (meaning.kind == Kind::max) return Freshness{"Thu, 31 Dec 2037 23:55:55 GMT", "max-age=315360000"};
  if (meaning.kind == Kind::daily) {
    const std::optional<std::int64_t> next = next_time(meaning.seconds, now);
    if (!next) return std::nullopt;
    return until(*next, now, false);
  }
  // Zero is now, whenever the file was modified.
  if (meaning.seconds == 0) return until(now, now, false);
  const bool since_modified = meaning.kind == Kind::since_modified && modified_s;
  return until((since_modified ? *modified_s : now) + meaning.seconds, now, meaning.seconds < 0);
}

bool is_plain_status(int status) {
  switch (status) {
    case 200:
    case 201:
    case 204:
    case 206:
    case 301:
    case 302:
    case 303:
    case 304:
    case 307:
    case 308:
      return true;
    default:
      return false;
  }
}

std::optional<std::int64_t> parse_seconds(std::string_view text) {
  struct Unit {
    char letter;
    std::int64_t seconds;
  };
  // In this order, each at most once; a number without a unit comes last.
  constexpr std::array<Unit, 8> kUnits = {{{'y', 365 * kDay},
                                           {'M', 30 * kDay},
                                           {'w', 7 * kDay},
                                           {'d', kDay},
                                           {'h', 3600},
                                           {'m', 60},
                                           {'s', 1},
                                           {' ', 1}}};
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  std::int64_t total = 0, value = 0;
  std::size_t next = 0;
  bool digits = false;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c >= '0' && c <= '9') {
      if (value > (kMost - (c - '0')) / 10) return std::nullopt;
      value = value * 10 + (c - '0');
      digits = true;
      continue;
    }
    std::size_t unit = next;
    while (unit < kUnits.size() && kUnits[unit].letter != c) ++unit;
    if (unit >= kUnits.size() || (c == ' ' && next > 6)) return std::nullopt;
    if (c == 'm' && text.starts_with('s')) return std::nullopt;  // milliseconds
    next = unit + 1;
    if (value > (kMost - total) / kUnits[unit].seconds) return std::nullopt;
    total += value * kUnits[unit].seconds;
    value = 0;
    while (text.starts_with(' ')) text.remove_prefix(1);
  }
  if (!digits || value > kMost - total) return std::nullopt;
  return total + value;
}

}  // namespace tidegate::sites
