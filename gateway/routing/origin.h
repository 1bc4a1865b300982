#pragma once

#include <string_view>
#include <vector>

#include "conf/model.h"

namespace tidegate::routing {

/// Is this Origin allowed by the list (exact, case-insensitive scheme and host, or "https://*.example.com")?
/// A request without Origin is allowed (it is not a browser's), and an empty list allows any.
///
/// Ports count; a scheme's own port (80, 443) may be left out on either side. "*." stands for one or more
/// labels. "null", and what is no serialised origin (RFC 6454 §6.2), is allowed only where the list has just
/// that.
bool origin_allowed(const std::vector<conf::Text>& origins, std::string_view origin);

}  // namespace tidegate::routing
