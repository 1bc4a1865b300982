#include "gateway/base/log_repeats.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate {
namespace {

using log::Level;
using log::Repeats;
using namespace std::chrono_literals;

class LogRepeats : public testing::Test {
 protected:
  /// How many of `times` the same lines are written.
  unsigned written(unsigned times, std::string_view message = "it is gone", log::Area area = "upstream") {
    unsigned count = 0;
    for (unsigned i = 0; i < times; ++i) count += repeats.admit(now, Level::warning, area, message) ? 1 : 0;
    return count;
  }
  Repeats repeats;
  Repeats::Clock::time_point now{1h};
};

TEST_F(LogRepeats, WritesTheFirstFewAndCountsTheOthers) {
  EXPECT_EQ(written(100), Repeats::kWritten);
  EXPECT_TRUE(repeats.take_ended(now + Repeats::kWindow - 1ms).empty());
  now += Repeats::kWindow;
  const auto told = repeats.take_ended(now);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].level, Level::warning);
  EXPECT_EQ(told[0].area.name(), "upstream");
  EXPECT_EQ(told[0].message, "it is gone");
  EXPECT_EQ(told[0].times, 100 - Repeats::kWritten);
  EXPECT_EQ(told[0].in, 10s);
  EXPECT_TRUE(repeats.take_ended(now + 1h).empty());
}

TEST_F(LogRepeats, BeginsAnewWithEachWindow) {
  EXPECT_EQ(written(100), Repeats::kWritten);
  now += Repeats::kWindow;
  EXPECT_EQ(repeats.take_ended(now).size(), 1u);
  EXPECT_EQ(written(7), Repeats::kWritten);
  now += Repeats::kWindow;
  EXPECT_EQ(repeats.take_ended(now).at(0).times, 2u);
}

TEST_F(LogRepeats, TellsNothingOfWhatWasWritten) {
  EXPECT_EQ(written(Repeats::kWritten), Repeats::kWritten);
  EXPECT_TRUE(repeats.take_all(now).empty());
}

TEST_F(LogRepeats, TellsLinesOfAnotherAreaOrMessageApart) {
  EXPECT_EQ(written(9, "a", "http"), Repeats::kWritten);
  EXPECT_EQ(written(9, "a", "tls"), Repeats::kWritten);
  now += 1s;
  EXPECT_EQ(written(9, "b", "http"), Repeats::kWritten);
  EXPECT_EQ(repeats.take_ended(now + Repeats::kWindow - 1s).size(), 2u);
  EXPECT_EQ(repeats.take_ended(now + Repeats::kWindow).at(0).message, "b");
}

TEST_F(LogRepeats, SaysWhenToLookAgain) {
  EXPECT_EQ(repeats.next(), Repeats::Clock::time_point::max());
  const auto began = now;
  written(2, "rare");
  now += 3s;
  written(9, "frequent");
  EXPECT_EQ(repeats.next(), began + Repeats::kWindow);
  EXPECT_TRUE(repeats.take_ended(began + Repeats::kWindow).empty());
  EXPECT_EQ(repeats.next(), now + Repeats::kWindow);
}

TEST_F(LogRepeats, TellsAllAtTheEndWithTheTimeThatPassed) {
  written(9, "a");
  now += 2500ms;
  written(9, "b");
  const auto told = repeats.take_all(now);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[0].in, 3s);
  EXPECT_EQ(told[1].in, 1s);
  EXPECT_TRUE(repeats.take_all(now).empty());
}

TEST_F(LogRepeats, HoldsNoMoreThanItsBoundAndWritesTheRest) {
  for (std::size_t i = 0; i < Repeats::kMessages; ++i)
    EXPECT_EQ(written(6, std::to_string(i)), Repeats::kWritten);
  EXPECT_EQ(written(20, "one too many"), 20u);
  EXPECT_EQ(written(20, std::string(Repeats::kLongest + 1, 'x')), 20u);
  EXPECT_EQ(written(20, "7"), 0u);  // those that it follows it goes on to follow
  now += Repeats::kWindow;
  EXPECT_EQ(repeats.take_ended(now).size(), Repeats::kMessages);
  EXPECT_EQ(written(20, "one too many"), Repeats::kWritten);
}

}  // namespace
}  // namespace tidegate
