#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

// What the members of an answer say. The gateway may be newer or older than this program: a member that is
// missing, or is not what it should be, is no failure.

namespace tidegate::control {

/// Null where there is none.
const nlohmann::json& member(const nlohmann::json& object, const char* key);
/// A string, fit to be shown (see printable()); empty where there is none.
std::string text_of(const nlohmann::json& object, const char* key);
/// 0 where there is none.
double number_of(const nlohmann::json& object, const char* key);
/// The same as a count, without a fraction.
std::string count_of(const nlohmann::json& object, const char* key);
bool flag_of(const nlohmann::json& object, const char* key);

}  // namespace tidegate::control
