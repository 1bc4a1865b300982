#include "tests/unit/sites/folder.h"
#include "tests/unit/sites/walk/site.h"

namespace tidegate::sites {
namespace {

using test::Site;
using test::Visit;

std::string request(std::string_view target, std::string_view fields = {}, std::string_view method = "GET") {
  return std::string(method)
             .append(" ")
             .append(target)
             .append(" HTTP/1.1\r\nHost: example.com\r\n")
             .append(fields) +
         "\r\n";
}

/// A React app as a build leaves it.
class App : public ::testing::Test {
 protected:
  App() {
    folder_.write("index.html", "<!doctype html>");
    folder_.write("assets/index-a1b2c3.js", "console.log(1)");
    folder_.write(".well-known/acme-challenge/token", "token.key");
    site_.server();
    site_.root().files.root = {folder_.path(), {}};
    site_.root().files.types = std::make_shared<const std::map<std::string, std::string>>(
        std::map<std::string, std::string>{{"html", "text/html"}, {"js", "application/javascript"}});
  }
  /// "200 text/html 15", "304", "301 to URL".
  std::string got(std::string_view raw) {
    Visit visit(site_, raw);
    const Action action = visit.begin();
    const auto* file = std::get_if<SendFile>(&action);
    if (file == nullptr) return Visit::words(action);
    std::string out = std::to_string(file->status);
    if (file->file.is_open())
      out.append(" ").append(file->content_type) += " " + std::to_string(file->file.size());
    for (const ByteRange& range : file->ranges)
      out += " " + std::to_string(range.first) + "-" + std::to_string(range.last);
    return out;
  }

  test::Folder folder_;
  Site site_;
  test::LogLines log_;
};

TEST_F(App, IsServedWithTryFiles) {
  const std::size_t all = site_.location("/");
  site_.at(all).files.candidates = {{"$uri", {}}};
  site_.at(all).files.fallback = {"/index.html", {}};
  EXPECT_EQ(got("/"), "200 text/html 15");
  EXPECT_EQ(got("/rooms/7?x=1"), "200 text/html 15");
  EXPECT_EQ(got("/assets/index-a1b2c3.js"), "200 application/javascript 14");
  EXPECT_EQ(got("/assets"), "200 text/html 15");
  EXPECT_EQ(got("/.well-known/acme-challenge/token"), "200 text/plain 9");
  EXPECT_EQ(got(request("/rooms/7", "If-None-Match: *\r\n")), "304");
  EXPECT_EQ(got(request("/rooms/7", "Range: bytes=0-3\r\n")), "206 text/html 15 0-3");
  EXPECT_EQ(got(request("/rooms/7", "Range: bytes=99-\r\n")), "416");
  EXPECT_EQ(got(request("/rooms/7", {}, "POST")), "405");
}

TEST_F(App, IsServedWithAnErrorPage) {
  conf::ErrorPage page;
  page.statuses = {404};
  page.answer_with = 200;
  page.target = {"/index.html", {}};
  site_.root().error_pages = {page};
  EXPECT_EQ(got("/rooms/7"), "200 text/html 15");
  // It is a 200 like any other then, as in nginx.
  EXPECT_EQ(got(request("/rooms/7", "If-None-Match: *\r\n")), "304");
  EXPECT_EQ(got(request("/rooms/7", "Range: bytes=0-3\r\n")), "206 text/html 15 0-3");
}

TEST_F(App, ShowsAnErrorPageWhole) {
  conf::ErrorPage page;
  page.statuses = {404, 405};
  page.target = {"/index.html", {}};
  site_.root().error_pages = {page};
  EXPECT_EQ(got(request("/none", "Range: bytes=0-3\r\nIf-None-Match: *\r\n")), "404 text/html 15");
  EXPECT_EQ(got(request("/index.html", {}, "POST")), "405 text/html 15");
}

TEST_F(App, FindsItsIndex) {
  EXPECT_EQ(got("/"), "200 text/html 15");
  EXPECT_EQ(got("/assets"), "301 to http://example.com:8080/assets/");
  EXPECT_EQ(got("/assets/"), "403");
  site_.root().absolute_redirect = false;
  EXPECT_EQ(got("/assets?v=1"), "301 to /assets/?v=1");
}

TEST_F(App, IsBehindAPassword) {
  folder_.write("users", "ada:{PLAIN}secret\n");
  site_.root().admission.basic = conf::BasicAuth{{"staff", {}}, {folder_ / "users", {}}};
  EXPECT_EQ(got("/"), "401");
  EXPECT_EQ(got(request("/", "Authorization: Basic YWRhOnNlY3JldA==\r\n")), "200 text/html 15");
  EXPECT_EQ(got(request("/", "Authorization: Basic YWRhOm90aGVy\r\n")), "401");
}

TEST_F(App, IsLimited) {
  conf::LimitZone zone;
  zone.name = "one";
  zone.key = {"$binary_remote_addr", {}};
  zone.bytes = 1 << 20;
  zone.per_minute = 1000;
  site_.sites->zones.push_back(zone);
  site_.root().admission.request_limits = {{.zone = "one", .burst = 1, .delay = 0}};
  EXPECT_EQ(got("/index.html"), "200 text/html 15");
  EXPECT_EQ(got("/index.html"), "wait");
  EXPECT_EQ(got("/index.html"), "503");
  EXPECT_NE(log_.text().find(
                "limiting requests, excess: 2.000 by zone \"one\", client: 192.0.2.1, server: example.com, "
                "request: \"GET /index.html HTTP/1.1\", host: \"example.com\""),
            std::string::npos);
}

TEST(OwnAnswers, AreJudgedByConditionsToo) {
  Site site;
  site.server();
  site.respond(0, 200, "hi");
  EXPECT_EQ(Visit(site, "/").outcome(), "200 hi");
  EXPECT_EQ(Visit(site, request("/", "If-None-Match: *\r\n")).outcome(), "304");
  EXPECT_EQ(Visit(site, request("/", "If-None-Match: \"a\"\r\n")).outcome(), "200 hi");
  EXPECT_EQ(Visit(site, request("/", "If-Match: \"a\"\r\n")).outcome(), "412");
  EXPECT_EQ(Visit(site, request("/", "Range: bytes=0-0\r\n")).outcome(), "200 hi");
}

TEST(OwnAnswers, TellCountsToWhoGetsThem) {
  Site site;
  site.server();
  site.root().stub_status = true;
  EXPECT_EQ(Visit(site, "/").outcome(), "counts");
  EXPECT_EQ(Visit(site, request("/", {}, "HEAD")).outcome(), "counts");
  EXPECT_EQ(Visit(site, request("/", {}, "POST")).outcome(), "405");
}

TEST(OwnAnswers, TellTheirCharset) {
  Site site;
  site.server();
  site.root().files.charset = "utf-8";
  site.respond(site.location("/say"), 200, "hi");
  site.respond(site.location("/go"), 302, "/say");
  const auto type = [&](std::string_view target) {
    return std::get<Answer>(Visit(site, target).begin()).content_type;
  };
  EXPECT_EQ(type("/say"), "text/plain; charset=utf-8");
  EXPECT_EQ(type("/none"), "text/html; charset=utf-8");
  EXPECT_EQ(type("/go"), "text/html");
}

}  // namespace
}  // namespace tidegate::sites
