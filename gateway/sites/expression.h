#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"

namespace tidegate::sites {

class VariableTable;
struct Request;

/// A value with nginx's variables (`$uri`, `${uri}`) and captures (`$1` to `$9`) in it, compiled once.
/// Immutable; any thread may evaluate it.
class Expression {
 public:
  /// What becomes of a value on its way into the text; `found` is false for a variable that has none.
  using Writer = void (*)(std::string& out, std::string_view value, bool found);

  Expression() = default;
  /// Complaints are nginx's own. Variables that nobody defines are told by VariableTable::finish().
  static Expression compile(const conf::Text& text, VariableTable& variables, Diagnostics& diagnostics);

  std::string evaluate(Request& request) const;
  void append(std::string& out, Request& request) const { append(out, request, plain, plain); }
  void append(std::string& out, Request& request, Writer variable, Writer capture) const;

  /// A text of which some variables are known later.
  struct Piece {
    std::string text;
    std::optional<std::uint32_t> variable{};  ///< that comes behind the text
  };
  /// All that is known now, cut where `late` says that a variable is not.
  std::vector<Piece> cut(Request& request, Writer variable, Writer capture,
                         const std::function<bool(std::uint32_t)>& late) const;

  bool constant() const;
  bool empty() const { return parts_.empty(); }

  static void plain(std::string& out, std::string_view value, bool found);

 private:
  struct Part {
    enum class Kind : std::uint8_t { literal, variable, capture } kind;
    std::uint32_t number = 0;  ///< the variable's or the capture's
    std::string text{};
  };
  std::vector<Part> parts_;
};

}  // namespace tidegate::sites
