#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "gateway/server/control.h"

namespace tidegate::admin {

/// The body of POST /upstreams/{upstream}/servers/{server}: {"state": "drain"}, {"state": "up"}, {"weight":
/// 3} or
/// {"weight": null}, or a state and a weight. None, and what is wrong.
std::optional<server::ServerOrder> parse_server_order(std::string_view body, std::string& problem);

/// In words, for the log: "state drain, weight 3".
std::string to_string(const server::ServerOrder& order);

}  // namespace tidegate::admin
