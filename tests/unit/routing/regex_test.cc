#include "gateway/routing/regex.h"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace tidegate::routing {
namespace {

std::unique_ptr<Regex> compiled(std::string_view pattern) {
  Regex::Failure failure;
  std::unique_ptr<Regex> regex = Regex::compile(pattern, failure);
  EXPECT_NE(regex, nullptr) << failure.message;
  return regex;
}

TEST(Regex, MatchesAnywhereAndMindsTheCase) {
  EXPECT_TRUE(compiled("oom/[0-9]+$")->matches("/room/12"));
  EXPECT_FALSE(compiled("^/room/[0-9]+$")->matches("/room/12/x"));
  EXPECT_FALSE(compiled("^/Room")->matches("/room"));
  EXPECT_TRUE(compiled("(?i)^/Room")->matches("/room"));
  EXPECT_TRUE(compiled("")->matches("/"));
  EXPECT_TRUE(compiled("^/(a)(b)(c)(d)$")->matches("/abcd"));
}

TEST(Regex, MatchesBytesThatAreNoUtf8) {
  EXPECT_TRUE(
      compiled("^/.b$")->matches("/\xff"
                                 "b"));
  EXPECT_FALSE(compiled("(*UTF)^/.b$")
                   ->matches("/\xff"
                             "b"));
}

TEST(Regex, SaysWhereAPatternIsWrong) {
  Regex::Failure failure;
  EXPECT_EQ(Regex::compile("^/a(b", failure), nullptr);
  EXPECT_EQ(failure.offset, 5u);
  EXPECT_NE(failure.message.find("parenthes"), std::string::npos) << failure.message;
}

TEST(Regex, GivesUpOnCatastrophicBacktracking) {
  const std::string subject = "/" + std::string(8000, 'a') + "!";
  for (const char* pattern : {"^/(a+)+$", "^/(a|a)*$", "^/(a|aa)+$", "(.*)*x", "^/(([a-z])+.)+[A-Z]$"}) {
    const std::unique_ptr<Regex> regex = compiled(pattern);
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(regex->matches(subject)) << pattern;
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(2)) << pattern;
    EXPECT_TRUE(compiled("^/a")->matches(subject));  // no harm to the next match
  }
}

TEST(Regex, MatchesLongSubjectsThatKeepTheLimits) {
  EXPECT_TRUE(compiled("^/(?:a|b|ab)+$")->matches("/" + std::string(2000, 'a')));
  EXPECT_TRUE(compiled("^/(?:[a-z]+/)*x$")->matches("/" + [] {
    std::string out;
    for (int i = 0; i < 1000; ++i) out += "ab/";
    return out + "x";
  }()));
}

TEST(Regex, IsSharedByThreads) {
  const std::unique_ptr<Regex> regex = compiled("^/(room|lobby)/([0-9]+)$");
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const std::string yes = "/room/" + std::to_string(t), no = "/room/x" + std::to_string(t);
      for (int i = 0; i < 2000; ++i) {
        ASSERT_TRUE(regex->matches(yes));
        ASSERT_FALSE(regex->matches(no));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace tidegate::routing
