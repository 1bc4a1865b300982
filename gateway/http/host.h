#pragma once

#include <optional>
#include <string_view>

namespace tidegate::http {

/// `uri-host [ ":" port ]` taken apart; views into what was parsed.
struct HostPort {
  std::string_view host;  ///< as written, brackets kept on IPv6
  std::string_view port;  ///< digits, or empty
};

/// RFC 9110 §7.2, RFC 3986 §3.2.2. The host is not empty; IPv6 stands in brackets and parses, without a zone;
/// a port lies in 0-65535 and may be empty after its colon, as the grammar has it. Narrower than the grammar
/// in two places: no ',', which is what two Host fields look like once somebody has joined them, and no empty
/// label.
std::optional<HostPort> parse_host(std::string_view text);

}  // namespace tidegate::http
