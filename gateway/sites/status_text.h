#pragma once

#include <cstdint>
#include <string>

namespace tidegate::sites {

/// What stub_status counts, of the whole process.
struct ConnectionCounts {
  std::uint64_t active = 0;
  std::uint64_t accepted = 0;
  std::uint64_t handled = 0;
  std::uint64_t requests = 0;
  std::uint64_t reading = 0;
  std::uint64_t writing = 0;
  std::uint64_t waiting = 0;
};

/// stub_status' body (text/plain; GET and HEAD).
std::string status_text(const ConnectionCounts& counts);

}  // namespace tidegate::sites
