#include <utility>

#include "conf/units.h"
#include "conf/yaml_write_sections.h"

namespace tidegate::conf::yaml {
namespace {

Writing timeouts_of(const Timeouts& timeouts) {
  static const Timeouts kUsual;
  Writing map = Writing::map();
  const auto add = [&map](const char* key, milliseconds value, milliseconds usual) {
    if (value != usual) map.add(key, duration(value));
  };
  add("tls_handshake", timeouts.tls_handshake, kUsual.tls_handshake);
  add("header", timeouts.header, kUsual.header);
  add("body", timeouts.route.body, kUsual.route.body);
  add("keepalive", timeouts.keepalive, kUsual.keepalive);
  add("send", timeouts.route.send, kUsual.route.send);
  add("connect", timeouts.route.connect, kUsual.route.connect);
  add("response", timeouts.route.response, kUsual.route.response);
  add("close", timeouts.close, kUsual.close);
  return map;
}

Writing limits_of(const Limits& limits) {
  static const Limits kUsual;
  Writing map = Writing::map();
  if (limits.head_bytes != kUsual.head_bytes) map.add("head", Writing::word(format_size(limits.head_bytes)));
  if (limits.fields != kUsual.fields) map.add("fields", number(limits.fields));
  if (limits.uri_bytes != kUsual.uri_bytes) map.add("uri", Writing::word(format_size(limits.uri_bytes)));
  if (limits.body_bytes != kUsual.body_bytes) map.add("body", size_or_none(limits.body_bytes));
  if (limits.tunnels) map.add("tunnels", number_or_none(*limits.tunnels));
  return map;
}

Writing level(Log::Level level) {
  switch (level) {
    case Log::Level::debug:
      return Writing::word("debug");
    case Log::Level::info:
      return Writing::word("info");
    case Log::Level::warning:
      return Writing::word("warning");
    case Log::Level::error:
      break;
  }
  return Writing::word("error");
}

Writing log_of(const Log& log) {
  static const Log kUsual;
  Writing map = Writing::map();
  if (!log.area_levels.empty()) {
    Writing levels = Writing::map();
    levels.add("default", level(log.level));
    for (const auto& [area, of_area] : log.area_levels) levels.add(area, level(of_area));
    map.add("level", std::move(levels));
  } else if (log.level != kUsual.level) {
    map.add("level", level(log.level));
  }
  if (log.diagnostics != kUsual.diagnostics) map.add("diagnostics", Writing::word("json"));
  if (log.access != kUsual.access) {
    map.add("access", log.access == "off" ? Writing::word("off") : Writing::text(log.access));
  }
  if (log.format != kUsual.format) map.add("format", Writing::word("combined"));
  if (log.query != kUsual.query) map.add("query", boolean(log.query));
  if (log.query_values != kUsual.query_values) map.add("query_values", boolean(log.query_values));
  return map;
}

Writing drain_of(const Drain& drain) {
  static const Drain kUsual;
  Writing map = Writing::map();
  if (drain.delay != kUsual.delay) map.add("delay", duration(drain.delay));
  if (drain.window != kUsual.window) map.add("window", duration(drain.window));
  if (drain.deadline != kUsual.deadline) map.add("deadline", duration(drain.deadline));
  if (drain.close_code != kUsual.close_code) map.add("close_code", number(drain.close_code));
  return map;
}

Writing admin_of(const std::vector<ListenAddress>& addresses) {
  Writing list = Writing::list();
  for (const ListenAddress& one : addresses) list.add(address(one));
  return Writing::map().add("address", addresses.size() == 1 ? address(addresses.front()) : list);
}

}  // namespace

Writing process(const Config& config, const Inherited& inherited, const YamlNotes& notes) {
  Writing out = Writing::map();
  const auto add = [&](const std::string& key, Writing value) {
    const auto found = notes.above.find(key);
    if (found != notes.above.end()) value.comment(found->second);
    out.add(key, std::move(value));
  };
  const auto add_some = [&](const std::string& key, Writing value) {
    if (!value.empty()) add(key, std::move(value));
  };
  add_some("timeouts", timeouts_of(config.timeouts));
  add_some("websocket", websocket(inherited.websocket, WebSocketRules{}));
  add_some("limits", limits_of(config.limits));
  if (!config.trusted_proxies.empty()) {
    Writing list = Writing::list();
    for (const Cidr& block : config.trusted_proxies) list.add(Writing::text(block.to_string()));
    add("trusted_proxies", std::move(list));
  }
  if (inherited.allow_underscores) add("underscores", Writing::word("allow"));
  if (config.metrics) add("metrics", Writing::map().add("address", address(*config.metrics)));
  if (!config.admin.empty()) add("admin", admin_of(config.admin));
  add_some("log", log_of(config.log));
  add_some("drain", drain_of(config.drain));
  if (config.workers > 0) add("workers", number(config.workers));
  return out;
}

}  // namespace tidegate::conf::yaml
