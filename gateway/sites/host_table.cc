#include "gateway/sites/host_table.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace tidegate::sites {

void HostTable::add(std::string_view name, std::size_t number) {
  const std::string text = to_lower(name);
  longest_ = std::max(longest_, text.size());
  if (text.starts_with('.')) {
    exact_.emplace(text.substr(1), number);
    suffixes_.emplace(text, number);
  } else if (text.starts_with("*.")) {
    suffixes_.emplace(text.substr(1), number);
  } else if (text.ends_with(".*")) {
    prefixes_.emplace(text.substr(0, text.size() - 1), number);
  } else {
    exact_.emplace(text, number);
  }
}

std::optional<std::size_t> HostTable::find_suffix(std::string_view host) const {
  if (suffixes_.empty() || host.empty()) return std::nullopt;
  // A label must stand before the dot.
  std::size_t dot = host.find('.', host.size() > longest_ ? host.size() - longest_ : 1);
  for (; dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
    if (const auto found = suffixes_.find(host.substr(dot)); found != suffixes_.end()) return found->second;
  }
  return std::nullopt;
}

std::optional<std::size_t> HostTable::find_prefix(std::string_view host) const {
  if (prefixes_.empty() || host.size() < 3) return std::nullopt;
  // Something must follow the dot.
  std::size_t dot = host.rfind('.', std::min(longest_, host.size() - 2));
  while (dot != std::string_view::npos && dot > 0) {
    const auto found = prefixes_.find(host.substr(0, dot + 1));
    if (found != prefixes_.end()) return found->second;
    dot = host.rfind('.', dot - 1);
  }
  return std::nullopt;
}

std::optional<std::size_t> HostTable::find(std::string_view host) const {
  if (const auto found = exact_.find(host); found != exact_.end()) return found->second;
  if (const auto found = find_suffix(host)) return found;
  return find_prefix(host);
}

}  // namespace tidegate::sites
