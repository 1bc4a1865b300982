#include <algorithm>

#include "nginx-compat/blocks.h"
#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// `server` and what stands only there and in `http`.

namespace tidegate::nginx {
namespace {

void on_server(Work& work, const Directive& directive) {
  if (work.scope().upstream != nullptr) return add_upstream_server(work, directive);
  ServerBlock& server = *work.servers.emplace_back(std::make_unique<ServerBlock>());
  server.directive = &directive;
  auto self = std::make_unique<LocationBlock>();
  self->directive = &directive;
  self->pattern.at = directive.at();
  Scope scope;
  scope.context = kServer;
  scope.server = &server;
  scope.location = self.get();
  scope.settings = &self->settings;
  scope.server_settings = &server.settings;
  scope.script = &self->script;
  server.locations.push_back(std::move(self));
  work.walk(directive.block, scope);
  if (!server.first_listen) {
    listen_by_default(work, directive);
  }
  if (server.names.empty()) server.names.push_back({{"", directive.at()}, false});
  const conf::ServerName& first = server.names.front();
  server.first_name = (first.regex ? "~" : "") + first.name.value;
  if (server.first_name.starts_with('.')) server.first_name.erase(0, 1);
}

void on_server_name(Work& work, const Directive& directive) {
  ServerBlock& server = *work.scope().server;
  for (std::size_t i = 0; i < directive.args.size(); ++i) {
    Text name = Work::text_of(directive, i);
    const char first = name.empty() ? '\0' : name.value[0];
    if ((first == '*' && (name.value.size() < 3 || name.value[1] != '.')) ||
        (first == '.' && name.value.size() < 2)) {
      return work.fail(directive, "server name " + quoted(name.value) + " is invalid");
    }
    if (name.value.find('/') != std::string::npos)
      work.warn(directive, "server name " + quoted(name.value) + " has suspicious symbols");
    const bool regex = first == '~';
    if (regex) {
      name.value.erase(0, 1);
      if (name.empty()) return work.fail(directive, "empty regex in server name \"~\"");
    } else if (name.value == "$hostname") {
      name.value = to_lower(work.options().host_name);
    } else {
      name.value = to_lower(name.value);
    }
    server.names.push_back({std::move(name), regex});
  }
}

/// Heads are read before their server is known, and there is one set of limits for all of them.
constexpr std::string_view kOneForAll =
    "a head may have all of these buffers, whatever it fills them with; the largest of any server holds for "
    "all";

void on_header_buffer(Work& work, const Directive& directive) {
  set_size<&ServerSettings::header_buffer>(work, directive);
  work.approximated(directive, std::string(kOneForAll));
}

void on_header_timeout(Work& work, const Directive& directive) {
  set_milliseconds<&ServerSettings::header_timeout>(work, directive);
  if (work.scope().context == kServer)
    work.approximated(directive, "the longest of any server holds for all");
}

void on_large_header_buffers(Work& work, const Directive& directive) {
  auto& value = slot(work, &ServerSettings::large_header_buffers);
  if (!is_first(work, directive, value)) return;
  const auto count = read_number(directive.args[0].text);
  const auto size = read_size(directive.args[1].text);
  if (!count || *count == 0 || !size || *size == 0) return work.fail_directive(directive, "invalid value");
  value = std::pair(*count, *size);
  work.approximated(directive, std::string(kOneForAll));
}

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;
constexpr std::string_view kMemory = "memory is taken as it is needed";

constexpr Decision kDecisions[] = {
    {"client_header_buffer_size", on_header_buffer},
    {"client_header_timeout", on_header_timeout},
    {"connection_pool_size", nullptr, kIgnored, kMemory},
    {"ignore_invalid_headers", set_flag<&ServerSettings::ignore_invalid_headers>},
    {"large_client_header_buffers", on_large_header_buffers},
    {"max_headers", nullptr, kIgnored, "nginx 1.22 has no such limit either"},
    {"merge_slashes", set_flag<&ServerSettings::merge_slashes>},
    {"request_pool_size", nullptr, kIgnored, kMemory},
    {"server", on_server},
    {"server_name", on_server_name},
    {"server_names_hash_bucket_size", nullptr, kIgnored, kMemory},
    {"server_names_hash_max_size", nullptr, kIgnored, kMemory},
    {"underscores_in_headers", set_flag<&ServerSettings::underscores_in_headers>},
};

}  // namespace

std::span<const Decision> server_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
