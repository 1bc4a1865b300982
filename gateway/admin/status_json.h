#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "conf/model.h"
#include "gateway/admin/json.h"
#include "gateway/base/log.h"
#include "gateway/net/socket_address.h"
#include "gateway/server/control.h"
#include "metrics/report.h"

namespace tidegate::admin {

/// What GET /status tells beside a report. References are to the server's, for one call.
struct StatusFacts {
  enum class State { starting, running, draining };
  std::string version;
  int pid = 0;
  std::string config_file;  ///< empty: there is none
  std::optional<server::DrainProgress> drain;
  std::chrono::system_clock::time_point started_at;
  std::chrono::system_clock::time_point now;
  State state = State::starting;
  const conf::Config& config;
  const std::vector<net::SocketAddress>& addresses;  ///< as in config.listeners
  std::vector<log::Entry> last_errors;               ///< the youngest first
};

Json status_json(const StatusFacts& facts, const metrics::Report& report);

}  // namespace tidegate::admin
