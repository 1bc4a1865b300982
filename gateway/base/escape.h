#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

// Text of whatever origin made fit for a log: one line, valid UTF-8, nothing that controls a terminal.

namespace tidegate {

/// What stands at the start of `text`, which is not empty: a whole UTF-8 sequence, or else the bytes that one
/// U+FFFD replaces, the longest beginning of a sequence there (Unicode 15, §3.9 "Substitution of Maximal
/// Subparts").
struct Utf8 {
  std::size_t length;
  bool valid;
};
Utf8 read_utf8(std::string_view text);

/// The inside of a JSON string. Controls (C0, DEL and C1) are escaped; invalid UTF-8 becomes U+FFFD. Pieces
/// of one text may be given one after the other if no UTF-8 sequence is torn.
void append_json_text(std::string& out, std::string_view text);

/// For a line of text: controls and bytes that are not UTF-8 become \xHH.
void append_printable(std::string& out, std::string_view text);

/// Decimal digits, with zeros in front up to `width`.
void append_padded(std::string& out, std::uint64_t number, int width);

/// RFC 3339 in UTC, with milliseconds.
void append_utc(std::string& out, std::chrono::system_clock::time_point time);

}  // namespace tidegate
