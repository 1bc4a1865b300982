#include "nginx-compat/assemble.h"

#include <algorithm>
#include <set>
#include <utility>

#include "gateway/base/text.h"

namespace tidegate::nginx {
namespace {

using Kind = conf::Location::Kind;

/// More would be a file that is made to be large.
constexpr std::size_t kMostCopied = 4000000;

/// What nginx serves where no `types` stands.
std::shared_ptr<const Types> usual_types() {
  static const auto types = std::make_shared<const Types>(
      Types{{"html", "text/html"}, {"gif", "image/gif"}, {"jpg", "image/jpeg"}});
  return types;
}

/// Access logs, whose `off` counts for those of the same block.
void settle_logs(LocationSettings& settings) {
  if (settings.access_log_is_off) settings.access_logs.emplace();
}

}  // namespace

bool Assembly::fits() {
  if (copied_ <= kMostCopied) return true;
  if (!std::exchange(told_, true)) {
    work_.fail(
        *work_.http,
        "so many blocks inherit so many directives, or listen at so many addresses, that it would take "
        "too much memory; say them where they are needed");
  }
  return false;
}

void Assembly::run() {
  inherit_all();
  if (!fits()) return;
  find_trusted_certificate();
  for (const auto& server : work_.servers) {
    check_locations(*server);
    check_server_tls(*server);
  }
  build_listeners();
  if (fits()) build_servers();
  if (fits()) check_upstreams();
  fill_process();
}

void Assembly::inherit_location(LocationBlock& block, const LocationBlock& around) {
  settle_logs(block.settings);
  copied_ += inherit(block.settings, around.settings) + 1;
  if (block.kind != Kind::inner) return;
  // An `if` and a limit_except are handled as what they stand in, unless they say something else.
  if (!block.settings.target) block.settings.target = around.settings.target;
  block.settings.stub_status |= around.settings.stub_status;
}

void Assembly::inherit_all() {
  LocationSettings& http = work_.http_settings;
  settle_logs(http);
  if (!http.types) http.types = usual_types();
  if (!http.root) http.root = Root{{work_.full_path("html"), work_.http->at()}, false};
  if (!http.access_logs) http.access_logs = {{work_.options().access_log, "combined", {}}};
  for (const auto& server : work_.servers) {
    copied_ += inherit(server->settings, work_.http_server_settings) + 1;
    for (const auto& block : server->locations) {
      if (block->parent) {
        inherit_location(*block, *server->locations[*block->parent]);
      } else {
        settle_logs(block->settings);
        copied_ += inherit(block->settings, http) + 1;
      }
      if (!fits()) return;
    }
  }
}

/// ngx_http_join_exact_locations: of one level two exact ones, or two prefixes, with the same path.
void Assembly::check_locations(const ServerBlock& server) {
  for (const auto& around : server.locations) {
    std::set<std::pair<Kind, std::string_view>> paths;
    for (const std::size_t index : around->nested) {
      const LocationBlock& block = *server.locations[index];
      if (block.kind != Kind::prefix && block.kind != Kind::exact && block.kind != Kind::named) continue;
      if (paths.emplace(block.kind, block.pattern.value).second) continue;
      work_.fail(*block.directive, "duplicate location \"" + block.pattern.value + '"');
    }
  }
}

void Assembly::fill_process() {
  conf::Config& config = work_.config;
  config.log.access = "off";  // each location has its own logs
  config.sites = nullptr;
  const auto& http = work_.http_settings;
  config.timeouts.keepalive = http.keepalive_timeout.value_or(std::chrono::seconds(75));
  // One for all servers: the one that waits longest, that takes most.
  constexpr std::uint64_t kMostHead = std::uint64_t{1} << 20;
  milliseconds header = work_.servers.empty() ? std::chrono::seconds(60) : milliseconds(0);
  std::uint64_t head = 0;
  std::uint64_t line = 0;
  for (const auto& server : work_.servers) {
    const ServerSettings& settings = server->settings;
    const milliseconds own = settings.header_timeout.value_or(std::chrono::seconds(60));
    header = std::max(own, header);
    const auto [count, size] =
        settings.large_header_buffers.value_or(std::pair<std::uint64_t, std::uint64_t>(4, 8192));
    const std::uint64_t first = std::min(settings.header_buffer.value_or(1024), kMostHead);
    const std::uint64_t buffer = std::min(size, kMostHead);
    head = std::max(head, std::max(first, std::min(count, std::uint64_t{1024}) * buffer));
    line = std::max({line, first, buffer});
  }
  config.timeouts.header = header;
  config.timeouts.route.body = http.body_timeout.value_or(std::chrono::seconds(60));
  config.timeouts.route.send = http.send_timeout.value_or(std::chrono::seconds(60));
  config.limits.head_bytes = head == 0 ? 4 * 8192 : std::min(head, kMostHead);
  config.limits.uri_bytes = line == 0 ? 8192 : std::min(line, kMostHead);
  config.limits.fields = 1000;
}

}  // namespace tidegate::nginx
