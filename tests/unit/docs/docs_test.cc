// Holds the pages to the tree: links lead somewhere, configurations load, tests that are named exist, and
// every rule of the rules page names one.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "conf/yaml_loader.h"
#include "conf/yaml_writer.h"
#include "gateway/routing/route_table.h"
#include "tests/unit/docs/page.h"

namespace tidegate::docs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

namespace fs = std::filesystem;

const fs::path kRoot = TIDEGATE_SOURCE_DIR;

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// README.md and everything under docs/, by path from the root.
std::map<std::string, Page> pages() {
  std::map<std::string, Page> found;
  found["README.md"] = read_page(read(kRoot / "README.md"));
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "docs")) {
    if (entry.path().extension() != ".md") continue;
    found[fs::relative(entry.path(), kRoot).generic_string()] = read_page(read(entry.path()));
  }
  return found;
}

std::string place(const std::string& page, std::size_t line) {
  return page + ":" + std::to_string(line);
}

bool leads_outside(const std::string& link) {
  return link.find("://") != std::string::npos;
}

/// Where a link of `page` leads, from the root: a path, and what stands behind '#'.
std::pair<std::string, std::string> target_of(const std::string& page, const std::string& link) {
  const std::size_t hash = link.find('#');
  const std::string path = link.substr(0, hash);
  const fs::path full = path.empty() ? fs::path(page) : fs::path(page).parent_path() / path;
  return {full.lexically_normal().generic_string(), hash == std::string::npos ? "" : link.substr(hash + 1)};
}

/// What is wrong with a configuration, one line each.
std::vector<std::string> complaints_about(const std::string& yaml, const std::string& name) {
  Diagnostics diagnostics;
  const auto config = conf::load_yaml_text(yaml, name, "/", diagnostics);
  if (config) routing::RouteTable::compile(*config, diagnostics);
  std::vector<std::string> complaints;
  for (const Diagnostic& diagnostic : diagnostics.list()) complaints.push_back(to_string(diagnostic));
  return complaints;
}

/// Every C++ test of the tree, and every end-to-end test's source by its file's name.
struct Tests {
  std::set<std::string> names;
  std::map<std::string, std::string> scripts;
};

Tests tests_of_the_tree() {
  Tests tests;
  for (const auto& entry : fs::recursive_directory_iterator(kRoot / "tests")) {
    const std::string path = entry.path().generic_string();
    if (path.find("node_modules") != std::string::npos) continue;
    if (path.ends_with("_test.cc") || path.ends_with("_case.cc"))
      tests.names.merge(tests_in(read(entry.path())));
    if (path.ends_with(".test.js")) tests.scripts[entry.path().filename()] = read(entry.path());
  }
  return tests;
}

enum class Named { not_a_test, exists, missing };

/// `Suite.Test`, or `file.test.js: a part of its title`.
Named look_up(const Tests& tests, const std::string& span) {
  const std::size_t colon = span.find(".test.js: ");
  if (colon != std::string::npos) {
    const auto script = tests.scripts.find(span.substr(0, colon) + ".test.js");
    if (script == tests.scripts.end()) return Named::missing;
    const std::string title = span.substr(span.find(": ") + 2);
    return script->second.find(title) != std::string::npos ? Named::exists : Named::missing;
  }
  if (!looks_like_a_test(span)) return Named::not_a_test;
  return tests.names.contains(span) ? Named::exists : Named::missing;
}

TEST(Docs, LinksLeadSomewhere) {
  const auto all = pages();
  ASSERT_GT(all.size(), 8u);
  for (const auto& [name, page] : all) {
    for (const Line& link : page.links) {
      if (leads_outside(link.text)) continue;
      const auto [path, anchor] = target_of(name, link.text);
      EXPECT_TRUE(fs::exists(kRoot / path)) << place(name, link.number) << ": " << link.text;
      if (anchor.empty() || !all.contains(path)) continue;
      EXPECT_TRUE(all.at(path).anchors.contains(anchor)) << place(name, link.number) << ": " << link.text;
    }
  }
}

TEST(Docs, EveryPageIsReachedFromTheReadme) {
  const auto all = pages();
  std::set<std::string> reached = {"README.md"};
  std::vector<std::string> next = {"README.md"};
  while (!next.empty()) {
    const std::string name = next.back();
    next.pop_back();
    for (const Line& link : all.at(name).links) {
      const std::string path = target_of(name, link.text).first;
      if (all.contains(path) && reached.insert(path).second) next.push_back(path);
    }
  }
  for (const auto& [name, page] : all) EXPECT_TRUE(reached.contains(name)) << name;
}

