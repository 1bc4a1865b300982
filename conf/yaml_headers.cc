#include <algorithm>

#include "conf/yaml_sections.h"
#include "gateway/base/text.h"

namespace tidegate::conf::yaml {
namespace {

/// Fields that say where a message ends or belong to one connection (RFC 9110 §7.6.1, RFC 9112 §6). The
/// gateway writes them itself; a rule that touched them could let two messages be read where one was sent.
constexpr std::string_view kConnectionFields[] = {
    "connection", "content-length",    "expect", "http2-settings", "keep-alive", "proxy-connection", "te",
    "trailer",    "transfer-encoding", "upgrade"};

/// Without them, or with others, a handshake cannot be verified (RFC 6455 §4.1). The list of extensions and
/// of subprotocols may be changed: that is how compression is switched off for an upstream.
constexpr std::string_view kHandshakeFields[] = {"sec-websocket-accept", "sec-websocket-key",
                                                 "sec-websocket-version"};

template <std::size_t N>
bool contains(const std::string_view (&fields)[N], std::string_view name) {
  return std::any_of(std::begin(fields), std::end(fields),
                     [&](std::string_view f) { return iequals(f, name); });
}

/// Whether a rule may touch the field; if not, the reason is reported.
bool check_field_name(const Context& context, const Position& at, const std::string& name, HeaderSide side,
                      bool removal) {
  if (!is_token(name)) {
    context.diagnostics.error(at, in_quotes(name) + " is not a header name; write one such as X-Real-IP");
  } else if (contains(kConnectionFields, name)) {
    context.diagnostics.error(at, in_quotes(name) +
                                      " is written by the gateway itself, for each connection; remove the "
                                      "rule");
  } else if (contains(kHandshakeFields, name)) {
    context.diagnostics.error(at, in_quotes(name) + " is part of the WebSocket handshake; remove the rule");
  } else if (iequals(name, "host") && side == HeaderSide::response) {
    context.diagnostics.error(at, "\"Host\" is a request's; set it in request_headers");
  } else if (iequals(name, "host") && removal) {
    context.diagnostics.error(at, "every request needs its \"Host\"; set it instead of removing it");
  } else {
    return true;
  }
  return false;
}

void read_set(const Context& context, const Node& node, HeaderSide side, HeaderRules& out) {
  const auto* entries = context.entries(node, "set");
  if (entries == nullptr) return;
  for (const Node::Entry& entry : *entries) {
    const Position at{context.file, entry.line, entry.column};
    auto value = context.text(entry.value, entry.key);
    if (!value || !check_field_name(context, at, entry.key, side, false)) continue;
    if (!is_field_value(value->value)) {
      context.error(entry.value, "the value of " + in_quotes(entry.key) +
                                     " has a line break or another control "
                                     "character; write it in one line");
      continue;
    }
    if (iequals(entry.key, "host") && value->empty()) {
      context.error(entry.value, "every request needs its \"Host\"; write a value, or remove the rule");
      continue;
    }
    const bool twice = std::any_of(out.set.begin(), out.set.end(),
                                   [&](const auto& rule) { return iequals(rule.first, entry.key); });
    if (twice) {
      context.diagnostics.error(at, in_quotes(entry.key) + " is set twice (case does not matter); keep one");
      continue;
    }
    out.set.emplace_back(entry.key, std::move(*value));
  }
}

void read_remove(const Context& context, const Node& node, HeaderSide side, HeaderRules& out) {
  const auto* items = context.list(node, "remove");
  if (items == nullptr) return;
  for (const Node& item : *items) {
    auto name = context.scalar(item, "remove");
    if (!name || !check_field_name(context, context.at(item), *name, side, true)) continue;
    const bool set = std::any_of(out.set.begin(), out.set.end(),
                                 [&](const auto& rule) { return iequals(rule.first, *name); });
    if (set) {
      context.error(item,
                    in_quotes(*name) + " is set above and removed here; keep one (set replaces what came)");
      continue;
    }
    out.remove.push_back(std::move(*name));
  }
}

}  // namespace

void read_header_rules(const Context& context, const Node& node, const std::string& path, HeaderSide side,
                       HeaderRules& out) {
  Section section(context, node, path);
  if (const Node* set = section.find("set")) read_set(context, *set, side, out);
  if (const Node* remove = section.find("remove")) read_remove(context, *remove, side, out);
}

}  // namespace tidegate::conf::yaml
