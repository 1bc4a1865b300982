#pragma once

#include <vector>

#include "conf/model.h"
#include "gateway/server/control.h"
#include "gateway/server/files.h"
#include "gateway/server/removal.h"

namespace tidegate::server {

/// In what `after` differs from `before`, matched by name: listeners, routes, upstreams with their servers,
/// certificates whose files hold something else, settings. Where things stood in the file does not count, nor
/// do values that mean the same. `tunnels` says how many live ones each difference touches.
///
/// Values of header rules are never told.
std::vector<Difference> differences(const conf::Config& before, const Contents& before_contents,
                                    const conf::Config& after, const Contents& after_contents,
                                    const Census& tunnels);

/// One line for the log: "route chat changed (timeouts.response: 60s -> 5m): 10 tunnels go on as they are".
std::string to_string(const Difference& difference);

}  // namespace tidegate::server
