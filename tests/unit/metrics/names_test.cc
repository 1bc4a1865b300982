// The reference page, the alert rules and the dashboard know the families that the binary exposes.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "metrics/exposition.h"

namespace tidegate::metrics {
namespace {

std::string read(const std::string& path) {
  std::ifstream in(TIDEGATE_SOURCE_DIR "/" + path);
  EXPECT_TRUE(in) << path;
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Every metric's name in a text of PromQL, as its family's: without _bucket, _sum and _count.
std::set<std::string> families_in(const std::string& text) {
  static const std::regex name("\\b(tidegate|process)_[a-z_]+");
  std::set<std::string> found;
  for (std::sregex_iterator match(text.begin(), text.end(), name), end; match != end; ++match) {
    found.insert(std::regex_replace(match->str(), std::regex("_(bucket|sum|count)$"), ""));
  }
  return found;
}

std::set<std::string> exposed() {
  std::set<std::string> names;
  for (const FamilyInfo& family : known_families()) names.insert(std::string(family.name));
  return names;
}

void expect_known(const std::set<std::string>& names) {
  const auto known = exposed();
  EXPECT_GT(names.size(), 8u);
  for (const std::string& name : names) EXPECT_TRUE(known.contains(name)) << name;
}

/// Of a family's row on the page: type, labels, meaning.
std::string row_of(const FamilyInfo& family) {
  std::string labels;
  std::istringstream names{std::string(family.labels)};
  for (std::string name; std::getline(names, name, ',');)
    labels += (labels.empty() ? "`" : ", `") + name + "`";
  return "| `" + std::string(family.name) + "` | " + std::string(word(family.type)) + " | " + labels + " | " +
         std::string(family.help) + " |";
}

TEST(MetricNames, ThePageListsEveryFamilyAsItIs) {
  const std::string page = read("docs/reference/metrics.md");
  for (const FamilyInfo& family : known_families()) {
    EXPECT_NE(page.find(row_of(family) + "\n"), std::string::npos) << row_of(family);
  }
  expect_known(families_in(page));
}

TEST(MetricNames, FollowTheConventions) {
  for (const FamilyInfo& family : known_families()) {
    const bool total = family.name.ends_with("_total");
    EXPECT_EQ(total, family.type == FamilyInfo::Type::counter) << family.name;
    EXPECT_FALSE(family.help.empty()) << family.name;
  }
  EXPECT_EQ(exposed().size(), known_families().size()) << "a name stands twice";
}

TEST(MetricNames, TheAlertRulesUseFamiliesThatThereAre) {
  expect_known(families_in(read("metrics/alerts.yaml")));
}

TEST(MetricNames, TheDashboardUsesFamiliesThatThereAre) {
  const auto dashboard = nlohmann::json::parse(read("metrics/grafana-dashboard.json"));
  std::string queries;
  for (const auto& panel : dashboard.at("panels")) {
    for (const auto& target : panel.value("targets", nlohmann::json::array())) {
      queries += target.at("expr").get<std::string>() + "\n";
    }
  }
  expect_known(families_in(queries));
}

TEST(MetricNames, AreFoundInQueries) {
  EXPECT_EQ(
      families_in("sum(rate(tidegate_a_total{x=\"y\"}[5m])) / tidegate_b_seconds_bucket > process_c_fds"),
      (std::set<std::string>{"tidegate_a_total", "tidegate_b_seconds", "process_c_fds"}));
}

}  // namespace
}  // namespace tidegate::metrics
