#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/base/units.h"

namespace tidegate::conf {

/// A number and a unit: 250ms, 10s, 5m, 2h, 1d; at most ten years. On failure `problem` says what is wrong
/// and what would be right, here and below.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text, std::string& problem);

/// Bytes, or a number and KiB, MiB, GiB.
std::optional<std::uint64_t> parse_size(std::string_view text, std::string& problem);

/// Replaces ${env:NAME} and ${env:NAME:-default} by the process's environment; like in a shell, the default
/// stands in for a variable that is unset or empty. What is put in is not looked at again.
std::optional<std::string> expand_environment(std::string_view text, std::string& problem);

}  // namespace tidegate::conf
