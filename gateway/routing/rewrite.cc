#include "gateway/routing/rewrite.h"

#include <algorithm>

#include "gateway/routing/uri.h"

namespace tidegate::routing {
namespace {

std::string_view without_leading_slashes(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of('/'), text.size()));
  return text;
}

/// A prefix may end inside a segment: behind "/ws" of "/ws../x" stands "../x", a dot segment that the whole
/// path does not have. It is left out, as at the root (RFC 3986 §5.2.4).
std::string_view without_leading_dots(std::string_view rest) {
  const std::string_view first = rest.substr(0, rest.find('/'));
  return first == "." || first == ".." ? rest.substr(first.size()) : rest;
}

/// Does `sent`, put under a root of its own, mean the path "/" + `normal`?
bool means(std::string_view sent, std::string_view normal) {
  const Result<std::string> resolved = normalize_path("/" + std::string(sent));
  return resolved && std::string_view(resolved.value()).substr(1) == normal;
}

}  // namespace

std::string path_rest(std::string_view path, std::string_view uri, std::size_t prefix_size) {
  const std::string_view prefix = uri.substr(0, prefix_size);
  const std::string_view normal = without_leading_dots(uri.substr(prefix_size));
  const bool slash = normal.starts_with('/');
  const std::string_view normal_tail = without_leading_slashes(normal);

  const std::string_view sent = path.starts_with(prefix) ? path.substr(prefix_size) : std::string_view();
  if (path.starts_with(prefix) && (!slash || sent.starts_with('/'))) {
    const std::string_view tail = without_leading_slashes(sent);
    // A backslash is a slash to browsers, which may be told this path by a Location; a query cannot be in it.
    if (tail.find('\\') == std::string_view::npos && (tail == normal_tail || means(tail, normal_tail))) {
      return std::string(slash ? "/" : "") += tail;
    }
  }
  return std::string(slash ? "/" : "") += escape_path(normal_tail);
}

std::string rewritten_path(const conf::Route& route, const http::RequestHead& head, std::string_view uri) {
  if (!route.rewrite || head.path == "*" || !uri.starts_with(route.rewrite->strip_prefix)) {
    return std::string(head.path);
  }
  const std::string rest = path_rest(path_of(head.path), uri, route.rewrite->strip_prefix.size());
  std::string out = rest.starts_with('/') ? "" : "/";
  out += rest;
  out += query_of(head.path);
  return out;
}

}  // namespace tidegate::routing
