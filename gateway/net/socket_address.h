#pragma once

#include <cstdint>
#include <string>

#include "gateway/base/ip.h"

namespace tidegate::net {

/// Where a socket goes: an address and port, or the path of a unix socket.
struct SocketAddress {
  IpAddress ip;
  std::uint16_t port = 0;
  std::string unix_path;  ///< not empty: a unix socket, ip and port mean nothing

  /// `1.2.3.4:80`, `[::1]:80`, `unix:/path`.
  std::string to_string() const;
  bool operator==(const SocketAddress&) const = default;
};

}  // namespace tidegate::net
