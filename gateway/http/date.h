#pragma once

#include <ctime>
#include <string_view>

namespace tidegate::http {

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), in `buffer`.
std::string_view http_date(std::time_t time, char (&buffer)[32]);

}  // namespace tidegate::http
