#include "gateway/net/socket_address.h"

#include <netinet/in.h>
#include <sys/un.h>

#include <cstddef>
#include <cstring>

#include "gateway/net/sockaddr.h"

namespace tidegate::net {

std::string SocketAddress::to_string() const {
  if (!unix_path.empty()) return "unix:" + unix_path;
  const std::string host = ip.is_v4() ? ip.to_string() : "[" + ip.to_string() + "]";
  return host + ":" + std::to_string(port);
}

std::optional<RawAddress> to_raw(const SocketAddress& address) {
  RawAddress raw;
  if (!address.unix_path.empty()) {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    if (address.unix_path.size() >= sizeof un.sun_path) return std::nullopt;
    std::memcpy(un.sun_path, address.unix_path.data(), address.unix_path.size());
    raw.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.unix_path.size() + 1);
    std::memcpy(&raw.storage, &un, sizeof un);
  } else if (address.ip.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(address.port);
    std::memcpy(&in.sin_addr, address.ip.bytes().data() + 12, 4);
    raw.size = sizeof in;
    std::memcpy(&raw.storage, &in, sizeof in);
  } else {
    sockaddr_in6 in6{};
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(address.port);
    std::memcpy(&in6.sin6_addr, address.ip.bytes().data(), 16);
    raw.size = sizeof in6;
    std::memcpy(&raw.storage, &in6, sizeof in6);
  }
  return raw;
}

SocketAddress from_raw(const RawAddress& raw) {
  SocketAddress address;
  if (raw.family() == AF_INET) {
    sockaddr_in in{};
    std::memcpy(&in, &raw.storage, sizeof in);
    address.ip = IpAddress::from_v4(&in.sin_addr);
    address.port = ntohs(in.sin_port);
  } else if (raw.family() == AF_INET6) {
    sockaddr_in6 in6{};
    std::memcpy(&in6, &raw.storage, sizeof in6);
    address.ip = IpAddress::from_v6(&in6.sin6_addr);
    address.port = ntohs(in6.sin6_port);
  } else if (raw.family() == AF_UNIX && raw.size > offsetof(sockaddr_un, sun_path)) {
    sockaddr_un un{};
    std::memcpy(&un, &raw.storage, sizeof un);
    const std::size_t room = raw.size - offsetof(sockaddr_un, sun_path);
    address.unix_path.assign(un.sun_path,
                             strnlen(un.sun_path, room < sizeof un.sun_path ? room : sizeof un.sun_path));
  }
  return address;
}

}  // namespace tidegate::net
