#pragma once

#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>

namespace tidegate::http {

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), in `buffer`.
std::string_view http_date(std::time_t time, char (&buffer)[32]);

/// Seconds since the epoch, from any of the three forms (RFC 9110 §5.6.7). As lenient as nginx: the day of
/// the week and what follows the time are not read.
std::optional<std::int64_t> parse_http_date(std::string_view text);

}  // namespace tidegate::http
