#pragma once

#include <string>

#include "gateway/control/commands.h"

namespace tidegate::control {

/// The request target that asks for these tunnels.
std::string tunnels_target(const TunnelOptions& options);

}  // namespace tidegate::control
