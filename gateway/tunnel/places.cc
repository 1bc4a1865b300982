#include "gateway/tunnel/places.h"

#include <string>

#include "gateway/base/log.h"
#include "gateway/tunnel/snapshot.h"

namespace tidegate::tunnel {
namespace {

void say_full(const std::string& what, std::uint64_t most, const char* key, std::string_view id) {
  log::warning("tunnel",
               what + " has the " + std::to_string(most) + " tunnels that " + key +
                   " allows: handshakes are answered 503",
               id);
}

}  // namespace

bool Places::take(const Snapshot& snapshot, const routing::CompiledRoute& route, std::string_view id) {
  process_ = Claim::take(*snapshot.tunnels, snapshot.max_tunnels);
  if (!process_) {
    say_full("the process", snapshot.max_tunnels, "limits.tunnels", id);
    return false;
  }
  const unsigned most = route.conf->websocket.max_tunnels;
  route_ = Claim::take(*snapshot.route_tunnels[route.index], most);
  if (route_) return true;
  process_.release();
  say_full("route " + route.conf->name, most, "websocket.max_tunnels", id);
  return false;
}

}  // namespace tidegate::tunnel
