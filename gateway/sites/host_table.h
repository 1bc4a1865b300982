#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/routing/path_table.h"

namespace tidegate::sites {

/// Host names with wildcards, each with a number: "example.com", "*.example.com", ".example.com" (both), and
/// "www.example.*". Of two alike the first counts. Immutable once filled.
class HostTable {
 public:
  void add(std::string_view name, std::size_t number);
  /// nginx's order: the name itself, the longest "*.suffix", the longest "prefix.*". `host` is in lower case.
  std::optional<std::size_t> find(std::string_view host) const;

 private:
  std::optional<std::size_t> find_suffix(std::string_view host) const;
  std::optional<std::size_t> find_prefix(std::string_view host) const;

  routing::TextMap<std::size_t> exact_;
  routing::TextMap<std::size_t> suffixes_;  ///< ".example.com"
  routing::TextMap<std::size_t> prefixes_;  ///< "www.example."
  std::size_t longest_ = 0;                 ///< of suffixes_ and prefixes_: bounds what a long host costs
};

}  // namespace tidegate::sites
