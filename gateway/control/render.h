#pragma once

#include <chrono>
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>

// What an operator sees: answers of the admin API as text. Pure functions; all that comes from peers is made
// fit for a terminal.

namespace tidegate::control {

using Moment = std::chrono::sys_time<std::chrono::milliseconds>;

/// GET /status and GET /upstreams: a screenful.
std::string render_status(const nlohmann::json& status, const nlohmann::json& upstreams);
/// GET /upstreams: a line per server; of one upstream where it is named.
std::string render_upstreams(const nlohmann::json& upstreams, const std::string& only = "");
/// GET /tunnels: a line per tunnel, and how many there are beside them.
std::string render_tunnels(const nlohmann::json& list, std::size_t columns);

/// One look at the gateway.
struct Look {
  const nlohmann::json& status;
  const nlohmann::json& list;  ///< GET /tunnels
  double at_seconds = 0;       ///< of a clock that only goes forward
};
/// The live top: as many lines as `rows`, or as they need where that is 0; rates are the difference to
/// `before`, which is null the first time.
std::string render_watch(const Look* before, const Look& now, const std::string& order, std::size_t columns,
                         std::size_t rows);

/// POST /reload and POST /plan: the differences, one line each.
std::string render_differences(const nlohmann::json& answer);
/// The diagnostics of the same, as `tidegate check` writes them.
std::string render_diagnostics(const nlohmann::json& answer);

/// One line of GET /tunnels/{id}/frames.
std::string render_frame(const nlohmann::json& line);

/// The state of a drain in one line without its end: a bar if `columns` is not 0.
std::string render_drain(const nlohmann::json& status, Moment now, std::size_t columns);

}  // namespace tidegate::control
