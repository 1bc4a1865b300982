// Configurations of nginx and what they become: tests/data/import has NAME.conf, NAME.yaml and NAME.report.
// Who changes the importer on purpose runs this test with TIDEGATE_WRITE_GOLDEN=1 and reads the difference.
#include "nginx-compat/import/import.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "conf/yaml_loader.h"
#include "conf/yaml_writer.h"
#include "gateway/http/head.h"
#include "gateway/routing/route_table.h"
#include "nginx-compat/import/facts.h"
#include "nginx-compat/import/report.h"
#include "nginx-compat/parser.h"
#include "nginx-compat/translator.h"

namespace tidegate::nginx {
namespace {

namespace fs = std::filesystem;

const fs::path kData = TIDEGATE_SOURCE_DIR "/tests/data/import";

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// One file, and where it includes others those of a folder by their names.
class OneFile final : public Files {
 public:
  OneFile(std::string text, fs::path folder) : text_(std::move(text)), folder_(std::move(folder)) {}
  std::optional<std::string> read(const std::string& path, int& os_error) override {
    if (path == "nginx.conf") return text_;
    const fs::path other = folder_ / fs::path(path).filename();
    os_error = 0;
    return fs::exists(other) ? nginx::read(other)
                             : std::string();  // what Debian ships, such as fastcgi_params
  }
  std::vector<std::string> glob(const std::string&) override { return {}; }

 private:
  std::string text_;
  fs::path folder_;
};

/// A whole configuration, or what stands in `http`.
Import import_text(const std::string& text, const fs::path& folder = kData / "included") {
  const bool whole = text.starts_with("http {") || text.find("\nhttp {") != std::string::npos;
  OneFile files(whole ? text : "events {}\nhttp {\n" + text + "\n}\n", folder);
  Diagnostics diagnostics;
  ParseOptions parsing;
  parsing.prefix = "/etc/nginx";
  TranslateOptions options;
  options.report_refusals_only = true;
  options.is_root = true;
  const auto tree = parse("nginx.conf", files, parsing, diagnostics);
  Import out;
  if (!diagnostics.failed()) {
    const Translation translation = translate(tree, options, diagnostics);
    if (!diagnostics.failed()) out = import(tree, translation);
  }
  for (const Diagnostic& diagnostic : diagnostics.list()) {
    if (diagnostic.severity == Diagnostic::Severity::error) ADD_FAILURE() << to_string(diagnostic);
  }
  return out;
}

std::string yaml_of(const Import& import) {
  return conf::write_yaml(import.config, import.notes);
}

/// The YAML is one that `check` takes, and it says what the model says.
void expect_loads(const Import& import, const std::string& what) {
  const std::string yaml = yaml_of(import);
  Diagnostics diagnostics;
  const auto config = conf::load_yaml_text(yaml, "tidegate.yaml", "/", diagnostics);
  if (config) routing::RouteTable::compile(*config, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.list())
    ADD_FAILURE() << what << ": " << to_string(diagnostic) << "\n" << yaml;
  if (!config) return;
  EXPECT_EQ(conf::write_yaml(*config), conf::write_yaml(import.config)) << what;
}

TEST(Import, GivesWhatAPersonWouldHaveWritten) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(kData)) {
    if (entry.path().extension() != ".conf") continue;
    ++count;
    const Import import = import_text(read(entry.path()));
    const std::string yaml = yaml_of(import);
    const std::string report = to_text(import.report);
    expect_loads(import, entry.path().filename());
    fs::path golden = entry.path();
    if (std::getenv("TIDEGATE_WRITE_GOLDEN") != nullptr) {
      std::ofstream(golden.replace_extension(".yaml")) << yaml;
      std::ofstream(golden.replace_extension(".report")) << report;
      continue;
    }
    EXPECT_EQ(yaml, read(golden.replace_extension(".yaml"))) << entry.path();
    EXPECT_EQ(report, read(golden.replace_extension(".report"))) << entry.path();
  }
  EXPECT_GT(count, 10u);
}

TEST(Import, NamesEveryDirectiveOnce) {
  const Import import = import_text(read(kData / "process.conf"));
  std::set<std::pair<std::string, int>> seen;
  for (const Verdict& verdict : import.report) {
    EXPECT_FALSE(verdict.directive.empty());
    EXPECT_GT(verdict.at.line, 0);
    EXPECT_TRUE(verdict.kind == Verdict::Kind::exact || !verdict.why.empty()) << verdict.directive;
    EXPECT_TRUE(seen.emplace(verdict.at.file, verdict.at.line * 1000 + verdict.at.column).second);
  }
  EXPECT_TRUE(import.refused());
  EXPECT_FALSE(import_text(read(kData / "notes.conf")).refused());
}

