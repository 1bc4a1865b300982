#include "gateway/control/table.h"

#include <algorithm>

#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

std::size_t total(const std::vector<std::size_t>& widths, std::size_t gap) {
  std::size_t sum = 0;
  for (const std::size_t each : widths) sum += each == 0 ? 0 : each + gap;
  return sum == 0 ? 0 : sum - gap;
}

}  // namespace

std::vector<std::size_t> Table::widths(std::size_t columns) const {
  std::vector<std::size_t> natural;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t most = width(columns_[i].title);
    for (const auto& row : rows_) most = std::max(most, width(row[i]));
    natural.push_back(most);
  }
  std::vector<std::size_t> widths = natural;
  while (!shrink(widths, columns) && leave_one_out(natural)) widths = natural;
  return widths;
}

/// True if they fit.
bool Table::shrink(std::vector<std::size_t>& widths, std::size_t columns) const {
  while (total(widths, kGap) > columns) {
    std::size_t widest = columns_.size();
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (!columns_[i].elastic || widths[i] <= kLeast) continue;
      if (widest == columns_.size() || widths[i] > widths[widest]) widest = i;
    }
    if (widest == columns_.size()) return false;
    --widths[widest];
  }
  return true;
}

bool Table::leave_one_out(std::vector<std::size_t>& widths) const {
  std::size_t out = columns_.size();
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths[i] == 0 || columns_[i].spare == 0) continue;
    if (out == columns_.size() || columns_[i].spare > columns_[out].spare) out = i;
  }
  if (out == columns_.size()) return false;
  widths[out] = 0;
  return true;
}

template <typename Cell>
std::string Table::line(const std::vector<std::size_t>& widths, std::size_t columns, Cell cell) const {
  std::string line;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    if (widths[i] == 0) continue;
    const std::string text = fit(cell(i), widths[i]);
    const std::string padding(widths[i] - width(text), ' ');
    if (!line.empty()) line += std::string(kGap, ' ');
    line += columns_[i].right ? padding + text : text + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return fit(line, columns) + '\n';
}

std::string Table::text(std::size_t columns) const {
  const auto fitting = widths(columns);
  std::string text = line(fitting, columns, [&](std::size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) text += line(fitting, columns, [&](std::size_t i) { return row[i]; });
  return text;
}

}  // namespace tidegate::control
