#include "gateway/sites/server_names.h"

#include <algorithm>

namespace tidegate::sites {

void ServerNames::add(std::size_t server, const conf::VirtualServer& conf, VariableTable& variables,
                      Diagnostics& diagnostics) {
  for (const conf::ServerName& name : conf.names) {
    const std::string& text = name.name.value;
    if (!name.regex) {
      names_.add(text, server);
      continue;
    }
    // The host is in lower case: a regex with a capital letter would never fit (ngx_http_core_server_name).
    const bool ignore_case =
        std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    regexes_.emplace_back(Pattern::compile(name.name, ignore_case, variables, diagnostics), server);
  }
}

std::optional<std::size_t> ServerNames::find(std::string_view host, Request& request) const {
  if (const auto found = names_.find(host)) return found;
  if (host.empty()) return std::nullopt;
  for (const auto& [pattern, server] : regexes_) {
    if (pattern.matches(host, request)) return server;
  }
  return std::nullopt;
}

}  // namespace tidegate::sites
