#pragma once

#include <cstdint>
#include <string_view>

namespace tidegate::sites {

/// MurmurHash2 with seed 0, 32 bits: split_clients' hash.
std::uint32_t murmur2(std::string_view data);

}  // namespace tidegate::sites
