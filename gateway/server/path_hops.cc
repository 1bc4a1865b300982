#include "gateway/server/path_hops.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <deque>

namespace tidegate::server {
namespace {

constexpr int kMostSymlinks = 40;  // as path_resolution(7) has it

/// Puts the parts of `path` before what is left to walk.
void prepend(std::deque<std::string>& left, std::string_view path) {
  std::deque<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    if (slash != 0) parts.emplace_back(path.substr(0, slash));
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  left.insert(left.begin(), parts.begin(), parts.end());
}

std::string parent_of(const std::string& directory) {
  const std::size_t slash = directory.rfind('/');
  return slash == 0 ? "/" : directory.substr(0, slash);
}

std::string target_of(const std::string& symlink) {
  std::array<char, PATH_MAX> target;
  const ssize_t size = ::readlink(symlink.c_str(), target.data(), target.size());
  return size > 0 ? std::string(target.data(), static_cast<std::size_t>(size)) : std::string();
}

/// proc(5): space, tab, newline and backslash stand as three octal digits.
std::string unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>(std::strtol(std::string(text.substr(i + 1, 3)).c_str(), nullptr, 8));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::vector<Hop> hops_of(const std::string& path) {
  std::vector<Hop> hops;
  std::deque<std::string> left;
  prepend(left, path);
  std::string directory = "/";
  int symlinks = 0;
  while (!left.empty()) {
    const std::string name = std::move(left.front());
    left.pop_front();
    if (name == ".") continue;
    if (name == "..") {
      directory = parent_of(directory);
      continue;
    }
    Hop hop{directory, name};
    struct stat status {};
    const bool there = ::lstat(hop.path().c_str(), &status) == 0;
    hop.decides = !there || !S_ISDIR(status.st_mode);
    hops.push_back(hop);
    if (!there) break;
    if (S_ISDIR(status.st_mode)) {
      directory = hop.path();
      continue;
    }
    if (!S_ISLNK(status.st_mode) || ++symlinks > kMostSymlinks) break;
    const std::string target = target_of(hop.path());
    if (target.starts_with('/')) directory = "/";
    prepend(left, target);
  }
  return hops;
}

std::set<std::string> mount_points(std::string_view mountinfo) {
  // 36 35 98:0 /mnt1 /mnt2 rw,noatime …: the fifth field.
  std::set<std::string> points;
  while (!mountinfo.empty()) {
    std::string_view line = mountinfo.substr(0, mountinfo.find('\n'));
    mountinfo.remove_prefix(std::min(line.size() + 1, mountinfo.size()));
    for (int field = 1; field < 5; ++field) {
      const std::size_t space = line.find(' ');
      line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
    }
    line = line.substr(0, line.find(' '));
    if (!line.empty()) points.insert(unescape(line));
  }
  return points;
}

}  // namespace tidegate::server
