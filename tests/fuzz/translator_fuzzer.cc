// Fuzz target for nginx's configuration from bytes to what the gateway runs: a model, or a complaint with its
// line.
#include <cstdlib>
#include <memory>

#include "gateway/sites/site_table.h"
#include "nginx-compat/translator.h"
#include "tests/fuzz/nginx_text.h"

namespace {

/// Every reference leads somewhere.
void check(const tidegate::conf::Config& config) {
  const tidegate::conf::Sites& sites = *config.sites;
  if (sites.by_listener.size() != config.listeners.size()) std::abort();
  for (const auto& listener : sites.by_listener) {
    if (listener.otherwise >= sites.servers.size()) std::abort();
  }
  for (const auto& server : sites.servers) {
    for (const auto& location : server.locations) {
      if (location.route >= config.routes.size()) std::abort();
      if (location.except && *location.except >= server.locations.size()) std::abort();
      for (const std::size_t nested : location.nested) {
        if (nested >= server.locations.size()) std::abort();
      }
    }
  }
}

void translate_text(std::string_view text) {
  tidegate::fuzz::NoFiles files;
  tidegate::Diagnostics diagnostics;
  const auto tree = tidegate::nginx::parse_directives(text, "nginx.conf", files, {}, diagnostics);
  if (diagnostics.failed()) return;
  tidegate::nginx::TranslateOptions options;
  options.report_refusals_only = true;
  const auto translation = tidegate::nginx::translate(tree, options, diagnostics);
  for (const tidegate::Diagnostic& diagnostic : diagnostics.list()) {
    if (diagnostic.message.empty()) std::abort();
  }
  if (diagnostics.failed()) return;
  check(translation.config);
  const auto table = tidegate::sites::SiteTable::compile(translation.config, diagnostics);
  if ((table == nullptr) != diagnostics.failed()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tidegate::fuzz::both_ways(data, size, translate_text);
  return 0;
}
