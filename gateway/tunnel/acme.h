#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::tunnel {

/// HTTP-01 challenges (RFC 8555 §8.3), answered from the directory that certbot's webroot plugin writes to.
bool is_acme_challenge(std::string_view uri);

/// The challenge's file; empty if there is none, or if its name is no token (base64url), so that no path can
/// leave the directory. Links are not followed. At most 64 KiB.
std::optional<std::string> read_acme_challenge(const std::string& directory, std::string_view uri);

}  // namespace tidegate::tunnel
