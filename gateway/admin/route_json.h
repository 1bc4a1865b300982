#pragma once

#include <cstdint>
#include <string>

#include "conf/model.h"
#include "gateway/admin/json.h"
#include "metrics/sums.h"

namespace tidegate::admin {

/// GET /routes: each route with its counts.
Json routes_json(const conf::Config& config, const metrics::Sums& sums);

// Parts of GET /config.

/// One route in the YAML's own shape, with all that it inherits.
Json route_config_json(const conf::Route& route);
Json redirect_json(const conf::Redirect& redirect);
Json timeouts_json(const conf::RouteTimeouts& timeouts);
std::string size_or_none(std::uint64_t bytes);
const char* word(conf::Upstream::Balance balance);

}  // namespace tidegate::admin
