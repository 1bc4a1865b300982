// What becomes of answers: fields, cookies, redirects, error pages, log lines.

#include "tests/unit/sites/walk/site.h"

namespace tidegate::sites::test {
namespace {

using Flag = Site::Step::Flag;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;

class Rules : public testing::Test {
 protected:
  Rules() {
    site_.server();
    proxy_ = &site_.proxy(at_ = site_.location("/two/"), "/deep/");
    proxy_->hide_fields = {"Date", "Server", "X-Accel-Redirect"};
  }
  http::FieldRules rules(const std::string& fields, int status = 200) {
    visit_ = std::make_unique<Visit>(site_, "/two/x?n=app");
    EXPECT_EQ(visit_->outcome(), "pass");
    head_ =
        response_head("HTTP/1.1 " + std::to_string(status) + " X\r\n" + fields + "Content-Length: 0\r\n\r\n");
    return visit_->walk->answer_rules(status, {.upstream = head_.get()});
  }
  /// What an upstream's field becomes; "-" where no rule touches it.
  std::string field(const std::string& name, const std::string& value, int status = 200) {
    const http::FieldRules made = rules(name + ": " + value + "\r\n", status);
    const std::string out = visit_->field(made, name);
    return out.empty() ? "-" : out;
  }

  Site site_;
  std::size_t at_ = 0;
  conf::ProxyPass* proxy_ = nullptr;
  std::unique_ptr<Visit> visit_;
  std::unique_ptr<http::ResponseHead> head_;
};

TEST_F(Rules, HideFieldsAndWriteOurOwn) {
  const http::FieldRules made = rules("Server: up\r\nX-A: 1\r\n");
  EXPECT_THAT(made.remove, ElementsAre("Date", "Server", "X-Accel-Redirect"));
  EXPECT_EQ(visit_->field(made, "Server"), "tidegate");
  EXPECT_THAT(visit_->field(made, "Date"), HasSubstr(" GMT"));
}

TEST_F(Rules, LeaveServerWhereItMayPass) {
  proxy_->hide_fields.clear();
  EXPECT_EQ(field("Server", "up"), "-");
  const http::FieldRules made = rules("X-A: 1\r\n");
  EXPECT_EQ(visit_->field(made, "Server"), "tidegate");
}

TEST_F(Rules, AddHeadersByStatus) {
  site_.at(at_).added_fields = {{"X-Plain", {"$upstream_http_x $arg_n", {}}, false},
                                {"X-Always", {"a", {}}, true},
                                {"X-Empty", {"$http_none", {}}, true},
                                {"ETag", {"e", {}}, false}};
  auto made = rules("X: 1\r\n");
  EXPECT_EQ(visit_->field(made, "X-Plain"), " app");
  EXPECT_EQ(visit_->field(made, "X-Always"), "a");
  EXPECT_EQ(visit_->field(made, "X-Empty"), "");
  EXPECT_EQ(visit_->field(made, "ETag"), "e");
  made = rules("", 500);
  EXPECT_EQ(visit_->field(made, "X-Plain"), "");
  EXPECT_EQ(visit_->field(made, "X-Always"), "a");
  made = visit_->walk->answer_rules(404, {});
  EXPECT_EQ(visit_->field(made, "X-Always"), "a");
  EXPECT_EQ(visit_->field(made, "Server"), "");
}

TEST_F(Rules, WriteExpiresBeforeAddedFields) {
  site_.at(at_).expires = conf::Expires{conf::Expires::Kind::after, std::chrono::seconds(3600), {}};
  site_.at(at_).added_fields = {{"Cache-Control", {"public", {}}, false}};
  EXPECT_EQ(field("Cache-Control", "no-store"), "max-age=3600 | public");
  EXPECT_EQ(field("Expires", "0", 404), "-");
}

/// The value of `text` in a field that is added to an answer.
std::string seen_while_made(const std::string& text, const Draft& draft, int status = 200) {
  Site site;
  site.server();
  site.root().files.charset = "utf-8";
  site.root().added_fields = {{"X-First", {"1", {}}, true}, {"X-Seen", {text, {}}, true}};
  Visit visit(site, "/");
  visit.begin();
  return visit.field(visit.walk->answer_rules(status, draft), "X-Seen");
}

TEST(SentFields, OfOurOwnHeadInTheMaking) {
  const std::vector<std::pair<std::string_view, std::string>> fields = {
      {"Location", "/new"}, {"Last-Modified", "then"}, {"Accept-Ranges", "bytes"}};
  const Draft draft{.content_type = "text/css; charset=utf-8", .length = 12, .fields = fields};
  EXPECT_EQ(seen_while_made("$sent_http_content_type|$sent_http_content_length", draft), "text/css|12");
  EXPECT_EQ(seen_while_made("$sent_http_location|$sent_http_last_modified|$sent_http_accept_ranges", draft),
            "/new|then|");
  EXPECT_EQ(seen_while_made("$sent_http_x_first|$sent_http_server|$sent_http_none", draft), "1||");
  EXPECT_EQ(seen_while_made("$sent_http_connection", draft), "keep-alive");
  EXPECT_EQ(seen_while_made("$sent_http_connection", {.keep_alive = false}), "close");
}

TEST_F(Rules, MayAskForFieldsOfTheUpstream) {
  proxy_->hide_fields.emplace_back("X-Hidden");
  proxy_->cookie_paths = {{{"/up", {}}, false, false, {"/", {}}}};
  site_.at(at_).added_fields = {
      {"X-Seen",
       {"$sent_http_content_type|$sent_http_content_length|$sent_http_location|$sent_http_set_cookie|"
        "$sent_http_cache_control|$sent_http_x_hidden|$sent_http_date|$sent_http_transfer_encoding",
        {}},
       false}};
  const auto made = rules(
      "Content-Type: text/html; charset=x\r\nLocation: http://app:3000/deep/x\r\nSet-Cookie: a=1; "
      "Path=/up\r\nSet-Cookie: b=2\r\nCache-Control: a\r\nCache-Control: b\r\nX-Hidden: 1\r\n"
      "Date: now\r\n");
  EXPECT_EQ(visit_->field(made, "X-Seen"),
            "text/html; charset=x|0|http://example.com:8080/two/x|a=1; Path=/|a, b|||");
}

TEST_F(Rules, TakeExpiresFromAMapOfTheType) {
  site_.map("$sent_http_content_type", "by_type",
            {{"text/css", "max"}, {"~image/", "epoch"}, {"default", "off"}});
  site_.at(at_).expires = conf::Expires{conf::Expires::Kind::after, {}, {"$by_type", {}}};
  EXPECT_EQ(visit_->field(rules("Content-Type: text/css\r\n"), "Cache-Control"), "max-age=315360000");
  EXPECT_EQ(visit_->field(rules("Content-Type: image/png\r\n"), "Cache-Control"), "no-cache");
  EXPECT_EQ(visit_->field(rules("Content-Type: text/x\r\n"), "Cache-Control"), "");
}

TEST_F(Rules, RewriteRedirectsByDefault) {
  EXPECT_EQ(field("Location", "http://app:3000/deep/x"), "http://example.com:8080/two/x");
  EXPECT_EQ(field("Location", "http://app:3000/other"), "-");
  EXPECT_EQ(field("Location", "/deep/x"), "-");
  EXPECT_EQ(field("Refresh", "5; URL=http://app:3000/deep/y"), "5; URL=/two/y");
  site_.proxy(at_).default_redirect = true;  // without a URI part of its own
  Site other;
  other.server();
  other.proxy(other.location("/"));
  Visit visit(other, "/x");
  ASSERT_EQ(visit.outcome(), "pass");
  const auto head =
      response_head("HTTP/1.1 302 X\r\nLocation: http://app:3000/a/b\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(visit.field(visit.walk->answer_rules(302, {.upstream = head.get()}), "Location"),
            "http://example.com:8080/a/b");
}

TEST_F(Rules, RewriteRedirectsByRules) {
  proxy_->default_redirect = false;
  proxy_->redirects = {{{"http://$arg_n/", {}}, false, false, {"https://$host/", {}}},
                       {{"^http://([a-z]+)\\.internal(/.*)$", {}}, true, true, {"/$1$2", {}}}};
  EXPECT_EQ(field("Location", "http://app/x"), "https://example.com/x");
  EXPECT_EQ(field("Location", "HTTP://chat.INTERNAL/x?y"), "http://example.com:8080/chat/x?y");
  EXPECT_EQ(field("Location", "http://app:3000/deep/x"), "-");
}

TEST_F(Rules, ShowARegexTheWholeDomain) {
  proxy_->cookie_domains = {{{"other.org", {}}, false, false, {"new.org", {}}},
                            {{"\\.([a-z]+)\\.internal$", {}}, true, false, {"$1.example.com", {}}}};
  EXPECT_EQ(field("Set-Cookie", "a=1; domain=.chat.internal"), "a=1; domain=chat.example.com");
  EXPECT_EQ(field("Set-Cookie", "a=1; domain=.other.org"), "a=1; domain=.new.org");
  EXPECT_EQ(field("Set-Cookie", "a=1; domain=internal"), "a=1; domain=internal");
}

TEST_F(Rules, RewriteCookies) {
  proxy_->cookie_domains = {{{"up.org", {}}, false, false, {"new.org", {}}}};
  proxy_->cookie_paths = {{{"/up", {}}, false, false, {"/", {}}},
                          {{"^/r(.)$", {}}, true, false, {"/$1", {}}}};
  proxy_->cookie_flags = {{{"sid", {}}, false, {"secure", "httponly", "samesite=strict"}},
                          {{"^x", {}}, true, {"nosecure", "nohttponly", "nosamesite"}}};
  const auto made = rules(
      "Set-Cookie: a=1; Path=/up/x; Domain=.UP.org\r\nSet-Cookie: b=2; path=/r7; domain=other\r\n"
      "Set-Cookie: sid=3; SameSite=None\r\nSet-Cookie: x=4; Secure; HttpOnly; SameSite=Lax; Path=/\r\n"
      "Set-Cookie: plain=5;Path=/q\r\n");
  EXPECT_THAT(made.remove, ::testing::Contains("Set-Cookie"));
  std::vector<std::string> cookies;
  for (const auto& [name, value] : made.add) cookies.push_back(value);
  EXPECT_THAT(cookies,
              ElementsAre("a=1; Path=//x; Domain=.new.org", "b=2; path=/7; domain=other",
                          "sid=3; SameSite=Strict; Secure; HttpOnly", "x=4; Path=/", "plain=5;Path=/q"));
}

class ErrorPages : public testing::Test {
 protected:
  ErrorPages() {
    site_.server();
    site_.proxy(site_.location("/app")).intercept_errors = true;
    site_.respond(site_.location("/page"), 200, "page $uri?$args $request_method");
    site_.respond(site_.location("@named"), 200, "named $uri");
    site_.at(site_.location("/hidden")).internal = true;
    site_.respond(4, 200, "hidden");
  }
  void page(std::vector<int> statuses, const std::string& target, std::optional<int> with = std::nullopt) {
    for (std::size_t i : {0u, 1u, 5u}) {
      if (i < site_.sites->servers[0].locations.size())
        site_.at(i).error_pages.push_back({statuses, with, {target, {}}});
    }
  }
  std::string go(int status) {
    site_.at(go_ == 0 ? go_ = site_.location("/go") : go_).script = {give(status)};
    return Visit(site_, "POST /go?a=1 HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0\r\n\r\n").outcome();
  }
  Site site_;
  std::size_t go_ = 0;
};

TEST_F(ErrorPages, AnswerInPlaceOfAStatus) {
  page({404, 403}, "/page?x=$status");
  EXPECT_EQ(go(404), "404 page /page?x=404 GET");
}

TEST_F(ErrorPages, MayChangeTheStatus) {
  page({404}, "/page", 200);
  EXPECT_EQ(go(404), "200 page /page? GET");
}

TEST_F(ErrorPages, MayLeaveTheStatusToThePage) {
  page({500}, "@named", 0);
  EXPECT_EQ(go(500), "200 named /go");
}

TEST_F(ErrorPages, MayLeadElsewhere) {
  page({404}, "https://else.where/$uri");
  EXPECT_EQ(go(404), "302 to https://else.where//go");
}

TEST_F(ErrorPages, MayLeadElsewhereByAnotherStatus) {
  page({404}, "https://else.where/", 301);
  EXPECT_EQ(go(404), "301 to https://else.where/");
}

TEST_F(ErrorPages, MayEnterInternalLocations) {
  page({404}, "/hidden");
  EXPECT_EQ(go(404), "404 hidden");
}

TEST_F(ErrorPages, AreNotLookedForTwice) {
  page({404, 403}, "/missing");
  EXPECT_EQ(go(403), "404");
}

TEST_F(ErrorPages, EndInA500WhereTheyAreRecursive) {
  page({404, 500}, "/missing");
  for (auto& location : site_.sites->servers[0].locations) location.recursive_error_pages = true;
  EXPECT_EQ(go(404), "500");
}

TEST_F(ErrorPages, WithAnUnknownNameAreA500) {
  page({404}, "@nobody");
  EXPECT_EQ(go(404), "500");
}

TEST_F(ErrorPages, AreForUpstreamsThatFail) {
  page({502, 404}, "/page", 0);
  Visit visit(site_, "/app");
  ASSERT_EQ(visit.outcome(), "pass");
  EXPECT_EQ(visit.walk->told_status(200), 200);
  EXPECT_TRUE(visit.walk->intercepts(404));
  EXPECT_FALSE(visit.walk->intercepts(500));
  EXPECT_FALSE(visit.walk->failed(504, Reason::upstream_timeout));
  const auto action = visit.walk->failed(502, Reason::upstream_closed);
  ASSERT_TRUE(action);
  EXPECT_EQ(Visit::words(*action), "200 page /page? GET");
  EXPECT_FALSE(visit.walk->intercepts(404));
}

TEST_F(ErrorPages, TellAStatusInPlaceOfAnUpstreams) {
  page({503}, "/app/sorry", 429);
  Visit visit(site_, "/app");
  ASSERT_EQ(visit.outcome(), "pass");
  const auto action = visit.walk->failed(503, Reason::no_server);
  ASSERT_TRUE(action);
  EXPECT_EQ(Visit::words(*action), "pass");
  EXPECT_EQ(visit.walk->outgoing().path, "/app/sorry");
  EXPECT_EQ(visit.walk->told_status(200), 429);
}

TEST_F(ErrorPages, MayBeAskedForBeforeTheWalkBegan) {
  page({497}, "https://$host$request_uri");
  Visit visit(site_, "/x?y");
  const auto action = visit.walk->failed(497, Reason::plain_http_on_tls);
  ASSERT_TRUE(action);
  EXPECT_EQ(Visit::words(*action), "302 to https://example.com/x?y");
}

TEST(OwnPages, LookLikeNginxButForTheName) {
  Site site;
  site.server();
  Visit visit(site, "/");
  EXPECT_EQ(visit.walk->page(404),
            "<html>\r\n<head><title>404 Not Found</title></head>\r\n<body>\r\n<center><h1>404 Not Found</h1>"
            "</center>\r\n<hr><center>tidegate</center>\r\n</body>\r\n</html>\r\n");
  EXPECT_THAT(visit.walk->page(497),
              HasSubstr("<h1>400 Bad Request</h1></center>\r\n<center>The plain HTTP"));
  EXPECT_EQ(visit.walk->page(418), "");
}

TEST(AccelRedirect, LeadsInside) {
  Site site;
  site.server();
  site.proxy(site.location("/app"));
  site.respond(site.location("/files/"), 200, "$uri?$args");
  site.at(2).internal = true;
  site.respond(site.location("@n"), 200, "named $uri");
  const auto head = response_head(
      "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /files/a\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
      "Content-Type: text/special\r\nX-Other: 1\r\nContent-Length: 0\r\n\r\n");
  const auto lead = [&](std::string_view to) {
    Visit visit(site, "/app");
    EXPECT_EQ(visit.outcome(), "pass");
    visit.facts.upstream = head.get();
    const std::string out = Visit::words(visit.walk->redirected(to));
    const auto rules = visit.walk->answer_rules(200, {});
    EXPECT_EQ(visit.field(rules, "Set-Cookie"), "a=1 | b=2");
    EXPECT_EQ(visit.field(rules, "Content-Type"), "text/special");
    EXPECT_EQ(visit.field(rules, "X-Other"), "");
    return out;
  };
  EXPECT_EQ(lead("/files/a%20b?c=d"), "200 /files/a b?c=d");
  EXPECT_EQ(lead("@n"), "200 named /app");
  EXPECT_EQ(lead("/files/../../etc/passwd"), "404");
  EXPECT_EQ(lead("/files/%2e%2e/x"), "404");
  EXPECT_EQ(lead(""), "404");
  EXPECT_EQ(lead("@nobody"), "500");
}

TEST(AccelRedirect, KeepsTheTypeOfTheAnswerItLeadsTo) {
  Site site;
  site.server();
  site.proxy(site.location("/"));
  const auto first = response_head(
      "HTTP/1.1 200 OK\r\nX-Accel-Redirect: /x\r\nContent-Type: text/first\r\nContent-Length: 0\r\n\r\n");
  const auto type = [&](const std::string& second) {
    Visit visit(site, "/app");
    EXPECT_EQ(visit.outcome(), "pass");
    visit.facts.upstream = first.get();
    EXPECT_EQ(Visit::words(visit.walk->redirected("/x")), "pass");
    const auto head = response_head("HTTP/1.1 200 OK\r\n" + second + "Content-Length: 0\r\n\r\n");
    return visit.field(visit.walk->answer_rules(200, {.upstream = head.get()}), "Content-Type");
  };
  EXPECT_EQ(type("Content-Type: text/second\r\n"), "");
  EXPECT_EQ(type(""), "text/first");
}

TEST(Ends, OfConnectionsComeWithTheErrorsOfNginx) {
  Site site;
  site.server();
  site.root().error_pages = {{{413, 501}, 200, {"/page", {}}}};
  site.respond(site.location("/page"), 200, "page");
  for (int status : {400, 404, 413, 416, 500, 501, 503}) {
    site.respond(site.location("/" + std::to_string(status)), status);
    site.at(site.sites->servers[0].locations.size() - 1).error_pages = site.root().error_pages;
  }
  const auto ends = [&](const std::string& target) {
    Visit visit(site, target);
    visit.begin();
    return visit.walk->ends_connection();
  };
  EXPECT_TRUE(ends("/400") && ends("/413") && ends("/500") && ends("/501"));
  EXPECT_FALSE(ends("/404") || ends("/416") || ends("/503") || ends("/page"));
}

TEST(Answers, KnowTheirStatus) {
  Site site;
  site.server();
  site.root().error_pages = {{{404}, 0, {"@none", {}}}};
  site.respond(site.location("@none"), 410, "$status");
  site.respond(site.location("/missing"), 404);
  site.respond(site.location("/there"), 202, "$status");
  site.at(2).error_pages = site.root().error_pages;
  EXPECT_EQ(Visit(site, "/there").outcome(), "202 202");
  EXPECT_EQ(Visit(site, "/missing").outcome(), "410 410");
}

TEST(Ends, WithoutAWordWhereNginxSaysNone) {
  Site site;
  site.server();
  site.root().error_pages = {{{408, 444, 499}, 200, {"/page", {}}}};
  for (int status : {408, 444, 499}) site.respond(site.location("/" + std::to_string(status)), status);
  site.respond(site.location("/said"), 408, "text");
  EXPECT_EQ(Visit(site, "/408").outcome(), "hangup");
  EXPECT_EQ(Visit(site, "/444").outcome(), "hangup");
  EXPECT_EQ(Visit(site, "/499").outcome(), "hangup");
  EXPECT_EQ(Visit(site, "/said").outcome(), "408 text");
  Visit visit(site, "/499");
  EXPECT_EQ(std::get<Hangup>(visit.begin()).status, 499);
}

TEST(Subrequests, ShareVariablesAndAskNobody) {
  Site site;
  site.server();
  const std::size_t outer = site.location("/");
  site.proxy(outer);
  site.at(outer).admission.ask =
      conf::AuthRequest{{"/auth?x=1", {}}, {{"user", {"$upstream_http_x_user", {}}}}};
  site.at(outer).added_fields = {{"X-User", {"$user", {}}, true}};
  const std::size_t auth = site.location("= /auth");
  site.proxy(auth).pass_body = false;
  site.at(auth).internal = true;
  site.at(auth).admission.rules = {{false, {}, false}};
  site.at(auth).script = {set("seen", "$uri?$args $request_method $request_uri")};
  site.at(outer).added_fields.push_back({"X-Seen", {"$seen", {}}, true});

  Visit visit(site, "POST /p?q HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\nX-A: 1\r\n\r\n");
  ASSERT_EQ(visit.outcome(), "ask /auth?x=1");
  Facts facts;
  const auto sub = visit.walk->subrequest("/auth?x=1", facts);
  EXPECT_EQ(Visit::words(sub->begin()), "pass");
  const Outgoing out = sub->outgoing();
  EXPECT_EQ(out.method, "GET");
  EXPECT_EQ(out.path, "/auth?x=1");
  EXPECT_EQ(out.body, "");
  EXPECT_THAT(out.fields, ::testing::Contains(Pair("X-A", "1")));
  EXPECT_THAT(sub->log_lines(), IsEmpty());

  const auto head = response_head("HTTP/1.1 204 X\r\nX-User: ann\r\n\r\n");
  EXPECT_EQ(Visit::words(visit.walk->authorised(204, head.get())), "pass");
  const auto rules = visit.walk->answer_rules(200, {});
  EXPECT_EQ(visit.field(rules, "X-User"), "ann");
  EXPECT_EQ(visit.field(rules, "X-Seen"), "/auth?x=1 POST /p?q");
  for (const auto& [status, outcome] : {std::pair(403, "403"), {401, "401"}, {500, "500"}, {302, "500"}}) {
    Visit other(site, "/p");
    ASSERT_EQ(other.outcome(), "ask /auth?x=1");
    EXPECT_EQ(Visit::words(other.walk->authorised(status, nullptr)), outcome);
  }
}

TEST(LogLines, AreEscapedByFormat) {
  using Escape = conf::LogFormat::Escape;
  Site site;
  site.server();
  site.root().script = {give(200)};
  const conf::Text text{"$uri \"$http_none\" $http_user_agent", {}};
  site.sites->log_formats = {
      {"std", {Escape::standard, text}}, {"json", {Escape::json, text}}, {"none", {Escape::none, text}}};
  site.root().access_logs = {{"/a", "std", {}},
                             {"/b", "json", {}},
                             {"/c", "none", {}},
                             {"/d", "combined", {}},
                             {"/e", "std", {"$arg_log", {}}}};
  Visit visit(site, "GET /a%0Ab%22%5C%C3%A9?log=0 HTTP/1.1\r\nHost: a\r\nUser-Agent: \xff\"\r\n\r\n");
  visit.begin();
  visit.facts.status = 200;
  visit.facts.body_bytes_sent = 5;
  const auto lines = visit.walk->log_lines();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].second, "/a\\x0Ab\\x22\\x5C\\xC3\\xA9 \"-\" \\xFF\\x22\n");
  EXPECT_EQ(lines[1].second, "/a\\nb\\\"\\\\\xC3\xA9 \"\" \xEF\xBF\xBD\\\"\n");
  EXPECT_EQ(lines[2].second, "/a\nb\"\\\xC3\xA9 \"\" \xff\"\n");
  EXPECT_EQ(lines[3].first, "/d");
  EXPECT_THAT(lines[3].second, ::testing::MatchesRegex("192\\.0\\.2\\.1 - - \\[.*\\] \"GET "
                                                       "/a%0Ab%22%5C%C3%A9\\?log=0 HTTP/1\\.1\" 200 5 \"-\" "
                                                       "\"\\\\xFF\\\\x22\"\n"));
}

TEST(Walks, TellCountsForStubStatus) {
  Site site;
  site.server();
  site.at(site.location("/status")).stub_status = true;
  EXPECT_EQ(Visit(site, "/status").outcome(), "counts");
}

}  // namespace
}  // namespace tidegate::sites::test
