#include "gateway/control_command.h"

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "conf/addresses.h"
#include "conf/yaml_loader.h"
#include "gateway/commands.h"
#include "gateway/control/commands.h"
#include "gateway/control/text.h"

namespace tidegate {
namespace {

constexpr const char* kVariable = "TIDEGATE_ADMIN";
constexpr const char* kDefaultSocket = "/run/tidegate/admin.sock";

control::Address address_from(const conf::ListenAddress& address, std::string found) {
  // Where every address is listened at, this machine's own is one of them.
  const std::string host = address.host.empty() ? "127.0.0.1" : address.host;
  return {.unix_path = address.unix_path, .host = host, .port = address.port, .found = std::move(found)};
}

/// The first unix socket of the file's `admin.address`, else its first address. The file may be bad in other
/// respects: to hear so is what some of these commands are for.
std::optional<control::Address> address_in(const std::string& file) {
  Diagnostics ignored;
  const auto config = conf::read_yaml(file, ignored);
  if (!config || config->admin.empty()) return std::nullopt;
  const auto* best = &config->admin.front();
  for (const conf::ListenAddress& each : config->admin) {
    if (each.unix_path.empty()) continue;
    best = &each;
    break;
  }
  return address_from(*best, "admin.address of " + file);
}

/// `--admin`, or the variable; nothing and a complaint if it cannot be read.
std::optional<control::Address> address_told(const std::string& text, const char* by) {
  conf::ListenAddress address;
  std::string problem;
  if (conf::parse_listen_address(text, address, problem)) return address_from(address, by);
  std::fprintf(stderr, "%s: \"%s\" is no address; write unix:/path, 127.0.0.1:9182 or [::1]:9182\n", by,
               control::printable(text).c_str());
  return std::nullopt;
}

}  // namespace

struct ControlCommands::Options {
  std::string admin;
  std::string file = kDefaultFile;
  bool json = false;

  CLI::App* status = nullptr;
  CLI::App* tunnels = nullptr;
  CLI::App* reload = nullptr;
  CLI::App* plan = nullptr;
  CLI::App* upstream = nullptr;
  CLI::App* drain = nullptr;
  CLI::App* stop = nullptr;

  control::TunnelOptions tunnel_options;
  bool watch = false;
  std::string close_id;
  std::optional<std::uint16_t> code;
  std::string debug_id;

  control::ServerOrder order;
  bool order_drain = false;
  bool order_up = false;
  bool reset_weight = false;
  bool no_wait = false;

