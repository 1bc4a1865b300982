#include <gtest/gtest.h>

#include "gateway/sites/byteranges.h"
#include "gateway/sites/conditions.h"
#include "tests/unit/sites/request.h"

namespace tidegate::sites {
namespace {

constexpr std::string_view kMost = "9223372036854775807";  // 2^63 - 1
constexpr std::string_view kTooMuch = "9223372036854775808";
constexpr std::string_view kHuge = "99999999999999999999999999";

/// "0-1,4-5"; "all"; "none" where it cannot be satisfied.
std::string read(std::string_view range, std::uint64_t size, std::optional<unsigned> most = std::nullopt,
                 std::optional<std::string> if_range = std::nullopt) {
  test::Fields fields{{"Range", std::string(range)}};
  if (if_range) fields.emplace_back("If-Range", *if_range);
  const test::Request request(fields);
  const Validators validators{.etag = "\"e\"", .modified_s = 784111777, .length = size};
  const RangeVerdict verdict = check_ranges(request.head(), validators, most);
  if (verdict.unsatisfiable) return "none";
  std::string out;
  for (const ByteRange& one : verdict.ranges) {
    out += (out.empty() ? "" : ",") + std::to_string(one.first) + "-" + std::to_string(one.last);
  }
  return out.empty() ? "all" : out;
}

TEST(Ranges, AreReadAsNginxDoes) {
  const struct {
    std::string range;
    std::uint64_t size;
    std::string_view result;
  } cases[] = {
      {"bytes=0-0", 10, "0-0"},
      {"bytes=0-4", 10, "0-4"},
      {"bytes=5-", 10, "5-9"},
      {"bytes=0-", 10, "0-9"},
      {"bytes=9-9", 10, "9-9"},
      {"bytes=9-10", 10, "9-9"},
      {"bytes=9-99999", 10, "9-9"},
      {"bytes=10-", 10, "none"},
      {"bytes=10-11", 10, "none"},
      {"bytes=-1", 10, "9-9"},
      {"bytes=-10", 10, "0-9"},
      {"bytes=-11", 10, "0-9"},
      {"bytes=-0", 10, "none"},
      {"bytes=-0,0-0", 10, "0-0"},
      {"BYTES=0-1", 10, "0-1"},
      {"bytes= 1 - 2 ", 10, "1-2"},
      {"bytes=1 -", 10, "1-9"},
      {"bytes=- 2", 10, "none"},
      // Several.
      {"bytes=0-1,4-5", 10, "0-1,4-5"},
      {"bytes=4-5,0-1", 10, "4-5,0-1"},
      {"bytes=0-1, -1", 10, "0-1,9-9"},
      {"bytes=0-1 , 4-5", 10, "0-1,4-5"},
      {"bytes=0-1,20-30", 10, "0-1"},
      {"bytes=20-30,40-50", 10, "none"},
      {"bytes=0-1,,4-5", 10, "none"},
      {"bytes=0-1,", 10, "none"},
      {"bytes=,0-1", 10, "none"},
      {"bytes=0-1,x", 10, "none"},
      // Overlapping: all of it, once that is less.
      {"bytes=0-4,3-7", 10, "0-4,3-7"},
      {"bytes=0-4,0-4", 10, "0-4,0-4"},
      {"bytes=0-,0-", 10, "all"},
      {"bytes=0-9,5-5", 10, "all"},
      {"bytes=-10,-1", 10, "all"},
      {"bytes=0-5,0-4", 10, "all"},
      // Backwards.
      {"bytes=5-4", 10, "none"},
      {"bytes=5-3,0-0", 10, "0-0"},
      {"bytes=0-0,5-3", 10, "0-0"},
      // Not of bytes, or no list at all.
      {"bytes=", 10, "all"},
      {"bytes", 10, "all"},
      {"", 10, "all"},
      {"items=0-1", 10, "all"},
      {"bytes =0-1", 10, "all"},
      {"bytes=a-b", 10, "none"},
      {"bytes=1", 10, "none"},
      {"bytes=1-2-3", 10, "none"},
      {"bytes=--1", 10, "none"},
      {"bytes=-", 10, "none"},
      {"bytes=+1-2", 10, "none"},
      {"bytes=1;2", 10, "none"},
      {"bytes=0x1-2", 10, "none"},
      // Large numbers.
      {"bytes=0-" + std::string(kMost), 10, "0-9"},
      {"bytes=" + std::string(kMost) + "-", 10, "none"},
      {"bytes=-" + std::string(kMost), 10, "0-9"},
      {"bytes=0-" + std::string(kTooMuch), 10, "none"},
      {"bytes=" + std::string(kTooMuch) + "-", 10, "none"},
      {"bytes=-" + std::string(kTooMuch), 10, "none"},
      {"bytes=" + std::string(kHuge) + "-" + std::string(kHuge), 10, "none"},
      {"bytes=000000000000000000000000001-2", 10, "1-2"},
      // An empty file is sent whole.
      {"bytes=0-", 0, "all"},
      {"bytes=0-0", 0, "all"},
      {"bytes=-1", 0, "all"},
      {"bytes=1-", 0, "none"},
  };
  for (const auto& [range, size, result] : cases)
    EXPECT_EQ(read(range, size), result) << range << " of " << size;
}

TEST(Ranges, AreCounted) {
  EXPECT_EQ(read("bytes=0-0,1-1", 10, 2), "0-0,1-1");
  EXPECT_EQ(read("bytes=0-0,1-1,2-2", 10, 2), "all");
  EXPECT_EQ(read("bytes=0-0,20-30,40-50", 10, 1), "0-0");
  EXPECT_EQ(read("bytes=0-0", 10, 1), "0-0");
  EXPECT_EQ(read("bytes=0-0", 10, 0), "all");
}

TEST(Ranges, ManyOfThemAreNoTrouble) {
  std::string many = "bytes=0-0";
  for (int i = 1; i < 5000; ++i) many += ",0-0";
  EXPECT_EQ(read(many, 4999), "all");
  EXPECT_EQ(read(many, 5000).size(), std::string("0-0,").size() * 5000 - 1);
}

TEST(Ranges, CountOnlyWhereIfRangeHolds) {
  const std::string range = "bytes=1-2";
  EXPECT_EQ(read(range, 10, {}, "\"e\""), "1-2");
  EXPECT_EQ(read(range, 10, {}, "\"f\""), "all");
  EXPECT_EQ(read(range, 10, {}, "W/\"e\""), "all");
  EXPECT_EQ(read(range, 10, {}, "\"e\", \"f\""), "all");
  EXPECT_EQ(read(range, 10, {}, "Sun, 06 Nov 1994 08:49:37 GMT"), "1-2");
  EXPECT_EQ(read(range, 10, {}, "Sun, 06 Nov 1994 08:49:38 GMT"), "all");
  EXPECT_EQ(read(range, 10, {}, "Sun, 06 Nov 1994 08:49:36 GMT"), "all");
  EXPECT_EQ(read(range, 10, {}, "now"), "all");
  EXPECT_EQ(read(range, 10, {}, ""), "all");
  EXPECT_EQ(read(range, 10, {}, "\""), "all");
  EXPECT_EQ(read("bytes=99-", 10, {}, "\"f\""), "all");
}

TEST(Ranges, NeedALength) {
  const test::Request request(test::Fields{{"Range", "bytes=0-1"}});
  EXPECT_TRUE(check_ranges(request.head(), Validators{}, std::nullopt).ranges.empty());
}

TEST(Byteranges, AreLaidOutAsNginxDoes) {
  const ByteRange ranges[] = {{0, 1}, {4, 5}};
  const Byteranges out = lay_out(ranges, "text/plain; charset=utf-8", 6, 1);
  EXPECT_EQ(out.content_type, "multipart/byteranges; boundary=00000000000000000001");
  ASSERT_EQ(out.parts.size(), 2u);
  EXPECT_EQ(out.parts[0].head,
            "\r\n--00000000000000000001\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Range: bytes 0-1/6\r\n\r\n");
  EXPECT_EQ(out.parts[1].head,
            "\r\n--00000000000000000001\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Range: bytes 4-5/6\r\n\r\n");
  EXPECT_EQ(out.end, "\r\n--00000000000000000001--\r\n");
  EXPECT_EQ(out.length, 226u);  // of nginx's answer to the same
  EXPECT_EQ(out.length, out.parts[0].head.size() + 2 + out.parts[1].head.size() + 2 + out.end.size());
}

TEST(Byteranges, SayNoTypeWhereThereIsNone) {
  const ByteRange ranges[] = {{10, 19}, {0, 0}};
  const Byteranges out = lay_out(ranges, "", 20, 12345678901234567890u);
  EXPECT_EQ(out.parts[0].head, "\r\n--12345678901234567890\r\nContent-Range: bytes 10-19/20\r\n\r\n");
  EXPECT_EQ(out.length, out.parts[0].head.size() + 10 + out.parts[1].head.size() + 1 + out.end.size());
}

TEST(Byteranges, HaveABoundaryOfTheirOwnEach) {
  const std::uint64_t one = next_boundary();
  EXPECT_NE(next_boundary(), one);
}

}  // namespace
}  // namespace tidegate::sites
