#include "gateway/tunnel/acme.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/base/bytes.h"

namespace tidegate::tunnel {
namespace {

constexpr std::string_view kPrefix = "/.well-known/acme-challenge/";
constexpr std::size_t kMaxBytes = 64 * kKiB;

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
}

}  // namespace

bool is_acme_challenge(std::string_view uri) {
  return uri.starts_with(kPrefix);
}

std::optional<std::string> read_acme_challenge(const std::string& directory, std::string_view uri) {
  const std::string_view token = uri.substr(kPrefix.size());
  if (!is_token(token)) return std::nullopt;
  const std::string path = directory + std::string(kPrefix) + std::string(token);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return std::nullopt;
  std::optional<std::string> content;
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
      static_cast<std::size_t>(status.st_size) <= kMaxBytes) {
    content.emplace(static_cast<std::size_t>(status.st_size), '\0');
    const ssize_t got = ::read(fd, content->data(), content->size());
    if (got < 0) {
      content.reset();
    } else {
      content->resize(static_cast<std::size_t>(got));
    }
  }
  ::close(fd);
  return content;
}

}  // namespace tidegate::tunnel
