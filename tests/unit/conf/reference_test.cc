// The reference page and the binary know the same keys, types and defaults.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "conf/yaml_loader.h"

namespace tidegate::conf {
namespace {

constexpr const char* kPage = TIDEGATE_SOURCE_DIR "/docs/reference/configuration.md";

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The cells of a table's row, trimmed; empty if the line is none.
std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  if (!line.starts_with("| ")) return cells;
  std::istringstream in(line.substr(2));
  for (std::string cell; std::getline(in, cell, '|');) {
    while (cell.ends_with(' ')) cell.pop_back();
    while (cell.starts_with(' ')) cell.erase(0, 1);
    cells.push_back(cell);
  }
  return cells;
}

bool in_code(const std::string& text) {
  return text.size() > 2 && text.front() == '`' && text.back() == '`';
}
std::string without_code(const std::string& text) {
  return text.substr(1, text.size() - 2);
}

/// "type, default" by path. A heading in code names the section of the tables below it.
std::map<std::string, std::string> documented_keys() {
  std::map<std::string, std::string> keys;
  std::string section;
  for (const std::string& line : lines_of(kPage)) {
    if (line.starts_with("## ")) section.clear();
    if (line.starts_with("### ")) section = without_code(line.substr(4)) + ".";
    const std::vector<std::string> cells = cells_of(line);
    if (cells.size() != 4 || !in_code(cells[0])) continue;
    const std::string path = section + without_code(cells[0]);
    const std::string value = in_code(cells[2]) ? without_code(cells[2]) : cells[2];
    EXPECT_TRUE(keys.emplace(path, cells[1] + ", " + value).second) << path << " stands twice";
    EXPECT_FALSE(cells[3].empty()) << path << " has no meaning";
  }
  return keys;
}

TEST(ReferencePage, ListsTheKeysThatTheLoaderKnows) {
  std::map<std::string, std::string> known;
  for (const KeyInfo& key : known_keys()) {
    EXPECT_TRUE(known.emplace(key.path, key.type + ", " + key.default_text).second) << key.path;
  }
  const auto documented = documented_keys();
  for (const auto& [path, text] : known) {
    const auto found = documented.find(path);
    if (found == documented.end()) {
      ADD_FAILURE() << path << " is not on the page";
    } else {
      EXPECT_EQ(found->second, text) << path;
    }
  }
  for (const auto& [path, text] : documented) EXPECT_TRUE(known.contains(path)) << path << " is not known";
}

TEST(ReferencePage, BeginsWithAConfigurationThatLoads) {
  std::string text;
  bool inside = false;
  for (const std::string& line : lines_of(kPage)) {
    if (line == "```") break;
    if (inside) text += line + "\n";
    if (line == "```yaml") inside = true;
  }
  Diagnostics diagnostics;
  const auto config = load_yaml_text(text, "configuration.md", "/", diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.list()) ADD_FAILURE() << to_string(diagnostic);
  ASSERT_TRUE(config);
  EXPECT_EQ(config->routes.size(), 3u);
}

TEST(KnownKeys, AreAllInTheFileWithEveryKey) {
  // With the loader's own assertion (each key is asked for) this shows that each key does something.
  std::string text;
  for (const std::string& line : lines_of(TIDEGATE_SOURCE_DIR "/tests/data/conf/every-key.yaml"))
    text += line + "\n";
  for (const KeyInfo& key : known_keys()) {
    const std::string name = key.path.substr(key.path.rfind('.') + 1) + ":";
    EXPECT_NE(text.find(name), std::string::npos) << key.path;
  }
}

}  // namespace
}  // namespace tidegate::conf
