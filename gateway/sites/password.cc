#include "gateway/sites/password.h"

#include <crypt.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "gateway/base/crypto.h"

namespace tidegate::sites {
namespace {

constexpr std::string_view kPlain = "{PLAIN}";
constexpr std::string_view kSha = "{SHA}";
constexpr std::string_view kSalted = "{SSHA}";
constexpr std::string_view kApr1 = "$apr1$";
constexpr std::size_t kSha1Bytes = 20;

std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// {SHA} with base64 of SHA-1(password).
std::string sha(std::string_view password) {
  return std::string(kSha) + base64_encode(sha1(password));
}

/// {SSHA} with base64 of SHA-1(password, salt), salt.
std::string salted_sha(std::string_view password, std::string_view entry) {
  std::optional<std::string> decoded = base64_decode(entry.substr(kSalted.size()));
  if (!decoded || decoded->size() < kSha1Bytes) return {};
  const std::string salt = decoded->substr(kSha1Bytes);
  const std::array<std::uint8_t, kSha1Bytes> digest = sha1(std::string(password) + salt);
  std::string made(as_text(digest));
  made += salt;
  return std::string(kSalted) +
         base64_encode({reinterpret_cast<const std::uint8_t*>(made.data()), made.size()});
}

/// What crypt(3) makes of it; empty where it knows no such scheme.
std::string by_libcrypt(const std::string& password, const std::string& entry) {
  const auto data = std::make_unique<crypt_data>();
  const char* made = crypt_r(password.c_str(), entry.c_str(), data.get());
  // "*0" and "*1" say that it failed (crypt(3)).
  return made == nullptr || *made == '*' ? std::string() : std::string(made);
}

std::string encrypt(std::string_view password, const std::string& entry) {
  if (entry.starts_with(kPlain)) return std::string(kPlain).append(password);
  if (entry.starts_with(kSha)) return sha(password);
  if (entry.starts_with(kSalted)) return salted_sha(password, entry);
  if (entry.starts_with(kApr1)) return apr1(password, entry);
  return by_libcrypt(std::string(password), entry);
}

void append_base64(std::string& out, std::uint32_t bits, int digits) {
  constexpr std::string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (; digits > 0; --digits, bits >>= 6) out += kDigits[bits & 63];
}

/// MD5 crypt's own base64, in its own order.
std::string shuffled(const std::array<std::uint8_t, 16>& digest) {
  constexpr std::array<std::array<std::size_t, 3>, 5> kOrder = {
      {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}}};
  std::string out;
  for (const auto& [high, middle, low] : kOrder) {
    const std::uint32_t bits =
        std::uint32_t{digest[high]} << 16 | std::uint32_t{digest[middle]} << 8 | digest[low];
    append_base64(out, bits, 4);
  }
  append_base64(out, digest[11], 2);
  return out;
}

}  // namespace

bool password_fits(std::string_view password, const std::string& entry) {
  if (password.find('\0') != std::string_view::npos) return false;
  const std::string made = encrypt(password, entry);
  return !made.empty() && equal_in_constant_time(made, entry);
}

bool is_slow(std::string_view entry) {
  return !entry.starts_with(kPlain) && !entry.starts_with(kSha) && !entry.starts_with(kSalted);
}

std::string apr1(std::string_view password, std::string_view setting) {
  std::string_view salt = setting.substr(kApr1.size());
  salt = salt.substr(0, std::min(salt.find('$'), std::size_t{8}));

  const auto inner = md5(std::string(password).append(salt).append(password));
  if (!inner) return {};
  std::string text = std::string(password).append(kApr1).append(salt);
  for (std::size_t left = password.size(); left > 0; left -= std::min(left, inner->size())) {
    text.append(as_text(*inner).substr(0, left));
  }
  for (std::size_t bits = password.size(); bits != 0; bits >>= 1)
    text += (bits & 1) != 0 ? '\0' : password[0];
  std::array<std::uint8_t, 16> digest = md5(text).value();
  for (int round = 0; round < 1000; ++round) {
    const bool odd = round % 2 != 0;
    text.assign(odd ? password : as_text(digest));
    if (round % 3 != 0) text.append(salt);
    if (round % 7 != 0) text.append(password);
    text.append(odd ? as_text(digest) : password);
    digest = md5(text).value();
  }
  return std::string(kApr1).append(salt) + '$' + shuffled(digest);
}

}  // namespace tidegate::sites
