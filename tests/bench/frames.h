#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

/// As much of RFC 6455 as measuring takes.
namespace tidegate::bench {

enum Opcode : std::uint8_t { kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

using MaskKey = std::array<char, 4>;

/// Appends a frame's header (RFC 6455 §5.2) with its first byte as given; masked if there is a key.
inline void append_header(std::string& out, std::uint8_t first, std::uint64_t length, const MaskKey* key) {
  const int masked = key != nullptr ? 0x80 : 0;
  out.push_back(static_cast<char>(first));
  int length_bytes = 0;
  if (length < 126) {
    out.push_back(static_cast<char>(masked | static_cast<int>(length)));
  } else if (length <= 0xffff) {
    out.push_back(static_cast<char>(masked | 126));
    length_bytes = 2;
  } else {
    out.push_back(static_cast<char>(masked | 127));
    length_bytes = 8;
  }
  for (int shift = 8 * (length_bytes - 1); shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(length >> shift));
  if (key != nullptr) out.append(key->data(), key->size());
}

/// Masks or unmasks in place (RFC 6455 §5.3); `offset` is how much of the payload came before.
inline void mask(std::span<char> payload, const MaskKey& key, std::uint64_t offset) {
  std::array<char, 8> turned{};
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = key[(offset + i) % key.size()];
  std::uint64_t word_key = 0;
  std::memcpy(&word_key, turned.data(), turned.size());
  std::size_t at = 0;
  for (; at + sizeof word_key <= payload.size(); at += sizeof word_key) {
    std::uint64_t word = 0;
    std::memcpy(&word, payload.data() + at, sizeof word);
    word ^= word_key;
    std::memcpy(payload.data() + at, &word, sizeof word);
  }
  for (; at < payload.size(); ++at) payload[at] = static_cast<char>(payload[at] ^ turned[at % turned.size()]);
}

}  // namespace tidegate::bench
