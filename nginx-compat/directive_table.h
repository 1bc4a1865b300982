#pragma once

#include <cstdint>
#include <span>

#include "nginx-compat/directives.h"

namespace tidegate::nginx {

/// The levels at which most directives may stand.
inline constexpr std::uint16_t kLevels = kHttp | kServer | kLocation;

constexpr std::uint16_t between(unsigned least, unsigned most) {
  std::uint16_t bits = 0;
  for (unsigned n = least; n <= most; ++n) bits = static_cast<std::uint16_t>(bits | 1u << n);
  return bits;
}
constexpr std::uint16_t exactly(unsigned count) {
  return between(count, count);
}
constexpr std::uint16_t at_least(unsigned least) {
  return between(least, DirectiveRule::kMostArgs);
}

/// The directives of nginx's core and of the modules that front doors are made of.
std::span<const DirectiveRule> front_door_rules();
/// Those of the modules that speak something else (FastCGI, gRPC, caches, filters ...): known, so that a
/// complaint can say what they are.
std::span<const DirectiveRule> other_module_rules();

}  // namespace tidegate::nginx
