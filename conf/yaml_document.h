#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/diagnostic.h"

namespace tidegate::conf::yaml {

/// A node of a YAML document, aliases resolved, with the place it stands at (an alias's: the anchor's).
struct Node {
  enum class Kind { null, scalar, sequence, map };
  struct Entry;
  Kind kind = Kind::null;
  bool plain = false;          ///< a scalar without quotes
  int line = 0;                ///< from 1
  int column = 0;              ///< from 1, in bytes
  std::string text;            ///< of a scalar
  std::vector<Node> items;     ///< of a sequence
  std::vector<Entry> entries;  ///< of a map, in the file's order; keys are unique
};

struct Node::Entry {
  std::string key;
  int line = 0;
  int column = 0;
  Node value;
};

/// Bounds on a document, so that no file can exhaust memory or stack, whatever its aliases multiply.
inline constexpr std::size_t kMaxTextBytes = 4u << 20;
inline constexpr std::size_t kMaxDepth = 32;
inline constexpr std::size_t kMaxExpandedBytes = 16u
                                                 << 20;  ///< node by node, see kNodeBytes, aliases repeated
inline constexpr std::size_t kNodeBytes = 64;            ///< what a node counts beside its text

/// Parses the one document in `text`. Refused, beside what is not YAML: invalid UTF-8, control characters, a
/// second document, duplicate keys, merge keys, keys that are no strings, tags, and what exceeds the bounds.
/// Nothing is returned where no tree could be built at all; lesser errors are reported and leave a tree whose
/// other parts can be read for more of them.
std::optional<Node> parse_document(std::string_view text, const std::string& file, Diagnostics& diagnostics);

/// Reports the first byte that is not valid UTF-8 (RFC 3629 §4), or a control character other than tab, line
/// feed and carriage return. yaml-cpp lets both pass, and takes 0x04 for the end of the file.
bool check_text(std::string_view text, const std::string& file, Diagnostics& diagnostics);

/// Whether the quoted scalar at line and column (from 1), the last of the document, is closed: yaml-cpp takes
/// the end of the file for its closing quote if a line break comes before.
bool last_quote_closes(std::string_view text, int line, int column);

/// What to do about a syntax error that yaml-cpp reports with `message` at line and column (from 1).
std::string explain_syntax(std::string_view text, int line, int column, const std::string& message);

}  // namespace tidegate::conf::yaml
