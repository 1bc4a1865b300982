#include "gateway/tunnel/kept_body.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "gateway/base/log.h"

namespace tidegate::tunnel {
namespace {

int open_nameless() {
  const char* configured = std::getenv("TMPDIR");
  const std::string dir = configured != nullptr && *configured != '\0' ? configured : "/tmp";
  const int fd = ::open(dir.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return fd;
  std::string name = dir + "/tidegate-body-XXXXXX";  // a file system without O_TMPFILE
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

bool write_all(int fd, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

KeptBody::~KeptBody() {
  if (fd_ >= 0) ::close(fd_);
}

Result<bool> KeptBody::append(Bytes bytes) {
  if (fd_ < 0 && size_ + bytes.size() <= kInMemory) {
    memory_ += as_text(bytes);
  } else if (!to_file(bytes)) {
    const int error = errno;
    log::error("http", std::string("a request's body cannot be kept in a temporary file: ") +
                           std::strerror(error) + "; free its disk, or set TMPDIR");
    return Error(Reason::internal, Party::gateway, -error);
  }
  size_ += bytes.size();
  return true;
}

bool KeptBody::to_file(Bytes bytes) {
  if (fd_ < 0) {
    fd_ = open_nameless();
    if (fd_ < 0 || !write_all(fd_, as_bytes(memory_))) return false;
    memory_ = {};
  }
  return write_all(fd_, bytes);
}

Result<std::size_t> KeptBody::read(std::uint64_t offset, std::span<std::byte> buffer) const {
  const std::size_t wanted = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), size_ - offset));
  if (fd_ < 0) {
    std::memcpy(buffer.data(), memory_.data() + offset, wanted);
    return wanted;
  }
  std::size_t done = 0;
  while (done < wanted) {
    const ssize_t got = ::pread(fd_, buffer.data() + done, wanted - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return Error(Reason::internal, Party::gateway, got < 0 ? -errno : 0);
    done += static_cast<std::size_t>(got);
  }
  return done;
}

}  // namespace tidegate::tunnel
