#include "gateway/sites/forwarded.h"

#include <algorithm>
#include <string>

#include "gateway/base/text.h"

namespace tidegate::sites {
namespace {

/// "1.2.3.4", "1.2.3.4:80", "::1", "[::1]", "[::1]:80".
std::optional<Forwarded> parse_address(std::string_view text) {
  if (const auto plain = IpAddress::parse(std::string(text))) return Forwarded{*plain};
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    port = text.substr(end + 1);
    text = text.substr(1, end - 1);
  } else {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    port = text.substr(colon);
    text = text.substr(0, colon);
  }
  const auto address = IpAddress::parse(std::string(text));
  if (!address) return std::nullopt;
  if (port.empty()) return Forwarded{*address};
  const auto number = port.starts_with(':') ? parse_decimal(port.substr(1)) : std::nullopt;
  if (!number || *number == 0 || *number > 65535) return std::nullopt;
  return Forwarded{*address, static_cast<std::uint16_t>(*number)};
}

}  // namespace

bool is_among(const IpAddress& address, std::span<const Cidr> blocks) {
  return std::any_of(blocks.begin(), blocks.end(), [&](const Cidr& b) { return b.contains(address); });
}

std::optional<Forwarded> forwarded_address(std::string_view list, std::span<const Cidr> proxies,
                                           bool recursive) {
  std::optional<Forwarded> found;
  do {
    while (!list.empty() && (list.back() == ' ' || list.back() == ',')) list.remove_suffix(1);
    if (list.empty()) break;
    const std::size_t before = list.find_last_of(" ,");
    const std::size_t begin = before == std::string_view::npos ? 0 : before + 1;
    const auto next = parse_address(list.substr(begin));
    if (!next) break;
    found = next;
    list = list.substr(0, begin);
  } while (recursive && is_among(found->address, proxies));
  return found;
}

}  // namespace tidegate::sites
