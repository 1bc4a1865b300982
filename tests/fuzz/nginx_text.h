#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "nginx-compat/parser.h"

namespace tidegate::fuzz {

/// There are no files but the input itself.
class NoFiles final : public nginx::Files {
 public:
  std::optional<std::string> read(const std::string&, int& os_error) override {
    os_error = ENOENT;
    return std::nullopt;
  }
  std::vector<std::string> glob(const std::string&) override { return {}; }
};

/// Calls `take(text)` with the input as a whole configuration, and as what stands in `http`.
template <typename Take>
void both_ways(const std::uint8_t* data, std::size_t size, Take take) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  take(text);
  const std::string within = "events {}\nhttp {\n" + std::string(text) + "\n}\n";
  take(std::string_view(within));
}

}  // namespace tidegate::fuzz
