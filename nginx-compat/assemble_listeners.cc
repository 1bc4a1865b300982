#include <algorithm>
#include <map>
#include <unordered_set>
#include <utility>

#include "nginx-compat/assemble.h"

// Addresses, and TLS on them.

namespace tidegate::nginx {
namespace {

constexpr std::string_view kUsualCiphers = "HIGH:!aNULL:!MD5";

/// A server's name as conf::NamedTls has it; ".example.com" is two.
void add_names(const conf::ServerName& name, std::vector<std::string>& out) {
  if (name.regex) {
    out.push_back('~' + name.name.value);
  } else if (name.name.value.starts_with('.')) {
    out.push_back(name.name.value.substr(1));
    out.push_back('*' + name.name.value);
  } else if (!name.name.empty()) {
    out.push_back(name.name.value);
  }
}

/// A star stands at the beginning or at the end alone (ngx_hash_add_key).
bool is_sound(std::string_view name) {
  if (name.starts_with("*.") || name.starts_with('.')) {
    return name.find('*', 1) == std::string_view::npos && name.find("..") == std::string_view::npos;
  }
  const std::size_t star = name.find('*');
  const bool at_end =
      star != std::string_view::npos && star + 1 == name.size() && name.size() > 2 && name[star - 1] == '.';
  return (star == std::string_view::npos || at_end) && name.find("..") == std::string_view::npos;
}

/// Null: the block itself does not say so.
const Directive* trusted_certificate_in(const Directive& block) {
  const auto found =
      std::ranges::find(block.block, std::string_view("ssl_trusted_certificate"),
                        [](const Directive& each) { return std::string_view(each.name.text); });
  return found != block.block.end() ? &*found : nullptr;
}

/// As much as it costs to look a name up, at each address anew.
std::size_t weight_of(const conf::ServerName& name) {
  return name.regex ? 100 : 1;
}

}  // namespace

void Assembly::find_trusted_certificate() {
  http_trusted_certificate_ = trusted_certificate_in(*work_.http);
}

conf::ListenerTls Assembly::tls_of(const ServerBlock& server) const {
  const ServerSettings& settings = server.settings;
  conf::ListenerTls tls;
  tls.at = server.directive->at();
  const std::vector<Text> none;
  const std::vector<Text>& certificates = settings.certificates ? *settings.certificates : none;
  const std::vector<Text>& keys = settings.keys ? *settings.keys : none;
  for (std::size_t i = 0; i < certificates.size() && i < keys.size(); ++i) {
    tls.certificates.push_back({{work_.full_conf_path(certificates[i].value), certificates[i].at},
                                {work_.full_conf_path(keys[i].value), keys[i].at}});
  }
  tls.protocols = settings.protocols.value_or(std::vector{conf::TlsVersion::tls1_2});
  tls.ciphers = settings.ciphers.value_or(Text{std::string(kUsualCiphers), tls.at});
  tls.prefer_server_ciphers = settings.prefer_server_ciphers.value_or(false);
  tls.session_tickets = settings.session_tickets.value_or(true);
  tls.session_timeout = settings.session_timeout.value_or(std::chrono::minutes(5));
  tls.reject_handshake = settings.reject_handshake.value_or(false);
  tls.groups = settings.groups.value_or("");
  if (settings.dh_parameters) tls.dh_parameters = *settings.dh_parameters;
  if (settings.key_passwords) tls.key_passwords = *settings.key_passwords;
  if (settings.commands) tls.commands = *settings.commands;
  if (settings.stapling.value_or(false) && settings.stapled_response)
    tls.stapled_response = *settings.stapled_response;
  if (settings.verify_client && *settings.verify_client) {
    conf::ClientAuth& auth = tls.client_auth.emplace();
    auth.ca = settings.client_certificate.value_or(Text{});
    auth.verify = **settings.verify_client;
    auth.crl = settings.crl.value_or(Text{});
    auth.depth = static_cast<unsigned>(std::min<std::uint64_t>(settings.verify_depth.value_or(1), 100));
    auth.refuse_by_status = true;
  }
  return tls;
}

/// What nginx says of one server's TLS, wherever it listens.
void Assembly::check_server_tls(const ServerBlock& server) {
  const ServerSettings& settings = server.settings;
  const std::size_t certificates = settings.certificates ? settings.certificates->size() : 0;
  const std::size_t keys = settings.keys ? settings.keys->size() : 0;
  const auto fail = [&](std::string message) { work_.fail(*server.directive, std::move(message)); };
  if (settings.ssl && settings.ssl->on) {
    const std::string what = certificates == 0 ? "ssl_certificate" : "ssl_certificate_key";
    if (certificates == 0 || keys == 0)
      return work_.fail(settings.ssl->at, "no \"" + what + "\" is defined for the \"ssl\" directive");
  }
  if (keys < certificates) {
    return fail("no \"ssl_certificate_key\" is defined for certificate \"" +
                settings.certificates->back().value + '"');
  }
  const bool verifies = settings.verify_client && *settings.verify_client;
  if (certificates > 0 && verifies && **settings.verify_client != conf::ClientAuth::Verify::optional_no_ca &&
      (!settings.client_certificate || settings.client_certificate->empty())) {
    fail("no ssl_client_certificate for ssl_verify_client");
  }
  if (certificates == 0 || !verifies || !settings.trusted_certificate) return;
  // It is the server's own, or was inherited.
  const Directive* const own = trusted_certificate_in(*server.directive);
  work_.refused(own != nullptr ? *own : *http_trusted_certificate_,
                "clients are verified by ssl_client_certificate alone; put all authorities there");
}

bool Assembly::is_tls(const Address& address) const {
  const auto& ssl = work_.servers[*address.default_server]->settings.ssl;
  return address.listen.ssl || (ssl && ssl->on);
}

/// Where TLS is spoken there must be certificates, or all handshakes be rejected.
void Assembly::check_tls(const Address& address) {
  const auto lacks = [](const ServerBlock& server) {
    return !server.settings.certificates || server.settings.certificates->empty();
  };
  const auto complain = [this](const ServerBlock& server) {
    work_.fail(*server.directive, "no \"ssl_certificate\" is defined for the \"listen ... ssl\" directive");
  };
  const ServerBlock& first = *work_.servers[*address.default_server];
  if (!lacks(first)) return;
  if (!first.settings.reject_handshake.value_or(false)) return complain(first);
  for (const std::size_t index : address.servers) {
    const ServerBlock& server = *work_.servers[index];
    if (lacks(server) && !server.settings.reject_handshake.value_or(false)) complain(server);
  }
}

void Assembly::check_names(const Address& address) {
  for (const std::size_t index : address.servers) {
    for (const conf::ServerName& name : work_.servers[index]->names) copied_ += weight_of(name);
    if (!fits()) return;
  }
  if (address.servers.size() == 1) return;  // then nobody looks at names
  std::unordered_set<std::string> known;
  for (const std::size_t index : address.servers) {
    const ServerBlock& server = *work_.servers[index];
    for (const conf::ServerName& name : server.names) {
      if (!name.regex && !is_sound(name.name.value)) {
        work_.fail(*server.directive,
                   "invalid server name or wildcard \"" + name.name.value + "\" on " + address.listen.text);
      }
      if (name.regex || known.insert(name.name.value).second) continue;
      work_.warn(*server.directive, "conflicting server name \"" + name.name.value + "\" on " +
                                        address.listen.text + ", ignored");
    }
  }
}

void Assembly::add_named_tls(const Address& address, std::size_t otherwise, conf::ListenerTls& tls) {
  if (address.servers.size() == 1) return;
  for (const std::size_t index : address.servers) {
    conf::NamedTls named;
    for (const conf::ServerName& name : work_.servers[index]->names) add_names(name, named.names);
    if (named.names.empty()) continue;
    copied_ += named.names.size() + 20;
    if (!fits()) return;
    named.tls = tls_of(*work_.servers[index]);
    tls.by_name.push_back(std::move(named));
  }
  const bool only_default =
      tls.by_name.size() == 1 && work_.servers[otherwise]->names.size() == 1 &&
      tls.by_name.front().names.front() == work_.servers[otherwise]->names.front().name.value;
  if (only_default) tls.by_name.clear();
}

void Assembly::build_listeners() {
  for (Address& address : work_.addresses) {
    if (!address.default_server) address.default_server = address.servers.front();
    const std::size_t otherwise = *address.default_server;
    check_names(address);
    if (!fits()) return;
    conf::Listener listener;
    listener.name = address.listen.text;
    listener.address = address.listen.address;
    listener.socket = address.listen.socket;
    listener.proxy_protocol = listener.proxy_protocol_from_all = address.listen.proxy_protocol;
    listener.at = address.listen.address.at;
    if (is_tls(address)) {
      check_tls(address);
      listener.tls = tls_of(*work_.servers[otherwise]);
      add_named_tls(address, otherwise, *listener.tls);
    }
    work_.config.listeners.push_back(std::move(listener));
    work_.sites.by_listener.push_back({address.servers, otherwise});
  }
  join_wildcards();
}

/// ngx_http_init_listening: beside a wildcard an address of the same port needs no socket, unless it asks for
/// one. Where both are told to share the port, the kernel would choose as we do.
void Assembly::join_wildcards() {
  const auto is_v6 = [](const conf::ListenAddress& address) {
    return address.host.find(':') != std::string::npos;
  };
  std::map<std::pair<bool, std::uint16_t>, std::size_t> wildcards;  // by family and port
  for (std::size_t i = 0; i < work_.addresses.size(); ++i) {
    const conf::ListenAddress& address = work_.addresses[i].listen.address;
    if (address.host == "0.0.0.0" || address.host == "::")
      wildcards.emplace(std::pair(is_v6(address), address.port), i);
  }
  for (std::size_t i = 0; i < work_.addresses.size(); ++i) {
    const Listen& listen = work_.addresses[i].listen;
    if (!listen.address.unix_path.empty()) continue;
    const auto found = wildcards.find({is_v6(listen.address), listen.address.port});
    if (found == wildcards.end() || found->second == i) continue;
    const bool shares = listen.reuse_port && work_.addresses[found->second].listen.reuse_port;
    if (!listen.has_options || shares) work_.sites.by_listener[i].through = found->second;
  }
}

}  // namespace tidegate::nginx
