#include "gateway/sites/murmur.h"

#include <cstddef>

namespace tidegate::sites {
namespace {

std::uint32_t byte_at(std::string_view data, std::size_t at) {
  return static_cast<unsigned char>(data[at]);
}

}  // namespace

std::uint32_t murmur2(std::string_view data) {
  constexpr std::uint32_t kFactor = 0x5bd1e995;
  auto hash = static_cast<std::uint32_t>(data.size());  // the seed, 0, xor the length
  for (; data.size() >= 4; data.remove_prefix(4)) {
    std::uint32_t k =
        byte_at(data, 0) | byte_at(data, 1) << 8 | byte_at(data, 2) << 16 | byte_at(data, 3) << 24;
    k *= kFactor;
    k ^= k >> 24;
    k *= kFactor;
    hash = hash * kFactor ^ k;
  }
  for (std::size_t i = 0; i < data.size(); ++i) hash ^= byte_at(data, i) << (8 * i);
  if (!data.empty()) hash *= kFactor;
  hash ^= hash >> 13;
  hash *= kFactor;
  return hash ^ hash >> 15;
}

}  // namespace tidegate::sites
