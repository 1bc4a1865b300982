#include "gateway/sites/disk.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace tidegate::sites {
namespace {

/// The directory that holds the last component of `path`, reached without following a link; `last` becomes
/// that component, "." where the path ends with a slash. Not open, and errno, where it cannot be reached.
File parent_of(const std::string& path, std::string& last) {
  File at(::open(path.starts_with('/') ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC), 0, 0);
  std::size_t from = 0;
  for (std::size_t slash; at.is_open() && (slash = path.find('/', from)) != std::string::npos;
       from = slash + 1) {
    if (slash == from) continue;
    const std::string component = path.substr(from, slash - from);
    at = File(::openat(at.fd(), component.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), 0, 0);
  }
  last = path.substr(from);
  if (last.empty()) last = ".";
  return at;
}

void describe(const struct stat& status, Found& found) {
  found.is_file = S_ISREG(status.st_mode);
  found.is_directory = S_ISDIR(status.st_mode);
  found.is_executable = (status.st_mode & S_IXUSR) != 0;
}

Found failed(int os_error) {
  return {.os_error = os_error};
}

/// A path with a NUL names nothing, whatever stands before it.
bool is_name(const std::string& path) {
  return !path.empty() && path.find('\0') == std::string::npos;
}

}  // namespace

Found look_at(const std::string& path, bool follow_symlinks) {
  if (!is_name(path)) return failed(ENOENT);
  struct stat status {};
  if (follow_symlinks) {
    if (::stat(path.c_str(), &status) != 0) return failed(errno);
  } else {
    std::string last;
    const File parent = parent_of(path, last);
    if (!parent.is_open() || ::fstatat(parent.fd(), last.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return failed(errno);
    if (S_ISLNK(status.st_mode)) return failed(ELOOP);
  }
  Found found;
  describe(status, found);
  return found;
}

Found open_path(const std::string& path, bool follow_symlinks) {
  if (!is_name(path)) return failed(ENOENT);
  constexpr int kFlags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY;
  int fd = -1;
  if (follow_symlinks) {
    fd = ::open(path.c_str(), kFlags);
  } else {
    std::string last;
    const File parent = parent_of(path, last);
    if (parent.is_open()) fd = ::openat(parent.fd(), last.c_str(), kFlags | O_NOFOLLOW);
  }
  if (fd < 0) return failed(errno);
  struct stat status {};
  const int os_error = ::fstat(fd, &status) == 0 ? 0 : errno;
  File file(fd, static_cast<std::uint64_t>(status.st_size), status.st_mtime);
  if (os_error != 0) return failed(os_error);
  Found found;
  describe(status, found);
  if (found.is_file) found.file = std::move(file);
  return found;
}

bool holds(conf::Condition::Kind test, const std::string& path, bool follow_symlinks) {
  const Found found = look_at(path, follow_symlinks);
  if (found.os_error != 0) return false;
  using Kind = conf::Condition::Kind;
  switch (test) {
    case Kind::file:
      return found.is_file;
    case Kind::directory:
      return found.is_directory;
    case Kind::exists:
      return found.is_file || found.is_directory;
    case Kind::executable:
      return found.is_executable;
    case Kind::truthy:
    case Kind::equals:
    case Kind::matches:
      break;
  }
  return false;
}

bool is_missing(int os_error) {
  return os_error == ENOENT || os_error == ENOTDIR || os_error == ENAMETOOLONG;
}

}  // namespace tidegate::sites
