#pragma once

#include "gateway/admin/json.h"
#include "gateway/server/control.h"

// What the server answers to an operator, as docs/reference/admin-api.md shows it.

namespace tidegate::admin {

/// GET /tunnels.
Json tunnels_json(const server::TunnelList& list);
/// POST /reload and POST /plan.
Json reload_json(const server::ReloadResult& result);

}  // namespace tidegate::admin
