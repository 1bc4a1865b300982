#include "gateway/sites/uri_text.h"

#include <cstddef>

namespace tidegate::sites {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

void append_percent(std::string& out, char c) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += {'%', kHex[byte >> 4], kHex[byte & 15]};
}

/// Escapes controls, what is not ASCII, and `special`.
void append_escaped(std::string& out, std::string_view text, std::string_view special) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || special.find(c) != std::string_view::npos) {
      append_percent(out, c);
    } else {
      out += c;
    }
  }
}

}  // namespace

std::string escape_uri(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  append_escaped(out, path, " \"#%<>?\\^`{|}");
  return out;
}

void append_escaped_argument(std::string& out, std::string_view value) {
  append_escaped(out, value, " \"#%&+;<>?\\^`{|}");
}

std::string escape_component(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved)
      out += c;
    else
      append_percent(out, c);
  }
  return out;
}

std::string unescape_redirect(std::string_view url) {
  std::string out;
  for (std::size_t i = 0; i < url.size(); ++i) {
    if (url[i] == '?') return out.append(url.substr(i));
    if (url[i] != '%') {
      out += url[i];
      continue;
    }
    // A broken escape is dropped as far as it looked like one.
    const int high = i + 1 < url.size() ? hex_value(url[i + 1]) : -1;
    if (high < 0) {
      if (++i < url.size()) out += url[i];
      continue;
    }
    const int low = i + 2 < url.size() ? hex_value(url[i + 2]) : -1;
    const int c = high << 4 | low;
    if (low >= 0 && c == '?') return out.append("?").append(url.substr(i + 3));
    if (low >= 0) {
      if (c > '%' && c < 0x7f)
        out += static_cast<char>(c);
      else
        out += url.substr(i, 3);
    }
    i += 2;
  }
  return out;
}

}  // namespace tidegate::sites
