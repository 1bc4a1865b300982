#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace tidegate::http {

/// Which bytes may stand where in a message head. One table look-up per byte.
enum CharClass : std::uint8_t {
  kTokenChar = 1,   ///< names, methods (RFC 9110 §5.6.2)
  kValueChar = 2,   ///< field values and phrases: HTAB, SP, visible ASCII, obs-text (RFC 9110 §5.5)
  kTargetChar = 4,  ///< targets: visible ASCII but '#', and UTF-8 as clients send it
  kHostChar = 8,    ///< reg-names but for '%': unreserved and sub-delims, less ',' (see parse_host)
};

inline constexpr std::array<std::uint8_t, 256> kCharClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  const auto add = [&classes](std::string_view chars, std::uint8_t which) {
    for (char c : chars) classes[static_cast<std::uint8_t>(c)] |= which;
  };
  constexpr std::string_view kAlphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  add(kAlphanumeric, kTokenChar | kHostChar);
  add("!#$%&'*+-.^_`|~", kTokenChar);
  add("-._~!$&'()*+;=", kHostChar);
  for (unsigned c = 0x20; c <= 0xff; ++c) {
    if (c == 0x7f) continue;
    classes[c] |= kValueChar;
    if (c != ' ' && c != '#') classes[c] |= kTargetChar;
  }
  classes['\t'] |= kValueChar;
  return classes;
}();

inline bool is_char(char c, CharClass which) {
  return (kCharClasses[static_cast<std::uint8_t>(c)] & which) != 0;
}

/// How many bytes at the beginning of `text` are all of that class.
inline std::size_t span_of(std::string_view text, CharClass which) {
  std::size_t size = 0;
  while (size < text.size() && is_char(text[size], which)) ++size;
  return size;
}

}  // namespace tidegate::http
