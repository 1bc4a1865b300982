#include "gateway/sites/static_files.h"

#include <gtest/gtest.h>
#include <sys/time.h>

#include "tests/unit/sites/folder.h"
#include "tests/unit/sites/request.h"

namespace tidegate::sites {
namespace {

using Types = std::map<std::string, std::string>;

constexpr std::int64_t kThen = 784111777;
constexpr std::string_view kThenDate = "Sun, 06 Nov 1994 08:49:37 GMT";

class StaticFiles : public ::testing::Test {
 protected:
  StaticFiles() {
    rules_.types =
        std::make_shared<const Types>(Types{{"html", "text/html"}, {"js", "application/javascript"}});
    folder_.write("index.html", "<p>");
    folder_.write("a.txt", "hello\n");
    folder_.write("dir/index.html", "<i>");
    folder_.make("empty");
    const timeval times[2] = {{kThen, 0}, {kThen, 0}};
    ::utimes((folder_ / "a.txt").c_str(), times);
  }

  std::variant<Answer, SendFile, Elsewhere> serve(std::string_view uri, const test::Request& request) {
    return serve_file({.rules = &rules_,
                       .place = place_,
                       .uri = uri,
                       .args = args_,
                       .index = index_,
                       .subject = request.subject(),
                       .method = request.head().method,
                       .status = status_,
                       .subrequest = subrequest_});
  }
  /// "200", "301 /dir/", "-> /index.html", "404".
  std::string result(std::string_view uri, const std::string& method = "GET") {
    const test::Request request({}, method);
    const auto outcome = serve(uri, request);
    if (const auto* send = std::get_if<SendFile>(&outcome)) return std::to_string(send->status);
    if (const auto* elsewhere = std::get_if<Elsewhere>(&outcome)) return "-> " + elsewhere->uri;
    const Answer& answer = std::get<Answer>(outcome);
    std::string out = std::to_string(answer.status);
    for (const auto& [name, value] : answer.fields) out += " " + value;
    return out;
  }

  test::Folder folder_;
  conf::FileRules rules_;
  Place place_{folder_.path()};
  std::string args_;
  std::vector<std::string> index_{"index.html"};
  int status_ = 200;
  bool subrequest_ = false;
};

std::string shown(const std::vector<std::pair<std::string_view, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) out.append(name).append(": ").append(value).append("\n");
  return out;
}

TEST_F(StaticFiles, SendsAFile) {
  const test::Request request;
  auto outcome = serve("/a.txt", request);
  const SendFile& file = std::get<SendFile>(outcome);
  EXPECT_EQ(file.status, 200);
  EXPECT_TRUE(file.file.is_open());
  EXPECT_EQ(file.file.size(), 6u);
  EXPECT_EQ(file.content_type, "text/plain");
  EXPECT_TRUE(file.ranges.empty());
  EXPECT_EQ(shown(file.fields),
            "Last-Modified: " + std::string(kThenDate) + "\nETag: \"2ebc98a1-6\"\nAccept-Ranges: bytes\n");
}

TEST_F(StaticFiles, AnswersByMethod) {
  EXPECT_EQ(result("/a.txt", "GET"), "200");
  EXPECT_EQ(result("/a.txt", "HEAD"), "200");
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS", "get", "PROPFIND"}) {
    EXPECT_EQ(result("/a.txt", method), "405") << method;
  }
  EXPECT_EQ(result("/none", "POST"), "404");
  EXPECT_EQ(result("/none", "PUT"), "405");
  EXPECT_EQ(result("/dir", "POST"), "301 /dir/");
  EXPECT_EQ(result("/dir/", "POST"), "-> /dir/index.html");
  EXPECT_EQ(result("/empty/", "POST"), "403");
  EXPECT_EQ(result("/empty/", "PUT"), "405");
}

TEST_F(StaticFiles, GoesOnToTheIndex) {
  EXPECT_EQ(result("/"), "-> /index.html");
  EXPECT_EQ(result("/dir/"), "-> /dir/index.html");
  EXPECT_EQ(result("/empty/"), "403");
  EXPECT_EQ(result("/none/"), "404");
  EXPECT_EQ(result("/a.txt/"), "404");
  index_ = {"none.html", "a.txt", "index.html"};
  EXPECT_EQ(result("/"), "-> /a.txt");
  EXPECT_EQ(result("/dir/"), "-> /dir/index.html");
  index_ = {"none.html", "/app.php"};
  EXPECT_EQ(result("/empty/"), "-> /app.php");
  index_ = {};
  EXPECT_EQ(result("/"), "403");
  index_ = {"dir"};
  EXPECT_EQ(result("/"), "-> /dir");
}

