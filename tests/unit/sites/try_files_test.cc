#include "gateway/sites/try_files.h"

#include <gtest/gtest.h>

#include "tests/unit/sites/folder.h"
#include "tests/unit/sites/request.h"

namespace tidegate::sites {
namespace {

class TryFiles : public ::testing::Test {
 protected:
  TryFiles() {
    folder_.write("index.html", "");
    folder_.write("assets/app.js", "");
    folder_.make("dir");
  }

  /// "/uri", "alias: /uri", "fallback: /uri ? args", "=404". `$uri` in a candidate is replaced; it is the
  /// only variable.
  std::string tried(std::string_view uri, std::vector<std::string> candidates, std::string fallback) {
    rules_.candidates.clear();
    for (const std::string& text : candidates) rules_.candidates.push_back({text, {}});
    rules_.fallback = {fallback, {}};
    candidates.push_back(fallback);
    const auto evaluate = [&](std::size_t n) {
      asked_ = n + 1;
      std::string value = candidates.at(n);
      if (const auto at = value.find("$uri"); at != std::string::npos) value.replace(at, 4, uri);
      return value;
    };
    const test::Request request;
    const TryOutcome outcome = try_files(rules_, place_, uri, evaluate, request.subject());
    if (const auto* on = std::get_if<GoOn>(&outcome))
      return (on->uri_behind_alias ? "alias: " : "") + on->uri;
    if (const auto* up = std::get_if<GiveUp>(&outcome)) return "=" + std::to_string(up->status);
    const FallBack& back = std::get<FallBack>(outcome);
    return "fallback: " + back.uri + (back.args.empty() ? "" : " ? " + back.args);
  }

  test::Folder folder_;
  conf::FileRules rules_;
  Place place_{folder_.path()};
  std::size_t asked_ = 0;  ///< how many were evaluated
};

TEST_F(TryFiles, TakesTheFirstThatIsThere) {
  EXPECT_EQ(tried("/assets/app.js", {"$uri"}, "/index.html"), "/assets/app.js");
  EXPECT_EQ(asked_, 1u);
  EXPECT_EQ(tried("/rooms/7", {"$uri"}, "/index.html"), "fallback: /index.html");
  EXPECT_EQ(asked_, 2u);
  EXPECT_EQ(tried("/none", {"$uri", "$uri.html", "/index.html"}, "/none"), "/index.html");
  EXPECT_EQ(tried("/index", {"$uri", "$uri.html"}, "/none"), "/index.html");
}

TEST_F(TryFiles, TellsDirectoriesFromFiles) {
  EXPECT_EQ(tried("/dir", {"$uri", "$uri/"}, "/x"), "/dir");
  EXPECT_EQ(tried("/dir/", {"$uri", "$uri/"}, "/x"), "/dir/");
  EXPECT_EQ(tried("/dir", {"$uri"}, "/x"), "fallback: /x");
  EXPECT_EQ(tried("/index.html", {"$uri/"}, "/x"), "fallback: /x");
  EXPECT_EQ(tried("/", {"$uri"}, "/x"), "fallback: /x");
  EXPECT_EQ(tried("/", {"$uri/"}, "/x"), "/");
  // Only a slash as written asks for a directory, not one that a variable brings along.
  EXPECT_EQ(tried("/dir/", {"$uri"}, "/x"), "fallback: /x");
}

TEST_F(TryFiles, FallsBack) {
  EXPECT_EQ(tried("/none", {"$uri"}, "@app"), "fallback: @app");
  EXPECT_EQ(tried("/none", {"$uri"}, "/index.php?q=$uri"), "fallback: /index.php ? q=/none");
  EXPECT_EQ(tried("/none", {"$uri"}, "/x?"), "fallback: /x");
  EXPECT_EQ(tried("/none", {"$uri"}, "@a?b"), "fallback: @a?b");
  rules_.fallback_status = 404;
  EXPECT_EQ(tried("/none", {"$uri"}, ""), "=404");
  EXPECT_EQ(asked_, 1u);
  rules_.fallback_status = 410;
  EXPECT_EQ(tried("/none", {"$uri"}, ""), "=410");
}

TEST_F(TryFiles, WorksWithAlias) {
  place_ = {folder_.path() + "/", Place::Kind::alias, 4};
  EXPECT_EQ(tried("/al/index.html", {"$uri"}, "/x"), "/al/index.html");
  EXPECT_EQ(tried("/al/none", {"$uri", "index.html"}, "/x"), "/al/index.html");
  EXPECT_EQ(tried("/al/dir", {"$uri", "$uri/"}, "/x"), "/al/dir");
  // nginx cuts the fallback too, if it has variables.
  EXPECT_EQ(tried("/al/none", {"$uri"}, "$uri.html"), "fallback: none.html");
  EXPECT_EQ(tried("/al/none", {"$uri"}, "/al/index.html"), "fallback: /al/index.html");
}

TEST_F(TryFiles, WorksWithTheAliasOfARegex) {
  place_ = {folder_.path(), Place::Kind::whole_alias};
  EXPECT_EQ(tried("/index.html", {"$uri"}, "/x"), "alias: /index.html");
  EXPECT_EQ(tried("/dir", {"$uri/"}, "/x"), "/dir");
  EXPECT_EQ(tried("/none", {"$uri"}, "/x"), "fallback: /x");
}

TEST_F(TryFiles, DoesNotFollowLinksWhereItMayNot) {
  folder_.link("index.html", "link.html");
  EXPECT_EQ(tried("/link.html", {"$uri"}, "/x"), "/link.html");
  rules_.follow_symlinks = false;
  test::LogLines log;
  EXPECT_EQ(tried("/link.html", {"$uri"}, "/x"), "fallback: /x");
  EXPECT_NE(log.text().find("link.html\" failed (40: "), std::string::npos);
}

}  // namespace
}  // namespace tidegate::sites
