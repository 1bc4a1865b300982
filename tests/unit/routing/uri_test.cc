#include "gateway/routing/uri.h"

#include <gtest/gtest.h>

#include <random>

namespace tidegate::routing {
namespace {

std::string normal(std::string_view target) {
  const Result<std::string> result = normalize_path(target);
  return result ? result.value() : "refused";
}

struct Case {
  std::string_view target, uri;
};

TEST(NormalizePath, DoesWhatNginxDoes) {
  const Case cases[] = {
      {"/", "/"},
      {"/a/b", "/a/b"},
      {"/a/b/", "/a/b/"},
      {"/a?b=/../c", "/a"},
      {"/?", "/"},
      // Escapes are decoded first, so that an escaped slash or dot is one.
      {"/a%2Fb", "/a/b"},
      {"/a%2fb", "/a/b"},
      {"/%61%62%63", "/abc"},
      {"/%C3%A9", "/\xc3\xa9"},
      {"/a%20b", "/a b"},
      {"/a+b", "/a+b"},
      {"/a%3Fb", "/a?b"},
      {"/a%23b", "/a#b"},
      {"/a%25b", "/a%b"},
      {"/a%2525", "/a%25"},
      {"/%2541", "/%41"},
      {"/a%0d%0ab", "/a\r\nb"},
      {"/a%2e", "/a."},
      {"/%2e%2e/a", "refused"},
      {"/b/%2e%2e/a", "/a"},
      {"/b/%2e%2e%2fa", "/a"},
      {"/b/.%2e/a", "/a"},
      {"/b/%2e/a", "/b/a"},
      // Slashes are merged.
      {"//", "/"},
      {"//a", "/a"},
      {"/a//b///c", "/a/b/c"},
      {"/a%2f%2fb", "/a/b"},
      // Dots are resolved.
      {"/.", "/"},
      {"/./a", "/a"},
      {"/a/.", "/a/"},
      {"/a/./b", "/a/b"},
      {"/a/..", "/"},
      {"/a/../", "/"},
      {"/a/../b", "/b"},
      {"/a/b/..", "/a/"},
      {"/a/b/../../c", "/c"},
      {"/a//../b", "/b"},
      {"/a/./../b", "/b"},
      {"/...", "/..."},
      {"/a/.../b", "/a/.../b"},
      {"/..a/.b", "/..a/.b"},
      {"/a../b", "/a../b"},
      {"/a/..?x", "/"},
      // Above the root there is nothing.
      {"/..", "refused"},
      {"/../", "refused"},
      {"/../a", "refused"},
      {"//..", "refused"},
      {"/./..", "refused"},
      {"/a/../..", "refused"},
      {"/a/../../a", "refused"},
      {"/a/b/../../../a/b", "refused"},
      // What is no path.
      {"/%00", "refused"},
      {"/a%00b", "refused"},
      {"/%zz", "refused"},
      {"/%", "refused"},
      {"/%4", "refused"},
      {"/%4g", "refused"},
      {"/a%?b", "refused"},
      {"/%%41", "refused"},
      {"", "refused"},
      {"?a", "refused"},
      {"a/b", "refused"},
      {"http://h/", "refused"},
      {"*", "/"},
      {"**", "refused"},
  };
  for (const Case& c : cases) EXPECT_EQ(normal(c.target), c.uri) << c.target;
}

TEST(NormalizePath, RefusesARawNul) {
  EXPECT_EQ(normal(std::string_view("/a\0b", 4)), "refused");
}

TEST(NormalizePath, SaysThatTheTargetIsBad) {
  EXPECT_EQ(normalize_path("/..").error(), Error(Reason::bad_target));
}

/// Paths of a few characters that matter, many times.
std::string random_path(std::mt19937& random) {
  static constexpr std::string_view kPieces[] = {"/",   "/",   ".",   "..",  "a",  "b",
                                                 "%2f", "%2E", "%41", "%25", "//", "%2"};
  std::string out = "/";
  for (auto count = random() % 12; count > 0; --count) out += kPieces[random() % std::size(kPieces)];
  return out;
}

TEST(NormalizePath, LeavesNothingToNormalise) {
  std::mt19937 random(7);  // NOLINT: the same paths every time
  for (int round = 0; round < 20000; ++round) {
    const std::string target = random_path(random);
    const Result<std::string> result = normalize_path(target);
    if (!result) continue;
    const std::string& uri = result.value();
    ASSERT_EQ(uri.front(), '/') << target;
    ASSERT_EQ(uri.find("//"), std::string::npos) << target;
    ASSERT_EQ((uri + "/").find("/./"), std::string::npos) << target;
    ASSERT_EQ((uri + "/").find("/../"), std::string::npos) << target;
    ASSERT_EQ(normal(escape_path(uri)), uri) << target;  // the same again once escaped
    if (uri.find('%') == std::string::npos) {
      ASSERT_EQ(normal(uri), uri) << target;
    }
  }
}

TEST(EscapePath, EscapesWhatAPathMayNotHold) {
  EXPECT_EQ(escape_path("/a-b._~!$&'()*+,;=:@/"), "/a-b._~!$&'()*+,;=:@/");
  EXPECT_EQ(escape_path("?#%\\ \r\n\"<\x7f\xc3\xa9"), "%3F%23%25%5C%20%0D%0A%22%3C%7F%C3%A9");
}

TEST(PathAndQuery, AreTheTargetsParts) {
  EXPECT_EQ(path_of("/a?b?c"), "/a");
  EXPECT_EQ(query_of("/a?b?c"), "?b?c");
  EXPECT_EQ(path_of("/a"), "/a");
  EXPECT_EQ(query_of("/a"), "");
  EXPECT_EQ(query_of("/a?"), "?");
}

}  // namespace
}  // namespace tidegate::routing
