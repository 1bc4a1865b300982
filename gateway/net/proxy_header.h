#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "gateway/base/ip.h"
#include "gateway/net/stream.h"

namespace tidegate::net {

/// What a proxy in front says of a connection before its first byte (the PROXY protocol, versions 1 and 2).
/// Without addresses: LOCAL or UNKNOWN, or a family that is none of IP's.
struct ProxyHeader {
  std::optional<IpAddress> source;
  std::optional<IpAddress> destination;
  std::uint16_t source_port = 0;
  std::uint16_t destination_port = 0;
  bool operator==(const ProxyHeader&) const = default;
};

/// The longest header: of version 2, with as many of its optional parts as anybody sends.
inline constexpr std::size_t kProxyHeaderBytes = 4096;

struct ProxyHeaderFound {
  enum class State : std::uint8_t { incomplete, complete, malformed } state = State::incomplete;
  std::size_t size = 0;  ///< complete: bytes that were the header
  ProxyHeader header{};
};
/// Looks at the first bytes of a connection. The answer stands whatever follows them.
ProxyHeaderFound find_proxy_header(std::string_view bytes);

/// A stream over an accepted socket that reads the header first, which proxied() tells from then on. It reads
/// from the start, whatever its listener has asked for, and hears of bad_framing (on_error) if there is no
/// sound header. The listener must not pause before its first bytes.
std::unique_ptr<Stream> expect_proxy_header(std::unique_ptr<Stream> socket);

}  // namespace tidegate::net
