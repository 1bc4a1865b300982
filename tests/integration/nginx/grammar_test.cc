// Holds the parser to the real nginx: of the same file both say the same, word for word.

#include <gtest/gtest.h>

#include <array>
#include <random>

#include "nginx-compat/directive_table.h"
#include "nginx-compat/parser.h"
#include "tests/integration/nginx/reference.h"

namespace tidegate::nginx {
namespace {

class NginxGrammar : public NginxReference {
 protected:
  std::string we_say() const {
    DiskFiles files;
    ParseOptions options;
    options.prefix = folder_.string();
    Diagnostics diagnostics;
    parse(path(), files, options, diagnostics);
    if (diagnostics.list().empty()) return "";
    const Diagnostic& first = diagnostics.list().front();
    return first.message + " in " + first.at.file + ':' + std::to_string(first.at.line);
  }
};

/// Is it the grammar that nginx complains of, and not a value?
bool is_of_the_grammar(std::string_view complaint) {
  for (const std::string_view part : {"unexpected ", "unknown directive \"", "directive is not allowed here",
                                      "invalid number of arguments in", "has no opening", "is not terminated",
                                      "too long parameter", "it must be \"on\" or \"off\"", "open() \""}) {
    if (complaint.find(part) != std::string_view::npos) return true;
  }
  return complaint.empty();
}

constexpr std::string_view kSound = R"(pid nginx.pid; worker_processes 1; events { worker_connections 768; }
http {
  access_log off; error_log stderr;
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }
  log_format main '$remote_addr - $remote_user [$time_local] "$request" '
                  '$status "$http_referer"';
  upstream app { server 127.0.0.1:3000 weight=2; server 127.0.0.1:3001 backup; keepalive 16; }
  server {
    listen 127.0.0.1:8080; server_name a.example.com *.b.example.com ~^(?<x>.+)\.c$;
    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade"; if ($host = "x{y}") { return 301 https://$host${uri}a; } }
    location ~* \.(js|css)$ { expires 1d; add_header X-A "a;b{c}\"d" always; }
    location = /x { return 200 'it\'s'; } # a comment
    error_page 500 502 /50x.html;
  }
}
)";

TEST_F(NginxGrammar, ASoundFileIsSoundToBoth) {
  write(kSound);
  EXPECT_EQ(nginx_says(), "");
  EXPECT_EQ(we_say(), "");
}

/// Mistakes by the hundred: bytes and words left out, put in, said twice.
TEST_F(NginxGrammar, ADamagedFileIsRefusedInTheSameWords) {
  constexpr std::array<std::string_view, 21> kInserts = {
      ";", "{",  "}",    "\"",   "'",        "#",  "\\",         "$",  "${",      " ",     "\n",
      ")", "\t", "root", "\r\n", " server ", "if", "include x;", "on", "map a b", "listen"};
  std::mt19937 random(1);  // always the same mistakes
  const auto below = [&random](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  std::size_t compared = 0;
  for (int i = 0; i < 250; ++i) {
    std::string text(kSound);
    for (std::size_t n = 1 + below(2); n > 0; --n) {
      const std::size_t at = below(text.size());
      switch (below(3)) {
        case 0:
          text.erase(at, 1 + below(6));
          break;
        case 1:
          text.insert(at, kInserts[below(kInserts.size())]);
          break;
        default:
          text.insert(at, text.substr(below(text.size()), 1 + below(30)));
      }
    }
    write(text);
    const std::string nginx = nginx_says();
    if (!is_of_the_grammar(nginx)) continue;
    ++compared;
    ASSERT_EQ(we_say(), nginx) << text;
  }
  EXPECT_GT(compared, 120u);
}

/// Each directive of the table where it may stand, with as many parameters as it takes, one more and one
/// less.
TEST_F(NginxGrammar, EveryDirectiveIsWhatTheTableSays) {
  const auto in_context = [](const DirectiveRule& rule, const std::string& text) -> std::string {
    if (rule.contexts & kMain) return text;
    if (rule.contexts & kEvents) return "events{ " + text + " }";
    if (rule.contexts & kHttp) return "events{} http{ " + text + " }";
    if (rule.contexts & kServer) return "events{} http{ server{ " + text + " } }";
    if (rule.contexts & kLocation) return "events{} http{ server{ location /{ " + text + " } } }";
    if (rule.contexts & kUpstream) return "events{} http{ upstream u{ " + text + " } }";
    return "events{} http{ server{ if ($host){ " + text + " } } }";
  };
  for (const auto& rules : {front_door_rules(), other_module_rules()}) {
    for (const DirectiveRule& rule : rules) {
      unsigned least = 0;
      while ((rule.args >> least & 1) == 0) ++least;
      unsigned most = DirectiveRule::kMostArgs;
      while ((rule.args >> most & 1) == 0) --most;
      for (const unsigned count : {least - 1, most + 1}) {
        if (count > DirectiveRule::kMostArgs) continue;  // less than none, or more than any
        std::string text(rule.name);
        for (unsigned n = 0; n < count; ++n) text += " a";
        write(in_context(rule, text + (rule.opens_block() ? " {}" : ";")));
        EXPECT_EQ(we_say(), nginx_says()) << text;
      }
      std::string text(rule.name);
      for (unsigned n = 0; n < least; ++n) text += " a";
      write(in_context(rule, text + (rule.opens_block() ? ";" : " {}")));
      EXPECT_EQ(we_say(), nginx_says()) << text << " ended wrongly";
    }
  }
}

}  // namespace
}  // namespace tidegate::nginx
