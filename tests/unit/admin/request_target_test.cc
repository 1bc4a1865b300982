#include "gateway/admin/request_target.h"

#include <gmock/gmock.h>

namespace tidegate::admin {
namespace {

using testing::ElementsAre;
using testing::Pair;

RequestTarget parse(const std::string& target) {
  std::string problem;
  const auto parsed = RequestTarget::parse(target, problem);
  EXPECT_TRUE(parsed) << target << ": " << problem;
  return parsed.value_or(RequestTarget{});
}

std::string problem_of(const std::string& target) {
  std::string problem;
  EXPECT_FALSE(RequestTarget::parse(target, problem)) << target;
  return problem;
}

TEST(RequestTarget, DecodesSegmentBySegment) {
  EXPECT_THAT(parse("/").path, ElementsAre(""));
  EXPECT_THAT(parse("/status").path, ElementsAre("status"));
  EXPECT_THAT(parse("/status/").path, ElementsAre("status", ""));
  EXPECT_THAT(parse("/upstreams/a%20b/servers/http%3A%2f%2Fchat-1:3000").path,
              ElementsAre("upstreams", "a b", "servers", "http://chat-1:3000"));
  EXPECT_THAT(parse("/a+b/%2B").path, ElementsAre("a+b", "+"));
  EXPECT_THAT(parse("/%25").path, ElementsAre("%"));
}

TEST(RequestTarget, ReadsAQuery) {
  EXPECT_THAT(parse("/t?route=a%2Fb&upstream=&limit=5&flag").query,
              ElementsAre(Pair("route", "a/b"), Pair("upstream", ""), Pair("limit", "5"), Pair("flag", "")));
  EXPECT_THAT(parse("/t?a=b+c&&").query, ElementsAre(Pair("a", "b c")));
  EXPECT_THAT(parse("/t?").query, ElementsAre());
  EXPECT_THAT(parse("/t?a=b=c?d").query, ElementsAre(Pair("a", "b=c?d")));
}

TEST(RequestTarget, SaysWhatIsBroken) {
  for (const char* path : {"/%", "/%2", "/%2g", "/a%zz/b"}) {
    EXPECT_EQ(problem_of(path), "the path has a broken escape; write a percent sign as %25") << path;
  }
  EXPECT_EQ(problem_of("/t?a=%1"), "\"a=%1\" has a broken escape; write a percent sign as %25");
  EXPECT_EQ(problem_of("/t?a=1&b=2&%61=3"), "\"a\" stands twice in the query; keep one");
}

TEST(QueryReader, GivesValuesOrWhatStandsForThem) {
  const RequestTarget target = parse("/t?route=chat&limit=10000&order=bytes");
  QueryReader query(target);
  EXPECT_EQ(query.text("route"), "chat");
  EXPECT_EQ(query.text("upstream"), "");
  EXPECT_EQ(query.number("limit", 100, 1, 10000), 10000u);
  EXPECT_EQ(query.number("code", 1001, 1000, 4999), 1001u);
  EXPECT_EQ(query.choice("order", {"age", "messages", "bytes"}), 2u);
  EXPECT_EQ(query.choice("other", {"age", "messages", "bytes"}), 0u);
  EXPECT_EQ(query.problem(), std::nullopt);
}

TEST(QueryReader, SaysWhatIsWrong) {
  const auto problem = [](const std::string& asked) {
    const RequestTarget target = parse("/t?" + asked);
    QueryReader query(target);
    query.number("limit", 100, 1, 10000);
    query.choice("order", {"age", "messages", "bytes"});
    return query.problem().value_or("");
  };
  for (const std::string bad : {"0", "10001", "-1", "1x", "", "99999999999999999999"}) {
    EXPECT_EQ(problem("limit=" + bad),
              "\"" + bad + "\" does not fit \"limit\"; write a number from 1 to 10000");
  }
  EXPECT_EQ(problem("order=size"), "\"size\" does not fit \"order\"; write age, messages or bytes");
  EXPECT_EQ(problem("limits=1"), "\"limits\" is not known in this query; write limit or order");
  const RequestTarget target = parse("/t?x=1");
  EXPECT_EQ(QueryReader(target).problem(), "\"x\" is not known in this query; nothing stands in it");
}

}  // namespace
}  // namespace tidegate::admin
