#include "gateway/routing/origin.h"

#include <gtest/gtest.h>

namespace tidegate::routing {
namespace {

bool allowed(std::string_view origin, std::initializer_list<const char*> list) {
  std::vector<conf::Text> origins;
  for (const char* entry : list) origins.push_back({entry, {}});
  return origin_allowed(origins, origin);
}

TEST(OriginAllowed, AnyWithoutAListAndNoneWithoutABrowser) {
  EXPECT_TRUE(allowed("https://evil.example", {}));
  EXPECT_TRUE(allowed("", {"https://example.com"}));
}

TEST(OriginAllowed, ComparesSchemeHostAndPort) {
  EXPECT_TRUE(allowed("https://example.com", {"https://other.com", "https://example.com"}));
  EXPECT_TRUE(allowed("HTTPS://Example.COM", {"https://example.com"}));
  EXPECT_TRUE(allowed("https://example.com", {"HTTPS://EXAMPLE.com"}));
  EXPECT_FALSE(allowed("http://example.com", {"https://example.com"}));
  EXPECT_FALSE(allowed("https://example.com:8443", {"https://example.com"}));
  EXPECT_FALSE(allowed("https://example.com", {"https://example.com:8443"}));
  EXPECT_TRUE(allowed("https://example.com:8443", {"https://example.com:8443"}));
  EXPECT_TRUE(allowed("https://example.com:443", {"https://example.com"}));
  EXPECT_TRUE(allowed("http://example.com", {"http://example.com:80"}));
  EXPECT_FALSE(allowed("http://example.com", {"http://example.com:443"}));
  EXPECT_TRUE(allowed("http://[::1]:3000", {"http://[::1]:3000"}));
  EXPECT_FALSE(allowed("http://[::1]:3000", {"http://[::1]"}));
}

TEST(OriginAllowed, LooksAtTheWholeHost) {
  for (const char* origin :
       {"https://example.com.evil.example", "https://evilexample.com", "https://www.example.com",
        "https://example.co", "https://example.com@evil.example", "https://example.com/",
        "https://example.com:", "https://example.com:x", "https://example.com ", "https://", "example.com",
        "://example.com", "https:example.com"}) {
    EXPECT_FALSE(allowed(origin, {"https://example.com"})) << origin;
  }
}

TEST(OriginAllowed, TakesASuffix) {
  EXPECT_TRUE(allowed("https://a.example.com", {"https://*.example.com"}));
  EXPECT_TRUE(allowed("https://A.B.Example.com", {"https://*.example.com"}));
  EXPECT_TRUE(allowed("https://a.example.com:8443", {"https://*.example.com:8443"}));
  for (const char* origin :
       {"https://example.com", "https://.example.com", "https://aexample.com", "http://a.example.com",
        "https://a.example.com:8443", "https://evil.example/.example.com",
        "https://evil.example#.example.com", "https://evil.example\\.example.com", "https://a@b.example.com",
        "https://a.example.com.evil.example", "https://[::1].example.com"}) {
    EXPECT_FALSE(allowed(origin, {"https://*.example.com"})) << origin;
  }
}

TEST(OriginAllowed, RefusesNullUnlessListed) {
  EXPECT_FALSE(allowed("null", {"https://example.com", "https://*.example.com"}));
  EXPECT_TRUE(allowed("null", {"null"}));
}

TEST(OriginAllowed, TakesSchemesOfApps) {
  EXPECT_TRUE(allowed("capacitor://localhost", {"capacitor://localhost"}));
  EXPECT_TRUE(allowed("chrome-extension://abcdef", {"chrome-extension://abcdef"}));
  EXPECT_FALSE(allowed("chrome-extension://abcdeg", {"chrome-extension://abcdef"}));
}

}  // namespace
}  // namespace tidegate::routing
