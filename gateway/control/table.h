#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace tidegate::control {

/// Columns of text, as wide as they need to be or as there is room.
class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;    ///< numbers
    bool elastic = false;  ///< may be cut
    unsigned spare = 0;    ///< where even that does not suffice: the highest goes first, 0 stays
  };
  static constexpr std::size_t kUnbounded = std::numeric_limits<std::size_t>::max();

  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  /// As many as there are columns, fit to be shown.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  /// A line each for the titles and the rows, none longer than `columns`.
  std::string text(std::size_t columns = kUnbounded) const;

 private:
  static constexpr std::size_t kGap = 2;
  static constexpr std::size_t kLeast = 12;  ///< of a column that is cut

  /// The width of each column; 0 for those that are left out.
  std::vector<std::size_t> widths(std::size_t columns) const;
  bool shrink(std::vector<std::size_t>& widths, std::size_t columns) const;
  bool leave_one_out(std::vector<std::size_t>& widths) const;
  template <typename Cell>
  std::string line(const std::vector<std::size_t>& widths, std::size_t columns, Cell cell) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tidegate::control
