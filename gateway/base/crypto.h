#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidegate {

/// Digests, base64 and random bytes, by OpenSSL. Thread-safe.
/// Of old user files; for nothing else. Nothing where OpenSSL is told to do without (FIPS).
std::optional<std::array<std::uint8_t, 16>> md5(std::string_view data);
std::array<std::uint8_t, 20> sha1(std::string_view data);
std::array<std::uint8_t, 32> sha256(std::string_view data);

/// RFC 4648 §4, with padding.
std::string base64_encode(std::span<const std::uint8_t> data);
/// RFC 4648 §5, without padding.
std::string base64url_encode(std::span<const std::uint8_t> data);
/// Strict RFC 4648 §4: padding required, no white space, unused bits zero.
std::optional<std::string> base64_decode(std::string_view text);

/// Cryptographically strong random bytes; aborts if the system has none.
void fill_random(std::span<std::uint8_t> out);
std::uint64_t random_u64();

/// Takes as long wherever they differ. Of their lengths no secret is made.
bool equal_in_constant_time(std::string_view a, std::string_view b);

/// The value that answers a Sec-WebSocket-Key. RFC 6455 §4.2.2 item 5.4.
std::string websocket_accept(std::string_view key);

}  // namespace tidegate
