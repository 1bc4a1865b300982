#include "gateway/base/crypto.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include <cstdlib>

namespace tidegate {
namespace {

const auto* to_u8(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace

std::optional<std::array<std::uint8_t, 16>> md5(std::string_view data) {
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "MD5", nullptr);  // as below
  std::array<std::uint8_t, 16> out;
  if (digest == nullptr) return std::nullopt;
  if (EVP_Digest(data.data(), data.size(), out.data(), nullptr, digest, nullptr) != 1) return std::nullopt;
  return out;
}

std::array<std::uint8_t, 20> sha1(std::string_view data) {
  // Fetched once, never freed: OpenSSL 3's SHA1() looks the algorithm up by its name each time, which costs
  // more than the digest of a handshake's key.
  static const EVP_MD* const digest = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  std::array<std::uint8_t, 20> out;
  if (EVP_Digest(data.data(), data.size(), out.data(), nullptr, digest, nullptr) != 1) std::abort();
  return out;
}

std::array<std::uint8_t, 32> sha256(std::string_view data) {
  std::array<std::uint8_t, 32> out;
  SHA256(to_u8(data), data.size(), out.data());
  return out;
}

std::string base64_encode(std::span<const std::uint8_t> data) {
  std::string out((data.size() + 2) / 3 * 4 + 1, '\0');  // EVP_EncodeBlock ends with a NUL
  const int written = EVP_EncodeBlock(reinterpret_cast<std::uint8_t*>(out.data()), data.data(),
                                      static_cast<int>(data.size()));
  out.resize(static_cast<std::size_t>(written));
  return out;
}

std::string base64url_encode(std::span<const std::uint8_t> data) {
  std::string out = base64_encode(data);
  while (!out.empty() && out.back() == '=') out.pop_back();
  for (char& c : out) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
  if (text.substr(0, text.size() - padding)
          .find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") !=
      std::string_view::npos) {
    return std::nullopt;
  }
  std::string out(text.size() / 4 * 3, '\0');
  const int written = EVP_DecodeBlock(reinterpret_cast<std::uint8_t*>(out.data()), to_u8(text),
                                      static_cast<int>(text.size()));
  if (written < 0) return std::nullopt;
  out.resize(out.size() - padding);
  if (base64_encode({reinterpret_cast<const std::uint8_t*>(out.data()), out.size()}) != text) {
    return std::nullopt;  // bits behind the last byte were not zero
  }
  return out;
}

void fill_random(std::span<std::uint8_t> out) {
  if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) std::abort();
}

std::uint64_t random_u64() {
  std::array<std::uint8_t, 8> bytes;
  fill_random(bytes);
  std::uint64_t value = 0;
  for (std::uint8_t byte : bytes) value = value << 8 | byte;
  return value;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string websocket_accept(std::string_view key) {
  std::string text(key);
  text += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  return base64_encode(sha1(text));
}

}  // namespace tidegate
