#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace tidegate {

/// A view of bytes that somebody else owns. Unless said otherwise it is valid during the call only.
using Bytes = std::span<const std::byte>;

inline constexpr std::size_t kKiB = 1024;
inline constexpr std::size_t kMiB = 1024 * kKiB;

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace tidegate
