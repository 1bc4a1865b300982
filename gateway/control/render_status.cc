#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/control/fields.h"
#include "gateway/control/render.h"
#include "gateway/control/table.h"
#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

using nlohmann::json;

constexpr std::size_t kSlowest = 3;

std::string limit_text(const json& limit) {
  return limit.is_number() ? " of " + count_text(limit.get<double>()) : "";
}

std::string head(const json& status) {
  std::string text = "Tidegate " + text_of(status, "version") + ", pid " + count_of(status, "pid") + ", " +
                     text_of(status, "state") + " for " + span_text(number_of(status, "uptime_seconds")) +
                     ", since " + time_text(text_of(status, "started_at")) + "\n";
  const std::string file = text_of(status, "config");
  text += "configuration  " + (file.empty() ? "no file" : file) + "\n";
  const json& reload = member(status, "reload");
  text += "reloads        " + count_of(reload, "succeeded") + " applied, " + count_of(reload, "failed") +
          " refused; in force since " + time_text(text_of(reload, "last_success_at")) + "\n";
  if (reload.is_object() && !flag_of(reload, "last_succeeded"))
    text += "               the last one was refused: see the errors below\n";
  return text;
}

std::string drain(const json& status) {
  const json& drain = member(status, "drain");
  if (!drain.is_object()) return {};
  return "drain          " + count_of(drain, "remaining") + " of " + count_of(drain, "initial") +
         " left, cut at " + time_text(text_of(drain, "deadline_at")) + "\n";
}

std::string counts(const json& status) {
  const json& connections = member(status, "connections");
  const json& tunnels = member(status, "tunnels");
  Table table({{""}, {"NOW", true}, {"TOTAL", true}});
  table.add({"connections", count_of(connections, "active"), count_of(connections, "total")});
  table.add({"tunnels", count_of(tunnels, "active") + limit_text(member(tunnels, "limit")),
             count_of(tunnels, "opened")});
  table.add({"requests", "", count_of(status, "requests")});
  const json& messages = member(status, "messages");
  const json& bytes = member(status, "bytes");
  Table flows({{""}, {"TO UPSTREAM", true}, {"TO CLIENT", true}});
  flows.add({"messages", count_of(messages, "to_upstream"), count_of(messages, "to_client")});
  flows.add(
      {"bytes", bytes_text(number_of(bytes, "to_upstream")), bytes_text(number_of(bytes, "to_client"))});
  return "\n" + table.text() + "\n" + flows.text();
}

std::string listeners(const json& status) {
  Table table({{"LISTENER"}, {"ADDRESS"}, {"TLS"}, {"CONNECTIONS", true}, {"TOTAL", true}});
  for (const json& each : member(status, "listeners")) {
    table.add({text_of(each, "name"), text_of(each, "address"), flag_of(each, "tls") ? "yes" : "no",
               count_of(each, "connections_active"), count_of(each, "connections_total")});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string certificates(const json& status) {
  Table table({{"CERTIFICATE"}, {"LISTENER"}, {"ENDS"}, {"DAYS LEFT", true}});
  for (const json& each : member(status, "certificates")) {
    table.add({text_of(each, "name"), text_of(each, "listener"), time_text(text_of(each, "not_after")),
               count_of(each, "days_left")});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string workers(const json& status) {
  Table table({{"WORKER"}, {"TUNNELS", true}, {"LOOP LAG", true}});
  for (const json& each : member(status, "workers")) {
    table.add(
        {count_of(each, "index"), count_of(each, "tunnels"), span_text(number_of(each, "loop_lag_seconds"))});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string slowest_handshakes(const json& status) {
  Table table({{"SLOW HANDSHAKE"},
               {"AT"},
               {"ROUTE"},
               {"SERVER"},
               {"TOTAL", true},
               {"CONNECT", true},
               {"RESPONSE", true}});
  std::size_t rows = 0;
  for (const json& each : member(status, "slowest_handshakes")) {
    if (rows++ == kSlowest) break;
    const json& seconds = member(each, "seconds");
    table.add({text_of(each, "id"), time_text(text_of(each, "at")), text_of(each, "route"),
               text_of(each, "server"), span_text(number_of(seconds, "total")),
               span_text(number_of(seconds, "connect")), span_text(number_of(seconds, "response"))});
  }
  return table.empty() ? "" : "\n" + table.text();
}

std::string last_errors(const json& status) {
  std::string text;
  for (const json& each : member(status, "last_errors")) {
    const std::string id = text_of(each, "id");
    text += "  " + time_text(text_of(each, "at")) + "  " + text_of(each, "level") + "  " +
            text_of(each, "area") + ": " + text_of(each, "message") + (id.empty() ? "" : "  (" + id + ")") +
            "\n";
  }
  return text.empty() ? "" : "\nlast errors\n" + text;
}

}  // namespace

std::string render_upstreams(const json& upstreams, const std::string& only) {
  Table table({{"UPSTREAM"}, {"SERVER"}, {"STATE"}, {"REACHABLE"}, {"WEIGHT", true}, {"TUNNELS", true}});
  for (const json& upstream : upstreams) {
    if (!only.empty() && member(upstream, "name") != only) continue;
    for (const json& server : member(upstream, "servers")) {
      const bool overridden = number_of(server, "weight") != number_of(server, "configured_weight");
      table.add({text_of(upstream, "name"),
                 text_of(server, "address") + (flag_of(server, "backup") ? " (backup)" : ""),
                 text_of(server, "state"), flag_of(server, "reachable") ? "yes" : "no",
                 count_of(server, "weight") +
                     (overridden ? " (configured " + count_of(server, "configured_weight") + ")" : ""),
                 count_of(server, "tunnels") + limit_text(member(server, "max_tunnels"))});
    }
  }
  return table.empty() ? "" : table.text();
}

std::string render_status(const json& status, const json& upstreams) {
  const std::string servers = render_upstreams(upstreams);
  return head(status) + drain(status) + counts(status) + listeners(status) +
         (servers.empty() ? "" : "\n" + servers) + certificates(status) + workers(status) +
         slowest_handshakes(status) + last_errors(status);
}

}  // namespace tidegate::control