TEST(Import, LeavesNobodyInWhomNginxKeepsOut) {
  const Import import = import_text(read(kData / "protected.conf"));
  for (const conf::Route& route : import.config.routes) {
    const std::string& path = route.path.text.value;
    if (path == "/" || path == "/office/" || path == "/hook/") {
      ASSERT_TRUE(route.respond) << path;
      EXPECT_EQ(route.respond->status, 403) << path;
    }
  }
}

/// What the YAML does with a request: the status of a fixed answer, 200 where it is passed on, 0 without a
/// route.
int status_of(const Import& import, std::string_view path, std::string_view method = "GET",
              std::vector<http::Field> fields = {}, const std::string& host = "a.example",
              std::string_view args = {}) {
  Diagnostics diagnostics;
  const auto table = routing::RouteTable::compile(import.config, diagnostics);
  EXPECT_TRUE(diagnostics.list().empty()) << yaml_of(import);
  if (!table) return -1;
  http::RequestHead head;
  head.method = method;
  head.path = head.target = path;
  head.host = host;
  head.authority = head.host;
  head.fields = std::move(fields);
  routing::RequestView view;
  view.head = &head;
  view.uri = path;
  view.args = args;
  view.listener = import.config.listeners.front().name;
  const auto* route = table->find(view).route;
  if (route == nullptr) return 0;
  if (route->conf->respond) return route->conf->respond->status;
  return route->conf->redirect ? route->conf->redirect->status : 200;
}

/// A server for a.example, on port 80.
Import import_server(const std::string& inside) {
  Import out = import_text("server { listen 80; server_name a.example;\n" + inside + "\n}");
  expect_loads(out, inside);
  return out;
}

const char* const kProxy = " proxy_pass http://127.0.0.1:3000; ";

TEST(ImportKeepsOut, WhomANamedLocationDoes) {
  const auto with = [](const std::string& app) {
    return import_server(std::string("location / { root /srv; try_files $uri @app; }\nlocation @app {") +
                         app + kProxy + "}");
  };
  EXPECT_EQ(status_of(with(""), "/x"), 200);
  EXPECT_EQ(status_of(with("allow 10.0.0.0/8; deny all;"), "/x"), 403);
  EXPECT_EQ(status_of(with("auth_basic a; auth_basic_user_file b;"), "/x"), 403);
  EXPECT_EQ(status_of(with("if ($http_x_key != a) { return 403; }"), "/x"), 403);
  EXPECT_EQ(status_of(with("return 410;"), "/x"), 410);
  EXPECT_EQ(status_of(with("if ($request_method = POST) { return 405; }"), "/x", "POST"), 405);
  EXPECT_EQ(status_of(with("limit_except GET { deny all; }"), "/x", "POST"), 403);
  EXPECT_EQ(status_of(with("limit_except GET { deny all; }"), "/x"), 200);
}

TEST(ImportKeepsOut, WhomAServerDoesWhateverThePath) {
  const Import import =
      import_server(std::string("if ($request_method = DELETE) { return 405; }\n") +
                    "if ($http_x_bad = yes) { return 403; }\nif ($arg_debug = 1) { return 404; }\n" +
                    "location / {" + kProxy + "} location /api/ {" + kProxy + "} location = /one {" + kProxy +
                    "} location ~ \\.js$ {" + kProxy + "} location ^~ /s/ {" + kProxy + "}");
  for (const char* path : {"/", "/api/x", "/one", "/a.js", "/s/a.js"}) {
    EXPECT_EQ(status_of(import, path), 200) << path;
    EXPECT_EQ(status_of(import, path, "DELETE"), 405) << path;
    EXPECT_EQ(status_of(import, path, "GET", {{"X-Bad", "yes"}}), 403) << path;
    for (const char* args : {"debug=1", "a&DEBUG=1", "Debug=1&debug=2"})
      EXPECT_EQ(status_of(import, path, "GET", {}, "a.example", args), 404) << path << '?' << args;
    EXPECT_EQ(status_of(import, path, "GET", {}, "a.example", "debug=2&debug=1"), 200) << path;
  }
  const Import api =
      import_server(std::string("if ($request_method ~* \"trace|put\") { return 405 $unknown_one; }\n") +
                    "location /api/ {" + kProxy + "}");
  EXPECT_EQ(status_of(api, "/api/x", "PUT"), 405);
  EXPECT_EQ(
      import_server(std::string("if ($request_method = TRACE) { return 405; } location / {") + kProxy + "}")
          .config.routes.size(),
      1u);
  EXPECT_EQ(status_of(api, "/api/x", "POST"), 200);
}

