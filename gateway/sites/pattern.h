#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/routing/regex.h"

namespace tidegate::sites {

class VariableTable;
struct Request;

/// A regex whose groups become captures, and variables where they have names. Immutable.
class Pattern {
 public:
  /// Nothing but a complaint where it does not compile: then it matches nothing.
  static Pattern compile(const conf::Text& text, bool ignore_case, VariableTable& variables,
                         Diagnostics& diagnostics);
  /// Where it matches, the request's captures and named variables are its groups.
  bool matches(std::string_view subject, Request& request) const;

 private:
  std::unique_ptr<routing::Regex> regex_;
  std::vector<std::pair<std::uint32_t, std::size_t>> named_;  ///< variable, group
};

}  // namespace tidegate::sites
