#include "gateway/tunnel/identity.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "gateway/base/text.h"

namespace tidegate::tunnel {
namespace {

bool contains(const std::vector<Cidr>& blocks, const IpAddress& address) {
  return std::any_of(blocks.begin(), blocks.end(),
                     [&](const Cidr& block) { return block.contains(address); });
}

/// An element of X-Forwarded-For: some proxies write a port behind the address.
std::optional<IpAddress> parse_forwarded_address(std::string_view element) {
  if (auto plain = IpAddress::parse(element)) return plain;
  if (element.starts_with('[')) {
    const std::size_t end = element.find(']');
    return end == std::string_view::npos ? std::nullopt : IpAddress::parse(element.substr(1, end - 1));
  }
  return IpAddress::parse(element.substr(0, element.find(':')));
}

}  // namespace

Identity identify(const http::RequestHead& head, const IpAddress* peer, const std::vector<Cidr>& trusted) {
  Identity identity;
  if (peer == nullptr) {
    identity.remote_addr = "unix:";
    return identity;
  }
  identity.remote_addr = peer->to_string();
  identity.peer_trusted = contains(trusted, *peer);
  if (!identity.peer_trusted) return identity;

  std::vector<std::string_view> chain;
  for (const http::Field& field : head.fields) {
    if (iequals(field.name, "X-Forwarded-For")) {
      for_each_list_element(field.value, [&](std::string_view element) { chain.push_back(element); });
    }
  }
  for (auto element = chain.rbegin(); element != chain.rend(); ++element) {
    const auto address = parse_forwarded_address(*element);
    if (!address) break;  // what stands left of something unreadable cannot be trusted either
    identity.remote_addr = address->to_string();
    if (!contains(trusted, *address)) break;
  }
  identity.forwarded_https = iequals(head.value("X-Forwarded-Proto"), "https");
  return identity;
}

}  // namespace tidegate::tunnel
