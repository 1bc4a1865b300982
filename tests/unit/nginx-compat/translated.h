#pragma once

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include "nginx-compat/parser.h"
#include "nginx-compat/translator.h"

namespace tidegate::nginx {

/// There are none but the text itself.
class NoFiles final : public Files {
 public:
  std::optional<std::string> read(const std::string&, int& os_error) override {
    os_error = ENOENT;
    return std::nullopt;
  }
  std::vector<std::string> glob(const std::string&) override { return {}; }
};

struct Translated {
  Translation translation;
  std::vector<std::string> complaints;  ///< file:line: message

  const conf::Config& config() const { return translation.config; }
  const conf::Sites& sites() const { return *translation.config.sites; }
  const conf::VirtualServer& server(std::size_t index = 0) const { return sites().servers.at(index); }
  /// The location with this pattern, of the first server.
  const conf::Location& location(std::string_view pattern) const {
    for (const conf::Location& location : server().locations) {
      if (location.pattern.value == pattern && location.kind != conf::Location::Kind::server) return location;
    }
    return server().locations.at(0);
  }
  const conf::Route& route(std::string_view pattern) const {
    return config().routes.at(location(pattern).route);
  }
  /// The verdict on the first directive that begins with these words.
  Verdict verdict(std::string_view begins) const {
    for (const Verdict& verdict : translation.report) {
      if (verdict.directive.starts_with(begins)) return verdict;
    }
    return {Verdict::Kind::refused, {}, "", "there is none", false};
  }
};

inline Translated translated(const std::string& text, TranslateOptions options = {}) {
  options.prefix = "/prefix";
  options.conf_prefix = "/conf";
  NoFiles files;
  Diagnostics diagnostics;
  const std::vector<Directive> tree = parse_directives(text, "nginx.conf", files, {}, diagnostics);
  Translated out;
  out.translation = translate(tree, options, diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.list()) out.complaints.push_back(to_string(diagnostic));
  return out;
}
inline Translated in_http(const std::string& text, TranslateOptions options = {}) {
  return translated("events {}\nhttp {\n" + text + "\n}\n", std::move(options));
}
inline Translated in_server(const std::string& text) {
  return in_http("server { listen 127.0.0.1:80; server_name example.com;\n" + text + "\n}");
}

}  // namespace tidegate::nginx
