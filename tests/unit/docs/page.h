#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::docs {

/// Something on a page and the line it stands on, counted from 1.
struct Line {
  std::size_t number = 0;
  std::string text;
  bool operator==(const Line&) const = default;
};

/// A row of a table, without its head: the cells, trimmed.
struct Row {
  std::size_t line = 0;
  std::string last_column;  ///< what the table's head says above the last cell
  std::vector<std::string> cells;
};

/// A page in the little Markdown that ours are written in. Code blocks (fenced, or indented by four spaces)
/// hold neither links nor tables.
struct Page {
  std::vector<Line> links;  ///< targets of [words](target), in order
  std::vector<Line> yaml;   ///< blocks fenced as yaml; the line is the fence's
  std::vector<Line> code;   ///< spans in `backticks`
  std::vector<Row> rows;
  std::set<std::string> anchors;  ///< of its headings, as Git hosts make them
};

Page read_page(std::string_view text);

/// The spans in `backticks` of a line or a cell.
std::vector<std::string> code_spans(std::string_view text);

/// `Suite.Test`, and not a member, a file or a version.
bool looks_like_a_test(std::string_view span);

/// The tests that a C++ source defines, as "Suite.Test".
std::set<std::string> tests_in(std::string_view source);

}  // namespace tidegate::docs
