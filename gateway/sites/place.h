#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace tidegate::sites {

/// Where a location's files are (`root`, `alias`), its template evaluated.
struct Place {
  enum class Kind : std::uint8_t {
    root,         ///< the URI stands behind it
    alias,        ///< it replaces the first `matched` bytes of the URI
    whole_alias,  ///< alias in a location of a regex: it is the file
  };
  std::string directory;  ///< absolute
  Kind kind = Kind::root;
  std::size_t matched = 0;        ///< alias: the length of the location's prefix
  bool uri_behind_alias = false;  ///< whole_alias, after try_files: TryOutcome says so

  /// The file that the URI names (ngx_http_map_uri_to_path).
  std::string path(std::string_view uri) const;
  /// Would the URI lead out of the directory? `/img../x` does with `location /img { alias /data/; }`, as does
  /// what a rewrite made of a normalised URI. (nginx sends such files.)
  bool leads_out(std::string_view uri) const;
};

}  // namespace tidegate::sites
