#include "gateway/sites/status_text.h"

namespace tidegate::sites {

std::string status_text(const ConnectionCounts& counts) {
  const auto number = [](std::uint64_t value) { return std::to_string(value) + ' '; };
  return "Active connections: " + number(counts.active) + "\nserver accepts handled requests\n " +
         number(counts.accepted) + number(counts.handled) + number(counts.requests) +
         "\nReading: " + number(counts.reading) + "Writing: " + number(counts.writing) +
         "Waiting: " + number(counts.waiting) + "\n";
}

}  // namespace tidegate::sites
