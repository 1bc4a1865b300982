#pragma once

#include <sys/socket.h>

#include <optional>

#include "gateway/net/socket_address.h"

namespace tidegate::net {

/// A SocketAddress as the kernel takes and gives it.
struct RawAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);

  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  int family() const { return storage.ss_family; }
};

/// Nothing if it is the path of a unix socket that is longer than the kernel takes.
std::optional<RawAddress> to_raw(const SocketAddress& address);
/// A unix socket without a path, and a family that is neither, give an address that is all zero.
SocketAddress from_raw(const RawAddress& raw);

}  // namespace tidegate::net
