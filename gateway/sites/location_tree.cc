#include "gateway/sites/location_tree.h"

#include <algorithm>

#include "gateway/sites/request.h"

namespace tidegate::sites {

LocationTree LocationTree::compile(const std::vector<conf::Location>& locations, VariableTable& variables,
                                   Diagnostics& diagnostics) {
  LocationTree out;
  for (std::size_t i = 0; i < locations.size(); ++i) {
    if (locations[i].kind == conf::Location::Kind::named) out.named_.emplace(locations[i].pattern.value, i);
    out.levels_.push_back(compile_level(locations[i], locations, variables, diagnostics));
  }
  return out;
}

LocationTree::Level LocationTree::compile_level(const conf::Location& outer,
                                                const std::vector<conf::Location>& locations,
                                                VariableTable& variables, Diagnostics& diagnostics) {
  Level out;
  for (const std::size_t i : outer.nested) {
    const conf::Location& location = locations[i];
    const std::string& text = location.pattern.value;
    switch (location.kind) {
      case conf::Location::Kind::exact:
        out.exact.emplace(text, i);
        break;
      case conf::Location::Kind::prefix:
        out.prefixes.push_back({text, i, location.before_regex});
        break;
      case conf::Location::Kind::regex:
        out.regexes.emplace_back(
            Pattern::compile(location.pattern, location.ignore_case, variables, diagnostics), i);
        break;
      case conf::Location::Kind::server:
      case conf::Location::Kind::named:
      case conf::Location::Kind::inner:
        break;
    }
    const bool by_path =
        location.kind == conf::Location::Kind::exact || location.kind == conf::Location::Kind::prefix;
    if (by_path && location.proxy && text.ends_with('/')) {
      const std::string without = text.substr(0, text.size() - 1);
      // Where both are there, nginx takes the exact one's.
      if (location.kind == conf::Location::Kind::exact)
        out.redirects.insert_or_assign(without, i);
      else
        out.redirects.emplace(without, i);
    }
  }
  std::sort(out.prefixes.begin(), out.prefixes.end(),
            [](const Prefix& a, const Prefix& b) { return a.text < b.text; });
  // In sorted order whatever begins with a prefix stands right behind it, so that the prefixes which one
  // begins with are a chain that is still open when we come to it.
  std::size_t open = kNone;
  for (std::size_t i = 0; i < out.prefixes.size(); ++i) {
    while (open != kNone && !out.prefixes[i].text.starts_with(out.prefixes[open].text))
      open = out.prefixes[open].parent;
    out.prefixes[i].parent = open;
    open = i;
  }
  return out;
}

const LocationTree::Prefix* LocationTree::longest_prefix(const Level& level, std::string_view uri) {
  const auto& prefixes = level.prefixes;
  const auto behind = std::upper_bound(prefixes.begin(), prefixes.end(), uri,
                                       [](std::string_view u, const Prefix& p) { return u < p.text; });
  if (behind == prefixes.begin()) return nullptr;
  auto at = static_cast<std::size_t>(behind - prefixes.begin()) - 1;
  while (at != kNone && !uri.starts_with(prefixes[at].text)) at = prefixes[at].parent;
  return at == kNone ? nullptr : &prefixes[at];
}

LocationTree::Found LocationTree::find(std::string_view uri, Request& request) const {
  return levels_.empty() ? Found() : find_in(0, uri, request);
}

/// The depth is the configuration's own.
LocationTree::Found LocationTree::find_in(std::size_t outer, std::string_view uri, Request& request) const {
  const Level& level = levels_[outer];
  if (const auto exact = level.exact.find(uri); exact != level.exact.end())
    return {Found::How::decided, exact->second};
  const Prefix* const prefix = longest_prefix(level, uri);
  const bool whole = prefix != nullptr && prefix->text == uri;
  if (const auto redirect = level.redirects.find(uri); !whole && redirect != level.redirects.end())
    return {Found::How::redirect, redirect->second};

  Found found{Found::How::none, outer};
  bool try_regexes = true;
  if (prefix != nullptr) {
    found = find_in(prefix->location, uri, request);
    if (found.how == Found::How::decided || found.how == Found::How::redirect) return found;
    found.how = Found::How::prefix;
    try_regexes = !prefix->before_regex;
  }
  if (!try_regexes) return found;
  for (const auto& [pattern, location] : level.regexes) {
    if (!pattern.matches(uri, request)) continue;
    return {Found::How::decided, find_in(location, uri, request).location};
  }
  return found;
}

std::size_t LocationTree::named(std::string_view name) const {
  const auto found = named_.find(name);
  return found == named_.end() ? 0 : found->second;
}

}  // namespace tidegate::sites
