#include "gateway/control/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>

#include "gateway/base/text.h"

namespace tidegate::control {
namespace {

template <typename... Values>
std::string format(const char* pattern, Values... values) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

/// The code point at the beginning of `text` and its size in bytes; a size of 0 is not UTF-8 (RFC 3629 §4).
struct CodePoint {
  char32_t value = 0;
  std::size_t size = 0;
};

CodePoint decode(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t size = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < size) return {};
  char32_t value = first & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    value = (value << 6) | (byte(i) & 0x3f);
  }
  constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
  if (value < kSmallest[size] || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return {};
  return {value, size};
}

/// Controls, and what shows nothing itself but changes how the rest is shown.
bool steers(char32_t value) {
  return value < 0x20 || (value >= 0x7f && value < 0xa0) || value == 0xad || value == 0x61c ||
         (value >= 0x200b && value <= 0x200f) || (value >= 0x2028 && value <= 0x202e) ||
         (value >= 0x2060 && value <= 0x206f) || value == 0xfeff || value >= 0xe0000;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const CodePoint point = decode(text);
    const std::size_t size = std::max<std::size_t>(point.size, 1);
    if (point.size == 0) {
      out += format("\\x%02x", static_cast<unsigned>(static_cast<unsigned char>(text[0])));
    } else if (steers(point.value)) {
      out += format(point.value < 0x80 ? "\\x%02x" : "\\u{%x}", static_cast<unsigned>(point.value));
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  return out;
}

std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::string fit(std::string_view text, std::size_t columns) {
  if (width(text) <= columns) return std::string(text);
  if (columns == 0) return {};
  std::size_t end = 0;
  for (std::size_t left = columns; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xc0) != 0x80 && left-- == 1) break;
  }
  return std::string(text.substr(0, end)) + "…";
}

std::string count_text(double value) {
  return format("%.0f", value);
}

std::string rate_text(double value) {
  return value > 0 && value < 9.95 ? format("%.1f", value) : count_text(value);
}

std::string bytes_text(double bytes) {
  if (bytes < 1024) return format("%.0f B", bytes);
  constexpr std::array<const char*, 5> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (bytes /= 1024; bytes >= 1023.95 && unit + 1 < kUnits.size(); bytes /= 1024) ++unit;
  return format("%.1f %s", bytes, kUnits[unit]);
}

std::string span_text(double seconds) {
  if (seconds < 0.0009995) return format("%.0fus", std::max(seconds, 0.0) * 1e6);
  if (seconds < 0.9995) return format(seconds < 0.00995 ? "%.1fms" : "%.0fms", seconds * 1e3);
  if (seconds < 9.95) return format("%.1fs", seconds);
  if (seconds >= 1e15) return format("%.0es", seconds);
  const auto whole = std::llround(seconds);
  if (whole < 60) return format("%llds", whole);
  if (whole < 3600) return format("%lldm%02llds", whole / 60, whole % 60);
  if (whole < 86400) return format("%lldh%02lldm", whole / 3600, whole / 60 % 60);
  return format("%lldd%02lldh", whole / 86400, whole / 3600 % 24);
}

std::string time_text(std::string_view rfc3339) {
  if (!parse_time(rfc3339)) return std::string(rfc3339);
  return std::string(rfc3339.substr(0, 10)) + ' ' + std::string(rfc3339.substr(11, 8)) + " UTC";
}

std::optional<std::chrono::sys_time<std::chrono::milliseconds>> parse_time(std::string_view rfc3339) {
  using namespace std::chrono;
  constexpr std::string_view kShape = "0000-00-00T00:00:00";
  if (rfc3339.size() <= kShape.size() || rfc3339.back() != 'Z') return std::nullopt;
  for (std::size_t i = 0; i < kShape.size(); ++i) {
    const bool digit = rfc3339[i] >= '0' && rfc3339[i] <= '9';
    if (kShape[i] == '0' ? !digit : rfc3339[i] != kShape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    return static_cast<int>(parse_decimal(rfc3339.substr(at, size)).value_or(0));
  };
  const year_month_day date{year(number(0, 4)), month(static_cast<unsigned>(number(5, 2))),
                            day(static_cast<unsigned>(number(8, 2)))};
  if (!date.ok()) return std::nullopt;
  milliseconds fraction{0};
  if (rfc3339[19] == '.') {
    std::string digits(rfc3339.substr(20, rfc3339.size() - 21));
    digits.resize(3, '0');
    const auto value = parse_decimal(digits);
    if (!value) return std::nullopt;
    fraction = milliseconds(*value);
  } else if (rfc3339.size() != kShape.size() + 1) {
    return std::nullopt;
  }
  return sys_days(date) + hours(number(11, 2)) + minutes(number(14, 2)) + seconds(number(17, 2)) + fraction;
}

std::string plural(double count, std::string_view what) {
  return count_text(count) + ' ' + std::string(what) + (count == 1 ? "" : "s");
}

}  // namespace tidegate::control