TEST_F(StaticFiles, AddsTheSlashOfADirectory) {
  EXPECT_EQ(result("/dir"), "301 /dir/");
  args_ = "a=b&c";
  EXPECT_EQ(result("/dir"), "301 /dir/?a=b&c");
  args_ = "";
  folder_.make("sp ace%q?x#\"<>\\^`{|}\xc3\xa9\n");
  EXPECT_EQ(result("/sp ace%q?x#\"<>\\^`{|}\xc3\xa9\n"),
            "301 /sp%20ace%25q%3Fx%23%22%3C%3E%5C%5E%60%7B%7C%7D%C3%A9%0A/");
  place_ = {folder_.path() + "/", Place::Kind::alias, 5};
  EXPECT_EQ(result("/img/dir"), "301 /img/dir/");
}

TEST_F(StaticFiles, SaysWhyNot) {
  ::mkfifo((folder_ / "fifo").c_str(), 0600);
  folder_.link("a.txt", "link");
  folder_.link("loop", "loop");
  test::LogLines log;
  EXPECT_EQ(result("/none"), "404");
  EXPECT_EQ(result("/a.txt/none"), "404");
  EXPECT_EQ(result("/" + std::string(300, 'x')), "404");
  EXPECT_EQ(result("/fifo"), "404");
  EXPECT_EQ(result("/loop"), "403");
  EXPECT_EQ(result("/link"), "200");
  EXPECT_EQ(result(std::string_view("/a.txt\0", 7)), "404");
  EXPECT_EQ(result("/a/../a.txt"), "403");
  EXPECT_EQ(result(""), "404");
  rules_.follow_symlinks = false;
  EXPECT_EQ(result("/link"), "403");
  EXPECT_EQ(result("/a.txt"), "200");
  const std::string lines = log.text();
  EXPECT_NE(lines.find("open() \"" + folder_.path() +
                       "/none\" failed (2: No such file or directory), client: 192.0.2.1, server: lab.test, "
                       "request: \"GET / HTTP/1.1\", host: \"example.com\""),
            std::string::npos)
      << lines;
  EXPECT_NE(lines.find("/fifo\" is not a regular file"), std::string::npos);
  EXPECT_NE(lines.find("openat() \"" + folder_.path() + "/link\" failed (40: "), std::string::npos);
}

TEST_F(StaticFiles, IsSilentAboutWhatIsMissingIfToldTo) {
  rules_.log_not_found = false;
  test::LogLines log;
  EXPECT_EQ(result("/none"), "404");
  EXPECT_EQ(result("/none/"), "404");
  EXPECT_EQ(log.text(), "");
  EXPECT_EQ(result("/empty/"), "403");
  EXPECT_NE(log.text().find("directory index of \"" + folder_.path() + "/empty/\" is forbidden"),
            std::string::npos);
}

TEST_F(StaticFiles, DoesNotTellArgumentsToTheLog) {
  test::LogLines log;
  const test::Request request({}, "GET", "/none?token=secret");
  EXPECT_EQ(std::get<Answer>(serve("/none", request)).status, 404);
  EXPECT_NE(log.text().find("request: \"GET /none?* HTTP/1.1\""), std::string::npos);
}

TEST_F(StaticFiles, JudgesConditionsThenRanges) {
  const struct {
    test::Fields fields;
    int status;
    std::string_view other;  ///< of its fields, besides the validators
  } cases[] = {
      {{}, 200, "Accept-Ranges: bytes\n"},
      {{{"Range", "bytes=1-2"}}, 206, "Content-Range: bytes 1-2/6\n"},
      {{{"Range", "bytes=0-0,2-2"}}, 206, ""},
      {{{"Range", "bytes=9-"}}, 416, "Content-Range: bytes */6\n"},
      {{{"Range", "bytes=0-9,1-2"}}, 200, "Accept-Ranges: bytes\n"},
      {{{"If-None-Match", "*"}}, 304, ""},
      {{{"If-None-Match", "*"}, {"Range", "bytes=9-"}}, 304, ""},
      {{{"If-Match", "\"x\""}}, 412, ""},
      {{{"If-Match", "\"x\""}, {"Range", "bytes=1-2"}}, 412, ""},
      {{{"If-Modified-Since", std::string(kThenDate)}}, 304, ""},
      {{{"If-Range", "\"x\""}, {"Range", "bytes=1-2"}}, 200, "Accept-Ranges: bytes\n"},
  };
  const std::string validators = "Last-Modified: " + std::string(kThenDate) + "\nETag: \"2ebc98a1-6\"\n";
  for (const auto& [fields, status, other] : cases) {
    const test::Request request(fields);
    auto outcome = serve("/a.txt", request);
    const std::string what = fields.empty() ? "" : fields.back().first + ": " + fields.back().second;
    if (const auto* answer = std::get_if<Answer>(&outcome)) {
      EXPECT_EQ(answer->status, status) << what;
      EXPECT_EQ(shown(answer->fields), other) << what;
      continue;
    }
    const SendFile& file = std::get<SendFile>(outcome);
    EXPECT_EQ(file.status, status) << what;
    EXPECT_EQ(shown(file.fields), validators + std::string(other)) << what;
    EXPECT_EQ(file.file.is_open(), status != 304) << what;
    EXPECT_EQ(file.content_type, status == 304 ? "" : "text/plain") << what;
    EXPECT_EQ(file.ranges.empty(), status != 206) << what;
  }
}

