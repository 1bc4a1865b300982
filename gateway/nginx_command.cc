#include "gateway/nginx_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "conf/addresses.h"

namespace tidegate {
namespace {

void tell(const nginx::Translation& translation, NginxNotes notes) {
  using Kind = nginx::Verdict::Kind;
  if (notes == NginxNotes::none) return;
  for (const nginx::Verdict& verdict : translation.report) {
    const bool changes = verdict.kind == Kind::approximated || verdict.kind == Kind::refused;
    if (changes || (notes == NginxNotes::all && verdict.kind == Kind::ignored))
      std::printf("%s\n", to_string(verdict).c_str());
  }
  std::fflush(stdout);
}

void add_address(const std::string& text, const char* option, std::optional<conf::ListenAddress>& out,
                 Diagnostics& diagnostics) {
  conf::ListenAddress address;
  std::string problem;
  if (!conf::parse_listen_address(text, address, problem)) return diagnostics.error({option}, problem);
  address.at.file = option;
  out = std::move(address);
}

}  // namespace

void add_nginx_options(CLI::App& run, CLI::App& check, NginxCommand& out) {
  for (CLI::App* const command : {&run, &check}) {
    auto* nginx = command->add_option("--nginx", out.file, "nginx's own configuration file");
    nginx->excludes(command->get_option("--config"));
    command
        ->add_flag("--permissive", out.source.permissive,
                   "Go on without directives that are refused and on which no answer depends")
        ->needs(nginx);
    command->add_option("-p,--prefix", out.source.prefix, "What relative paths in it are relative to")
        ->capture_default_str()
        ->needs(nginx);
  }
  auto* nginx = run.get_option("--nginx");
  nginx->excludes(run.get_option("--to"));
  run.add_option("--metrics", out.metrics, "With --nginx: where /metrics is served")->needs(nginx);
  run.add_option("--admin", out.admin, "With --nginx: where the admin API is served")->needs(nginx);
}

std::optional<nginx::Translation> load_nginx(const NginxCommand& command, NginxNotes notes,
                                             Diagnostics& diagnostics) {
  NginxSource source = command.source;
  source.error_log.clear();  // stderr, in our own form, and no pid file, where the file names none
  source.pid_file.clear();
  if (!source.text) source.file = command.file;
  auto translation = read_nginx(source, diagnostics);
  explain_part(source.file, diagnostics);
  if (!translation) return std::nullopt;
  tell(*translation, notes);
  conf::Config& config = translation->config;
  if (!translation->process.error_log.empty()) set_log_levels(translation->process, config.log);
  if (!command.metrics.empty()) add_address(command.metrics, "--metrics", config.metrics, diagnostics);
  for (const std::string& text : command.admin) {
    std::optional<conf::ListenAddress> address;
    add_address(text, "--admin", address, diagnostics);
    if (address) config.admin.push_back(*std::move(address));
  }
  if (diagnostics.failed()) return std::nullopt;
  return translation;
}

}  // namespace tidegate
