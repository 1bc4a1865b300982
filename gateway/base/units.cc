#include "gateway/base/units.h"

#include "gateway/base/bytes.h"

namespace tidegate {
namespace {

constexpr std::uint64_t kSecond = 1000;
constexpr Unit kDurations[] = {
    {"d", 24 * 3600 * kSecond}, {"h", 3600 * kSecond}, {"m", 60 * kSecond}, {"s", kSecond}, {"ms", 1}};
constexpr Unit kSizes[] = {{"GiB", 1024 * kMiB}, {"MiB", kMiB}, {"KiB", kKiB}, {"", 1}};

std::string format_with_unit(std::uint64_t value, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) {
      return std::to_string(value / unit.factor) + std::string(unit.name);
    }
  }
  return "0";
}

}  // namespace

std::span<const Unit> duration_units() {
  return kDurations;
}

std::span<const Unit> size_units() {
  return kSizes;
}

std::string format_duration(std::chrono::milliseconds value) {
  const std::string text = format_with_unit(static_cast<std::uint64_t>(value.count()), kDurations);
  return text == "0" ? "0s" : text;
}

std::string format_size(std::uint64_t bytes) {
  return format_with_unit(bytes, kSizes);
}

}  // namespace tidegate
