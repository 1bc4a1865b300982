#include "gateway/routing/rewrite.h"

#include <gtest/gtest.h>

#include <random>

#include "gateway/routing/uri.h"
#include "tests/unit/routing/requests.h"

namespace tidegate::routing {
namespace {

std::string rewritten(const std::string& path, const std::string& strip_prefix) {
  test::Request request(path);
  conf::Route route;
  route.rewrite = conf::Rewrite{strip_prefix};
  return rewritten_path(route, request.head(), request.view.uri);
}

struct Case {
  const char *path, *strip, *expected;
};

TEST(RewrittenPath, StripsAPlainPrefix) {
  const Case cases[] = {
      {"/ws/room", "/ws", "/room"},
      {"/ws/room", "/ws/", "/room"},
      {"/ws", "/ws", "/"},
      {"/ws/", "/ws", "/"},
      {"/wsx/y", "/ws", "/x/y"},
      {"/ws/room?a=1&b=%2f..", "/ws", "/room?a=1&b=%2f.."},
      {"/ws?a", "/ws", "/?a"},
      {"/other/ws", "/ws", "/other/ws"},
      {"/other//ws/../x", "/ws", "/other//ws/../x"},
      {"/a/b", "/", "/a/b"},
  };
  for (const Case& c : cases)
    EXPECT_EQ(rewritten(c.path, c.strip), c.expected) << c.path << " without " << c.strip;
}

TEST(RewrittenPath, KeepsTheRestAsTheClientWroteIt) {
  EXPECT_EQ(rewritten("/ws/a%2Fb/%c3%a9/./c//d", "/ws"), "/a%2Fb/%c3%a9/./c//d");
  EXPECT_EQ(rewritten("/ws/a/../b", "/ws"), "/a/../b");
}

TEST(RewrittenPath, TakesTheNormalisedRestWhereThePrefixWasWrittenOtherwise) {
  EXPECT_EQ(rewritten("/%77s/a", "/ws"), "/a");
  EXPECT_EQ(rewritten("//ws/a%20b", "/ws"), "/a%20b");
  EXPECT_EQ(rewritten("/x/../ws/a%3Fb", "/ws"), "/a%3Fb");
  EXPECT_EQ(rewritten("/ws%2fa", "/ws"), "/a");
}

TEST(RewrittenPath, NeverClimbsAboveWhatItStripped) {
  EXPECT_EQ(rewritten("/ws/../ws/a", "/ws"), "/a");
  EXPECT_EQ(rewritten("/ws/x/../../ws/a", "/ws"), "/a");
  EXPECT_EQ(rewritten("/ws../secret", "/ws"), "/secret");
  EXPECT_EQ(rewritten("/ws..", "/ws"), "/");
  EXPECT_EQ(rewritten("/ws./a", "/ws"), "/a");
  EXPECT_EQ(rewritten("/ws%2e%2e%2fsecret", "/ws"), "/secret");
}

TEST(RewrittenPath, NeverBeginsWithTwoSlashes) {
  EXPECT_EQ(rewritten("/ws//evil.example", "/ws"), "/evil.example");
  EXPECT_EQ(rewritten("/ws///evil.example/a", "/ws/"), "/evil.example/a");
  EXPECT_EQ(rewritten("/ws/\\evil.example", "/ws"), "/%5Cevil.example");
}

TEST(RewrittenPath, IsAsSentWithoutARewrite) {
  test::Request request("//a/%2e/../b?c");
  EXPECT_EQ(rewritten_path(conf::Route{}, request.head(), request.view.uri), "//a/%2e/../b?c");
  EXPECT_EQ(rewritten("*", "/"), "*");
}

TEST(PathRest, BeginsWithASlashOnlyWhereThePrefixEndsWithout) {
  EXPECT_EQ(path_rest("/old/a/b", "/old/a/b", 5), "a/b");
  EXPECT_EQ(path_rest("/old/a/b", "/old/a/b", 4), "/a/b");
  EXPECT_EQ(path_rest("/old//a", "/old/a", 5), "a");
  EXPECT_EQ(path_rest("/old/", "/old/", 5), "");
  EXPECT_EQ(path_rest("/old/../old/a", "/old/a", 5), "a");
  EXPECT_EQ(path_rest("/old/a%20b", "/old/a b", 5), "a%20b");
}

TEST(PathRest, AlwaysMeansTheNormalisedRest) {
  static constexpr std::string_view kPieces[] = {"/",   "ws",   "..",  ".",  "a", "%2f",
                                                 "%2e", "%77s", "%25", "//", "\\"};
  std::mt19937 random(11);  // NOLINT: the same paths every time
  for (int round = 0; round < 20000; ++round) {
    std::string path = "/";
    for (auto count = random() % 10; count > 0; --count) path += kPieces[random() % std::size(kPieces)];
    const Result<std::string> result = normalize_path(path);
    if (!result) continue;
    const std::string& uri = result.value();
    const std::size_t prefix_size = 1 + random() % uri.size();
    if (uri[prefix_size - 1] != '/') continue;  // a prefix inside a segment is looked at above
    const std::string rest = path_rest(path, uri, prefix_size);
    ASSERT_FALSE(rest.starts_with('/')) << path;
    ASSERT_FALSE(rest.starts_with('\\')) << path;
    const Result<std::string> again = normalize_path("/" + rest);
    ASSERT_TRUE(again) << path;
    ASSERT_EQ(again.value(), "/" + uri.substr(prefix_size))
        << path << " behind " << uri.substr(0, prefix_size);
  }
}

}  // namespace
}  // namespace tidegate::routing
