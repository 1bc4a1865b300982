#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/routing/regex.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/variables.h"

namespace tidegate::routing {

/// Lets maps of std::string be asked with a std::string_view.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
template <typename T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// Routes that share host and path; those with match conditions first, each kind in file order.
class Candidates {
 public:
  void add(const CompiledRoute& route);
  /// The first whose conditions the request keeps; null if none.
  const CompiledRoute* first_fitting(const RequestView& request, bool named_listener_only) const;

 private:
  std::vector<const CompiledRoute*> routes_;
  std::size_t conditional_ = 0;  ///< how many, at the front, have conditions
};

/// The routes of one host (or of none), found by nginx's precedence of paths.
class PathTable {
 public:
  /// `regex` is the route's, null unless its path is one; it must outlive the table.
  void add(const CompiledRoute& route, const Regex* regex);
  /// After the last add().
  void finish();
  /// Null: none fits.
  const CompiledRoute* find(const RequestView& request, bool named_listener_only) const;

 private:
  struct Prefix {
    std::string_view text;  ///< the configuration's
    Candidates candidates;
    std::size_t parent = kNone;  ///< the longest other prefix that this one begins with
  };
  struct RegexPath {
    const Regex* regex;
    Candidates candidates;
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);

  std::size_t longest_prefix(std::string_view uri) const;
  const CompiledRoute* find_prefix(const RequestView& request, bool named_listener_only) const;

  TextMap<Candidates> exact_;
  std::vector<Prefix> prefixes_;  ///< sorted by text
  std::vector<RegexPath> regexes_;
};

}  // namespace tidegate::routing