TEST(ImportKeepsOut, WhomConditionsDoThatCannotBeSaid) {
  for (const char* condition :
       {"$http_x_key = ''", "$cookie_a = b", "$arg_a ~ b", "$http_cookie ~* evil", "$remote_addr = 1.2.3.4",
        "$http_user_agent !~ App", "$request_method ~ P", "$http_upgrade"}) {
    for (const char* answer :
         {"return 400", "return 403", "return 405", "return 444", "return 503", "return 200 wait",
          "return 302 /login", "rewrite ^ /login last", "rewrite ^ http://b.example/"}) {
      const std::string text = std::string("if (") + condition + ") { " + answer + "; }";
      EXPECT_EQ(status_of(import_server("location / { " + text + kProxy + "}"), "/"), 403) << text;
      EXPECT_EQ(status_of(import_server(text + "location /x/ {" + kProxy + "}"), "/x/"), 403) << text;
    }
  }
  for (const char* variable : {"$http_user_agent", "$http_referer"}) {
    const std::string text = std::string("if (") + variable + " ~* bot) { return 403; }";
    for (const Import& import : {import_server("location / { " + text + kProxy + "}"),
                                 import_server(text + "location / {" + kProxy + "}")}) {
      EXPECT_EQ(status_of(import, "/"), 200);
      EXPECT_NE(yaml_of(import).find("they are let in"), std::string::npos);
    }
  }
}

TEST(ImportRefuses, WhatWouldAnswerOtherwise) {
  const auto refused = [](const std::string& text, std::string_view directive) {
    const Import import = import_server(text + "location / {" + kProxy + "}");
    return std::any_of(import.report.begin(), import.report.end(), [directive](const Verdict& verdict) {
      return verdict.kind == Verdict::Kind::refused && verdict.directive.starts_with(directive);
    });
  };
  for (const char* page : {"error_page 404 =200 /x;", "error_page 502 = /x;", "error_page 502 @fallback;",
                           "error_page 497 https://a.example$request_uri;"}) {
    EXPECT_TRUE(refused(page, "error_page")) << page;
  }
  EXPECT_FALSE(refused("error_page 500 502 /50x.html;", "error_page"));
  for (const char* words : {"off", "error http_502", "error non_idempotent"})
    EXPECT_TRUE(refused(std::string("proxy_next_upstream ") + words + ";", "proxy_next_upstream")) << words;
  EXPECT_FALSE(refused("proxy_next_upstream error timeout;", "proxy_next_upstream"));
}

TEST(ImportRefuses, RedirectsThatLeadNowhere) {
  for (const char* target : {"lttps://$host$request_uri", "httpx", "elsewhere"})
    EXPECT_TRUE(import_server(std::string("return 301 ") + target + ";").refused()) << target;
}

TEST(ImportRefuses, ServersThatYamlDoesNotTake) {
  const Import import = import_server("location /a/ { proxy_pass http://063.0.0.1:8000; } location / {" +
                                      std::string(kProxy) + "}");
  EXPECT_TRUE(import.refused());
  EXPECT_EQ(import.config.upstreams.size(), 1u);
  const Import off = import_server(
      std::string("proxy_bind off; auth_request off; proxy_cookie_path off; location / {") + kProxy + "}");
  EXPECT_FALSE(off.refused()) << to_text(off.report);
}

TEST(ImportKeepsOut, ClientsOfInternalLocations) {
  const Import import =
      import_server(std::string("location / {") + kProxy + "} location /files/ { internal;" + kProxy +
                    "} location ~ \\.secret$ { internal;" + kProxy + "}");
  EXPECT_EQ(status_of(import, "/x"), 200);
  EXPECT_EQ(status_of(import, "/files/x"), 404);
  EXPECT_EQ(status_of(import, "/x.secret"), 404);
}

