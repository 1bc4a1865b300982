#include "gateway/sites/referers.h"

#include <gtest/gtest.h>

#include <string>

namespace tidegate::sites {
namespace {

using Verdict = RefererTable::Verdict;

conf::Referers::Name host(const std::string& name, const std::string& path = {}) {
  return {{{name, {}}, false}, path, false};
}
conf::Referers::Name regex(const std::string& text, bool whole) {
  return {{{text, {}}, true}, {}, whole};
}

Verdict judge(const conf::Referers& conf, const char* referer) {
  Diagnostics diagnostics;
  const RefererTable table(conf, diagnostics);
  EXPECT_FALSE(diagnostics.failed());
  const std::string_view text = referer == nullptr ? "" : referer;
  return table.judge(referer == nullptr ? nullptr : &text);
}

TEST(Referers, AreHeldToHostsAndPaths) {
  conf::Referers conf;
  conf.names = {host("example.com"), host("*.example.net"), host("www.example.*"),
                host("path.test", "/shop")};
  for (const char* fine : {"http://example.com", "HTTPS://EXAMPLE.com:8443/a", "http://a.b.example.net/",
                           "http://www.example.co.uk/", "http://path.test:81/shop/1"}) {
    EXPECT_EQ(judge(conf, fine), Verdict::valid) << fine;
  }
  for (const char* wrong : {"http://example.net/", "http://example.com.evil.test/", "http://path.test/",
                            "http://path.test", "ftp://example.com", "example.com", "http://", ""}) {
    EXPECT_EQ(judge(conf, wrong), Verdict::invalid) << wrong;
  }
  EXPECT_EQ(judge(conf, ("http://" + std::string(257, 'a')).c_str()), Verdict::invalid);
}

TEST(Referers, MayLackOrBeNoUrl) {
  conf::Referers conf;
  conf.names = {host("example.com")};
  EXPECT_EQ(judge(conf, nullptr), Verdict::invalid);
  conf.none = true;
  EXPECT_EQ(judge(conf, nullptr), Verdict::valid);
  EXPECT_EQ(judge(conf, "-"), Verdict::invalid);
  conf.blocked = true;
  EXPECT_EQ(judge(conf, "-"), Verdict::valid);
  EXPECT_EQ(judge(conf, "http://evil.test/"), Verdict::invalid);
  EXPECT_EQ(judge({}, "http://evil.test/"), Verdict::valid) << "nothing is asked for";
}

TEST(Referers, RegexesSeeTheHostOrAllBehindTheScheme) {
  conf::Referers conf;
  conf.names = {regex("^app\\d\\.test$", false), regex("/OK$", true)};
  EXPECT_EQ(judge(conf, "http://app7.test/x"), Verdict::valid);
  EXPECT_EQ(judge(conf, "http://evil.test/app7.test"), Verdict::invalid);
  EXPECT_EQ(judge(conf, "http://evil.test/ok"), Verdict::valid);
}

TEST(Referers, ComplainOfARegexThatIsNone) {
  conf::Referers conf;
  conf.names = {regex("(", true)};
  conf.names[0].host.name.at = {"nginx.conf", 3, 1};
  Diagnostics diagnostics;
  const RefererTable table(conf, diagnostics);
  ASSERT_TRUE(diagnostics.failed());
  EXPECT_EQ(to_string(diagnostics.list().at(0)),
            "nginx.conf:3:1: pcre2_compile() failed: missing closing parenthesis in \"(\"");
}

}  // namespace
}  // namespace tidegate::sites
