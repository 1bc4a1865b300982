#pragma once

#include <string>
#include <string_view>

#include "gateway/base/result.h"

namespace tidegate::routing {

/// nginx's $uri: the path of `target` (without query) with escapes decoded, `.` and `..` resolved and double
/// slashes merged. bad_target for a NUL, a broken escape, or a path that climbs above the root. The target
/// `*` (OPTIONS, the server as a whole) counts as `/`, so that it goes where `/` goes.
///
/// Decoding comes first: `%2F` separates segments and `%2e%2e` climbs, as in nginx. The result may hold any
/// byte but NUL. Without `merge_slashes` an empty segment is one like any other.
Result<std::string> normalize_path(std::string_view target, bool merge_slashes = true);

/// The path of an origin-form target, and its query with the "?" (empty if there is none).
std::string_view path_of(std::string_view target);
std::string_view query_of(std::string_view target);

/// Writes a decoded path as it may stand in a target: whatever RFC 3986 §3.3 does not allow there becomes
/// %XX.
std::string escape_path(std::string_view decoded);

}  // namespace tidegate::routing
