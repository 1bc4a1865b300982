#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::server {

/// One step on the way to a file.
struct Hop {
  std::string directory;  ///< without symlinks
  std::string name;
  /// Not only a directory on the way: a symlink, the file itself, or what is missing.
  bool decides = false;

  std::string path() const { return directory == "/" ? "/" + name : directory + '/' + name; }
  bool operator==(const Hop&) const = default;
};

/// Every name that must stay what it is for `path` (absolute) to stay the same file: each directory on the
/// way, each symlink with the way that it leads, the file; up to the first that is missing.
std::vector<Hop> hops_of(const std::string& path);

/// Where something is mounted, from the text of /proc/self/mountinfo (proc(5)).
std::set<std::string> mount_points(std::string_view mountinfo);

}  // namespace tidegate::server
