#include "gateway/base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tidegate {
namespace {

class Log : public testing::Test {
 protected:
  void SetUp() override {
    log::capture([this](log::Level level, std::string_view line) { lines_.emplace_back(level, line); });
  }
  void TearDown() override {
    log::capture({});
    log::set_level(log::Level::info);
  }
  std::vector<std::pair<log::Level, std::string>> lines_;
};

TEST_F(Log, WritesTheAreaAndTheMessage) {
  log::warning("upstream", "it is gone");
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0].first, log::Level::warning);
  EXPECT_EQ(lines_[0].second, "upstream: it is gone");
}

TEST_F(Log, EscapesWhateverCouldForgeALine) {
  log::info("http", std::string_view("a\r\nb\0c\x1b[31m\x7f\t", 13));
  ASSERT_EQ(lines_.size(), 1u);
  EXPECT_EQ(lines_[0].second, "http: a\\x0d\\x0ab\\x00c\\x1b[31m\\x7f\\x09");
}

TEST_F(Log, LeavesUtf8Alone) {
  log::info("http", "gr\xc3\xbc\xc3\x9f dich");
  EXPECT_EQ(lines_.at(0).second, "http: gr\xc3\xbc\xc3\x9f dich");
}

TEST_F(Log, DoesNotReadItsMessageAsAFormat) {
  log::info("http", "{} %s {0}");
  EXPECT_EQ(lines_.at(0).second, "http: {} %s {0}");
}

TEST_F(Log, KeepsBelowItsLevelSilent) {
  log::debug("http", "no");
  EXPECT_TRUE(lines_.empty());
  log::set_level(log::Level::error);
  log::warning("http", "no");
  EXPECT_FALSE(log::enabled(log::Level::warning));
  EXPECT_TRUE(lines_.empty());
  log::error("http", "yes");
  log::set_level(log::Level::debug);
  log::debug("http", "yes");
  EXPECT_EQ(lines_.size(), 2u);
}

}  // namespace
}  // namespace tidegate
