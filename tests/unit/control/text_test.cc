#include "gateway/control/text.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace tidegate::control {
namespace {

using namespace std::string_literals;

TEST(Printable, LeavesWhatShowsItselfAsItIs) {
  EXPECT_EQ(printable("/ws/room?x=1&y=%20"), "/ws/room?x=1&y=%20");
  EXPECT_EQ(printable("grüße 東京 🌊"), "grüße 東京 🌊");
  EXPECT_EQ(printable(""), "");
}

TEST(Printable, ShowsWhatWouldSteerATerminal) {
  EXPECT_EQ(printable("\x1b[2J"), "\\x1b[2J");
  EXPECT_EQ(printable("a\r\nb\tc\0d\x7f"s), "a\\x0d\\x0ab\\x09c\\x00d\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"
                      "31m"),
            "\\u{9b}31m");
  EXPECT_EQ(printable("evil\xe2\x80\xaegnp.exe"), "evil\\u{202e}gnp.exe");
  EXPECT_EQ(printable("\xef\xbb\xbf\xe2\x80\x8b"), "\\u{feff}\\u{200b}");
}

TEST(Printable, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(printable("caf\xe9"), "caf\\xe9");
  EXPECT_EQ(printable("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(printable("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // a surrogate
  EXPECT_EQ(printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(printable("\xe6\x9d"), "\\xe6\\x9d");                    // cut
  EXPECT_EQ(printable("\xe0\x80\x9b"), "\\xe0\\x80\\x9b");           // overlong, of a control
}

TEST(Fit, CutsAtCodePoints) {
  EXPECT_EQ(fit("abcdef", 6), "abcdef");
  EXPECT_EQ(fit("abcdef", 5), "abcd…");
  EXPECT_EQ(fit("東京都", 2), "東…");
  EXPECT_EQ(fit("abc", 1), "…");
  EXPECT_EQ(fit("abc", 0), "");
  EXPECT_EQ(width("東京都"), 3u);
}

TEST(Numbers, AreReadable) {
  EXPECT_EQ(count_text(0), "0");
  EXPECT_EQ(count_text(1234567), "1234567");
  EXPECT_EQ(rate_text(0), "0");
  EXPECT_EQ(rate_text(0.25), "0.2");
  EXPECT_EQ(rate_text(9.94), "9.9");
  EXPECT_EQ(rate_text(9.96), "10");
  EXPECT_EQ(bytes_text(0), "0 B");
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1048575), "1.0 MiB");
  EXPECT_EQ(bytes_text(5e18), "4440.9 PiB");
  EXPECT_EQ(plural(1, "tunnel"), "1 tunnel");
  EXPECT_EQ(plural(0, "tunnel"), "0 tunnels");
}

TEST(Spans, AreReadableFromMicrosecondsToYears) {
  EXPECT_EQ(span_text(0), "0us");
  EXPECT_EQ(span_text(0.0002), "200us");
  EXPECT_EQ(span_text(0.0015), "1.5ms");
  EXPECT_EQ(span_text(0.31), "310ms");
  EXPECT_EQ(span_text(0.9996), "1.0s");
  EXPECT_EQ(span_text(9.96), "10s");
  EXPECT_EQ(span_text(59.6), "1m00s");
  EXPECT_EQ(span_text(3599.6), "1h00m");
  EXPECT_EQ(span_text(4242.1), "1h10m");
  EXPECT_EQ(span_text(86400 * 3 + 3600 * 4), "3d04h");
  EXPECT_EQ(span_text(-1), "0us");
  EXPECT_EQ(span_text(1e300), "1e+300s");
}

TEST(Times, AreReadAndShownInUtc) {
  using namespace std::chrono;
  EXPECT_EQ(time_text("2026-11-21T08:30:00Z"), "2026-11-21 08:30:00 UTC");
  EXPECT_EQ(time_text("2026-11-21T08:30:00.123Z"), "2026-11-21 08:30:00 UTC");
  const auto moment = sys_days(2026y / November / 21) + 8h + 30min + 1s;
  EXPECT_EQ(parse_time("2026-11-21T08:30:01Z"), moment);
  EXPECT_EQ(parse_time("2026-11-21T08:30:01.5Z"), moment + 500ms);
  EXPECT_EQ(parse_time("2026-11-21T08:30:01.123456Z"), moment + 123ms);
  for (const char* text : {"", "now", "2026-11-21", "2026-11-21T08:30:01", "2026-13-21T08:30:01Z",
                           "2026-11-21T08:30:01xZ", "2026-11-21T08:30:01.-1Z", "2026-11-21T08:30:01+01:00"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
    EXPECT_EQ(time_text(text), text);
  }
}

}  // namespace
}  // namespace tidegate::control
