#include "gateway/admin/control_json.h"

#include "gateway/admin/traffic_json.h"

namespace tidegate::admin {
namespace {

using server::Difference;

double seconds(std::chrono::milliseconds span) {
  return std::chrono::duration<double>(span).count();
}

Json tunnel_json(const tunnel::TunnelInfo& tunnel) {
  return {{"id", tunnel.id},
          {"state", tunnel.state == tunnel::TunnelInfo::State::open ? "open" : "closing"},
          {"listener", tunnel.listener},
          {"route", tunnel.route},
          {"upstream", tunnel.upstream},
          {"server", tunnel.server},
          {"remote_addr", tunnel.remote_addr},
          {"host", tunnel.host},
          {"path", tunnel.path},
          {"age_seconds", seconds(tunnel.age)},
          {"idle_seconds", seconds(tunnel.idle)},
          {"messages", by_direction(tunnel.messages_to_upstream, tunnel.messages_to_client)},
          {"bytes", by_direction(tunnel.bytes_to_upstream, tunnel.bytes_to_client)}};
}

const char* word(Difference::Kind kind) {
  switch (kind) {
    case Difference::Kind::added:
      return "added";
    case Difference::Kind::removed:
      return "removed";
    case Difference::Kind::changed:
      return "changed";
  }
  return "";
}

const char* word(Difference::Subject subject) {
  switch (subject) {
    case Difference::Subject::listener:
      return "listener";
    case Difference::Subject::route:
      return "route";
    case Difference::Subject::upstream:
      return "upstream";
    case Difference::Subject::server:
      return "server";
    case Difference::Subject::certificate:
      return "certificate";
    case Difference::Subject::setting:
      return "setting";
  }
  return "";
}

}  // namespace

Json tunnels_json(const server::TunnelList& list) {
  Json tunnels = Json::array();
  for (const tunnel::TunnelInfo& tunnel : list.tunnels) tunnels.push_back(tunnel_json(tunnel));
  return {{"total", list.total}, {"tunnels", tunnels}};
}

Json reload_json(const server::ReloadResult& result) {
  Json differences = Json::array();
  for (const Difference& difference : result.differences) {
    differences.push_back({{"kind", word(difference.kind)},
                           {"subject", word(difference.subject)},
                           {"name", difference.name},
                           {"what", difference.what},
                           {"tunnels", difference.tunnels},
                           {"consequence", difference.consequence}});
  }
  Json diagnostics = Json::array();
  for (const Diagnostic& diagnostic : result.diagnostics.list()) {
    const bool error = diagnostic.severity == Diagnostic::Severity::error;
    diagnostics.push_back({{"severity", error ? "error" : "warning"},
                           {"file", diagnostic.at.file},
                           {"line", diagnostic.at.line},
                           {"column", diagnostic.at.column},
                           {"message", diagnostic.message}});
  }
  return {{"applied", result.applied}, {"differences", differences}, {"diagnostics", diagnostics}};
}

}  // namespace tidegate::admin
