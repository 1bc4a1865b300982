// The program: flags to a configuration, a configuration to a server. The one place where everything is
// wired.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "conf/yaml_loader.h"
#include "conf/yaml_schema.h"
#include "gateway/base/descriptors.h"
#include "gateway/commands.h"
#include "gateway/control_command.h"
#include "gateway/demo/demo_upstream.h"
#include "gateway/front_door_command.h"
#include "gateway/import_command.h"
#include "gateway/nginx_command.h"
#include "gateway/nginx_main.h"
#include "gateway/nginx_run.h"
#include "gateway/nginx_voice.h"
#include "gateway/serve.h"

namespace tidegate {
namespace {

std::string full_path(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal().string();
}

int run_front_door(const FrontDoor& options, const std::string& what) {
  Diagnostics diagnostics;
  auto config = front_door(options, diagnostics);
  print(diagnostics);
  if (!config) return kBadCommandLine;
  config->log.format = conf::Log::Format::combined;
  const conf::Config shown = *config;
  Serving serving{.config = *std::move(config)};
  serving.options.on_accepting = [&shown, &what] { print_urls(shown, what); };
  return serve(std::move(serving));
}

int run_demo(FrontDoor options) {
  std::string error;
  const auto upstream = demo::DemoUpstream::start(error);
  if (upstream == nullptr) {
    std::fprintf(stderr, "the demo's upstream cannot start: %s\n", error.c_str());
    return kFailed;
  }
  options.to = "http://127.0.0.1:" + std::to_string(upstream->port());
  return run_front_door(options, "Tidegate demo: a WebSocket echo behind TLS");
}

int run_file(const std::string& path, bool watch) {
  std::optional<server::WatchedFile> watched;
  if (watch && std::filesystem::is_regular_file(path))
    watched = {std::filesystem::absolute(path).string(), server::digest_of(path)};
  Diagnostics diagnostics;
  auto config = conf::read_yaml(path, diagnostics);
  if (!config) {
    print(diagnostics);
    return kFailed;
  }
  const auto load = [path](Diagnostics& again) { return conf::read_yaml(path, again); };
  const auto parse = [path](const std::string& text, const std::string& file, Diagnostics& found) {
    const std::string& name = file.empty() ? path : file;
    const std::string dir = std::filesystem::path(name).parent_path().string();
    return conf::load_yaml_text(text, name, dir, found);
  };
  Serving serving{
      .config = *std::move(config), .diagnostics = std::move(diagnostics), .file = full_path(path)};
  serving.options.load = load;
  serving.options.parse = parse;
  serving.options.watch = watched;
  return serve(std::move(serving));
}

int run_nginx(const NginxCommand& command) {
  Voice voice(Voice::Manner::tidegate);
  NginxRun::Options how;
  how.file = full_path(command.file);
  how.load = [&command, notes = NginxNotes::changes](Diagnostics& found) mutable {
    return load_nginx(command, std::exchange(notes, NginxNotes::none), found);
  };
  how.server.parse = [command](const std::string& text, const std::string& file, Diagnostics& found) {
    NginxCommand of_text = command;
    of_text.source.text = text;
    if (!file.empty()) of_text.source.file = file;
    auto translation = load_nginx(of_text, NginxNotes::none, found);
    return translation ? std::optional(std::move(translation->config)) : std::nullopt;
  };
  return NginxRun(std::move(how), voice).run();
}

/// Compiles what could be read, and tells everything that is wrong.
int check_config(std::optional<conf::Config> config, const std::string& path, Diagnostics& diagnostics) {
  if (config) server::Blueprint::make(std::make_shared<const conf::Config>(*std::move(config)), diagnostics);
  print(diagnostics);
  if (diagnostics.failed()) {
    std::fprintf(stderr, "%zu error%s\n", diagnostics.errors(), diagnostics.errors() == 1 ? "" : "s");
    return kFailed;
  }
  std::printf("%s is fine\n", path.c_str());
  return kFine;
}

int check_file(const std::string& path) {
  Diagnostics diagnostics;
  auto config = conf::read_yaml(path, diagnostics);
  return check_config(std::move(config), path, diagnostics);
}

int check_nginx(const NginxCommand& command) {
  Diagnostics diagnostics;
  auto translation = load_nginx(command, NginxNotes::all, diagnostics);
  std::optional<conf::Config> config;
  if (translation) config = std::move(translation->config);
  return check_config(std::move(config), command.file, diagnostics);
}

int print_schema() {
  const std::string schema = conf::yaml_schema();
  const bool written = std::fwrite(schema.data(), 1, schema.size(), stdout) == schema.size();
  return written && std::fflush(stdout) == 0 ? kFine : kFailed;
}

int main_program(int argc, char** argv) {
  CLI::App app("Tidegate: the front door for applications that speak WebSocket");
  app.set_version_flag("--version,-V", "tidegate " TIDEGATE_VERSION);
  app.require_subcommand(1);
  FrontDoor door;
  std::string file = kDefaultFile;

  auto* demo = app.add_subcommand(
      "demo", "A front door with everything built in: certificate, echo upstream, web page");
  auto* run =
      app.add_subcommand("run", "Run the gateway: from a configuration file, or in front of one server");
  auto* check = app.add_subcommand("check", "Check a configuration: every error at once");
  for (auto* command : {demo, run}) {
    command->add_option("--http", door.http, "Where plain HTTP is redirected from")->capture_default_str();
    command->add_option("--https", door.https, "Where TLS is accepted")->capture_default_str();
  }
  auto* to =
      run->add_option("--to", door.to, "No file: pass everything to this server, http://localhost:3000");
  run->get_option("--http")->needs(to);
  run->get_option("--https")->needs(to);
  run->add_option("-c,--config", file, "The configuration file")->capture_default_str()->excludes(to);
  bool no_watch = false;
  run->add_flag("--no-watch", no_watch, "Reload at HUP only, not when files change");
  check->add_option("-c,--config", file, "The configuration file")->capture_default_str();
  NginxCommand nginx;
  add_nginx_options(*run, *check, nginx);

  auto* schema = app.add_subcommand("schema", "Print the JSON Schema of the configuration, for editors");
  const ImportCommand import(app);
  const ControlCommands control(app);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kFine : kBadCommandLine;
  }
  if (demo->parsed()) return run_demo(door);
  if (check->parsed()) return nginx.asked() ? check_nginx(nginx) : check_file(file);
  if (schema->parsed()) return print_schema();
  if (import.parsed()) return import.run();
  if (control.parsed()) return control.run();
  if (nginx.asked()) return run_nginx(nginx);
  return door.to.empty() ? run_file(file, !no_watch)
                         : run_front_door(door, "Tidegate in front of " + door.to);
}

}  // namespace
}  // namespace tidegate

int main(int argc, char** argv) {
  tidegate::keep_standard_descriptors();
  const std::string_view name = argc > 0 ? argv[0] : "";
  if (name.substr(name.rfind('/') + 1) == "nginx") return tidegate::nginx_main(argc, argv);
  return tidegate::main_program(argc, argv);
}
