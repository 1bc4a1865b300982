#pragma once

#include <string>
#include <string_view>

#include "conf/model.h"
#include "gateway/admin/json.h"

namespace tidegate::admin {

/// What stands in place of a secret.
inline constexpr std::string_view kSecret = "***";

/// A configuration in the YAML's own shape: the loader reads it as the one it came from, but for what routes
/// inherit, which stands in each route, and for secrets. Those are: user and password in URLs, what request
/// header rules set unless it is made of variables alone, and the values that headers and arguments are
/// matched with. Keys are named by their files.
Json config_json(const conf::Config& config);

}  // namespace tidegate::admin
