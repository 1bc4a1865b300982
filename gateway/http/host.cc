#include "gateway/http/host.h"

#include "gateway/base/ip.h"
#include "gateway/base/text.h"
#include "gateway/http/grammar.h"

namespace tidegate::http {
namespace {

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'f');
}

bool is_reg_name(std::string_view name) {
  if (name.empty() || name == "." || name.find("..") != std::string_view::npos) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '%') {
      if (i + 2 >= name.size() || !is_hex(name[i + 1]) || !is_hex(name[i + 2])) return false;
      i += 2;
    } else if (!is_char(name[i], kHostChar)) {
      return false;
    }
  }
  return true;
}

bool is_port(std::string_view port) {
  if (port.empty()) return true;
  const auto number = parse_decimal(port);
  return number && *number <= 65535;
}

/// The length of the `[...]` that `text` begins with; 0 if that isn't an IPv6 address.
std::size_t ip_literal_size(std::string_view text) {
  const std::size_t bracket = text.find(']');
  if (bracket == std::string_view::npos) return 0;
  const std::string_view address = text.substr(1, bracket - 1);
  if (address.find(':') == std::string_view::npos || !IpAddress::parse(address)) return 0;
  return bracket + 1;
}

}  // namespace

std::optional<HostPort> parse_host(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const bool literal = text.front() == '[';
  const std::size_t size = literal ? ip_literal_size(text) : text.substr(0, text.find(':')).size();
  const HostPort parsed{text.substr(0, size),
                        text.size() > size ? text.substr(size + 1) : std::string_view{}};
  if (literal ? size == 0 : !is_reg_name(parsed.host)) return std::nullopt;
  if (text.size() > size && text[size] != ':') return std::nullopt;
  if (!is_port(parsed.port)) return std::nullopt;
  return parsed;
}

}  // namespace tidegate::http