TEST(Docs, YamlIsAWholeConfigurationThatLoads) {
  std::size_t blocks = 0;
  for (const auto& [name, page] : pages()) {
    for (const Line& block : page.yaml) {
      ++blocks;
      EXPECT_THAT(complaints_about(block.text, place(name, block.number)), IsEmpty());
    }
  }
  EXPECT_GT(blocks, 5u);
}

TEST(Docs, YamlIsWrittenAgainAsAnEqualConfiguration) {
  for (const auto& [name, page] : pages()) {
    for (const Line& block : page.yaml) {
      Diagnostics diagnostics;
      const auto config = conf::load_yaml_text(block.text, name, "/", diagnostics);
      if (!config) continue;  // reported by the test above
      const std::string written = conf::write_yaml(*config);
      const auto again = conf::load_yaml_text(written, name, "/", diagnostics);
      ASSERT_TRUE(again) << place(name, block.number) << "\n" << written;
      EXPECT_EQ(*again, *config) << place(name, block.number) << "\n" << written;
    }
  }
}

TEST(Docs, TestsThatAreNamedExist) {
  const Tests tests = tests_of_the_tree();
  ASSERT_GT(tests.names.size(), 200u);
  for (const auto& [name, page] : pages()) {
    for (const Line& span : page.code) {
      EXPECT_NE(look_up(tests, span.text), Named::missing) << place(name, span.number) << ": " << span.text;
    }
  }
}

TEST(RulesPage, NamesForEachRuleATestThatHoldsIt) {
  const Tests tests = tests_of_the_tree();
  const std::string name = "docs/reference/http-and-websocket-rules.md";
  const auto all = pages();
  ASSERT_TRUE(all.contains(name));
  std::size_t rules = 0;
  for (const Row& row : all.at(name).rows) {
    if (row.last_column != "held by") continue;
    ++rules;
    std::size_t named = 0;
    for (const std::string& span : code_spans(row.cells.back()))
      named += look_up(tests, span) == Named::exists;
    EXPECT_GT(named, 0u) << place(name, row.line) << ": " << row.cells.front();
  }
  EXPECT_GT(rules, 50u);
}

// That the checks can fail.

constexpr std::string_view kSmallPage = R"(# A page: its `name`
See [this](that.md#there) and [it](https://example.org/).

| rule | held by |
|---|---|
| one | `Suite.Test`, `other.test.js: a title` |
| two | nothing |

```yaml
listeners: {}
```

    [no link](here)
)";

TEST(DocsPage, IsTakenApart) {
  const Page page = read_page(kSmallPage);
  EXPECT_THAT(page.links, ElementsAre(Line{2, "that.md#there"}, Line{2, "https://example.org/"}));
  EXPECT_THAT(page.yaml, ElementsAre(Line{9, "listeners: {}\n"}));
  EXPECT_THAT(page.anchors, ElementsAre("a-page-its-name"));
  ASSERT_EQ(page.rows.size(), 2u);
  EXPECT_EQ(page.rows[1].line, 7u);
  EXPECT_EQ(page.rows[1].last_column, "held by");
  EXPECT_THAT(page.rows[1].cells, ElementsAre("two", "nothing"));
}

TEST(DocsPage, NamesTestsInTwoForms) {
  const Tests tests = {{"Suite.Test"}, {{"other.test.js", "test(`${scheme}: a title of one`, f)"}}};
  EXPECT_EQ(look_up(tests, "Suite.Test"), Named::exists);
  EXPECT_EQ(look_up(tests, "Suite.Tests"), Named::missing);
  EXPECT_EQ(look_up(tests, "other.test.js: a title"), Named::exists);
  EXPECT_EQ(look_up(tests, "other.test.js: no title"), Named::missing);
  EXPECT_EQ(look_up(tests, "another.test.js: a title"), Named::missing);
  EXPECT_EQ(look_up(tests, "drain.window"), Named::not_a_test);
  EXPECT_EQ(look_up(tests, "Worker::admit()"), Named::not_a_test);
}

TEST(DocsPage, FindsTestsInSources) {
  EXPECT_THAT(tests_in("TEST(A, B) {}\nTEST_F(C,\n       D) {}\nTEST_P(E, F)\nEXPECT_EQ(G, H);\n"),
              ElementsAre("A.B", "C.D", "E.F"));
}

TEST(DocsPage, ComplainsOfAConfigurationThatDoesNotLoad) {
  EXPECT_THAT(complaints_about("listeners: { a: { adress: \":80\" } }\n", "page"), testing::Not(IsEmpty()));
  EXPECT_THAT(
      complaints_about(
          "listeners: { a: { address: \":80\" } }\nroutes: [{ path: { regex: \"(\" }, respond: {} }]\n",
          "page"),
      testing::Not(IsEmpty()));
}

}  // namespace
}  // namespace tidegate::docs
