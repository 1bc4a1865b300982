#include "gateway/routing/path_table.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace tidegate::routing {
namespace {

bool has_conditions(const conf::Match& match) {
  return !match.listener.empty() || !match.methods.empty() || !match.headers.empty() ||
         !match.query.empty() || !match.subprotocol.empty();
}

bool has_field(const http::RequestHead& head, std::string_view name, std::string_view value) {
  return std::any_of(head.fields.begin(), head.fields.end(), [&](const http::Field& field) {
    return field.value == value && iequals(field.name, name);
  });
}

/// Subprotocols are compared as they are, case and all (RFC 6455 §11.3.4).
bool offers_subprotocol(const http::RequestHead& head, std::string_view subprotocol) {
  bool offered = false;
  for (const http::Field& field : head.fields) {
    if (!iequals(field.name, "sec-websocket-protocol")) continue;
    for_each_list_element(field.value, [&](std::string_view element) { offered |= element == subprotocol; });
  }
  return offered;
}

bool fits(const conf::Match& match, const RequestView& request, bool named_listener_only) {
  if (match.listener.empty() ? named_listener_only : match.listener.value != request.listener) return false;
  const http::RequestHead& head = *request.head;
  const auto& methods = match.methods;
  if (!methods.empty() && std::find(methods.begin(), methods.end(), head.method) == methods.end())
    return false;
  for (const auto& [name, value] : match.headers) {
    if (!has_field(head, name, value)) return false;
  }
  for (const auto& [name, value] : match.query) {
    if (find_argument(request.args, name) != value) return false;
  }
  return match.subprotocol.empty() || offers_subprotocol(head, match.subprotocol);
}

}  // namespace

void Candidates::add(const CompiledRoute& route) {
  if (!has_conditions(route.conf->match)) {
    routes_.push_back(&route);
    return;
  }
  routes_.insert(routes_.begin() + static_cast<std::ptrdiff_t>(conditional_), &route);
  ++conditional_;
}

const CompiledRoute* Candidates::first_fitting(const RequestView& request, bool named_listener_only) const {
  for (const CompiledRoute* route : routes_) {
    if (fits(route->conf->match, request, named_listener_only)) return route;
  }
  return nullptr;
}

void PathTable::add(const CompiledRoute& route, const Regex* regex) {
  const std::string& text = route.conf->path.text.value;
  switch (route.conf->path.kind) {
    case conf::PathMatch::Kind::exact:
      exact_[text].add(route);
      return;
    case conf::PathMatch::Kind::prefix: {
      auto at = std::lower_bound(prefixes_.begin(), prefixes_.end(), std::string_view(text),
                                 [](const Prefix& prefix, std::string_view t) { return prefix.text < t; });
      if (at == prefixes_.end() || at->text != text) at = prefixes_.insert(at, Prefix{text, {}});
      at->candidates.add(route);
      return;
    }
    case conf::PathMatch::Kind::regex: {
      auto at = std::find_if(regexes_.begin(), regexes_.end(),
                             [&](const RegexPath& r) { return r.regex == regex; });
      if (at == regexes_.end()) at = regexes_.insert(at, RegexPath{regex, {}});
      at->candidates.add(route);
      return;
    }
  }
}

/// In sorted order whatever begins with a prefix stands right behind it, so that the prefixes which the
/// current one begins with are a chain that is still open when we come to it.
void PathTable::finish() {
  std::size_t open = kNone;
  for (std::size_t i = 0; i < prefixes_.size(); ++i) {
    while (open != kNone && !prefixes_[i].text.starts_with(prefixes_[open].text))
      open = prefixes_[open].parent;
    prefixes_[i].parent = open;
    open = i;
  }
}

/// The index of the longest prefix that `uri` begins with; the shorter ones are its parents. All of them are
/// parents of the last entry that is not behind `uri`, or that entry itself.
std::size_t PathTable::longest_prefix(std::string_view uri) const {
  const auto behind =
      std::upper_bound(prefixes_.begin(), prefixes_.end(), uri,
                       [](std::string_view u, const Prefix& prefix) { return u < prefix.text; });
  if (behind == prefixes_.begin()) return kNone;
  auto at = static_cast<std::size_t>(behind - prefixes_.begin()) - 1;
  while (at != kNone && !uri.starts_with(prefixes_[at].text)) at = prefixes_[at].parent;
  return at;
}

const CompiledRoute* PathTable::find_prefix(const RequestView& request, bool named_listener_only) const {
  for (std::size_t at = longest_prefix(request.uri); at != kNone; at = prefixes_[at].parent) {
    const CompiledRoute* route = prefixes_[at].candidates.first_fitting(request, named_listener_only);
    if (route != nullptr) return route;
  }
  return nullptr;
}

const CompiledRoute* PathTable::find(const RequestView& request, bool named_listener_only) const {
  if (const auto exact = exact_.find(request.uri); exact != exact_.end()) {
    const CompiledRoute* route = exact->second.first_fitting(request, named_listener_only);
    if (route != nullptr) return route;
  }
  const CompiledRoute* by_prefix = find_prefix(request, named_listener_only);
  if (by_prefix != nullptr && by_prefix->conf->path.before_regex) return by_prefix;
  for (const RegexPath& path : regexes_) {
    // The conditions are cheaper than the regex.
    const CompiledRoute* route = path.candidates.first_fitting(request, named_listener_only);
    if (route != nullptr && path.regex->matches(request.uri)) return route;
  }
  return by_prefix;
}

}  // namespace tidegate::routing
