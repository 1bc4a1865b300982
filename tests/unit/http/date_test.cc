#include "gateway/http/date.h"

#include <gtest/gtest.h>

namespace tidegate::http {
namespace {

TEST(HttpDate, IsReadInItsThreeForms) {
  const std::pair<std::string_view, std::optional<std::int64_t>> cases[] = {
      {"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
      {"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
      {"Sun Nov  6 08:49:37 1994", 784111777},
      {"Sun Nov 16 08:49:37 1994", 784975777},
      {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
      {"Wed, 29 Feb 2012 00:00:00 GMT", 1330473600},
      {"Sunday, 06-Nov-69 08:49:37 GMT", 3150953377},  // 2069
      // The day of the week and the zone are not read.
      {"Mon, 06 Nov 1994 08:49:37", 784111777},
      {"x, 06 Nov 1994 08:49:37 +0100", 784111777},
      {"", std::nullopt},
      {"Sun", std::nullopt},
      {"Sun,", std::nullopt},
      {"Sun, ", std::nullopt},
      {"Sun, 6 Nov 1994 08:49:37 GMT", std::nullopt},
      {"Sun, 06 Nox 1994 08:49:37 GMT", std::nullopt},
      {"Sun, 00 Nov 1994 08:49:37 GMT", std::nullopt},
      {"Sun, 31 Nov 1994 08:49:37 GMT", std::nullopt},
      {"Sun, 29 Feb 2013 00:00:00 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 24:00:00 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 08:60:00 GMT", std::nullopt},
      {"Sun, 06 Nov 1994 08:49:60 GMT", std::nullopt},
      {"Sun, 06 Nov 94 08:49:37 GMT", std::nullopt},
      {"Sun, 06-Nov-1994 08:49:37 GMT", std::nullopt},
      {"Sun Nov  6 08:49:37", std::nullopt},
      {"Sun Nov x6 08:49:37 1994", std::nullopt},
      {"1994-11-06T08:49:37Z", std::nullopt},
      {"784111777", std::nullopt},
  };
  for (const auto& [text, seconds] : cases) EXPECT_EQ(parse_http_date(text), seconds) << text;
}

TEST(HttpDate, CutAnywhereIsNoTrouble) {
  for (const std::string_view date :
       {"Sun, 06 Nov 1994 08:49:37", "Sunday, 06-Nov-94 08:49:37", "Sun Nov  6 08:49:37 1994"}) {
    for (std::size_t size = 0; size < date.size(); ++size) {
      EXPECT_EQ(parse_http_date(date.substr(0, size)), std::nullopt) << date.substr(0, size);
    }
  }
}

TEST(HttpDate, ReadsWhatItWrites) {
  char buffer[32];
  for (std::time_t time = 0; time < 4102444800; time += 8640123)
    EXPECT_EQ(parse_http_date(http_date(time, buffer)), time);
}

}  // namespace
}  // namespace tidegate::http
