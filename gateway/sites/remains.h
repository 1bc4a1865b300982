#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gateway/sites/expression.h"
#include "gateway/sites/walk.h"
#include "gateway/sites/zones.h"

namespace tidegate::sites {

/// What is left of a walk whose request became a tunnel: its places under limit_conn, and its access_log
/// lines, which nginx writes at the tunnel's end, with all filled in that was known at its beginning. The
/// request and its walk may go; the SiteTable must not.
///
/// Owner: the tunnel. Thread: the worker's.
class Remains {
 public:
  /// `accepted`: the connection's time.
  Remains(const SiteTable::Impl& table, Zones::Places places, std::chrono::steady_clock::time_point accepted)
      : table_(table), places_(std::move(places)), accepted_(accepted) {}

  struct Line {
    std::string path;
    Expression::Writer write;
    std::vector<Expression::Piece> pieces;
  };
  void add(Line line) { lines_.push_back(std::move(line)); }

  /// Where to, and the line with its end. Of the facts, counts and times count.
  std::vector<std::pair<std::string_view, std::string>> log_lines(Facts& facts) const;

 private:
  const SiteTable::Impl& table_;
  Zones::Places places_;
  std::chrono::steady_clock::time_point accepted_;
  std::vector<Line> lines_;
};

/// Is a variable's value known only at a request's end?
bool is_late(std::string_view variable);

}  // namespace tidegate::sites
