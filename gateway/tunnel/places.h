#pragma once

#include <string_view>

#include "gateway/base/live_count.h"

namespace tidegate::routing {
struct CompiledRoute;
}

namespace tidegate::tunnel {

struct Snapshot;

/// A handshake's places, and then its tunnel's, among those that the process and the route have. (That among
/// its server's is its upstream::Connection's.) Given back by the destructor, before the snapshot's end.
class Places {
 public:
  /// False if there is none left: then it holds nothing, and the log says to the request `id` whose limit
  /// that is.
  bool take(const Snapshot& snapshot, const routing::CompiledRoute& route, std::string_view id);
  void release() { *this = {}; }

 private:
  Claim process_;
  Claim route_;
};

}  // namespace tidegate::tunnel
