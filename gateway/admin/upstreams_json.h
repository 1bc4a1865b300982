#pragma once

#include "conf/model.h"
#include "gateway/admin/json.h"
#include "metrics/report.h"

namespace tidegate::admin {

/// GET /upstreams: each upstream's servers.
Json upstreams_json(const conf::Config& config, const metrics::Report& report);

}  // namespace tidegate::admin
