#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidegate::nginx {

/// Where a directive may stand, as bits of a set. nginx tells an `if` in a server from one in a location.
enum Context : std::uint16_t {
  kMain = 1 << 0,
  kEvents = 1 << 1,
  kHttp = 1 << 2,
  kServer = 1 << 3,
  kLocation = 1 << 4,
  kUpstream = 1 << 5,
  kIfInServer = 1 << 6,
  kIfInLocation = 1 << 7,
  kLimitExcept = 1 << 8,
};

/// What nginx 1.22 asks of one directive before it looks at its values.
struct DirectiveRule {
  enum class Kind : std::uint8_t {
    simple,  ///< ends with `;`
    flag,    ///< simple, with `on` or `off`
    block,   ///< opens a block of directives
    values,  ///< opens a block of lines that are values
  };
  std::string_view name;
  Kind kind = Kind::simple;
  std::uint16_t contexts = 0;               ///< of Context
  std::uint16_t args = 0;                   ///< bit n: takes n parameters
  static constexpr unsigned kMostArgs = 9;  ///< this bit: that many and any more

  bool opens_block() const { return kind == Kind::block || kind == Kind::values; }
  bool takes(std::size_t count) const { return (args >> (count < kMostArgs ? count : kMostArgs) & 1) != 0; }
};

/// Does nginx know a directive of this name, wherever it may stand?
bool is_directive(std::string_view name);
/// The one that may stand in `context`, or null.
const DirectiveRule* find_directive(std::string_view name, Context context);

}  // namespace tidegate::nginx
