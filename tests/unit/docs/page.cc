#include "tests/unit/docs/page.h"

#include <cctype>
#include <sstream>

namespace tidegate::docs {
namespace {

std::string trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t\r") - first + 1));
}

std::vector<std::string> cells_of(std::string_view row) {
  std::vector<std::string> cells;
  row.remove_prefix(1);
  while (!row.empty()) {
    const std::size_t bar = row.find('|');
    cells.push_back(trim(row.substr(0, bar)));
    if (bar == std::string_view::npos) break;
    row.remove_prefix(bar + 1);
  }
  return cells;
}

bool is_rule(std::string_view row) {
  return row.find_first_not_of("|-: ") == std::string_view::npos;
}

/// "## What it is not" becomes "what-it-is-not".
std::string anchor_of(std::string_view heading) {
  std::string anchor;
  for (const char c : trim(heading)) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '_' || c == '-' || byte >= 0x80) {
      anchor += static_cast<char>(std::tolower(byte));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

void read_links(const Line& line, std::vector<Line>& links) {
  const std::string_view text = line.text;
  for (std::size_t at = text.find("]("); at != std::string_view::npos; at = text.find("](", at + 2)) {
    const std::size_t close = text.find(')', at);
    if (close == std::string_view::npos) return;
    links.push_back({line.number, std::string(text.substr(at + 2, close - at - 2))});
  }
}

bool is_name_char(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

/// A name behind white space; both are taken off `text`.
std::string take_name(std::string_view& text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
  std::size_t size = 0;
  while (size < text.size() && is_name_char(text[size])) ++size;
  std::string name(text.substr(0, size));
  text.remove_prefix(size);
  return name;
}

}  // namespace

std::vector<std::string> code_spans(std::string_view text) {
  std::vector<std::string> spans;
  for (std::size_t open = text.find('`'); open != std::string_view::npos; open = text.find('`')) {
    const std::size_t close = text.find('`', open + 1);
    if (close == std::string_view::npos) break;
    spans.emplace_back(text.substr(open + 1, close - open - 1));
    text.remove_prefix(close + 1);
  }
  return spans;
}

Page read_page(std::string_view text) {
  Page page;
  std::istringstream in{std::string(text)};
  std::vector<std::string> head;  // of the table that is being read
  std::string fence;              // the language of the block that is being read, "-" for none
  std::size_t number = 0;
  for (std::string raw; std::getline(in, raw);) {
    const Line line{++number, raw};
    if (raw.starts_with("```")) {
      fence = fence.empty() ? (raw.size() > 3 ? raw.substr(3) : "-") : "";
      if (fence == "yaml") page.yaml.push_back({number, ""});
      continue;
    }
    if (!fence.empty()) {
      if (fence == "yaml") page.yaml.back().text += raw + "\n";
      continue;
    }
    if (raw.starts_with("    ")) continue;
    read_links(line, page.links);
    for (std::string& span : code_spans(raw)) page.code.push_back({number, std::move(span)});
    if (raw.starts_with('#'))
      page.anchors.insert(anchor_of(std::string_view(raw).substr(raw.find_first_not_of('#'))));
    if (!raw.starts_with('|')) {
      head.clear();
    } else if (head.empty()) {
      head = cells_of(trim(raw));
    } else if (!is_rule(raw)) {
      std::vector<std::string> cells = cells_of(trim(raw));
      page.rows.push_back({number, head.back(), std::move(cells)});
    }
  }
  return page;
}

bool looks_like_a_test(std::string_view span) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  std::string_view rest = span;
  const std::string suite = take_name(rest);
  if (suite.empty() || !is_upper(span.front()) || !rest.starts_with('.')) return false;
  rest.remove_prefix(1);
  if (rest.empty() || !is_upper(rest.front())) return false;
  take_name(rest);
  return rest.empty();
}

std::set<std::string> tests_in(std::string_view source) {
  std::set<std::string> names;
  for (const std::string_view macro : {"TEST(", "TEST_F(", "TEST_P("}) {
    for (std::size_t at = source.find(macro); at != std::string_view::npos; at = source.find(macro, at + 1)) {
      if (at > 0 && is_name_char(source[at - 1])) continue;
      std::string_view rest = source.substr(at + macro.size());
      const std::string suite = take_name(rest);
      if (!rest.starts_with(',')) continue;
      rest.remove_prefix(1);
      names.insert(suite + "." + take_name(rest));
    }
  }
  return names;
}

}  // namespace tidegate::docs
