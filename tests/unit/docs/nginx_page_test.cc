// Holds docs/reference/nginx.md to the translator: every directive that nginx knows has its row there, and
// the row says the verdict that its plain use gets.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "nginx-compat/decisions.h"
#include "nginx-compat/directive_table.h"
#include "nginx-compat/parser.h"
#include "nginx-compat/translator.h"
#include "tests/unit/docs/page.h"

namespace tidegate::docs {
namespace {

using nginx::Decision;
using nginx::DirectiveRule;
using nginx::Verdict;
using ::testing::IsEmpty;

/// A name, and its verdict in words.
using Verdicts = std::map<std::string, std::string, std::less<>>;

std::string contents(const std::string& file) {
  std::ifstream in(std::string(TIDEGATE_SOURCE_DIR) + '/' + file);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Of the page's tables of directives; a name that ends in "*" stands for all that begin so.
Verdicts rows() {
  Verdicts found;
  for (const Row& row : read_page(contents("docs/reference/nginx.md")).rows) {
    if (row.cells.size() != 3 || row.cells[0].find('$') != std::string::npos) continue;  // variables
    for (const std::string& name : code_spans(row.cells[0])) {
      EXPECT_TRUE(found.emplace(name, row.cells[1]).second)
          << name << " stands twice, again in line " << row.line;
    }
  }
  return found;
}

std::string in_words(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::exact:
      return "exact";
    case Verdict::Kind::approximated:
      return "approximated";
    case Verdict::Kind::ignored:
      return "ignored";
    case Verdict::Kind::refused:
      return "refused";
  }
  return "";
}

class NoFiles final : public nginx::Files {
 public:
  std::optional<std::string> read(const std::string&, int&) override { return std::nullopt; }
  std::vector<std::string> glob(const std::string&) override { return {}; }
};

/// Of the directives in tests/data/nginx/plain-use.conf; the worst counts.
Verdicts plain_uses() {
  NoFiles files;
  Diagnostics diagnostics;
  const auto tree = nginx::parse_directives(contents("tests/data/nginx/plain-use.conf"), "plain-use.conf",
                                            files, {}, diagnostics);
  nginx::TranslateOptions options;
  options.report_refusals_only = true;
  options.is_root = true;
  std::map<std::string, Verdict::Kind> worst;
  for (const Verdict& verdict : nginx::translate(tree, options, diagnostics).report) {
    Verdict::Kind& kind =
        worst.try_emplace(verdict.directive.substr(0, verdict.directive.find(' '))).first->second;
    kind = std::max(kind, verdict.kind);
  }
  for (const Diagnostic& diagnostic : diagnostics.list()) {
    if (diagnostic.severity == Diagnostic::Severity::error) ADD_FAILURE() << to_string(diagnostic);
  }
  Verdicts found;
  for (const auto& [name, kind] : worst) found.emplace(name, in_words(kind));
  return found;
}

/// The row of a directive: its own, or that of its family with the longest name.
Verdicts::const_iterator row_of(const Verdicts& page, std::string_view name) {
  auto found = page.find(name);
  for (std::size_t end = name.rfind('_'); found == page.end() && end != std::string_view::npos;
       end = end > 0 ? name.rfind('_', end - 1) : std::string_view::npos) {
    found = page.find(std::string(name.substr(0, end)) + "_*");
  }
  return found;
}

TEST(NginxPage, NamesEveryDirectiveWithItsVerdict) {
  const Verdicts page = rows();
  const Verdicts used = plain_uses();
  std::vector<std::string> wrong;
  for (const auto rules : {nginx::front_door_rules(), nginx::other_module_rules()}) {
    for (const DirectiveRule& rule : rules) {
      const std::string name(rule.name);
      const auto row = row_of(page, name);
      const Decision* const decision = nginx::decision_of(name);
      ASSERT_NE(decision, nullptr) << name;
      const auto use = used.find(name);
      if (decision->handle != nullptr && use == used.end()) {
        wrong.push_back(name + " is not in plain-use.conf");
      } else if (row == page.end()) {
        wrong.push_back(name + " is not on the page");
      } else if (const std::string real =
                     decision->handle != nullptr ? use->second : in_words(decision->kind);
                 row->second != real) {
        wrong.push_back(name + " is " + real + ", not " + row->second);
      }
    }
  }
  EXPECT_THAT(wrong, IsEmpty());
}

TEST(NginxPage, NamesNoDirectiveThatNginxDoesNotKnow) {
  for (const auto& [name, verdict] : rows()) {
    const bool family = name.ends_with('*');
    const bool known = family ? nginx::decision_of_family(name.substr(0, name.size() - 1)) != nullptr
                              : nginx::is_directive(name);
    EXPECT_TRUE(known) << name;
  }
}

}  // namespace
}  // namespace tidegate::docs
