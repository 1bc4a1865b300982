#pragma once

#include <string>
#include <string_view>

namespace tidegate::sites {

/// Does `password` fit an entry of a user file? Compared in constant time. False for a scheme that nobody
/// knows, and for a password with a NUL.
bool password_fits(std::string_view password, const std::string& entry);
/// Not {PLAIN}, {SHA}, {SSHA}: checking is slow on purpose.
bool is_slow(std::string_view entry);

/// Apache's variant of MD5 crypt: "$apr1$salt$digest" for a setting that begins with "$apr1$salt". Empty
/// where there is no MD5.
std::string apr1(std::string_view password, std::string_view setting);

}  // namespace tidegate::sites
