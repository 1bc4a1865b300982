#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace tidegate {

/// A suffix and what it multiplies by; the largest first.
struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
/// Of durations in milliseconds, and of sizes in bytes.
std::span<const Unit> duration_units();
std::span<const Unit> size_units();

/// The shortest text that a configuration reads as this value: "90s", "5m"; "64KiB".
std::string format_duration(std::chrono::milliseconds value);
std::string format_size(std::uint64_t bytes);

}  // namespace tidegate
