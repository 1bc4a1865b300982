// Fuzz target for `tidegate import`: what is imported of any nginx configuration is YAML that loads, a
// verdict for every directive beside it, and routes that compile.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "conf/yaml_loader.h"
#include "conf/yaml_writer.h"
#include "gateway/routing/route_table.h"
#include "nginx-compat/import/import.h"
#include "nginx-compat/translator.h"
#include "tests/fuzz/nginx_text.h"

namespace tidegate {
namespace {

/// What write_yaml() cannot say is refused at the end of an import, when the YAML is read back.
bool may_be_said(std::string_view text) {
  return text.find("{env:") == std::string_view::npos && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= ' ' && c <= '~') || c == '\n' || c == '\t' || c == '\r';
         });
}

void import_text(std::string_view text) {
  if (!may_be_said(text)) return;
  fuzz::NoFiles files;
  Diagnostics diagnostics;
  const auto tree = nginx::parse_directives(text, "nginx.conf", files, {}, diagnostics);
  if (diagnostics.failed()) return;
  nginx::TranslateOptions options;
  options.report_refusals_only = true;
  const auto translation = nginx::translate(tree, options, diagnostics);
  if (diagnostics.failed() || translation.config.listeners.empty()) return;
  const nginx::Import import = nginx::import(tree, translation);
  for (const nginx::Verdict& verdict : import.report) {
    if (verdict.kind != nginx::Verdict::Kind::exact && verdict.why.empty()) std::abort();
  }
  const std::string yaml = conf::write_yaml(import.config, import.notes);
  Diagnostics complaints;
  const auto config = conf::load_yaml_text(yaml, "tidegate.yaml", "/", complaints);
  if (config) routing::RouteTable::compile(*config, complaints);
  if (!complaints.failed()) return;
  for (const Diagnostic& complaint : complaints.list())
    std::fprintf(stderr, "%s\n", to_string(complaint).c_str());
  std::fprintf(stderr, "%s", yaml.c_str());
  std::abort();
}

}  // namespace
}  // namespace tidegate

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::fuzz::both_ways(data, size, tidegate::import_text);
  return 0;
}
