#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tidegate {

inline char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

/// ASCII case-insensitive equality, as field names and most tokens compare (RFC 9110 §5.1).
inline bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.empty()) return true;
  // Most that differ do so at once, and most that are equal are so to the letter: the loop is for the rest.
  if (ascii_lower(a.front()) != ascii_lower(b.front())) return false;
  if (a == b) return true;
  for (std::size_t i = 1; i < a.size(); ++i) {
    if (ascii_lower(a[i]) != ascii_lower(b[i])) return false;
  }
  return true;
}

inline std::string to_lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower(c);
  return out;
}

/// Strips optional white space: SP and HTAB (RFC 9110 §5.6.3).
inline std::string_view trim_ows(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// Calls visit(std::string_view) for each non-empty element of a comma-separated list (RFC 9110 §5.6.1).
template <typename Visit>
void for_each_list_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const std::string_view element = trim_ows(list.substr(0, comma));
    if (!element.empty()) visit(element);
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
}

/// A URL whose user and password, if it has any, are replaced by "***".
std::string without_user(std::string_view url);

/// Decimal digits only: no sign, no white space, no overflow.
std::optional<std::uint64_t> parse_decimal(std::string_view text);

}  // namespace tidegate
