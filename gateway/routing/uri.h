#pragma once

#include <string>
#include <string_view>

#include "gateway/base/result.h"

namespace tidegate::routing {

/// nginx's $uri: the path of `target` (without query) with escapes decoded, `.` and `..` resolved and double
/// slashes merged. bad_target for a NUL, a broken escape, or a path that climbs above the root.
Result<std::string> normalize_path(std::string_view target);

}  // namespace tidegate::routing
