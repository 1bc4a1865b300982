#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::layering {

/// What docs/design/layers.md draws, and the check of source text against it. Plain values; no files are
/// touched here, so that the check itself can be tested with trees that are wrong on purpose.
struct Layers {
  /// Area ("net", "model", "main") -> the areas it may include besides itself.
  std::map<std::string, std::set<std::string>, std::less<>> arrows;
  /// How a library's headers begin -> where they may be included: "tls", "base/crypto.cc" or "conf/*.cc".
  std::map<std::string, std::vector<std::string>, std::less<>> libraries;
};

/// Reads the blocks ```arrows and ```libraries of the page. Lines that cannot be read are added to
/// `complaints`.
Layers parse_layers(std::string_view page, std::vector<std::string>& complaints);

/// An arrow to an area that is not there, or a way from an area back to itself, as sentences.
std::vector<std::string> check_drawing(const Layers& layers);

/// The area of a path relative to the root of the tree: "gateway/net/loop.h" -> "net", "gateway/main.cc" ->
/// "main", "conf/model.h" -> "model". Empty if the path is in none of the drawn folders.
std::string area_of(std::string_view path);

/// Each #include of the file `path` that has no arrow, as "path:line: what is wrong".
std::vector<std::string> check_file(const Layers& layers, std::string_view path, std::string_view text);

}  // namespace tidegate::layering
