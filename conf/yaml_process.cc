#include <algorithm>

#include "conf/addresses.h"
#include "conf/units.h"
#include "conf/yaml_sections.h"
#include "gateway/base/log.h"
#include "gateway/base/text.h"

namespace tidegate::conf::yaml {
namespace {

constexpr unsigned kMostWorkers = 256;

void read_timeouts(const Context& context, const Node& node, Timeouts& out) {
  Section section(context, node, "timeouts");
  const milliseconds least(1);  // never would hold a connection for a client that sends nothing
  section.duration("tls_handshake", out.tls_handshake, least);
  section.duration("header", out.header, least);
  section.duration("keepalive", out.keepalive, least);
  section.duration("close", out.close, least);
  read_route_timeouts(section, out.route);
}

void read_most_tunnels(Section& section, std::optional<unsigned>& out) {
  const Node* node = section.find("tunnels");
  if (node == nullptr) return;
  const auto text = section.context().scalar(*node, "tunnels");
  if (!text || *text == "auto") return;
  unsigned most = 0;
  section.number_or_none("tunnels", most, "auto");
  out = most;
}

void read_limits(const Context& context, const Node& node, Limits& out) {
  Section section(context, node, "limits");
  std::uint64_t head = out.head_bytes;
  std::uint64_t uri = out.uri_bytes;
  unsigned fields = static_cast<unsigned>(out.fields);
  section.size("head", head, kKiB, kMiB);
  section.size("uri", uri, 64, kMiB);
  section.number("fields", fields, 1, 10000);
  section.size_or_none("body", out.body_bytes);
  read_most_tunnels(section, out.tunnels);
  if (uri > head) {
    context.error(node, "\"uri\" is " + format_size(uri) + " and \"head\", which holds it, " +
                            format_size(head) + "; make \"head\" the larger");
  }
  out.head_bytes = head;
  out.uri_bytes = uri;
  out.fields = fields;
}

void read_trusted_proxies(const Context& context, const Node& node, std::vector<Cidr>& out) {
  const auto* items = context.list(node, "trusted_proxies");
  if (items == nullptr) return;
  for (const Node& item : *items) {
    const auto text = context.scalar(item, "trusted_proxies");
    if (!text) continue;
    if (const auto block = Cidr::parse(*text)) {
      out.push_back(*block);
    } else {
      context.error(
          item, in_quotes(*text) + " is not a block of addresses; write 10.0.0.0/8, fd00::/8 or one address");
    }
  }
}

void read_one_level(const Context& context, const Node& node, std::string_view what, Log::Level& out) {
  Section::choose<Log::Level>(context, node, what, out,
                              {{"debug", Log::Level::debug},
                               {"info", Log::Level::info},
                               {"warning", Log::Level::warning},
                               {"error", Log::Level::error}});
}

/// One level for all, or a map from areas to theirs.
void read_level(const Context& context, const Node& node, Log& out) {
  if (node.kind != Node::Kind::map) return read_one_level(context, node, "level", out.level);
  std::vector<std::string_view> names{"default"};
  names.insert(names.end(), log::kAreas.begin(), log::kAreas.end());
  for (const Node::Entry& entry : node.entries) {
    if (entry.key == "default") {
      read_one_level(context, entry.value, entry.key, out.level);
    } else if (log::Area::find(entry.key)) {
      Log::Level level = out.level;
      read_one_level(context, entry.value, entry.key, level);
      out.area_levels.emplace_back(entry.key, level);
    } else {
      const std::string_view meant = nearest(entry.key, names);
      context.diagnostics.error({context.file, entry.line, entry.column},
                                in_quotes(entry.key) + " is no area of the log; " +
                                    (meant.empty() ? "write default, or " + one_of(log::kAreas)
                                                   : "did you mean " + in_quotes(meant) + "?"));
    }
  }
}

void read_log(const Context& context, const Node& node, Log& out) {
  Section section(context, node, "log");
  out.at = context.at(node);
  if (const Node* level = section.find("level")) read_level(context, *level, out);
  section.choice<Log::Diagnostics>("diagnostics", out.diagnostics,
                                   {{"text", Log::Diagnostics::text}, {"json", Log::Diagnostics::json}});
  section.choice<Log::Format>("format", out.format,
                              {{"json", Log::Format::json}, {"combined", Log::Format::combined}});
  section.boolean("query", out.query);
  section.boolean("query_values", out.query_values);
  section.string("access", out.access);
  if (out.access.empty()) {
    context.error(*section.find("access"), "\"access\" is empty; write stdout, off or a path");
  } else if (out.access != "stdout" && out.access != "off") {
    out.access = context.absolute(out.access);
  }
}

/// RFC 6455 §7.4: the codes an endpoint may put in a Close frame.
bool may_be_sent(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

void read_drain(const Context& context, const Node& node, Drain& out) {
  Section section(context, node, "drain");
  section.duration("delay", out.delay);
  section.duration("window", out.window);
  section.duration("deadline", out.deadline);
  unsigned code = out.close_code;
  section.number("close_code", code, 1000, 4999);
  if (!may_be_sent(code)) {
    context.error(*section.find("close_code"), std::to_string(code) +
                                                   " is a code that no Close frame may carry; write "
                                                   "1001, or one of 1000-1003, 1007-1014, 3000-4999");
  }
  out.close_code = static_cast<std::uint16_t>(code);
  if (out.delay + out.window > out.deadline) {
    context.error(node, "\"delay\" and \"window\" together are " + format_duration(out.delay + out.window) +
                            ", longer than \"deadline\" (" + format_duration(out.deadline) +
                            "), which cuts what is left; make the deadline longer");
  }
}

void read_metrics(const Context& context, const Node& node, std::optional<ListenAddress>& out) {
  Section section(context, node, "metrics");
  read_listen_address(section, "address: \"127.0.0.1:9181\"", out.emplace());
}

/// Whoever reaches the admin API commands the gateway: file modes guard a unix socket, and no other machine
/// reaches a loopback address.
bool is_for_this_machine(const ListenAddress& address) {
  if (!address.unix_path.empty()) return true;
  static const Cidr v4 = *Cidr::parse("127.0.0.0/8");
  static const Cidr v6 = *Cidr::parse("::1");
  const auto ip = IpAddress::parse(address.host);
  return ip && (v4.contains(*ip) || v6.contains(*ip));
}

void read_admin(const Context& context, const Node& node, std::vector<ListenAddress>& out) {
  Section section(context, node, "admin");
  const Node* list = section.require("address", "address: \"unix:/run/tidegate/admin.sock\"");
  if (list == nullptr) return;
  if (list->kind == Node::Kind::sequence && list->items.empty()) {
    context.error(*list, "\"address\" lists none; write unix:/run/tidegate/admin.sock, or remove \"admin\"");
  }
  for (const Node* item : context.one_or_more(*list, "address")) {
    ListenAddress address;
    if (!read_listen_address(context, *item, address)) continue;
    if (!is_for_this_machine(address)) {
      context.error(*item, in_quotes(address.text) +
                               " can be reached from other machines, which the admin API must not; write "
                               "unix:/run/tidegate/admin.sock, \"127.0.0.1:" +
                               std::to_string(address.port) +
                               "\" or \"[::1]:" + std::to_string(address.port) + "\"");
      continue;
    }
    out.push_back(std::move(address));
  }
}

void read_workers(Section& top, unsigned& out) {
  const Node* node = top.find("workers");
  if (node == nullptr) return;
  const auto text = top.context().scalar(*node, "workers");
  if (!text || *text == "auto") return;
  const auto number = parse_decimal(*text);
  if (!number || *number < 1 || *number > kMostWorkers) {
    top.context().error(*node, in_quotes(*text) +
                                   " does not fit \"workers\"; write auto, or a number from 1 to " +
                                   std::to_string(kMostWorkers));
    return;
  }
  out = static_cast<unsigned>(*number);
}

void read_origins(Section& section, std::vector<Text>& out) {
  const Node* node = section.find("origins");
  const Context& context = section.context();
  const auto* items = node != nullptr ? context.list(*node, "origins") : nullptr;
  if (items == nullptr) return;
  out.clear();
  if (items->empty()) context.error(*node, "\"origins\" lists none; leave it out to allow every origin");
  for (const Node& item : *items) {
    auto origin = context.text(item, "origins");
    if (!origin) continue;
    std::string problem;
    if (check_origin(origin->value, problem)) {
      out.push_back(std::move(*origin));
    } else {
      context.error(item, problem);
    }
  }
}

}  // namespace

void read_websocket(const Context& context, const Node& node, const std::string& path, WebSocketRules& out) {
  Section section(context, node, path);
  read_origins(section, out.origins);
  section.duration("idle_timeout", out.idle_timeout);
  section.duration("ping_interval", out.ping_interval);
  section.size_or_none("max_message", out.max_message_bytes);
  section.duration("max_lifetime", out.max_lifetime);
  section.number_or_none("max_tunnels", out.max_tunnels);
}

void read_route_timeouts(Section& section, RouteTimeouts& out) {
  section.duration("connect", out.connect);
  section.duration("response", out.response);
  section.duration("send", out.send);
  section.duration("body", out.body);
}

void read_underscores(Section& section, bool& allow) {
  section.choice<bool>("underscores", allow, {{"drop", false}, {"allow", true}});
}

bool check_name(const Context& context, const Node::Entry& entry, std::string_view what) {
  static constexpr std::string_view kMarks = "_.-";
  const bool fits = std::all_of(entry.key.begin(), entry.key.end(), [](char c) {
    const char lower = ascii_lower(c);
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') ||
           kMarks.find(c) != std::string_view::npos;
  });
  if (fits && !entry.key.empty() && entry.key.size() <= 64) return true;
  context.diagnostics.error({context.file, entry.line, entry.column},
                            in_quotes(entry.key) + " is not a name for " + std::string(what) +
                                "; write 1 to 64 letters, digits, \"_\", \"-\" and \".\"");
  return false;
}

void read_redirect(const Context& context, const Node& node, const std::string& path,
                   std::optional<Redirect>& out) {
  Redirect redirect;
  if (node.kind == Node::Kind::map) {
    Section section(context, node, path);
    unsigned status = static_cast<unsigned>(redirect.status);
    section.choice<unsigned>("status", status,
                             {{"301", 301}, {"302", 302}, {"303", 303}, {"307", 307}, {"308", 308}});
    redirect.status = static_cast<int>(status);
    section.require("to", "to: \"https://$host$request_uri\"");
    section.text("to", redirect.to);
  } else if (auto text = context.text(node, "redirect")) {
    redirect.to = std::move(*text);
  }
  out = redirect;
  if (redirect.to.at.line == 0) return;  // reported
  if (redirect.to.value == "https") out->to.value = "https://$host$request_uri";
  const std::string to = to_lower(out->to.value);
  const bool goes_somewhere =
      to.starts_with("http://") || to.starts_with("https://") || to.starts_with("/") || to.starts_with("$");
  if (!goes_somewhere || !is_field_value(to)) {
    context.diagnostics.error(redirect.to.at,
                              in_quotes(redirect.to.value) +
                                  " is not where a redirect can lead; write https, an URL such as "
                                  "https://$host$request_uri, or a path");
  }
}

void read_process(Section& top, Config& out, RouteDefaults& defaults) {
  const Context& context = top.context();
  if (const Node* node = top.find("timeouts")) read_timeouts(context, *node, out.timeouts);
  if (const Node* node = top.find("limits")) read_limits(context, *node, out.limits);
  if (const Node* node = top.find("trusted_proxies"))
    read_trusted_proxies(context, *node, out.trusted_proxies);
  if (const Node* node = top.find("log")) read_log(context, *node, out.log);
  if (const Node* node = top.find("drain")) read_drain(context, *node, out.drain);
  if (const Node* node = top.find("metrics")) read_metrics(context, *node, out.metrics);
  if (const Node* node = top.find("admin")) read_admin(context, *node, out.admin);
  read_workers(top, out.workers);
  defaults.timeouts = out.timeouts.route;
  defaults.max_body_bytes = out.limits.body_bytes;
  if (const Node* node = top.find("websocket"))
    read_websocket(context, *node, "websocket", defaults.websocket);
  read_underscores(top, defaults.allow_underscores);
}

}  // namespace tidegate::conf::yaml
