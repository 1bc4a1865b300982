#include "gateway/nginx_setup.h"

#include <string_view>

#include "gateway/nginx_config.h"

namespace tidegate {
namespace {

/// What directives of -g are said to stand in; without lines, as in nginx.
constexpr std::string_view kCommandLine = "command line";

conf::Log::Level level_of(const std::string& word) {
  if (word == "debug") return conf::Log::Level::debug;
  if (word == "info") return conf::Log::Level::info;
  return word == "notice" || word == "warn" ? conf::Log::Level::warning : conf::Log::Level::error;
}

/// What nginx calls a notice is what the process says of itself.
void set_log(const nginx::Process& process, conf::Log& log) {
  log.level = level_of(process.error_log_level);
  log.area_levels.clear();
  if (process.error_log_level == "notice") log.area_levels.emplace_back("server", conf::Log::Level::info);
}

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
  set_log(setup.translation.process, setup.translation.config.log);
  for (const nginx::Verdict& verdict : setup.translation.report) {
    if (verdict.kind != nginx::Verdict::Kind::approximated) continue;
    diagnostics.warning(verdict.at,
                        '"' + verdict.directive + "\" is done nearly as nginx does it: " + verdict.why);
  }
  return setup;
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
