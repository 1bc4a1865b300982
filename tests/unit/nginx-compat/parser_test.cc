#include "nginx-compat/parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <map>

namespace tidegate::nginx {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Files in memory; a pattern's star stands at its end.
class MemoryFiles final : public Files {
 public:
  explicit MemoryFiles(std::map<std::string, std::string> files) : files_(std::move(files)) {}
  std::optional<std::string> read(const std::string& path, int& os_error) override {
    const auto found = files_.find(path);
    if (found != files_.end()) return found->second;
    os_error = ENOENT;
    return std::nullopt;
  }
  std::vector<std::string> glob(const std::string& pattern) override {
    std::vector<std::string> paths;
    for (const auto& [path, text] : files_) {
      if (path.starts_with(pattern.substr(0, pattern.find('*')))) paths.push_back(path);
    }
    return paths;
  }

 private:
  std::map<std::string, std::string> files_;
};

std::string to_text(const std::vector<Directive>& tree) {
  std::string text;
  for (const Directive& directive : tree) {
    text += directive.name.text;
    for (const Word& word : directive.args) text += ' ' + word.text;
    text += directive.rule != nullptr && directive.rule->opens_block() ? '{' + to_text(directive.block) + '}'
                                                                       : ";";
  }
  return text;
}

struct Parsed {
  std::string tree;
  std::vector<std::string> complaints;
};

Parsed parse_files(std::map<std::string, std::string> files, ParseOptions options = {}) {
  MemoryFiles memory(std::move(files));
  options.prefix = "/etc/nginx";
  Diagnostics diagnostics;
  Parsed parsed{to_text(parse("/etc/nginx/nginx.conf", memory, options, diagnostics)), {}};
  for (const Diagnostic& diagnostic : diagnostics.list()) parsed.complaints.push_back(to_string(diagnostic));
  return parsed;
}

Parsed parse_text(std::string text) {
  return parse_files({{"/etc/nginx/nginx.conf", std::move(text)}});
}

TEST(NginxParser, MakesATree) {
  const Parsed parsed = parse_text("events {} http { server { listen 80; location / { return 204; } } }");
  EXPECT_THAT(parsed.complaints, IsEmpty());
  EXPECT_EQ(parsed.tree, "events{}http{server{listen 80;location /{return 204;}}}");
}

TEST(NginxParser, TakesLinesOfValuesAsTheyAre) {
  const Parsed parsed = parse_text("http { map $a $b { default 1; ~^x$ 2; server {\n} } }");
  EXPECT_THAT(parsed.complaints, ElementsAre("/etc/nginx/nginx.conf:1: unexpected \"{\""));
  EXPECT_EQ(parse_text("http { map $a $b { default 1; ~^x$ 2; } types { text/html html htm; } }").tree,
            "http{map $a $b{default 1;~^x$ 2;}types{text/html html htm;}}");
}

TEST(NginxParser, ReadsWhatIsIncluded) {
  const Parsed parsed =
      parse_files({{"/etc/nginx/nginx.conf", "http { include mime.types; include sites/*; }"},
                   {"/etc/nginx/mime.types", "types { a b; }"},
                   {"/etc/nginx/sites/1", "server { listen 1; }"},
                   {"/etc/nginx/sites/2", "server { listen 2; }"}});
  EXPECT_THAT(parsed.complaints, IsEmpty());
  EXPECT_EQ(parsed.tree, "http{types{a b;}server{listen 1;}server{listen 2;}}");
}

TEST(NginxParser, APatternMayFitNothingANameMayNot) {
  EXPECT_THAT(parse_text("include sites/*;").complaints, IsEmpty());
  EXPECT_THAT(
      parse_text("\ninclude sites/a;").complaints,
      ElementsAre(
          "/etc/nginx/nginx.conf:2: open() \"/etc/nginx/sites/a\" failed (2: No such file or directory)"));
}

TEST(NginxParser, NamesTheFileInWhichAMistakeStands) {
  const Parsed parsed =
      parse_files({{"/etc/nginx/nginx.conf", "include a.conf;\nfoo;"}, {"/etc/nginx/a.conf", "\n\nbar;"}});
  EXPECT_THAT(parsed.complaints, ElementsAre("/etc/nginx/a.conf:3: unknown directive \"bar\"",
                                             "/etc/nginx/nginx.conf:2: unknown directive \"foo\""));
}

TEST(NginxParser, RefusesAFileThatIncludesItself) {
  const Parsed parsed = parse_text("include nginx.conf;");
  ASSERT_EQ(parsed.complaints.size(), 1u);
  EXPECT_THAT(parsed.complaints.front(), HasSubstr("does a file include itself?"));
}

TEST(NginxParser, RefusesTooMuch) {
  ParseOptions few;
  few.most_files = 2;
  const std::map<std::string, std::string> files = {{"/etc/nginx/nginx.conf", "include a; include a;"},
                                                    {"/etc/nginx/a", "pid x;"}};
  EXPECT_THAT(parse_files(files, few).complaints, ElementsAre(HasSubstr("more than 2 files")));
  ParseOptions small;
  small.most_bytes = 1024;
  EXPECT_THAT(parse_files({{"/etc/nginx/nginx.conf", std::string(2000, ' ')}}, small).complaints,
              ElementsAre(HasSubstr("one file too many")));
}

TEST(NginxParser, ComplainsInNginxsWords) {
  const Parsed parsed = parse_text(
      "foo a;\n"
      "listen 80;\n"
      "events { worker_connections; }\n"
      "http;\n"
      "http { server_name x;\n"
      "  server { listen 80 {} sendfile maybe; root\n a\n b; }\n"
      "  if ($x) {} upstream u { server; }\n"
      "}\n");
  EXPECT_THAT(
      parsed.complaints,
      ElementsAre("/etc/nginx/nginx.conf:1: unknown directive \"foo\"",
                  "/etc/nginx/nginx.conf:2: \"listen\" directive is not allowed here",
                  "/etc/nginx/nginx.conf:3: invalid number of arguments in \"worker_connections\" directive",
                  "/etc/nginx/nginx.conf:4: directive \"http\" has no opening \"{\"",
                  "/etc/nginx/nginx.conf:5: \"server_name\" directive is not allowed here",
                  "/etc/nginx/nginx.conf:6: directive \"listen\" is not terminated by \";\"",
                  "/etc/nginx/nginx.conf:6: invalid value \"maybe\" in \"sendfile\" directive, it must be "
                  "\"on\" or \"off\"",
                  "/etc/nginx/nginx.conf:8: invalid number of arguments in \"root\" directive",
                  "/etc/nginx/nginx.conf:9: \"if\" directive is not allowed here",
                  "/etc/nginx/nginx.conf:9: invalid number of arguments in \"server\" directive"));
}

TEST(NginxParser, AnUnknownBlockIsOneMistake) {
  EXPECT_THAT(parse_text("stream { server { listen 1; nothing; } }\nbar;").complaints,
              ElementsAre("/etc/nginx/nginx.conf:1: unknown directive \"stream\"",
                          "/etc/nginx/nginx.conf:2: unknown directive \"bar\""));
}

TEST(NginxParser, ASyntaxErrorIsTheLastComplaint) {
  EXPECT_THAT(parse_text("foo;\nhttp {\n").complaints,
              ElementsAre("/etc/nginx/nginx.conf:1: unknown directive \"foo\"",
                          "/etc/nginx/nginx.conf:3: unexpected end of file, expecting \"}\""));
  EXPECT_THAT(parse_text("}\nfoo;").complaints, ElementsAre("/etc/nginx/nginx.conf:1: unexpected \"}\""));
}

TEST(NginxParser, TellsIfInAServerFromIfInALocation) {
  EXPECT_THAT(
      parse_text("http { server { if ($a) { rewrite a b; proxy_pass http://x; }\n"
                 "location / { if ($a) { proxy_pass http://x; root x; } limit_except GET { deny all; } } } }")
          .complaints,
      ElementsAre("/etc/nginx/nginx.conf:1: \"proxy_pass\" directive is not allowed here"));
}

TEST(NginxParser, DeepBlocksAreRefused) {
  std::string text = "http { server { ";
  for (int i = 0; i < 100; ++i) text += "location /" + std::to_string(i) + " { ";
  EXPECT_THAT(parse_text(text).complaints, ElementsAre(HasSubstr("nested more than 32 deep")));
}

TEST(NginxParser, TakesDirectivesByHand) {
  MemoryFiles none({});
  Diagnostics diagnostics;
  EXPECT_EQ(to_text(parse_directives("daemon off; pid /run/x.pid;", "command line", none, {}, diagnostics)),
            "daemon off;pid /run/x.pid;");
  EXPECT_FALSE(diagnostics.failed());
}

TEST(NginxDirectives, ServerIsTwo) {
  ASSERT_NE(find_directive("server", kHttp), nullptr);
  EXPECT_TRUE(find_directive("server", kHttp)->opens_block());
  ASSERT_NE(find_directive("server", kUpstream), nullptr);
  EXPECT_FALSE(find_directive("server", kUpstream)->opens_block());
  EXPECT_EQ(find_directive("server", kServer), nullptr);
}

}  // namespace
}  // namespace tidegate::nginx
