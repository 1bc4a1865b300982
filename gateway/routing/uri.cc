#include "gateway/routing/uri.h"

#include <algorithm>
#include <cstddef>
#include <optional>

namespace tidegate::routing {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

/// RFC 3986 §2.1. Nothing for a broken escape or a NUL.
std::optional<std::string> decode(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    char c = path[i];
    if (c == '%') {
      if (path.size() - i < 3) return std::nullopt;
      const auto high = hex_digit(path[i + 1]), low = hex_digit(path[i + 2]);
      if (!high || !low) return std::nullopt;
      c = static_cast<char>(*high << 4 | *low);
      i += 2;
    }
    if (c == '\0') return std::nullopt;
    out += c;
  }
  return out;
}

/// Nothing to decode, to resolve or to merge. Most paths are like this.
bool is_normal(std::string_view path) {
  char before = '\0';
  for (const char c : path) {
    if (c == '%' || c == '\0' || (before == '/' && (c == '/' || c == '.'))) return false;
    before = c;
  }
  return true;
}

/// Resolves dot segments and merges slashes in `path`, which begins with a slash, in place (RFC 3986 §5.2.4,
/// but for the merging and for what climbs above the root). False where it climbs.
bool resolve(std::string& path, bool merge_slashes) {
  std::size_t out = 1;  // path[0, out) is resolved and ends with a slash
  std::size_t at = 1;
  while (at < path.size()) {
    std::size_t end = path.find('/', at);
    const bool last = end == std::string::npos;
    if (last) end = path.size();
    const std::string_view segment(path.data() + at, end - at);
    if (segment == "..") {
      if (out == 1) return false;
      out = path.rfind('/', out - 2) + 1;
    } else if (segment.empty() ? !merge_slashes && !last : segment != ".") {
      std::copy(segment.begin(), segment.end(), path.begin() + static_cast<std::ptrdiff_t>(out));
      out += segment.size();
      if (!last) path[out++] = '/';
    }
    at = end + 1;
  }
  path.resize(out);
  return true;
}

bool is_path_character(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return std::string_view("-._~!$&'()*+,;=:@/").find(c) != std::string_view::npos;
}

}  // namespace

Result<std::string> normalize_path(std::string_view target, bool merge_slashes) {
  if (target == "*") return std::string("/");
  const std::string_view path = path_of(target);
  if (path.empty() || path.front() != '/') return Error(Reason::bad_target);
  if (is_normal(path)) return std::string(path);
  std::optional<std::string> decoded = decode(path);
  if (!decoded || !resolve(*decoded, merge_slashes)) return Error(Reason::bad_target);
  return *std::move(decoded);
}

std::string_view path_of(std::string_view target) {
  return target.substr(0, target.find('?'));
}

std::string_view query_of(std::string_view target) {
  return target.substr(path_of(target).size());
}

std::string escape_path(std::string_view decoded) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(decoded.size());
  for (const char c : decoded) {
    if (is_path_character(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kHex[byte >> 4], kHex[byte & 15]};
  }
  return out;
}

}  // namespace tidegate::routing
