#include "gateway/upstream/cluster.h"

namespace tidegate::upstream {

std::shared_ptr<ServerState> ServerStates::get(const std::string& upstream, const std::string& server) {
  const std::lock_guard lock(mutex_);
  const auto found = states_.find({upstream, server});
  if (found != states_.end()) {
    if (auto state = found->second.lock()) return state;
  }
  // A new server means a new configuration: the moment to forget the servers that no snapshot names any more.
  std::erase_if(states_, [](const auto& entry) { return entry.second.expired(); });
  auto state = std::make_shared<ServerState>();
  states_[{upstream, server}] = state;
  return state;
}

}  // namespace tidegate::upstream