TEST(ImportKeepsOut, WhomLocationsWithinLocationsDo) {
  for (const char* denial : {"deny all;", "return 404;", "internal;", "auth_basic a; auth_basic_user_file b;",
                             "if ($http_x_key != a) { return 403; }", "limit_except GET { deny all; }"}) {
    SCOPED_TRACE(denial);
    const std::string within = std::string(" location ~* \\.(ini|git) { ") + denial + kProxy + "} ";
    const Import import =
        import_server(std::string("location / {") + kProxy + "} location ~ \\.ini {" + kProxy +
                      "} location /a.b/ {" + kProxy + within + "location /a.b/c/ {" + kProxy + "} }");
    EXPECT_EQ(status_of(import, "/a.b/x"), 200);
    EXPECT_EQ(status_of(import, "/a.b/x.INI"), 403);
    EXPECT_EQ(status_of(import, "/a.b/x.ini"), 403);
    EXPECT_EQ(status_of(import, "/a.b/c/.git"), 403);
    EXPECT_EQ(status_of(import, "/aXb/x.git"), 200);
    const Import first = import_server(std::string("location / {") + kProxy + "} location ^~ /a/ {" + kProxy +
                                       within + "location /a/c/ {" + kProxy + "} }");
    EXPECT_EQ(status_of(first, "/a/x.ini"), 403);
    EXPECT_EQ(status_of(first, "/a/c/x.ini"), 403);
    EXPECT_EQ(status_of(first, "/b/x.ini"), 200);
  }
}

TEST(ImportKeepsOut, ClientsWithoutTheCertificatesOfTheirServer) {
  const auto with = [](const std::string& main, const std::string& other) {
    const std::string tls = "listen 443 ssl; ssl_certificate a.pem; ssl_certificate_key a.key;";
    return import_text("server { server_name a.example;" + tls + main + "location / {" + kProxy +
                       "} }\nserver { server_name b.example;" + tls + other + "location / {" + kProxy +
                       "} }");
  };
  const auto b = [&](const std::string& main, const std::string& other) {
    return status_of(with(main, other), "/", "GET", {}, "b.example");
  };
  const std::string on = "ssl_verify_client on; ssl_client_certificate ca.pem;";
  EXPECT_EQ(b(on, on), 200);
  EXPECT_EQ(b("", on), 403);
  EXPECT_EQ(b("ssl_verify_client optional; ssl_client_certificate ca.pem;", on), 403);
  EXPECT_EQ(b("ssl_verify_client on; ssl_client_certificate other.pem;", on), 403);
  EXPECT_EQ(b(on, on + "ssl_verify_depth 3;"), 403);
  EXPECT_EQ(b(on + "ssl_verify_depth 3;", on + "ssl_verify_depth 3;"), 200);
  EXPECT_EQ(status_of(with(on + "ssl_crl crl.pem;", ""), "/"), 403);
  EXPECT_EQ(b("", on + "return 200 secret;"), 403);
}

TEST(ImportKeepsOut, ByMethodWhereItIsSaidAlone) {
  const Import import =
      import_server(std::string("location /a/ { limit_except GET { deny all; } auth_basic a; "
                                "auth_basic_user_file b;") +
                    kProxy + "} location /b/ {" + kProxy + "}");
  EXPECT_EQ(status_of(import, "/a/"), 403);
  EXPECT_EQ(status_of(import, "/b/", "POST"), 200);
}

TEST(Import, JoinsOnlyListenersThatAreAlike) {
  const auto listeners = [](const std::string& v4, const std::string& v6) {
    return import_text("set_real_ip_from 10.0.0.0/8; server { listen 80" + v4 + "; listen [::]:80" + v6 +
                       "; location / {" + kProxy + "} }")
        .config.listeners;
  };
  EXPECT_EQ(listeners("", "").size(), 1u);
  EXPECT_EQ(listeners(" proxy_protocol", " proxy_protocol").size(), 1u);
  EXPECT_EQ(listeners(" proxy_protocol", "").size(), 2u);
  EXPECT_EQ(listeners("", " proxy_protocol").size(), 2u);
  EXPECT_EQ(listeners("", " backlog=16").size(), 2u);
}

TEST(Import, RefusesWhatItDoesNotKnow) {
  const Import import =
      import_text("server { listen 80; location / { proxy_pass http://a:1; sub_filter a b; } }");
  EXPECT_TRUE(import.refused());
  expect_loads(import, "sub_filter");
}

