// Configurations of nginx and what they become: tests/data/import has NAME.conf, NAME.yaml and NAME.report.
// Who changes the importer on purpose runs this test with TIDEGATE_WRITE_GOLDEN=1 and reads the difference.
#include "nginx-compat/import/import.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "conf/yaml_loader.h"
#include "conf/yaml_writer.h"
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

TEST(Import, RefusesWhatItDoesNotKnow) {
  const Import import =
      import_text("server { listen 80; location / { proxy_pass http://a:1; sub_filter a b; } }");
  EXPECT_TRUE(import.refused());
  expect_loads(import, "sub_filter");
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
