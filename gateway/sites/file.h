#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace tidegate::sites {

/// Bytes `first` to `last`, both ends in.
struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// An open regular file. Owner: whoever holds it; the destructor closes it.
class File {
 public:
  File() = default;
  File(int fd, std::uint64_t size, std::int64_t modified_s) : fd_(fd), size_(size), modified_s_(modified_s) {}
  File(File&& other) noexcept { *this = std::move(other); }
  File& operator=(File&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(size_, other.size_);
    std::swap(modified_s_, other.modified_s_);
    return *this;
  }
  ~File();

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  std::uint64_t size() const { return size_; }
  std::int64_t modified_s() const { return modified_s_; }  ///< since the epoch

 private:
  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::int64_t modified_s_ = 0;
};

}  // namespace tidegate::sites
