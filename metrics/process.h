#pragma once

#include <cstdint>

namespace tidegate::metrics {

/// What the kernel says of this process, under the names that every Prometheus client library uses.
struct Process {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  ///< Unix time
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t max_descriptors = 0;

  /// Reads /proc and getrlimit(2); what cannot be read is 0.
  static Process now();
};

}  // namespace tidegate::metrics
