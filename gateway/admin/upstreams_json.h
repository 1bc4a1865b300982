#pragma once

#include <string>

#include "conf/model.h"
#include "gateway/admin/json.h"
#include "metrics/report.h"

namespace tidegate::admin {

/// GET /upstreams: each upstream's servers.
Json upstreams_json(const conf::Config& config, const metrics::Report& report);
/// One of them; null if a reload has removed it meanwhile.
Json server_json(const conf::Config& config, const metrics::Report& report, const std::string& upstream,
                 const std::string& server);

}  // namespace tidegate::admin
