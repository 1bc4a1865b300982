#include "gateway/base/escape.h"

#include <array>
#include <charconv>

namespace tidegate {
namespace {

constexpr std::string_view kUpperDigits = "0123456789ABCDEF";
constexpr std::string_view kLowerDigits = "0123456789abcdef";

bool is_printable_ascii(char c) {
  return c >= 0x20 && c < 0x7F;
}

bool needs_no_json_escape(char c) {
  return is_printable_ascii(c) && c != '"' && c != '\\';
}

/// U+0080 to U+009F, which terminals obey as they do ESC.
bool is_c1_control(std::string_view sequence) {
  return sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

void append_json_control(std::string& out, unsigned char code) {
  out += "\\u00";
  out += kUpperDigits[code >> 4];
  out += kUpperDigits[code & 15];
}

}  // namespace

Utf8 read_utf8(std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = at(0);
  // The second byte's range excludes overlong forms, surrogates and what lies above U+10FFFF (RFC 3629 §4).
  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead < 0x80) return {1, true};
  if (lead >= 0xC2 && lead <= 0xDF) length = 2;
  if (lead >= 0xE0 && lead <= 0xEF) length = 3;
  if (lead >= 0xF0 && lead <= 0xF4) length = 4;
  if (lead == 0xE0) low = 0xA0;
  if (lead == 0xED) high = 0x9F;
  if (lead == 0xF0) low = 0x90;
  if (lead == 0xF4) high = 0x8F;
  if (length == 0) return {1, false};
  for (std::size_t i = 1; i < length; ++i) {
    if (i >= text.size() || at(i) < low || at(i) > high) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

void append_json_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && needs_no_json_escape(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;

    const Utf8 next = read_utf8(text);
    const auto lead = static_cast<unsigned char>(text[0]);
    if (!next.valid) {
      out += "\uFFFD";
    } else if (lead == '"' || lead == '\\') {
      out += '\\';
      out += text[0];
    } else if (next.length == 1) {
      append_json_control(out, lead);
    } else if (is_c1_control(text)) {
      append_json_control(out, static_cast<unsigned char>(text[1]));
    } else {
      out += text.substr(0, next.length);
    }
    text.remove_prefix(next.length);
  }
}

void append_printable(std::string& out, std::string_view text) {
  while (!text.empty()) {
    std::size_t plain = 0;
    while (plain < text.size() && is_printable_ascii(text[plain])) ++plain;
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;

    const Utf8 next = read_utf8(text);
    const std::string_view sequence = text.substr(0, next.length);
    if (next.valid && next.length > 1 && !is_c1_control(sequence)) {
      out += sequence;
    } else {
      for (const char c : sequence) {
        const auto code = static_cast<unsigned char>(c);
        out += "\\x";
        out += kLowerDigits[code >> 4];
        out += kLowerDigits[code & 15];
      }
    }
    text.remove_prefix(next.length);
  }
}

void append_padded(std::string& out, std::uint64_t number, int width) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const auto length = static_cast<std::size_t>(end - digits.data());
  const auto wanted = static_cast<std::size_t>(width);
  if (length < wanted) out.append(wanted - length, '0');
  out.append(digits.data(), length);
}

void append_utc(std::string& out, std::chrono::system_clock::time_point time) {
  const auto moment = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(moment);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{moment - day};
  append_padded(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_padded(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_padded(out, static_cast<std::uint64_t>(clock.hours().count()), 2);
  out += ':';
  append_padded(out, static_cast<std::uint64_t>(clock.minutes().count()), 2);
  out += ':';
  append_padded(out, static_cast<std::uint64_t>(clock.seconds().count()), 2);
  out += '.';
  append_padded(out, static_cast<std::uint64_t>(clock.subseconds().count()), 3);
  out += 'Z';
}

}  // namespace tidegate
