#include "gateway/nginx_setup.h"

#include <string_view>

#include "conf/sites.h"
#include "gateway/nginx_config.h"

namespace tidegate {
namespace {

/// What directives of -g are said to stand in; without lines, as in nginx.
constexpr std::string_view kCommandLine = "command line";

}  // namespace

std::optional<NginxSetup> load_nginx_setup(const NginxOptions& options, Diagnostics& diagnostics) {
  NginxSetup setup;
  NginxSource source;
  source.file = options.file;
  source.globals = options.directives;
  source.prefix = options.prefix;
  source.error_log = options.error_log;
  source.on_read = [&setup](const std::string& path, const std::string& text) {
    setup.files.emplace_back(path, text);
  };
  auto translation = read_nginx(source, diagnostics);
  if (!translation || diagnostics.failed()) return std::nullopt;
  setup.translation = *std::move(translation);
  set_log_levels(setup.translation.process, setup.translation.config.log);
  for (const nginx::Verdict& verdict : setup.translation.report) {
    if (verdict.kind != nginx::Verdict::Kind::approximated) continue;
    diagnostics.warning(verdict.at,
                        '"' + verdict.directive + "\" is done nearly as nginx does it: " + verdict.why);
  }
  return setup;
}

std::set<std::string> log_paths(const conf::Config& config, const nginx::Process& process) {
  std::set<std::string> paths{config.log.access, process.error_log};
  if (config.sites != nullptr) {
    for (const conf::VirtualServer& server : config.sites->servers) {
      for (const conf::Location& location : server.locations) {
        for (const conf::AccessLog& log : location.access_logs) paths.insert(log.path);
      }
    }
  }
  std::erase_if(paths, [](const std::string& path) { return !path.starts_with('/'); });
  return paths;
}

std::string nginx_words(const Diagnostic& diagnostic) {
  std::string words = diagnostic.message;
  if (diagnostic.at.file.empty()) return words;
  if (diagnostic.at.file == kCommandLine && words.starts_with("unexpected end of file")) {
    words = "unexpected end of parameter, expecting \";\"";
  }
  words += " in " + diagnostic.at.file;
  if (diagnostic.at.line > 0 && diagnostic.at.file != kCommandLine)
    words += ':' + std::to_string(diagnostic.at.line);
  return words;
}

}  // namespace tidegate
