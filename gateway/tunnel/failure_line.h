#pragma once

#include <string_view>

#include "gateway/base/log.h"
#include "gateway/base/reason.h"

namespace tidegate::tunnel {

/// How much an end says to an operator: what a client did is `debug`, what an upstream did a `warning`, what
/// the gateway could not do an `error`. Ends that were meant (a Close, a drain, a limit of the configuration)
/// are `debug`.
log::Level level_of(const Error& why);

/// One line about a request or tunnel that ended with `why`: `route chat: upstream_closed, server http://…`.
/// It holds nothing that differs from one client to the next, so that repeats are counted; `id`, by which its
/// access record is found, tells them apart. `route` and `server` may be empty: none.
void log_failure(log::Area area, const Error& why, std::string_view route, std::string_view server,
                 std::string_view id);

}  // namespace tidegate::tunnel
