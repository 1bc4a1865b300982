#include "gateway/sites/place.h"

#include <algorithm>

namespace tidegate::sites {
namespace {

/// Is one of the segments ".."?
bool climbs(std::string_view path) {
  while (true) {
    const std::size_t end = path.find('/');
    if (path.substr(0, end) == "..") return true;
    if (end == std::string_view::npos) return false;
    path.remove_prefix(end + 1);
  }
}

}  // namespace

std::string Place::path(std::string_view uri) const {
  switch (kind) {
    case Kind::root:
      break;
    case Kind::alias:
      uri.remove_prefix(std::min(matched, uri.size()));
      break;
    case Kind::whole_alias:
      if (!uri_behind_alias) uri = {};
      break;
  }
  return directory + std::string(uri);
}

bool Place::leads_out(std::string_view uri) const {
  if (uri.find("..") == std::string_view::npos) return false;
  if (kind == Kind::whole_alias) return climbs(path(uri));
  // What follows the directory: its last segment may go on there ("/data" and "../x" are "/data../x").
  const std::size_t slash = directory.rfind('/');
  return climbs(path(uri).substr(slash == std::string::npos ? 0 : slash + 1));
}

}  // namespace tidegate::sites
