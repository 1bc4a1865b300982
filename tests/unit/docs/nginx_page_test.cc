// Holds docs/reference/nginx.md to the translator: every directive that nginx knows has its row, and where its
// verdict is the same wherever it stands, the row says that one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>

#include "nginx-compat/decisions.h"
#include "nginx-compat/directive_table.h"
#include "tests/unit/docs/page.h"

namespace tidegate::docs {
namespace {

using nginx::Decision;
using nginx::DirectiveRule;
using nginx::Verdict;
using ::testing::IsEmpty;

/// Directives by their verdict in words; a name that ends in "*" stands for all that begin so.
std::map<std::string, std::string, std::less<>> rows() {
  std::ifstream in(std::string(TIDEGATE_SOURCE_DIR) + "/docs/reference/nginx.md");
  std::stringstream text;
  text << in.rdbuf();
  std::map<std::string, std::string, std::less<>> found;
  for (const Row& row : read_page(text.str()).rows) {
    if (row.cells.size() != 3) continue;
    for (const std::string& name : code_spans(row.cells[0])) {
      EXPECT_TRUE(found.emplace(name, row.cells[1]).second) << name << " stands twice, again in line " << row.line;
    }
  }
  return found;
}

std::string_view in_words(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::exact: return "exact";
    case Verdict::Kind::approximated: return "approximated";
    case Verdict::Kind::ignored: return "ignored";
    case Verdict::Kind::refused: return "refused";
  }
  return "";
}

TEST(NginxPage, NamesEveryDirectiveWithItsVerdict) {
  const auto page = rows();
  const auto find = [&](std::string_view name) {
    const auto found = page.find(name);
    if (found != page.end()) return found;
    const std::size_t end = name.find('_');
    auto family = page.find(std::string(name.substr(0, end)) + "_*");
    if (family == page.end() && end != std::string_view::npos)
      family = page.find(std::string(name.substr(0, name.find('_', end + 1))) + "_*");
    return family;
  };
  std::vector<std::string> wrong;
  for (const auto rules : {nginx::front_door_rules(), nginx::other_module_rules()}) {
    for (const DirectiveRule& rule : rules) {
      const auto row = find(rule.name);
      const Decision* const decision = nginx::decision_of(rule.name);
      if (row == page.end()) {
        wrong.push_back(std::string(rule.name) + " is not on the page");
      } else if (decision != nullptr && decision->handle == nullptr && row->second != in_words(decision->kind)) {
        wrong.push_back(std::string(rule.name) + " is " + std::string(in_words(decision->kind)));
      }
    }
  }
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(NginxPage, NamesNoDirectiveThatNginxDoesNotKnow) {
  for (const auto& [name, verdict] : rows()) {
    if (name.starts_with('$') || name.ends_with('*')) continue;
    EXPECT_TRUE(nginx::is_directive(name)) << name;
  }
}

}  // namespace
}  // namespace tidegate::docs