  CLI::App* add(CLI::App& app, const char* name, const char* what);
  void add_tunnels(CLI::App& app);
  void add_upstream(CLI::App& app);
  std::optional<control::Address> address() const;
  bool run_plan(const control::Client& client) const;
  bool run_tunnels(const control::Client& client) const;
  bool run_upstream(const control::Client& client) const;
  bool carry_out(const control::Client& client) const;
};

CLI::App* ControlCommands::Options::add(CLI::App& app, const char* name, const char* what) {
  CLI::App* command = app.add_subcommand(name, what);
  command->add_option("--admin", admin, "The gateway's admin address: unix:/path, or 127.0.0.1:9182");
  const bool is_plan = std::string_view(name) == "plan";
  auto* config = command->add_option("-c,--config", file,
                                     is_plan ? "The file that might come into force"
                                             : "The gateway's configuration file, for its admin address");
  if (is_plan) {
    config->required();
  } else {
    config->capture_default_str();
  }
  return command;
}

void ControlCommands::Options::add_tunnels(CLI::App& app) {
  tunnels = add(app, "tunnels", "List the live tunnels; watch, trace or close them");
  tunnels->add_option("--route", tunnel_options.route, "Only this route's");
  tunnels->add_option("--upstream", tunnel_options.upstream, "Only this upstream's");
  tunnels
      ->add_option("--order", tunnel_options.order, "The oldest, or the busiest first: age, messages, bytes")
      ->check(CLI::IsMember({"age", "messages", "bytes"}))
      ->capture_default_str();
  tunnels->add_option("--limit", tunnel_options.limit, "At most so many")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  auto* watch_flag = tunnels->add_flag("--watch", watch, "Again each second, with rates; q ends");
  auto* close =
      tunnels->add_option("--close", close_id, "Close this tunnel on both sides")->excludes(watch_flag);
  tunnels->add_option("--code", code, "The Close frame's code; 1001 unless told")
      ->check(CLI::Range(1000, 4999))
      ->needs(close);
  tunnels->add_option("--debug-tunnel", debug_id, "Print this tunnel's frame headers until it ends")
      ->excludes(watch_flag)
      ->excludes(close);
}

void ControlCommands::Options::add_upstream(CLI::App& app) {
  upstream = add(app, "upstream", "Order a server to be drained, up again, or weighted anew");
  upstream->add_option("UPSTREAM", order.upstream, "The upstream's name")->required();
  upstream->add_option("SERVER", order.server, "The server's address, as the configuration writes it")
      ->required();
  auto* orders = upstream->add_option_group("order");
  auto* to_drain = orders->add_flag("--drain", order_drain, "Its tunnels go on, nothing new is sent there");
  orders->add_flag("--up", order_up, "As usual again")->excludes(to_drain);
  auto* weight = orders->add_option("--weight", order.weight, "Its share beside the other servers'")
                     ->check(CLI::Range(1, 1000));
  orders->add_flag("--reset-weight", reset_weight, "The configured share again")->excludes(weight);
  orders->require_option(1, 0);
}

ControlCommands::ControlCommands(CLI::App& app) : options_(std::make_unique<Options>()) {
  Options& own = *options_;
  own.status = own.add(app, "status", "Tell how a running gateway is");
  own.add_tunnels(app);
  own.reload = own.add(app, "reload", "Have the configuration read again; say what changed, or why not");
  own.plan = own.add(app, "plan", "Say what a reload with another file would change, and change nothing");
  own.add_upstream(app);
  own.drain = own.add(app, "drain", "End well: no new connections, a Close frame for each tunnel");
  own.drain->add_flag("--no-wait", own.no_wait, "Do not wait until the gateway has gone");
  own.stop = own.add(app, "stop", "End at once: connections are cut");
  for (auto* command : {own.status, own.tunnels, own.reload, own.plan})
    command->add_flag("--json", own.json, "As the admin API says it");
}

ControlCommands::~ControlCommands() = default;

bool ControlCommands::parsed() const {
  const Options& own = *options_;
  for (const auto* command :
       {own.status, own.tunnels, own.reload, own.plan, own.upstream, own.drain, own.stop}) {
    if (command->parsed()) return true;
  }
  return false;
}

std::optional<control::Address> ControlCommands::Options::address() const {
  if (!admin.empty()) return address_told(admin, "--admin");
  const char* const variable = std::getenv(kVariable);
  if (variable != nullptr && *variable != '\0') return address_told(variable, kVariable);
  if (const auto found = address_in(file)) return found;
  return control::Address{.unix_path = kDefaultSocket, .host = "", .port = 0, .found = "the default"};
}

bool ControlCommands::Options::run_plan(const control::Client& client) const {
  std::ifstream in(file, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in.is_open() || in.bad()) {
    std::fprintf(stderr, "%s: it cannot be read; -c names the new configuration file\n", file.c_str());
    return false;
  }
  return control::plan(client, std::filesystem::absolute(file).lexically_normal(), text, json);
}

bool ControlCommands::Options::run_tunnels(const control::Client& client) const {
  control::TunnelOptions shown = tunnel_options;
  shown.json = json;
  if (!close_id.empty()) return control::close_tunnel(client, close_id, code);
  if (!debug_id.empty()) return control::trace_tunnel(client, debug_id, json);
  return watch ? control::watch_tunnels(client, shown) : control::show_tunnels(client, shown);
}

bool ControlCommands::Options::run_upstream(const control::Client& client) const {
  control::ServerOrder told = order;
  if (order_drain) told.state = "drain";
  if (order_up) told.state = "up";
  if (reset_weight) told.weight = 0;
  return control::order_server(client, told);
}

bool ControlCommands::Options::carry_out(const control::Client& client) const {
  if (tunnels->parsed()) return run_tunnels(client);
  if (reload->parsed()) return control::reload(client, json);
  if (plan->parsed()) return run_plan(client);
  if (upstream->parsed()) return run_upstream(client);
  if (drain->parsed()) return control::drain(client, !no_wait);
  if (stop->parsed()) return control::stop(client);
  return control::show_status(client, json);
}

int ControlCommands::run() const {
  auto address = options_->address();
  if (!address) return kBadCommandLine;
  return options_->carry_out(control::Client(*std::move(address))) ? kFine : kFailed;
}

}  // namespace tidegate
