#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::conf::yaml {

/// A YAML document that is being written: scalars, lists and maps in the order in which they were added, with
/// comments. Short lists and maps come out in one line, `{ a: 1, b: 2 }`, the others in blocks.
class Writing {
 public:
  /// A string of the user's, put in quotes where a reader could take it for something else.
  static Writing text(std::string value);
  /// A number, duration, boolean or word of ours: never in quotes.
  static Writing word(std::string value);
  static Writing list();
  static Writing map();

  Writing& add(std::string key, Writing value);  ///< to a map
  Writing& add(Writing item);                    ///< to a list
  /// Not in one line, however short.
  Writing& spread();
  /// Lines above the entry or item, without "#"; a long one is broken.
  Writing& comment(std::vector<std::string> lines);
  /// An empty line above it.
  Writing& apart();

  /// Lines behind the last entry of a list.
  Writing& end_comment(std::vector<std::string> lines);
  /// The entries of another map, behind its own.
  Writing& append(Writing map);
  /// An empty line above the first entry, if there is one.
  void first_apart();

  bool empty() const { return entries_.empty(); }
  bool is_scalar() const { return kind_ == Kind::text || kind_ == Kind::word; }
  /// As a whole document; of a map.
  std::string document() const;

 private:
  enum class Kind { text, word, list, map };
  explicit Writing(Kind kind) : kind_(kind) {}
  /// In one line; empty: it cannot be.
  std::string in_line() const;
  void write_block(std::string& out, std::size_t indent) const;
  void write_value(std::string& out, std::size_t indent, std::size_t column) const;
  void write_comment(std::string& out, std::size_t indent) const;

  Kind kind_;
  std::string text_;
  std::vector<std::pair<std::string, Writing>> entries_;  ///< of a list: without keys
  std::vector<std::string> comment_;
  std::vector<std::string> end_comment_;
  bool spread_ = false;
  bool apart_ = false;
};

/// `value` as a scalar, in quotes where it needs them or could be mistaken for a number, a boolean or
/// nothing. `in_flow`: inside of [] or {}.
std::string scalar(std::string_view value, bool in_flow);

}  // namespace tidegate::conf::yaml
