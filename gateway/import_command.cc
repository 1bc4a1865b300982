#include "gateway/import_command.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "conf/yaml_loader.h"
#include "conf/yaml_writer.h"
#include "gateway/commands.h"
#include "gateway/nginx_config.h"
#include "gateway/routing/route_table.h"
#include "nginx-compat/import/import.h"
#include "nginx-compat/parser.h"
#include "nginx-compat/translator.h"

namespace tidegate {
namespace {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ::ssize_t written = ::write(fd, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// A file that is there is left alone unless `force`; then it is replaced in one step.
bool write_file(const std::string& path, const std::string& text, bool force) {
  const std::string aside = force ? path + ".new" : path;
  const auto complain = [&path] {
    std::fprintf(stderr, "%s: cannot be written: %s\n", path.c_str(), std::strerror(errno));
    return false;
  };
  if (force) ::unlink(aside.c_str());
  const int fd = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return complain();
  bool written = write_all(fd, text) && ::fsync(fd) == 0;
  written = ::close(fd) == 0 && written;
  if (written && force) written = ::rename(aside.c_str(), path.c_str()) == 0;
  if (written) return true;
  const int error = errno;
  ::unlink(aside.c_str());
  errno = error;
  return complain();
}

std::string machine_name() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "";
}

/// Nothing, and complaints: nginx would not start with this file either.
std::optional<nginx::Import> read_nginx(const std::string& path, const std::string& prefix,
                                        Diagnostics& diagnostics) {
  std::error_code ignored;
  const std::filesystem::path file = std::filesystem::absolute(path, ignored);
  nginx::TranslateOptions options;
  options.prefix = prefix;
  options.conf_prefix = file.parent_path().string();
  options.report_refusals_only = true;
  options.is_root = true;
  options.host_name = machine_name();
  nginx::DiskFiles files;
  nginx::ParseOptions parsing;
  parsing.prefix = options.conf_prefix;
  const auto tree = nginx::parse(path, files, parsing, diagnostics);
  explain_part(path, diagnostics);
  if (diagnostics.failed()) return std::nullopt;
  const nginx::Translation translation = nginx::translate(tree, options, diagnostics);
  if (diagnostics.failed()) return std::nullopt;
  if (translation.config.listeners.empty()) {
    diagnostics.error({path, 0, 0}, "there is no server in it, nor in what it includes: nothing to import");
    return std::nullopt;
  }
  constexpr std::size_t kMost = 20000;
  if (translation.report.size() > kMost) {
    diagnostics.error(
        translation.report[kMost].at,
        "this is directive " + std::to_string(kMost + 1) +
            ", more than a file of YAML can hold that a person keeps; import the servers in parts, "
            "or keep `tidegate run --nginx`");
    return std::nullopt;
  }
  return nginx::import(tree, translation);
}

/// What `tidegate check` would say of the YAML, files that it names apart.
bool loads(const std::string& yaml, const std::string& name) {
  Diagnostics diagnostics;
  const auto config = conf::load_yaml_text(yaml, name, "/", diagnostics);
  if (config) routing::RouteTable::compile(*config, diagnostics);
  print(diagnostics);
  return !diagnostics.failed();
}

}  // namespace

struct ImportCommand::Options {
  CLI::App* command = nullptr;
  std::string file;
  std::string output;
  std::string prefix = nginx::TranslateOptions().prefix;
  bool force = false;
};

ImportCommand::ImportCommand(CLI::App& app) : options_(std::make_unique<Options>()) {
  options_->command = app.add_subcommand("import", "Write nginx's configuration as YAML, with a report");
  options_->command
      ->add_option("FILE", options_->file, "nginx's configuration, such as /etc/nginx/nginx.conf")
      ->required();
  options_->command
      ->add_option("-p,--prefix", options_->prefix,
                   "What relative paths in it are relative to, but certificates'")
      ->capture_default_str();
  auto* output =
      options_->command->add_option("-o,--output", options_->output, "Write the YAML there, not to stdout");
  options_->command->add_flag("--force", options_->force, "Replace the output file if there is one")
      ->needs(output);
}

ImportCommand::~ImportCommand() = default;

bool ImportCommand::parsed() const {
  return options_->command->parsed();
}

int ImportCommand::run() const {
  const std::string& output = options_->output;
  std::error_code ignored;
  const bool exists = !output.empty() && std::filesystem::exists(output, ignored);
  if (exists && !options_->force) {
    std::fprintf(stderr, "%s: is there already; choose another name, or replace it with --force\n",
                 output.c_str());
    return kFailed;
  }
  Diagnostics diagnostics;
  const auto import = read_nginx(options_->file, options_->prefix, diagnostics);
  print(diagnostics);
  if (!import) return kFailed;
  const std::string yaml = conf::write_yaml(import->config, import->notes);
  std::fputs(nginx::to_text(import->report).c_str(), stderr);
  if (output.empty()) {
    const bool written = std::fwrite(yaml.data(), 1, yaml.size(), stdout) == yaml.size();
    if (!written || std::fflush(stdout) != 0) return kFailed;
  } else {
    if (!write_file(output, yaml, options_->force)) return kFailed;
    std::fprintf(stderr, "%s: %s\n", output.c_str(), exists ? "replaced" : "written");
  }
  const bool whole = loads(yaml, output.empty() ? "tidegate.yaml" : output);
  return import->refused() || !whole ? kRefused : kFine;
}

}  // namespace tidegate
