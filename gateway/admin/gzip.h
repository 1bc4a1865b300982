#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidegate::admin {

/// `text` in gzip's format (RFC 1952); none if zlib has no memory.
std::optional<std::string> gzip(std::string_view text);

}  // namespace tidegate::admin
