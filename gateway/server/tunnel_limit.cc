#include "gateway/server/tunnel_limit.h"

#include <algorithm>

#include "gateway/base/bytes.h"

namespace tidegate::server {
namespace {

constexpr std::size_t kOtherDescriptors = 64;
/// Measured (docs/guide/websockets.md): an idle wss tunnel has 16 KiB of ours and 8 KiB of the kernel's.
/// Twice that leaves each of them bytes on their way.
constexpr std::uint64_t kTunnelBytes = 48 * kKiB;
/// What the process needs before the first tunnel: an eighth, for what grows with the machine, at least this.
constexpr std::uint64_t kLeastOwnBytes = 32 * kMiB;

std::string in_mib(std::uint64_t bytes) {
  return std::to_string(bytes / kMiB) + " MiB";
}

}  // namespace

std::uint64_t tunnels_for_descriptors(std::size_t descriptors) {
  return descriptors > kOtherDescriptors ? (descriptors - kOtherDescriptors) / 2 : 0;
}

TunnelLimit tunnel_limit(const conf::Limits& limits, const Room& room) {
  TunnelLimit limit;
  if (limits.tunnels) {
    limit = {*limits.tunnels, "limits.tunnels"};
  } else if (room.memory_bytes) {
    const std::uint64_t own = std::max(kLeastOwnBytes, *room.memory_bytes / 8);
    const std::uint64_t left = *room.memory_bytes > own ? *room.memory_bytes - own : 0;
    limit = {std::max<std::uint64_t>(left / kTunnelBytes, 1),
             "limits.tunnels: auto, for the memory limit of " + in_mib(*room.memory_bytes)};
  }
  if (limit.most == 0) return {};
  const std::uint64_t ceiling = std::max<std::uint64_t>(tunnels_for_descriptors(room.descriptors), 1);
  if (limit.most > ceiling) {
    limit.why += ", lowered from " + std::to_string(limit.most) + " to what " +
                 std::to_string(room.descriptors) + " descriptors suffice for";
    limit.most = ceiling;
  }
  return limit;
}

}  // namespace tidegate::server
