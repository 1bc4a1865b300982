#include "conf/units.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace tidegate::conf {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreANumberAndAUnit) {
  std::string problem;
  EXPECT_EQ(parse_duration("250ms", problem), 250ms);
  EXPECT_EQ(parse_duration("10s", problem), 10s);
  EXPECT_EQ(parse_duration("5m", problem), 5min);
  EXPECT_EQ(parse_duration("2h", problem), 2h);
  EXPECT_EQ(parse_duration("1d", problem), 24h);
  EXPECT_EQ(parse_duration("0s", problem), 0ms);
  EXPECT_EQ(parse_duration("3650d", problem), 24h * 3650);
  EXPECT_EQ(problem, "");
}

TEST(Durations, AreNothingElse) {
  for (const char* bad : {"", "s", "10", "10 s", " 10s", "10s ", "10S", "1h30m", "1.5s", "-1s", "+1s",
                          "10sec", "3651d", "18446744073709551616ms", "18446744073709551615d"}) {
    std::string problem;
    EXPECT_FALSE(parse_duration(bad, problem)) << bad;
    EXPECT_NE(problem, "") << bad;
  }
}

TEST(Durations, SurviveARoundTrip) {
  for (const auto value :
       {0ms, 1ms, 250ms, 1000ms, 1500ms, 60000ms, 75000ms, 3600000ms, 86400000ms, 90000000ms}) {
    std::string problem;
    EXPECT_EQ(parse_duration(format_duration(value), problem), value) << format_duration(value);
  }
  EXPECT_EQ(format_duration(0ms), "0s");
  EXPECT_EQ(format_duration(75s), "75s");
  EXPECT_EQ(format_duration(1h), "1h");
}

TEST(Sizes, AreBytesOrBinaryUnits) {
  std::string problem;
  EXPECT_EQ(parse_size("0", problem), 0u);
  EXPECT_EQ(parse_size("512", problem), 512u);
  EXPECT_EQ(parse_size("4KiB", problem), 4096u);
  EXPECT_EQ(parse_size("1MiB", problem), 1048576u);
  EXPECT_EQ(parse_size("8GiB", problem), 8ull << 30);
  EXPECT_EQ(problem, "");
  for (const char* bad : {"", "KiB", "4kib", "4KB", "4k", "4K", "1MB", "4 KiB", "-1", "1.5MiB", "4B", "none",
                          "18446744073709551616", "17179869184GiB"}) {
    std::string why;
    EXPECT_FALSE(parse_size(bad, why)) << bad;
    EXPECT_NE(why, "") << bad;
  }
}

TEST(Sizes, SurviveARoundTrip) {
  for (const std::uint64_t value :
       {0ull, 1ull, 1023ull, 1024ull, 1025ull, 32768ull, 1048576ull, 1ull << 30, 3ull << 40}) {
    std::string problem;
    EXPECT_EQ(parse_size(format_size(value), problem), value) << format_size(value);
  }
}

class Environment : public ::testing::Test {
 protected:
  Environment() {
    ::setenv("TIDEGATE_TEST_SET", "value", 1);
    ::setenv("TIDEGATE_TEST_EMPTY", "", 1);
    ::setenv("TIDEGATE_TEST_TRICKY", "${env:TIDEGATE_TEST_SET}", 1);
    ::unsetenv("TIDEGATE_TEST_UNSET");
  }
  static std::optional<std::string> expand(std::string_view text) {
    std::string problem;
    return expand_environment(text, problem);
  }
};

TEST_F(Environment, IsPutIn) {
  EXPECT_EQ(expand(""), "");
  EXPECT_EQ(expand("plain $host ${arg_x} {}"), "plain $host ${arg_x} {}");
  EXPECT_EQ(expand("${env:TIDEGATE_TEST_SET}"), "value");
  EXPECT_EQ(expand("a${env:TIDEGATE_TEST_SET}b${env:TIDEGATE_TEST_SET}c"), "avaluebvaluec");
  EXPECT_EQ(expand("${env:TIDEGATE_TEST_EMPTY}"), "");
}

TEST_F(Environment, HasDefaults) {
  EXPECT_EQ(expand("${env:TIDEGATE_TEST_SET:-other}"), "value");
  EXPECT_EQ(expand("${env:TIDEGATE_TEST_UNSET:-other}"), "other");
  EXPECT_EQ(expand("${env:TIDEGATE_TEST_EMPTY:-other}"), "other");
  EXPECT_EQ(expand("${env:TIDEGATE_TEST_UNSET:-}"), "");
  EXPECT_EQ(expand("${env:TIDEGATE_TEST_UNSET:-a:-b}"), "a:-b");
}

TEST_F(Environment, IsNotLookedAtAgain) {
  EXPECT_EQ(expand("${env:TIDEGATE_TEST_TRICKY}"), "${env:TIDEGATE_TEST_SET}");
}

TEST_F(Environment, ThatIsMissingIsAnError) {
  for (const char* bad : {"${env:TIDEGATE_TEST_UNSET}", "${env:}", "${env:1A}", "${env:A B}", "${env:A",
                          "${env:", "${env:A-}"}) {
    std::string problem;
    EXPECT_FALSE(expand_environment(bad, problem)) << bad;
    EXPECT_NE(problem, "") << bad;
  }
}

}  // namespace
}  // namespace tidegate::conf
