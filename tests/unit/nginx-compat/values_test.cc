#include "nginx-compat/values.h"

#include <gtest/gtest.h>

namespace tidegate::nginx {
namespace {

using namespace std::chrono_literals;

TEST(Values, SizesEndInKAndMAndOffsetsInGToo) {
  EXPECT_EQ(read_size("8k"), 8192u);
  EXPECT_EQ(read_size("2M"), 2u << 20);
  EXPECT_EQ(read_size("17"), 17u);
  EXPECT_EQ(read_offset("3g"), std::uint64_t{3} << 30);
  for (const char* wrong :
       {"", "k", "1g", "-1", "1 k", "1kb", "99999999999999999999", "9223372036854775807k"})
    EXPECT_FALSE(read_size(wrong)) << wrong;
}

TEST(Values, TimesAddUpFromTheLargestUnit) {
  EXPECT_EQ(read_milliseconds("60"), 60s);
  EXPECT_EQ(read_milliseconds("250ms"), 250ms);
  EXPECT_EQ(read_milliseconds("1h30m"), 90min);
  EXPECT_EQ(read_milliseconds("1h 30m 5"), 90min + 5s);
  EXPECT_EQ(read_milliseconds("1w2d"), 9 * 24h);
  EXPECT_EQ(read_seconds("1y"), 365 * 24h);
  EXPECT_EQ(read_seconds("1M"), 30 * 24h);
  EXPECT_EQ(read_seconds("99999d"), 3650 * 24h) << "as long as timers go";
  for (const char* wrong : {"", "s", "5m5h", "1x", "-1", "1y", "1s1s", "99999999999999999999"})
    EXPECT_FALSE(read_milliseconds(wrong)) << wrong;
  EXPECT_FALSE(read_seconds("250ms"));
}

TEST(Values, AnAddressIsHostPortAndUri) {
  const auto read = [](std::string_view text, bool listen) {
    Url url;
    const std::string problem =
        read_url(text, {.default_port = 80, .listen = listen, .uri_part = !listen}, url);
    if (!problem.empty()) return problem;
    if (!url.unix_path.empty()) return "unix " + url.unix_path + ' ' + url.uri;
    return url.host + ' ' + std::to_string(url.port) + ' ' + url.uri;
  };
  EXPECT_EQ(read("a.example.com", false), "a.example.com 80 ");
  EXPECT_EQ(read("a:81/x?y", false), "a 81 /x?y");
  EXPECT_EQ(read("a?x:1", false), "a 80 ?x:1");
  EXPECT_EQ(read("[::1]:81/x", false), "[::1] 81 /x");
  EXPECT_EQ(read("unix:/a.sock:/x", false), "unix /a.sock /x");
  EXPECT_EQ(read("8080", true), " 8080 ");
  EXPECT_EQ(read("*:81", true), " 81 ");
  EXPECT_EQ(read("127.0.0.1", true), "127.0.0.1 80 ");
  EXPECT_EQ(read("", false), "no host");
  EXPECT_EQ(read(":1", false), "no host");
  EXPECT_EQ(read("a:0", false), "invalid port");
  EXPECT_EQ(read("a/x", true), "invalid host");
  EXPECT_EQ(read("[::1", false), "invalid host");
  EXPECT_EQ(read("[x]", false), "invalid IPv6 address");
}

}  // namespace
}  // namespace tidegate::nginx
