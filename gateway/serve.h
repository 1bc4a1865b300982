#pragma once

#include <functional>
#include <string>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/commands.h"
#include "gateway/server/server.h"

namespace tidegate {

/// One run of the gateway, whatever its configuration was written in.
struct Serving {
  conf::Config config;
  server::Server::Options options{};
  /// What was found so far; with an error among it nothing starts, but the rest is checked too.
  Diagnostics diagnostics{};
  std::string file{};  ///< of the configuration, for the admin API
  std::function<void(const Diagnostics&)> tell = print;
  /// Called when all addresses are bound and nothing is accepted yet. False, having said why: the run failed.
  std::function<bool()> when_bound{};
  server::Server::Follower follower{};  ///< see Server::add_follower()
};

/// Until the gateway has stopped. Main thread; an exit code.
int serve(Serving serving);

}  // namespace tidegate
