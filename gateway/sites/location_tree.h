#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/sites.h"
#include "gateway/routing/path_table.h"
#include "gateway/sites/pattern.h"

namespace tidegate::sites {

/// The locations of a server, found as ngx_http_core_find_location() does it. Immutable once made.
class LocationTree {
 public:
  struct Found {
    enum class How : unsigned char {
      none,      ///< no location fits
      prefix,    ///< a prefix: regexes further out may still take it
      decided,   ///< exact, or a regex
      redirect,  ///< the client forgot the slash at the end of a proxied location's path
    } how = How::none;
    std::size_t location = 0;  ///< of VirtualServer::locations; 0, the server itself, with How::none
  };

  static LocationTree compile(const std::vector<conf::Location>& locations, VariableTable& variables,
                              Diagnostics& diagnostics);
  /// A regex that fits leaves its captures in the request.
  Found find(std::string_view uri, Request& request) const;
  /// Of the location "@name"; 0: there is none.
  std::size_t named(std::string_view name) const;

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  struct Prefix {
    std::string_view text;
    std::size_t location;
    bool before_regex;
    std::size_t parent = kNone;  ///< the longest other prefix that this one begins with
  };
  /// The locations directly within one other.
  struct Level {
    routing::TextMap<std::size_t> exact;
    routing::TextMap<std::size_t> redirects;  ///< "/foo" of a proxied "/foo/"
    std::vector<Prefix> prefixes;             ///< sorted by text
    std::vector<std::pair<Pattern, std::size_t>> regexes;
  };

  static Level compile_level(const conf::Location& outer, const std::vector<conf::Location>& locations,
                             VariableTable& variables, Diagnostics& diagnostics);
  static const Prefix* longest_prefix(const Level& level, std::string_view uri);
  Found find_in(std::size_t outer, std::string_view uri, Request& request) const;

  std::vector<Level> levels_;  ///< as the locations
  routing::TextMap<std::size_t> named_;
};

}  // namespace tidegate::sites
