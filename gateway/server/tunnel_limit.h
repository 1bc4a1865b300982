#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "conf/model.h"

namespace tidegate::server {

/// How many tunnels the process may have at once, and why so many.
struct TunnelLimit {
  std::uint64_t most = 0;  ///< 0: no limit
  std::string why;         ///< for the log
  bool operator==(const TunnelLimit&) const = default;
};

/// What the system has room for.
struct Room {
  std::optional<std::uint64_t> memory_bytes;  ///< the cgroup's limit; none: no limit
  std::size_t descriptors = 0;                ///< that the process may have open
};

/// `limits.tunnels` in this room. `auto` divides the memory limit by what a tunnel may cost (see
/// docs/guide/websockets.md) and does without a limit where there is none. No limit is above what the
/// descriptors suffice for.
TunnelLimit tunnel_limit(const conf::Limits& limits, const Room& room);

/// Two descriptors for each tunnel, and some for listeners, logs and the rest.
std::uint64_t tunnels_for_descriptors(std::size_t descriptors);

}  // namespace tidegate::server
