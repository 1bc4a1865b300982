#pragma once

#include <string>
#include <vector>

#include "gateway/base/ip.h"
#include "gateway/http/head.h"

namespace tidegate::tunnel {

/// Who sent a request, as far as trusted proxies say.
struct Identity {
  std::string
      remote_addr;  ///< the rightmost X-Forwarded-For address that no trusted proxy wrote; else the peer
  bool peer_trusted = false;
  bool forwarded_https = false;  ///< a trusted peer says X-Forwarded-Proto: https
};

/// `peer` is null for unix sockets, which are nobody's address: "unix:" as in nginx, and not trusted.
Identity identify(const http::RequestHead& head, const IpAddress* peer, const std::vector<Cidr>& trusted);

}  // namespace tidegate::tunnel
