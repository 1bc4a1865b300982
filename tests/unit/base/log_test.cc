#include "gateway/base/log.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
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
  EXPECT_FALSE(log::enabled(log::Level::warning, "http"));
  EXPECT_TRUE(lines_.empty());
  log::error("http", "yes");
  log::set_level(log::Level::debug);
  log::debug("http", "yes");
  EXPECT_EQ(lines_.size(), 2u);
}

TEST_F(Log, EscapesWhatIsNoUtf8AndTheControlsThatHideInIt) {
  log::info("http", "\xff \xc2\x9b[31m \xe2\x82");
  EXPECT_EQ(lines_.at(0).second, "http: \\xff \\xc2\\x9b[31m \\xe2\\x82");
}

TEST_F(Log, SaysWhichRequestOrTunnelALineIsAbout) {
  log::warning("tunnel", "upstream_reset", "0123456789abcdef");
  EXPECT_EQ(lines_.at(0).second, "tunnel: upstream_reset id=0123456789abcdef");
}

TEST_F(Log, HasALevelForEachArea) {
  log::set_levels(
      {.standard = log::Level::warning, .areas = {{"tls", log::Level::debug}, {"http", log::Level::error}}});
  log::debug("tls", "yes");
  log::info("server", "no");
  log::warning("server", "yes");
  log::warning("http", "no");
  log::error("http", "yes");
  EXPECT_EQ(lines_.size(), 3u);
  EXPECT_TRUE(log::enabled(log::Level::debug, "tls"));
  EXPECT_FALSE(log::enabled(log::Level::info, "upstream"));
}

TEST_F(Log, FindsItsAreasByName) {
  for (const std::string_view name : log::kAreas) EXPECT_EQ(log::Area::find(name)->name(), name);
  EXPECT_FALSE(log::Area::find("htpp").has_value());
}

TEST_F(Log, RemembersTheLastWarningsAndErrorsTheYoungestFirst) {
  for (std::size_t i = 0; i < log::kRecent + 5; ++i) log::warning("http", "filler");
  log::info("server", "not among them");
  log::warning("upstream", "g\xfcnther", "00000000000000aa");
  log::error("tls", "broken");
  const auto recent = log::recent();
  ASSERT_EQ(recent.size(), log::kRecent);
  EXPECT_EQ(recent[0].level, log::Level::error);
  EXPECT_EQ(recent[0].area, "tls");
  EXPECT_EQ(recent[0].message, "broken");
  EXPECT_EQ(recent[0].id, "");
  EXPECT_EQ(recent[1].message, "g\\xfcnther");
  EXPECT_EQ(recent[1].id, "00000000000000aa");
  EXPECT_GE(recent[0].time, recent[1].time);
  EXPECT_EQ(recent[2].message, "filler");
}

TEST_F(Log, RemembersNothingThatItsLevelKeepsSilent) {
  log::set_level(log::Level::error);
  log::error("http", "first");
  log::warning("http", "second");
  EXPECT_EQ(log::recent().at(0).message, "first");
}

TEST_F(Log, IsWrittenAndReadByManyThreads) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 200; ++i) {
        log::warning("net", "many");
        EXPECT_LE(log::recent().size(), log::kRecent);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(lines_.size(), 800u);
}

}  // namespace
}  // namespace tidegate
