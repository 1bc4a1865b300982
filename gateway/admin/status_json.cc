#include "gateway/admin/status_json.h"

#include <cstdint>

#include "gateway/admin/traffic_json.h"
#include "metrics/sums.h"

namespace tidegate::admin {
namespace {

using std::chrono::system_clock;

constexpr std::size_t kMostErrors = 20;

const char* word(StatusFacts::State state) {
  switch (state) {
    case StatusFacts::State::starting:
      return "starting";
    case StatusFacts::State::running:
      return "running";
    case StatusFacts::State::draining:
      return "draining";
  }
  return "";
}

system_clock::time_point at_unix_time(std::chrono::duration<double> since) {
  return system_clock::time_point(std::chrono::duration_cast<system_clock::duration>(since));
}

Json drain_json(const std::optional<server::DrainProgress>& drain) {
  if (!drain) return nullptr;
  return {{"began_at", to_rfc3339(drain->began, Digits::milliseconds)},
          {"deadline_at", to_rfc3339(drain->deadline, Digits::milliseconds)},
          {"initial", drain->initial},
          {"remaining", drain->remaining}};
}

Json reload_json(const metrics::ReloadSample& reloads) {
  Json json = {{"succeeded", reloads.succeeded},
               {"failed", reloads.failed},
               {"last_succeeded", reloads.last_succeeded},
               {"last_success_at", nullptr}};
  if (reloads.last_success.count() > 0)
    json["last_success_at"] = to_rfc3339(at_unix_time(reloads.last_success));
  return json;
}

Json listeners_json(const StatusFacts& facts, const metrics::Sums& sums) {
  Json list = Json::array();
  for (std::size_t i = 0; i < facts.config.listeners.size(); ++i) {
    const conf::Listener& listener = facts.config.listeners[i];
    const auto counts = sums.listeners.find(listener.name);
    const bool counted = counts != sums.listeners.end();
    list.push_back({{"name", listener.name},
                    {"address", facts.addresses[i].to_string()},
                    {"tls", listener.tls.has_value()},
                    {"connections_active", counted ? counts->second.active : 0},
                    {"connections_total", counted ? counts->second.connections : 0}});
  }
  return list;
}

Json handshakes_json(const metrics::Report& report) {
  std::vector<metrics::SlowHandshake> all;
  for (const metrics::WorkerSample& worker : report.workers) {
    all.insert(all.end(), worker.slowest_handshakes.begin(), worker.slowest_handshakes.end());
  }
  Json list = Json::array();
  for (const metrics::SlowHandshake& handshake : metrics::slowest_of(std::move(all))) {
    list.push_back({{"id", handshake.id},
                    {"at", to_rfc3339(handshake.at, Digits::milliseconds)},
                    {"route", handshake.route},
                    {"server", handshake.server},
                    {"seconds",
                     {{"total", handshake.total.count()},
                      {"tls", handshake.tls ? Json(handshake.tls->count()) : Json()},
                      {"connect", handshake.connect.count()},
                      {"response", handshake.response.count()}}}});
  }
  return list;
}

Json errors_json(const std::vector<log::Entry>& errors) {
  Json list = Json::array();
  for (const log::Entry& entry : errors) {
    if (list.size() == kMostErrors) break;
    list.push_back({{"at", to_rfc3339(entry.time, Digits::milliseconds)},
                    {"level", log::word(entry.level)},
                    {"area", entry.area},
                    {"message", entry.message},
                    {"id", entry.id.empty() ? Json() : Json(entry.id)}});
  }
  return list;
}

Json certificates_json(const StatusFacts& facts, const metrics::Report& report) {
  Json list = Json::array();
  for (const metrics::CertificateSample& certificate : report.certificates) {
    const auto not_after = at_unix_time(std::chrono::seconds(certificate.not_after));
    list.push_back({{"listener", certificate.listener},
                    {"name", certificate.name},
                    {"not_after", to_rfc3339(not_after)},
                    {"days_left", std::chrono::floor<std::chrono::days>(not_after - facts.now).count()}});
  }
  return list;
}

Json workers_json(const metrics::Report& report) {
  Json list = Json::array();
  for (const metrics::WorkerSample& worker : report.workers) {
    list.push_back({{"index", worker.worker},
                    {"tunnels", worker.tunnels},
                    {"loop_lag_seconds", worker.loop_lag.count()}});
  }
  return list;
}

std::uint64_t closed_tunnels(const metrics::RouteCounts& counts) {
  std::uint64_t sum = 0;
  for (const auto& by_reason : counts.tunnels_closed) {
    for (const std::uint64_t count : by_reason) sum += count;
  }
  return sum;
}

}  // namespace

Json status_json(const StatusFacts& facts, const metrics::Report& report) {
  const metrics::Sums sums(report);
  std::uint64_t active = 0, total = 0, requests = 0, opened = 0, closed = 0;
  metrics::Traffic traffic;
  for (const auto& [name, counts] : sums.listeners) {
    active += counts.active;
    total += counts.connections;
  }
  for (const auto& [key, count] : sums.requests) requests += count;
  for (const auto& [key, counts] : sums.by_route_and_upstream) {
    opened += counts.tunnels_opened;
    closed += closed_tunnels(counts);
    traffic.add(counts.traffic);
  }
  const std::chrono::duration<double> uptime = facts.now - facts.started_at;
  return {{"version", facts.version},
          {"pid", facts.pid},
          {"config", facts.config_file.empty() ? Json() : Json(facts.config_file)},
          {"started_at", to_rfc3339(facts.started_at)},
          {"uptime_seconds", uptime.count()},
          {"state", word(facts.state)},
          {"drain", drain_json(facts.drain)},
          {"reload", reload_json(report.reloads)},
          {"connections", {{"active", active}, {"total", total}}},
          {"tunnels",
           {{"active", sums.tunnels},
            {"opened", opened},
            {"closed", closed},
            {"limit", report.max_tunnels == 0 ? Json() : Json(report.max_tunnels)}}},
          {"requests", requests},
          {"messages", messages_json(traffic)},
          {"bytes", bytes_json(traffic)},
          {"workers", workers_json(report)},
          {"listeners", listeners_json(facts, sums)},
          {"certificates", certificates_json(facts, report)},
          {"slowest_handshakes", handshakes_json(report)},
          {"last_errors", errors_json(facts.last_errors)}};
}

}  // namespace tidegate::admin