TEST(Import, RefusesWhatYamlSaysOfAllOrNothing) {
  const char* const kSites[] = {
      "server { listen 80; PROXY } server { listen 127.0.0.1:80; location / { proxy_pass http://b:1; } }",
      "server { listen 80; location / { set_real_ip_from 10.0.0.0/8; proxy_pass http://a:1; } }",
      "server { listen 80; set_real_ip_from unix:; PROXY }",
      "server { listen 80; valid_referers none a.com; if ($invalid_referer) { return 403; } PROXY }",
      "server { listen 80; location / { proxy_pass https://a:1; proxy_ssl_verify on; "
      "proxy_ssl_trusted_certificate /ca.pem; proxy_ssl_name $host; } }",
      "server { listen 80; location / { proxy_pass http://a:1; proxy_bind 127.0.0.2; } }",
  };
  for (std::string site : kSites) {
    if (const auto at = site.find("PROXY"); at != std::string::npos)
      site.replace(at, 5, "location / { proxy_pass http://a:1; }");
    const Import import = import_text(site);
    EXPECT_TRUE(import.refused()) << site << '\n' << to_text(import.report);
    expect_loads(import, site);
  }
}

TEST(ImportOfRealIp, BelievesTheProxiesOfAllServersAlike) {
  const auto believed = [](const std::string& http, const std::string& a, const std::string& b) {
    const std::string site = http + "server { listen 80; server_name a;" + a + "location / {" + kProxy +
                             "} } server { listen 80; server_name b;" + b + "location / {" + kProxy + "} }";
    const Import import = import_text(site);
    expect_loads(import, site);
    EXPECT_EQ(import.refused(), import.config.trusted_proxies.empty()) << site << '\n'
                                                                       << to_text(import.report);
    return import.config.trusted_proxies.size();
  };
  const std::string list = "set_real_ip_from 10.0.0.0/8; set_real_ip_from 127.0.0.1;";
  const std::string turned = "set_real_ip_from 127.0.0.1; set_real_ip_from 10.0.0.0/8;";
  const std::string rule = "real_ip_header X-Forwarded-For; real_ip_recursive on;";
  EXPECT_EQ(believed(list + rule, "", ""), 2u);
  EXPECT_EQ(believed(rule, list, turned), 2u);
  EXPECT_EQ(believed(rule, list, ""), 0u);
  EXPECT_EQ(believed(rule, "", list), 0u);
  EXPECT_EQ(believed(rule, list, "set_real_ip_from 10.0.0.0/8;"), 0u);
  EXPECT_EQ(believed(list, rule, ""), 0u);
  EXPECT_EQ(believed(list + rule, "", "real_ip_recursive off;"), 0u);
  EXPECT_EQ(believed(list + rule, "real_ip_header X-Real-IP;", ""), 0u);
  EXPECT_EQ(believed(list + rule, "location /a { real_ip_recursive off; }", ""), 0u);
  EXPECT_EQ(believed(list + "real_ip_header X-Forwarded-For;", "", ""), 0u);
  for (const std::string other : {"CF-Connecting-IP", "X-Real-IP", "proxy_protocol"})
    EXPECT_EQ(believed(list + "real_ip_recursive on; real_ip_header " + other + ";", "", ""), 0u) << other;
  EXPECT_EQ(believed(list + "real_ip_recursive on;", "", ""), 0u);
}

TEST(ImportOfRealIp, SaysWhyItIsRefused) {
  const auto why = [](const std::string& http) {
    return to_text(
        import_text(http + "server { listen 80 proxy_protocol; location / {" + kProxy + "} }").report);
  };
  const std::string list = "set_real_ip_from 10.0.0.0/8;\n";
  EXPECT_NE(why(list + "real_ip_header X-Forwarded-For;")
                .find("3: refused: set_real_ip_from 10.0.0.0/8: YAML passes over"),
            std::string::npos);
  EXPECT_NE(why(list + "real_ip_header X-Other;").find("4: refused: real_ip_header X-Other: YAML reads"),
            std::string::npos);
  EXPECT_NE(why(list + "real_ip_header proxy_protocol;")
                .find("4: refused: real_ip_header proxy_protocol: YAML would"),
            std::string::npos);
  EXPECT_NE(why(list).find("refused: listen 80 proxy_protocol: proxy_protocol is for trusted_proxies"),
            std::string::npos);
  EXPECT_EQ(why(list + "real_ip_header X-Forwarded-For; real_ip_recursive on;").find("refused:"),
            std::string::npos);
}

