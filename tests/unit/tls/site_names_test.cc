#include "gateway/tls/site_names.h"

#include <gtest/gtest.h>

namespace tidegate::tls {
namespace {

class SiteNamesTest : public testing::Test {
 protected:
  int found(std::string_view name) const {
    const auto site = names.find(name);
    return site ? static_cast<int>(*site) : -1;
  }
  SiteNames names;
};

TEST_F(SiteNamesTest, FindsTheExactNameFirst) {
  names.add([](std::string_view) { return true; }, 1);
  names.add("*.example.com", 2);
  names.add("www.example.*", 3);
  names.add("www.example.com", 4);
  EXPECT_EQ(found("www.example.com"), 4);
  EXPECT_EQ(found("WWW.Example.COM"), 4);
  EXPECT_EQ(found("www.example.com."), 4) << "a last dot says the same";
  EXPECT_EQ(found("api.example.com"), 2);
  EXPECT_EQ(found("www.example.org"), 3);
  EXPECT_EQ(found("else.org"), 1);
}

TEST_F(SiteNamesTest, TakesTheLongestWildcard) {
  names.add("*.example.com", 1);
  names.add("*.api.example.com", 2);
  names.add("www.*", 3);
  names.add("www.example.*", 4);
  EXPECT_EQ(found("a.b.example.com"), 1) << "any number of labels";
  EXPECT_EQ(found("v1.api.example.com"), 2);
  EXPECT_EQ(found("api.example.com"), 1);
  EXPECT_EQ(found("www.example.co.uk"), 4);
  EXPECT_EQ(found("www.other.org"), 3);
  EXPECT_EQ(found("example.com"), -1) << "nothing stands for the star";
  EXPECT_EQ(found(".example.com"), -1);
  EXPECT_EQ(found("www"), -1);
  EXPECT_EQ(found("www."), -1);
}

TEST_F(SiteNamesTest, LetsADotMeanBoth) {
  names.add(".example.com", 1);
  EXPECT_EQ(found("example.com"), 1);
  EXPECT_EQ(found("a.example.com"), 1);
  EXPECT_EQ(found("anexample.com"), -1);
}

TEST_F(SiteNamesTest, LetsTheFirstOfTwoCount) {
  names.add("example.com", 1);
  names.add("EXAMPLE.com", 2);
  names.add([](std::string_view name) { return name.starts_with("a"); }, 3);
  names.add([](std::string_view name) { return name.ends_with("z"); }, 4);
  EXPECT_EQ(found("example.com"), 1);
  EXPECT_EQ(found("a.z"), 3);
  EXPECT_EQ(found("b.z"), 4);
  EXPECT_EQ(found(""), -1);
}

}  // namespace
}  // namespace tidegate::tls
