// Rewrite programs: every directive, every flag, every condition, as nginx runs them.

#include <chrono>

#include "tests/unit/sites/walk/site.h"

namespace tidegate::sites::test {
namespace {

using Flag = Site::Step::Flag;
using ::testing::HasSubstr;

class Script : public testing::Test {
 protected:
  Script() {
    site_.server();
    site_.respond(site_.location("/at/"), 200, "$uri?$args");
  }
  /// What a program at the top of "/go" answers to `target`.
  std::string run(conf::Script script, std::string_view target = "/go") {
    Site site;
    site.server();
    site.respond(site.location("/at"), 200, "at $uri?$args");
    site.at(site.location("/go")).script = std::move(script);
    return Visit(site, target).outcome();
  }
  Site site_;
};

TEST_F(Script, SetsAndReturns) {
  EXPECT_EQ(run({set("a", "1"), set("b", "${a}2"), set("a", "$b$a"), give(200, "$a|$b")}), "200 121|12");
  EXPECT_EQ(run({give(200), give(500)}), "200 ");
  EXPECT_EQ(run({give(204)}), "204 ");
  EXPECT_EQ(run({give(403)}), "403");
  EXPECT_EQ(run({give(404, "own words")}), "404 own words");
  EXPECT_EQ(run({give(418)}), "418 ");
  EXPECT_EQ(run({give(444)}), "hangup");
  EXPECT_EQ(run({give(302, "https://$host$request_uri")}, "/go?a=1"), "302 to https://example.com/go?a=1");
  EXPECT_EQ(run({give(301, "/there")}), "301 to http://example.com:8080/there");
  EXPECT_EQ(run({stop(), give(200, "no")}), "404");
}

TEST_F(Script, RewritesByFlag) {
  EXPECT_EQ(run({rewrite("^/go(.*)$", "/at$1", Flag::last), give(500)}, "/go/x?q=1"), "200 at /at/x?q=1");
  EXPECT_EQ(run({rewrite("^/go$", "/at"), give(200, "$uri")}), "200 /at");
  EXPECT_EQ(run({rewrite("^/go$", "/at"), set("x", "1")}), "200 at /at?");
  EXPECT_EQ(run({rewrite("^/go$", "/at", Flag::stop), give(500)}), "404");
  EXPECT_EQ(run({rewrite("^/none$", "/at", Flag::last), give(200, "$uri")}), "200 /go");
  EXPECT_EQ(run({rewrite("^/go$", "/at", Flag::redirect)}), "302 to http://example.com:8080/at");
  EXPECT_EQ(run({rewrite("^/go$", "/at", Flag::permanent)}), "301 to http://example.com:8080/at");
  EXPECT_EQ(run({rewrite("^/go$", "https://x/")}), "302 to https://x/");
  EXPECT_EQ(run({rewrite("^/go$", "$scheme://x/", Flag::permanent)}), "301 to http://x/");
  EXPECT_EQ(run({rewrite("^", "$http_none", Flag::last)}), "500");
}

TEST_F(Script, CarriesArguments) {
  EXPECT_EQ(run({rewrite("^", "/at?b=2", Flag::last)}, "/go?a=1"), "200 at /at?b=2&a=1");
  EXPECT_EQ(run({rewrite("^", "/at?b=2", Flag::last)}), "200 at /at?b=2");
  EXPECT_EQ(run({rewrite("^", "/at?b=2?", Flag::last)}, "/go?a=1"), "200 at /at?b=2");
  EXPECT_EQ(run({rewrite("^", "/at?", Flag::last)}, "/go?a=1"), "200 at /at?");
  EXPECT_EQ(run({rewrite("^", "http://x/")}, "/go?a=1"), "302 to http://x/?a=1");
  EXPECT_EQ(run({rewrite("^", "http://x/?b=c")}, "/go?a=1"), "302 to http://x/?b=c&a=1");
  EXPECT_EQ(run({rewrite("^", "http://x/?")}, "/go?a=1"), "302 to http://x/");
  EXPECT_EQ(run({set("args", "n=1"), rewrite("^", "/at", Flag::last)}, "/go?a=1"), "200 at /at?n=1");
}

/// As Debian's nginx answers.
TEST_F(Script, EscapesCapturesWhereTheUriWasDecoded) {
  EXPECT_EQ(run({rewrite("^/go/(.*)$", "/at?c=$1", Flag::last)}, "/go/a%26b+c%20d?z=1"),
            "200 at /at?c=a%26b%2Bc%20d&z=1");
  EXPECT_EQ(run({rewrite("^/go/(.*)$", "/at/$1", Flag::last)}, "/go/a%26b"), "200 at /at/a&b?");
  EXPECT_EQ(run({rewrite("^/go/(.*)$", "http://x/$1")}, "/go/a%20b%7B%26c+d?z=1"),
            "302 to http://x/a%20b{&c+d?z=1");
  EXPECT_EQ(run({rewrite("^/go/(.*)$", "http://x/$uri?d=$1", Flag::permanent)}, "/go/a%26b"),
            "301 to http://x//go/a&b?d=a%26b");
}

TEST_F(Script, EscapesCapturesInValuesUpToTheFirstRewrite) {
  const auto step = when("$uri ~ ^/go/(.*)", {set("a", "$1")});
  EXPECT_EQ(run({step, give(200, "$a $1")}, "/go/%20%26b"), "200 %20%26b  &b");
  EXPECT_EQ(run({step, give(200, "$a $1")}, "/go/a&b"), "200 a&b a&b");
  EXPECT_EQ(run({rewrite("^", "/go/c d"), step, give(200, "$a")}, "/go/%20%26b"), "200 c d");
}

TEST_F(Script, DropsBrokenEscapesOfARedirect) {
  EXPECT_EQ(run({rewrite("^/go/(.*)$", "http://x/$uri")}, "/go/b%25"), "302 to http://x//go/b");
  EXPECT_EQ(run({rewrite("^", "http://x/$uri/%4g%41%3F%2e%25")}, "/go/%25("),
            "302 to http://x//go/(/A?%2e%25");
  EXPECT_EQ(run({rewrite("^", "http://x/%")}), "302 to http://x/");
}

TEST_F(Script, StopsWithoutUndoingARewrite) {
  EXPECT_EQ(run({rewrite("^/go$", "/at"), stop(), give(200, "no")}), "200 at /at?");
}

TEST_F(Script, KnowsEveryCondition) {
  const auto holds = [this](const std::string& condition, std::string_view target = "/go?a=1") {
    return run({set("empty", ""), set("zero", "0"), when(condition, {give(200, "yes")}), give(200, "no")},
               target) == "200 yes";
  };
  EXPECT_TRUE(holds("$arg_a"));
  EXPECT_FALSE(holds("$arg_b"));
  EXPECT_FALSE(holds("$empty"));
  EXPECT_FALSE(holds("$zero"));
  EXPECT_TRUE(holds("$arg_a", "/go?a=00"));
  EXPECT_TRUE(holds("$arg_a = 1"));
  EXPECT_FALSE(holds("$arg_a != 1"));
  EXPECT_TRUE(holds("$arg_a != 2"));
  EXPECT_TRUE(holds("$uri ~ ^/g"));
  EXPECT_FALSE(holds("$uri ~ ^/G"));
  EXPECT_TRUE(holds("$uri ~* ^/G"));
  EXPECT_FALSE(holds("$uri !~ ^/g"));
  EXPECT_TRUE(holds("$uri !~* ^/X"));
  EXPECT_TRUE(holds("-d /tmp"));
  EXPECT_FALSE(holds("!-d /tmp"));
  EXPECT_FALSE(holds("-f /tmp"));
  EXPECT_TRUE(holds("-f /bin/sh"));
  EXPECT_TRUE(holds("-x /bin/sh"));
  EXPECT_TRUE(holds("-e /bin/sh"));
  EXPECT_FALSE(holds("-e /nowhere/at/all"));
  EXPECT_TRUE(holds("!-e /nowhere/at/all"));
}

TEST_F(Script, KeepsCapturesUntilARegexFails) {
  EXPECT_EQ(run({when("$uri ~ ^/(..)", {set("a", "$1")}), give(200, "$a|$1")}), "200 go|go");
  EXPECT_EQ(run({when("$uri ~ ^/(..)", {}), when("$uri ~ nope", {}), give(200, "[$1]")}), "200 []");
  EXPECT_EQ(run({when("$uri ~ ^/(?<one>.)(?<two>x)?", {}), give(200, "$one|$two|$2")}), "200 g||");
  EXPECT_EQ(run({rewrite("^/(g)(o)$", "/$2$1"), give(200, "$uri")}), "200 /og");
}

TEST_F(Script, EntersTheLocationOfAnIf) {
  site_.proxy(site_.location("/p"), "/default");
  const std::size_t outer = site_.location("/if");
  site_.proxy(outer, "/outer");
  const std::size_t inner = site_.location("", outer);
  site_.proxy(inner);
  auto step = when("$arg_x", {set("y", "1")});
  step.into = inner;
  site_.at(outer).script = {step};
  EXPECT_EQ(Visit(site_, "/if/a").outgoing().path, "/outer/a");
  EXPECT_EQ(Visit(site_, "/if/a?x=1").outgoing().path, "/if/a?x=1");
}

TEST_F(Script, RunsTheServersProgramFirst) {
  site_.root().script = {set("who", "server"), when("$arg_r", {rewrite("^", "/at/s", Flag::last)}),
                         when("$arg_stop", {give(200, "stopped")})};
  site_.respond(site_.location("/who"), 200, "$who");
  EXPECT_EQ(Visit(site_, "/who").outcome(), "200 server");
  EXPECT_EQ(Visit(site_, "/who?r=1").outcome(), "200 /at/s?r=1");
  EXPECT_EQ(Visit(site_, "/who?stop=1").outcome(), "200 stopped");
}

TEST_F(Script, EndsCyclesWith500) {
  site_.at(site_.location("/loop")).script = {rewrite("^", "/loop", Flag::last)};
  EXPECT_EQ(Visit(site_, "/loop").outcome(), "500");
}

TEST_F(Script, AllowsTenChanges) {
  Site site;
  site.server();
  for (int i = 0; i < 12; ++i) {
    const std::string from = "/n" + std::to_string(i) + "/", to = "/n" + std::to_string(i + 1) + "/";
    site.at(site.location(from)).script = {rewrite("^", to, Flag::last)};
  }
  site.respond(site.location("/n12/"), 200, "end");
  EXPECT_EQ(Visit(site, "/n2/").outcome(), "200 end");
  EXPECT_EQ(Visit(site, "/n1/").outcome(), "500");
}

TEST_F(Script, GivesUpOnARegexThatWouldTakeForever) {
  Site site;
  site.server();
  site.root().script = {when("$uri ~ ^/(a+)+$", {give(200, "matched")})};
  site.respond(site.location("/"), 200, "no match");
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(Visit(site, "/" + std::string(7000, 'a') + "!").outcome(),
            "500");  // as nginx: it might have matched
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
}

TEST(SiteComplaints, AreNginxOwn) {
  Site site;
  site.server();
  site.root().script = {set("a", "$nothing"),
                        set("host", "x"),
                        set("b", "${open"),
                        set("c", "$"),
                        set("d", "$upstream_nothing"),
                        give(200, "$1$later"),
                        when("$a ~ (", {}),
                        set("later", "1"),
                        set("e", "${1}")};
  EXPECT_THAT(site.complaints(),
              ::testing::UnorderedElementsAre(
                  "unknown \"nothing\" variable", "the duplicate \"host\" variable",
                  "the closing bracket in \"open\" variable is missing", "invalid variable name",
                  "unknown \"upstream_nothing\" variable",
                  HasSubstr("pcre2_compile() failed: missing closing parenthesis in \"(\""),
                  "unknown \"1\" variable"));
}

}  // namespace
}  // namespace tidegate::sites::test
