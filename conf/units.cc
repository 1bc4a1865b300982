#include "conf/units.h"

#include <algorithm>
#include <cstdlib>

#include "conf/names.h"
#include "gateway/base/text.h"

namespace tidegate::conf {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kLongest = 3650 * std::uint64_t{24} * 3600 * 1000;

/// number * unit, or nothing if that is not what the text says or it exceeds `most`.
std::optional<std::uint64_t> parse_with_unit(std::string_view text, std::span<const Unit> units,
                                             std::uint64_t most) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_decimal(text.substr(0, digits));
  const auto unit =
      std::find_if(units.begin(), units.end(), [&](const Unit& u) { return u.name == text.substr(digits); });
  if (!number || unit == units.end() || *number > most / unit->factor) return std::nullopt;
  return *number * unit->factor;
}

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

/// The value of what stands between "${env:" and "}".
std::optional<std::string> environment_value(std::string_view inside, std::string& problem) {
  const std::size_t mark = inside.find(":-");
  const std::string name(inside.substr(0, mark));
  if (!is_variable_name(name)) {
    problem = in_quotes(name) +
              " is not the name of an environment variable; write ${env:NAME} or "
              "${env:NAME:-default}";
    return std::nullopt;
  }
  const char* value = std::getenv(name.c_str());
  if (mark != std::string_view::npos && (value == nullptr || *value == '\0')) {
    return std::string(inside.substr(mark + 2));
  }
  if (value == nullptr) {
    problem =
        "the environment variable " + name + " is not set; set it, or write ${env:" + name + ":-default}";
    return std::nullopt;
  }
  return std::string(value);
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text, std::string& problem) {
  const auto value = parse_with_unit(text, duration_units(), kLongest);
  if (value) return milliseconds(*value);
  problem = in_quotes(text) +
            " is not a duration; write a whole number and a unit: 250ms, 10s, 5m, 2h or 1d (at most 3650d)";
  return std::nullopt;
}

std::optional<std::uint64_t> parse_size(std::string_view text, std::string& problem) {
  const auto value = parse_with_unit(text, size_units(), std::uint64_t{1} << 62);
  if (value) return value;
  problem =
      in_quotes(text) + " is not a size; write bytes, or a whole number and a unit: 512, 4KiB, 10MiB or 1GiB";
  return std::nullopt;
}

std::optional<std::string> expand_environment(std::string_view text, std::string& problem) {
  static constexpr std::string_view kOpen = "${env:";
  std::string out;
  while (true) {
    const std::size_t open = text.find(kOpen);
    out += text.substr(0, open);
    if (open == std::string_view::npos) return out;
    text.remove_prefix(open + kOpen.size());
    const std::size_t close = text.find('}');
    if (close == std::string_view::npos) {
      problem = "\"${env:\" without its \"}\"; write ${env:NAME} or ${env:NAME:-default}";
      return std::nullopt;
    }
    const auto value = environment_value(text.substr(0, close), problem);
    if (!value) return std::nullopt;
    out += *value;
    text.remove_prefix(close + 1);
  }
}

}  // namespace tidegate::conf
