#include "gateway/sites/expires.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>

namespace tidegate::sites {
namespace {

using Kind = conf::Expires::Kind;
using namespace std::chrono_literals;

constexpr std::time_t kNow = 784111777;  // Sun, 06 Nov 1994 08:49:37 GMT
constexpr std::int64_t kHourAgo = kNow - 3600;

std::string shown(const std::optional<Freshness>& fresh) {
  return fresh ? fresh->expires + " | " + fresh->cache_control : "off";
}

std::string said(std::string_view text, Kind kind = Kind::after) {
  return shown(freshness({.kind = kind, .span = {}, .from = {"$x", {}}}, text, kHourAgo, kNow));
}

TEST(Expires, IsAsNginxHasIt) {
  const struct {
    Kind kind;
    std::chrono::seconds span;
    std::string_view result;
  } cases[] = {
      {Kind::after, 1h, "Sun, 06 Nov 1994 09:49:37 GMT | max-age=3600"},
      {Kind::after, 0s, "Sun, 06 Nov 1994 08:49:37 GMT | max-age=0"},
      {Kind::after, -1s, "Sun, 06 Nov 1994 08:49:36 GMT | no-cache"},
      {Kind::since_modified, 2h, "Sun, 06 Nov 1994 09:49:37 GMT | max-age=3600"},
      {Kind::since_modified, 1h, "Sun, 06 Nov 1994 08:49:37 GMT | max-age=0"},
      {Kind::since_modified, 1s, "Sun, 06 Nov 1994 07:49:38 GMT | no-cache"},
      {Kind::since_modified, 0s, "Sun, 06 Nov 1994 08:49:37 GMT | max-age=0"},
      {Kind::since_modified, -1s, "Sun, 06 Nov 1994 07:49:36 GMT | no-cache"},
      {Kind::epoch, 0s, "Thu, 01 Jan 1970 00:00:01 GMT | no-cache"},
      {Kind::max, 0s, "Thu, 31 Dec 2037 23:55:55 GMT | max-age=315360000"},
  };
  for (const auto& [kind, span, result] : cases) {
    EXPECT_EQ(shown(freshness({.kind = kind, .span = span, .from = {}}, "", kHourAgo, kNow)), result);
  }
  EXPECT_EQ(shown(freshness({.kind = Kind::since_modified, .span = 1h, .from = {}}, "", std::nullopt, kNow)),
            "Sun, 06 Nov 1994 09:49:37 GMT | max-age=3600");
}

/// The zone that `daily` is told in; put back by the destructor.
class Zone {
 public:
  explicit Zone(const char* name) {
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    ::unsetenv("TZ");
    ::tzset();
  }
};

TEST(Expires, DailyIsTheNextTimeOnTheClock) {
  const Zone utc("UTC");
  const auto daily = [](std::chrono::seconds at) {
    return shown(freshness({.kind = Kind::daily, .span = at, .from = {}}, "", {}, kNow));
  };
  EXPECT_EQ(daily(15h + 30min), "Sun, 06 Nov 1994 15:30:00 GMT | max-age=24023");
  EXPECT_EQ(daily(8h), "Mon, 07 Nov 1994 08:00:00 GMT | max-age=83423");
  EXPECT_EQ(daily(0s), "Mon, 07 Nov 1994 00:00:00 GMT | max-age=54623");
  EXPECT_EQ(daily(24h), "Mon, 07 Nov 1994 00:00:00 GMT | max-age=54623");
  EXPECT_EQ(daily(8h + 49min + 37s), "Mon, 07 Nov 1994 08:49:37 GMT | max-age=86400");
}

TEST(Expires, IsReadFromAVariable) {
  const Zone utc("UTC");
  EXPECT_EQ(said("1h"), "Sun, 06 Nov 1994 09:49:37 GMT | max-age=3600");
  EXPECT_EQ(said("+1h"), "Sun, 06 Nov 1994 09:49:37 GMT | max-age=3600");
  EXPECT_EQ(said("-1s"), "Sun, 06 Nov 1994 08:49:36 GMT | no-cache");
  EXPECT_EQ(said("2h", Kind::since_modified), "Sun, 06 Nov 1994 09:49:37 GMT | max-age=3600");
  EXPECT_EQ(said("@15h30m"), "Sun, 06 Nov 1994 15:30:00 GMT | max-age=24023");
  EXPECT_EQ(said("epoch"), "Thu, 01 Jan 1970 00:00:01 GMT | no-cache");
  EXPECT_EQ(said("max"), "Thu, 31 Dec 2037 23:55:55 GMT | max-age=315360000");
  for (const std::string_view off : {"off", "", "soon", "@25h", "@", "+", "-", "1h 1d", "--1"}) {
    EXPECT_EQ(said(off), "off") << off;
  }
  for (const std::string_view off : {"epoch", "max", "off", "@1h"})
    EXPECT_EQ(said(off, Kind::since_modified), "off");
}

TEST(Expires, ReadsNginxsTimes) {
  const std::pair<std::string_view, std::optional<std::int64_t>> cases[] = {
      {"0", 0},
      {"30", 30},
      {"30s", 30},
      {"1m", 60},
      {"1h 30m", 5400},
      {"1h30m", 5400},
      {"1d", 86400},
      {"1w", 604800},
      {"1M", 2592000},
      {"1y", 31536000},
      {"1y1M1w1d1h1m1s", 31536000 + 2592000 + 604800 + 86400 + 3600 + 60 + 1},
      {"1m 5", 65},
      {"1m5", 65},
      {"5 ", 5},
      {"", std::nullopt},
      {"s", std::nullopt},
      {"m", std::nullopt},
      {"1x", std::nullopt},
      {"1h1h", std::nullopt},
      {"1s1m", std::nullopt},
      {"5 1m", std::nullopt},
      {"1ms", std::nullopt},
      {" 1", 1},
      {"-1", std::nullopt},
      {"9223372036854775807", 9223372036854775807},
      {"9223372036854775808", std::nullopt},
      {"9223372036854775807y", std::nullopt},
      {"292471208678y", std::nullopt},
      {"99999999999999999999999", std::nullopt},
  };
  for (const auto& [text, seconds] : cases) EXPECT_EQ(parse_seconds(text), seconds) << text;
}

TEST(Expires, PlainStatusesAreTheOnesOfAddHeader) {
  std::string plain;
  for (int status = 100; status < 600; ++status)
    plain += is_plain_status(status) ? std::to_string(status) + " " : "";
  EXPECT_EQ(plain, "200 201 204 206 301 302 303 304 307 308 ");
}

}  // namespace
}  // namespace tidegate::sites
