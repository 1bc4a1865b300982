#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/tls/server_context.h"

namespace tidegate::tls {

/// Which of a listener's virtual servers a client's server name means, in nginx's order: the exact name, the
/// longest "*.suffix" (any number of labels), the longest "prefix.*", the first regex. Of two that say the
/// same the first counts.
class SiteNames {
 public:
  /// "example.com", "*.example.com", ".example.com" (both of them) or "www.example.*"; in any case.
  void add(std::string_view name, std::size_t site);
  void add(NameMatcher matcher, std::size_t site) { matchers_.emplace_back(std::move(matcher), site); }
  /// `name` as the client wrote it.
  std::optional<std::size_t> find(std::string_view name) const;
  bool empty() const { return exact_.empty() && suffixes_.empty() && prefixes_.empty() && matchers_.empty(); }

 private:
  using Table = std::map<std::string, std::size_t, std::less<>>;
  std::optional<std::size_t> find_suffix(std::string_view name) const;
  std::optional<std::size_t> find_prefix(std::string_view name) const;

  Table exact_;
  Table suffixes_;  ///< ".example.com"
  Table prefixes_;  ///< "www.example."
  std::vector<std::pair<NameMatcher, std::size_t>> matchers_;
};

}  // namespace tidegate::tls
