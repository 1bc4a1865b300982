#include "gateway/tls/site_names.h"

#include "gateway/base/text.h"

namespace tidegate::tls {

void SiteNames::add(std::string_view name, std::size_t site) {
  const std::string lower = to_lower(name);
  if (lower.starts_with("*.")) {
    suffixes_.try_emplace(lower.substr(1), site);
  } else if (lower.starts_with('.')) {
    exact_.try_emplace(lower.substr(1), site);
    suffixes_.try_emplace(lower, site);
  } else if (lower.ends_with(".*")) {
    prefixes_.try_emplace(lower.substr(0, lower.size() - 1), site);
  } else {
    exact_.try_emplace(lower, site);
  }
}

std::optional<std::size_t> SiteNames::find(std::string_view name) const {
  std::string lower = to_lower(name);
  if (lower.ends_with('.')) lower.pop_back();
  if (const auto exact = exact_.find(lower); exact != exact_.end()) return exact->second;
  if (const auto suffix = find_suffix(lower)) return suffix;
  if (const auto prefix = find_prefix(lower)) return prefix;
  for (const auto& [matches, site] : matchers_) {
    if (matches(lower)) return site;
  }
  return std::nullopt;
}

/// The dots from the left: the first that fits is the longest suffix. Something stands before each.
std::optional<std::size_t> SiteNames::find_suffix(std::string_view name) const {
  if (suffixes_.empty()) return std::nullopt;
  for (std::size_t dot = name.find('.', 1); dot != std::string_view::npos; dot = name.find('.', dot + 1)) {
    if (const auto found = suffixes_.find(name.substr(dot)); found != suffixes_.end()) return found->second;
  }
  return std::nullopt;
}

std::optional<std::size_t> SiteNames::find_prefix(std::string_view name) const {
  if (prefixes_.empty()) return std::nullopt;
  for (std::size_t dot = name.rfind('.'); dot != std::string_view::npos && dot > 0;
       dot = name.rfind('.', dot - 1)) {
    if (dot + 1 == name.size()) continue;
    if (const auto found = prefixes_.find(name.substr(0, dot + 1)); found != prefixes_.end())
      return found->second;
  }
  return std::nullopt;
}

}  // namespace tidegate::tls
