#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/admin/http_connection.h"
#include "gateway/admin/json.h"

namespace tidegate::admin {

/// What keeps browsers from guessing, framing, keeping and sharing an answer; `policy` is its
/// Content-Security-Policy.
std::vector<std::pair<std::string_view, std::string>> guarding_fields(std::string_view policy);

/// An answer of the admin API.
Answer json_answer(const Json& json, int status = 200);
/// {"error": "what was wrong; what would be right"}
Answer error_answer(int status, const std::string& error);
Answer no_such_tunnel(const std::string& id);

}  // namespace tidegate::admin
