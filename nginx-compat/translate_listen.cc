#include <algorithm>
#include <array>

#include "nginx-compat/blocks.h"
#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// `listen`.

namespace tidegate::nginx {
namespace {

std::string text_of(const conf::ListenAddress& address) {
  if (!address.unix_path.empty()) return "unix:" + address.unix_path;
  const bool v6 = address.host.find(':') != std::string::npos;
  return (v6 ? '[' + address.host + ']' : address.host) + ':' + std::to_string(address.port);
}

conf::SocketOptions nginx_socket() {
  conf::SocketOptions socket;
  socket.backlog = 511;
  socket.keepalive = false;
  return socket;
}

/// so_keepalive=on|off|idle:interval:count.
bool read_keepalive(std::string_view value, conf::SocketOptions& socket) {
  if (value == "on" || value == "off") {
    socket.keepalive = value == "on";
    socket.keepalive_idle = socket.keepalive_interval = std::chrono::seconds(0);
    socket.keepalive_probes = 0;
    return true;
  }
  std::array<std::string_view, 3> parts{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t colon = value.find(':');
    parts[i] = value.substr(0, colon);
    if ((colon == std::string_view::npos) != (i + 1 == parts.size())) return false;
    if (colon != std::string_view::npos) value.remove_prefix(colon + 1);
  }
  const auto idle = parts[0].empty() ? std::chrono::seconds(0) : read_seconds(parts[0]);
  const auto interval = parts[1].empty() ? std::chrono::seconds(0) : read_seconds(parts[1]);
  const auto probes = parts[2].empty() ? 0 : read_number(parts[2]);
  if (!idle || !interval || !probes || *probes > 127) return false;
  if (parts[0].empty() && parts[1].empty() && parts[2].empty()) return false;
  socket.keepalive = true;
  socket.keepalive_idle = *idle;
  socket.keepalive_interval = *interval;
  socket.keepalive_probes = static_cast<int>(*probes);
  return true;
}

/// A parameter with a number or a size; false where it is none of them.
bool read_sized(Work& work, const Directive& directive, std::string_view word, Listen& listen) {
  constexpr std::uint64_t kMost = 0x7FFFFFFF;
  if (const auto value = parameter(word, "backlog=")) {
    const auto number = read_number(*value);
    if (!number || *number == 0 || *number > kMost)
      work.fail(directive, "invalid backlog " + quoted(word));
    else
      listen.socket.backlog = static_cast<int>(*number);
    return true;
  }
  for (const std::string_view name : {"rcvbuf", "sndbuf"}) {
    const auto value = parameter(word, std::string(name) + '=');
    if (!value) continue;
    const auto size = read_size(*value);
    if (!size || *size > kMost)
      work.fail(directive, "invalid " + std::string(name) + ' ' + quoted(word));
    else
      (name == "rcvbuf" ? listen.socket.receive_buffer_bytes : listen.socket.send_buffer_bytes) =
          static_cast<int>(*size);
    return true;
  }
  if (const auto value = parameter(word, "fastopen=")) {
    if (!read_number(*value)) work.fail(directive, "invalid fastopen " + quoted(word));
    work.approximated(directive, "TCP Fast Open is not used");
    return true;
  }
  return false;
}

/// Parameters that are about the socket, which may be said only once for an address.
bool read_option(Work& work, const Directive& directive, std::string_view word, Listen& listen) {
  if (read_sized(work, directive, word, listen)) return listen.has_options = true;
  if (word == "bind" || word == "deferred" || word == "reuseport") {
    listen.has_options = true;  // each worker has a socket of its own at any rate
    listen.reuse_port |= word == "reuseport";
    return true;
  }
  if (const auto value = parameter(word, "ipv6only=")) {
    listen.has_options = true;
    if (*value != "on" && *value != "off") {
      // nginx looks for "ipv6only=o" first
      if (value->starts_with('o')) {
        work.fail(directive, "invalid ipv6only flags " + quoted(*value));
      } else {
        invalid_parameter(work, directive, word);
      }
    }
    listen.ipv6_only = *value == "on";
    return true;
  }
  if (const auto value = parameter(word, "so_keepalive=")) {
    listen.has_options = true;
    if (!read_keepalive(*value, listen.socket))
      work.fail(directive, "invalid so_keepalive value: " + quoted(*value));
    return true;
  }
  return false;
}

bool read_parameter(Work& work, const Directive& directive, std::string_view word, Listen& listen) {
  if (word == "default_server" || word == "default") {
    listen.is_default = true;
  } else if (word == "ssl") {
    listen.ssl = true;
  } else if (word == "http2") {
    work.approximated(directive, "HTTP/2 is not spoken: clients are offered HTTP/1.1");
  } else if (word == "proxy_protocol") {
    listen.proxy_protocol = true;
  } else if (word.starts_with("accept_filter=") || word.starts_with("setfib=")) {
    invalid_parameter(work, directive, word);
    return false;
  } else if (!read_option(work, directive, word, listen)) {
    invalid_parameter(work, directive, word);
    return false;
  }
  return true;
}

/// ngx_http_add_listen: to the addresses of all servers, whose parameters are joined.
void add_listen(Work& work, const Directive& directive, Listen listen) {
  ServerBlock& server = *work.servers.back();
  const std::size_t index = work.servers.size() - 1;
  ++work.listens;
  if (!server.first_listen) server.first_listen = listen;
  const auto [found, is_new] = work.address_numbers.try_emplace(listen.text, work.addresses.size());
  if (is_new) {
    Address& address = work.addresses.emplace_back();
    if (listen.is_default) address.default_server = index;
    address.listen = std::move(listen);
    address.servers.push_back(index);
    return;
  }
  Address& address = work.addresses[found->second];
  if (address.servers.back() == index) return work.fail(directive, "a duplicate listen " + listen.text);
  address.servers.push_back(index);
  if (listen.has_options) {
    if (address.listen.has_options)
      return work.fail(directive, "duplicate listen options for " + listen.text);
    const Listen before = std::exchange(address.listen, listen);
    address.listen.ssl |= before.ssl;
    address.listen.proxy_protocol |= before.proxy_protocol;
  }
  if (listen.is_default) {
    if (address.default_server) return work.fail(directive, "a duplicate default server for " + listen.text);
    address.default_server = index;
  }
  address.listen.ssl |= listen.ssl;
  address.listen.proxy_protocol |= listen.proxy_protocol;
}

/// One for each address of the host and each port of the range.
void add_all(Work& work, const Directive& directive, const Url& url, Listen listen,
             const std::vector<IpAddress>& hosts) {
  constexpr std::size_t kMost = 1024;  // addresses in all
  constexpr std::size_t kMostListens = 250000;
  listen.address.at = directive.args.empty() ? directive.at() : Work::text_of(directive, 0).at;
  if (!url.unix_path.empty()) {
    listen.address.unix_path = work.full_path(url.unix_path);
    listen.text = listen.address.text = text_of(listen.address);
    return add_listen(work, directive, std::move(listen));
  }
  for (const IpAddress& host : hosts) {
    for (unsigned port = url.port; port <= url.last_port; ++port) {
      if (work.listens >= kMostListens) {
        return work.refused(directive, "all servers together may listen " + std::to_string(kMostListens) +
                                           " times; say the addresses once, in a server that tells by "
                                           "`map` what is done");
      }
      Listen one = listen;
      one.address.host = host.to_string();
      one.address.port = static_cast<std::uint16_t>(port);
      one.text = one.address.text = text_of(one.address);
      if (work.addresses.size() >= kMost && !work.address_numbers.contains(one.text)) {
        return work.refused(directive, "there may be " + std::to_string(kMost) + " addresses in all");
      }
      one.socket.ipv6_only = listen.ipv6_only;
      add_listen(work, directive, std::move(one));
    }
  }
}

void on_listen(Work& work, const Directive& directive) {
  const std::string& what = first_arg(directive);
  Url url;
  std::string problem = read_url(what, {.default_port = 80, .listen = true, .uri_part = false}, url);
  std::vector<IpAddress> hosts;
  if (problem.empty() && url.unix_path.empty()) {
    if (url.host.empty()) {
      hosts = {*IpAddress::parse("0.0.0.0")};
    } else {
      const bool v6 = url.host.starts_with('[');
      hosts = work.addresses_of(v6 ? url.host.substr(1, url.host.size() - 2) : url.host);
      if (hosts.empty()) problem = "host not found";
    }
  }
  if (!problem.empty())
    return work.fail(directive, problem + " in " + quoted(what) + " of the \"listen\" directive");
  Listen listen;
  listen.socket = nginx_socket();
  for (std::size_t i = 1; i < directive.args.size(); ++i) {
    if (!read_parameter(work, directive, directive.args[i].text, listen)) return;
  }
  add_all(work, directive, url, std::move(listen), hosts);
}

constexpr Decision kDecisions[] = {{"listen", on_listen}};

}  // namespace

void listen_by_default(Work& work, const Directive& directive) {
  Listen listen;
  listen.socket = nginx_socket();
  Url url;
  url.port = url.last_port = work.options().is_root ? 80 : 8000;
  add_all(work, directive, url, std::move(listen), {*IpAddress::parse("0.0.0.0")});
}

std::span<const Decision> listen_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