TEST(Import, SaysOnceWhatIsIncludedTwice) {
  const Import import = import_text(
      "server { listen 80;\n location /a/ { include mime.types; proxy_pass http://a:1; }\n"
      "location /b/ { include mime.types; proxy_pass http://a:1; } }");
  std::size_t types = 0;
  for (const Verdict& verdict : import.report) types += verdict.directive == "types" ? 1 : 0;
  EXPECT_EQ(types, 1u);
}

TEST(UsualVerdicts, AreOfDirectivesThatThereAre) {
  for (const char* name : {"proxy_pass", "gzip", "listen", "worker_processes", "zone", "absolute_redirect"}) {
    EXPECT_NE(usual_verdict(name), nullptr) << name;
  }
  EXPECT_EQ(usual_verdict("proxy_pas"), nullptr);
  EXPECT_EQ(usual_verdict("sub_filter"), nullptr);
}

TEST(Facts, FoldsWhatIsKnown) {
  Facts facts;
  facts.set("scheme", "https");
  facts.set("a", "1");
  EXPECT_EQ(facts.fold("$scheme://${a}2$b$1 $"), "https://12$b$1 $");
  EXPECT_EQ(facts.fold("$SCHEME$document_uri"), "https$uri");
  EXPECT_EQ(variables_in("$a${b}c$1x$"), (std::vector<std::string>{"a", "b", "1"}));
}

TEST(Facts, DecidesConditions) {
  using Condition = conf::Condition;
  const auto is = [](std::string subject, std::string operand, bool negated = false) {
    return Condition{
        Condition::Kind::equals, negated, false, {std::move(subject), {}}, {std::move(operand), {}}};
  };
  Facts facts;
  facts.set("scheme", "http");
  EXPECT_EQ(facts.holds(is("$scheme", "http")), true);
  EXPECT_EQ(facts.holds(is("$scheme", "https")), false);
  EXPECT_EQ(facts.holds(is("$scheme", "https", true)), true);
  EXPECT_EQ(facts.holds(is("$host", "a.example")), std::nullopt);
  facts.host_is_one_of({"a.example", "b.example"});
  EXPECT_EQ(facts.holds(is("$host", "c.example")), false);
  EXPECT_EQ(facts.holds(is("$host", "a.example")), std::nullopt);
  facts.host_is_one_of({"a.example"});
  EXPECT_EQ(facts.holds(is("$host", "a.example")), true);
  facts.host_is_one_of({"*.example"});
  EXPECT_EQ(facts.holds(is("$host", "c.example")), std::nullopt);
  EXPECT_EQ(facts.holds(is("$host", "c.other")), false);
  Facts other;
  other.host_is_another();
  EXPECT_EQ(other.holds(is("$host", "a.example", true)), true);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// The placeholders of tests/e2e/nginx: ports and folders.
std::string filled_in(std::string text) {
  for (const auto& [name, value] :
       {std::pair{"http", "80"}, {"https", "443"}, {"dir", "/srv/site"}, {"certificates", "/etc/tls"}}) {
    text = replaced(std::move(text), std::string("{{") + name + "}}", value);
  }
  unsigned port = 3000;
  for (std::size_t at = text.find("{{"); at != std::string::npos; at = text.find("{{")) {
    const std::string name = text.substr(at, text.find("}}", at) + 2 - at);
    text = replaced(std::move(text), name, std::to_string(port++));
  }
  return text;
}

TEST(Import, MakesOfWhatPeopleRunAFileThatLoads) {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(TIDEGATE_SOURCE_DIR "/tests/e2e/nginx")) {
    const fs::path site = entry.path() / "site.conf";
    if (!fs::exists(site)) continue;
    ++count;
    SCOPED_TRACE(entry.path().filename());
    const Import import = import_text(filled_in(read(site)), entry.path());
    expect_loads(import, entry.path().filename());
    if (std::getenv("TIDEGATE_SHOW_IMPORTS") != nullptr)
      std::printf("%s\n%s%s\n", site.c_str(), yaml_of(import).c_str(), to_text(import.report).c_str());
  }
  EXPECT_GT(count, 20u);
}

}  // namespace
}  // namespace tidegate::nginx