TEST_F(StaticFiles, SendsAnErrorsPageWhole) {
  const test::Request request(test::Fields{{"Range", "bytes=1-2"}, {"If-None-Match", "*"}});
  status_ = 404;
  auto outcome = serve("/a.txt", request);
  EXPECT_EQ(std::get<SendFile>(outcome).status, 404);
  EXPECT_TRUE(std::get<SendFile>(outcome).ranges.empty());
  EXPECT_EQ(shown(std::get<SendFile>(outcome).fields).find("Accept-Ranges"), std::string::npos);
  status_ = 200;
  subrequest_ = true;
  EXPECT_EQ(std::get<SendFile>(serve("/a.txt", request)).status, 200);
}

TEST_F(StaticFiles, TellsOfAFileWhatItIsToldTo) {
  const test::Request request(test::Fields{{"Range", "bytes=1-2"}});
  rules_.etag = false;
  rules_.max_ranges = 0;
  auto outcome = serve("/a.txt", request);
  EXPECT_EQ(shown(std::get<SendFile>(outcome).fields), "Last-Modified: " + std::string(kThenDate) + "\n");
  EXPECT_EQ(std::get<SendFile>(outcome).status, 200);
  rules_.charset = "utf-8";
  rules_.default_type = "text/html";
  EXPECT_EQ(std::get<SendFile>(serve("/a.txt", request)).content_type, "text/html; charset=utf-8");
}

TEST(MediaType, IsByExtension) {
  conf::FileRules rules;
  rules.default_type = "x/default";
  rules.types =
      std::make_shared<const Types>(Types{{"html", "text/html"}, {"js", "text/js"}, {"gz", "x/gz"}});
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"/index.html", "text/html"}, {"/APP.JS", "text/js"},    {"/a.tar.gz", "x/gz"},
      {"/a.unknown", "x/default"},  {"/noext", "x/default"},   {"/a.html/b", "x/default"},
      {"/.html", "x/default"},      {"/d/.js", "x/default"},   {"/a.", "x/default"},
      {"/.a.js", "text/js"},        {"/", "x/default"},        {"/a.b/c.js", "text/js"},
      {"/a.html.", "x/default"},    {"/a.html ", "x/default"},
  };
  for (const auto& [uri, type] : cases) EXPECT_EQ(media_type(rules, uri), type) << uri;
  rules.types = nullptr;
  EXPECT_EQ(media_type(rules, "/a.js"), "x/default");
}

TEST(Charset, IsForTextAlone) {
  EXPECT_EQ(with_charset("text/html", "utf-8", 200), "text/html; charset=utf-8");
  EXPECT_EQ(with_charset("Text/Plain", "utf-8", 404), "Text/Plain; charset=utf-8");
  EXPECT_EQ(with_charset("application/javascript", "koi8-r", 200), "application/javascript; charset=koi8-r");
  EXPECT_EQ(with_charset("image/png", "utf-8", 200), "image/png");
  EXPECT_EQ(with_charset("text/css", "utf-8", 200), "text/css");
  EXPECT_EQ(with_charset("text/html; charset=x", "utf-8", 200), "text/html; charset=x");
  EXPECT_EQ(with_charset("text/html", "", 200), "text/html");
  EXPECT_EQ(with_charset("", "utf-8", 200), "");
  EXPECT_EQ(with_charset("text/html", "utf-8", 301), "text/html");
  EXPECT_EQ(with_charset("text/html", "utf-8", 302), "text/html");
  EXPECT_EQ(with_charset("text/html", "utf-8", 308), "text/html; charset=utf-8");
}

}  // namespace
}  // namespace tidegate::sites
