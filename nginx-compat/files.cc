#include <fcntl.h>
#include <glob.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "nginx-compat/parser.h"

namespace tidegate::nginx {
namespace {

/// Beyond this a file is no configuration.
constexpr std::size_t kMostBytes = std::size_t{64} << 20;

std::optional<std::string> read_all(int fd, int& os_error) {
  std::string text;
  char piece[16384];
  for (;;) {
    const ssize_t got = ::read(fd, piece, sizeof piece);
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 || text.size() > kMostBytes) {
      os_error = got < 0 ? errno : EFBIG;
      return std::nullopt;
    }
    text.append(piece, static_cast<std::size_t>(got));
  }
}

}  // namespace

std::optional<std::string> DiskFiles::read(const std::string& path, int& os_error) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) {
    os_error = errno;
    return std::nullopt;
  }
  auto text = read_all(fd, os_error);
  ::close(fd);
  return text;
}

std::vector<std::string> DiskFiles::glob(const std::string& pattern) {
  std::vector<std::string> paths;
  ::glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return paths;
}

}  // namespace tidegate::nginx
