#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

namespace tidegate::admin {

/// Members stand in the order in which they were put in, as docs/reference/admin-api.md shows them.
using Json = nlohmann::ordered_json;

/// On one line. What is not UTF-8 (a peer's path) is replaced by U+FFFD.
std::string to_text(const Json& json);

enum class Digits { seconds, milliseconds, microseconds };
/// RFC 3339 in UTC: "2026-11-21T08:29:00Z".
std::string to_rfc3339(std::chrono::system_clock::time_point time, Digits digits = Digits::seconds);

}  // namespace tidegate::admin
