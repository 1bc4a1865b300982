#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gateway/base/bytes.h"
#include "gateway/base/result.h"

namespace tidegate::tunnel {

/// A request's body that is read whole before it is passed on (nginx's proxy_request_buffering), so that it
/// can be sent again: in memory at first, then in a nameless file under $TMPDIR. Disk is read and written on
/// the worker's thread; the page cache is what it mostly meets.
///
/// Owner: the request. Thread: the worker's. End: the destructor; the file goes with it.
class KeptBody {
 public:
  KeptBody() = default;
  ~KeptBody();
  KeptBody(const KeptBody&) = delete;
  KeptBody& operator=(const KeptBody&) = delete;

  /// As nginx's client_body_buffer_size.
  static constexpr std::size_t kInMemory = 16 * kKiB;

  /// Reason::internal where the disk does not take it.
  Result<bool> append(Bytes bytes);
  void append_text(std::string_view text) {
    memory_ += text;
    size_ += text.size();
  }
  std::uint64_t size() const { return size_; }
  /// All of it, while it is there; else nothing.
  std::string_view in_memory() const { return memory_; }
  /// Reads into `buffer` from `offset`; less than its size at the end only, or (`internal`) when the disk
  /// fails.
  Result<std::size_t> read(std::uint64_t offset, std::span<std::byte> buffer) const;

 private:
  bool to_file(Bytes bytes);

  std::string memory_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace tidegate::tunnel
