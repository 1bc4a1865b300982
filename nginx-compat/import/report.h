#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "nginx-compat/translator.h"
#include "nginx-compat/tree.h"

namespace tidegate::nginx {

/// A directive and the block it stands in.
struct Place {
  const Directive* directive = nullptr;
  const Place* parent = nullptr;  ///< null: the main context
};

/// Collects what becomes of each directive in YAML, and knows the tree by positions, since a translation has
/// inheritance resolved: what a location says may stand three blocks above.
class ImportReport {
 public:
  ImportReport(const std::vector<Directive>& tree, const Translation& translation);

  /// The directive at a position, which may be one of its parameters', or null.
  const Place* at(const Position& position) const;
  /// The directives of this name that hold in a block: those of the nearest block around it that has any.
  std::vector<const Directive*> holding(const Place* block, std::string_view name) const;
  bool given(const Place* block, std::string_view name) const { return !holding(block, name).empty(); }

  using Kind = Verdict::Kind;
  void note(const Directive& directive, Kind kind, const std::string& why = {});
  void note(const Position& position, Kind kind, const std::string& why = {});
  /// All that hold in a block.
  void note(const Place* block, std::string_view name, Kind kind, const std::string& why = {});
  /// What stands in the block and has no verdict of its own has none but this.
  void leave_out(const Place* block, const std::string& why);

  /// Every directive of the tree, in file order: the worst that was noted, else what usually becomes of one
  /// of its name.
  std::vector<Verdict> verdicts() const;

 private:
  using Key = std::tuple<std::string, int, int>;
  struct Notes {
    Kind kind = Kind::ignored;
    std::vector<std::string> whys;
    bool noted = false;
    std::string left_out;
  };

  static Key key_of(const Position& position) { return {position.file, position.line, position.column}; }
  void add(const std::vector<Directive>& block, const Place* parent);
  Verdict verdict_of(const Place& place) const;

  std::map<Key, const Verdict*> translated_;
  std::map<Key, Place> places_;
  std::map<std::pair<const Directive*, std::string_view>, std::vector<const Directive*>>
      within_;  ///< by block and name
  std::map<Key, const Place*> by_argument_;
  std::vector<const Place*> order_;
  std::map<Key, Notes> notes_;  ///< by position: a file may be included more than once
};

/// What usually becomes of a directive in YAML. `why` empty and exact: as in nginx.
struct UsualVerdict {
  Verdict::Kind kind = Verdict::Kind::exact;
  std::string_view why;
};
/// Null: nothing is known of it.
const UsualVerdict* usual_verdict(std::string_view directive);

/// `proxy_set_header Host "a b"`, on one line, shortened.
std::string one_line(const Directive& directive);

}  // namespace tidegate::nginx
