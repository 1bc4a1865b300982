#pragma once

#include <string>
#include <string_view>

#include "conf/model.h"

namespace tidegate::conf {

// Each fills `out` (but for `at`) and returns true, or says in `problem` what is wrong and what would be
// right.

/// ":80", "127.0.0.1:80", "[::]:80", "unix:/path". A host name is refused: what an address listens on must
/// not depend on DNS.
bool parse_listen_address(std::string_view text, ListenAddress& out, std::string& problem);

/// "http://name:3000", "https://[::1]", "unix:/path"; without a port 80 or 443. No path, query or user.
bool parse_server_url(std::string_view text, Server& out, std::string& problem);

/// A host that requests are matched with, in lower case: a name, "*.name", or a literal address (IPv6 in
/// brackets).
bool parse_host_pattern(std::string_view text, std::string& out, std::string& problem);

/// An Origin as browsers send it (RFC 6454 §6.1), "https://*.name" too, or "null".
bool check_origin(std::string_view text, std::string& problem);

}  // namespace tidegate::conf
