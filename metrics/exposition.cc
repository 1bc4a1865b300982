#include "metrics/exposition.h"

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <initializer_list>
#include <sstream>

#include "metrics/sums.h"

namespace tidegate::metrics {
namespace {

using Type = FamilyInfo::Type;
using Values = std::initializer_list<std::string_view>;

/// Takes the series of one family.
class Series {
 public:
  Series(const FamilyInfo& info, prometheus::MetricFamily& family) : type_(info.type), family_(family) {
    std::istringstream names{std::string(info.labels)};
    for (std::string name; std::getline(names, name, ',');) labels_.push_back(name);
  }

  void number(Values values, double number) {
    prometheus::ClientMetric& metric = add(values);
    (type_ == Type::counter ? metric.counter.value : metric.gauge.value) = number;
  }
  void number(Values values, std::uint64_t count) { number(values, static_cast<double>(count)); }
  void number_if_any(Values values, std::uint64_t count) {
    if (count > 0) number(values, count);
  }

  void histogram(Values values, const Histogram& from) {
    prometheus::ClientMetric::Histogram& to = add(values).histogram;
    for (std::size_t i = 0; i < from.bounds().size(); ++i) {
      to.sample_count += from.at(i);
      to.bucket.push_back({to.sample_count, from.bounds()[i]});
    }
    to.sample_count += from.at(from.bounds().size());
    to.sample_sum = from.sum();
  }

 private:
  prometheus::ClientMetric& add(Values values) {
    prometheus::ClientMetric& metric = family_.metric.emplace_back();
    auto name = labels_.begin();
    for (const std::string_view value : values) metric.label.push_back({*name++, std::string(value)});
    return metric;
  }

  Type type_;
  prometheus::MetricFamily& family_;
  std::vector<std::string> labels_;
};

/// What families are made of.
struct Facts {
  const Report& report;
  const Process& process;
  Sums sums;
};

struct Family {
  FamilyInfo info;
  void (*fill)(const Facts& facts, Series& series);
};

/// For each route that leads to an upstream.
template <typename Each>
void for_each_route(const Facts& facts, Each each) {
  for (const auto& [name, counts] : facts.sums.by_route) {
    if (!counts.upstream.empty()) each(name, counts);
  }
}

void fill_tunnels_active(const Facts& facts, Series& series) {
  for (const auto& [names, counts] : facts.sums.by_route_and_upstream) {
    if (!names.second.empty()) series.number({names.first, names.second}, counts.tunnels_active);
  }
}

void fill_tunnels_opened(const Facts& facts, Series& series) {
  for (const auto& [names, counts] : facts.sums.by_route_and_upstream) {
    if (!names.second.empty()) series.number({names.first, names.second}, counts.tunnels_opened);
  }
}

void fill_tunnels_closed(const Facts& facts, Series& series) {
  for_each_route(facts, [&series](const std::string& route, const RouteCounts& counts) {
    for (std::size_t side = 0; side < kParties; ++side) {
      for (std::size_t reason = 0; reason < kReasons; ++reason) {
        series.number_if_any({route, word(static_cast<Party>(side)), word(static_cast<Reason>(reason))},
                             counts.tunnels_closed[side][reason]);
      }
    }
  });
}

void fill_tunnel_duration(const Facts& facts, Series& series) {
  for_each_route(facts, [&series](const std::string& route, const RouteCounts& counts) {
    series.histogram({route}, counts.tunnel_duration);
  });
}

void fill_tunnel_bytes(const Facts& facts, Series& series) {
  for_each_route(facts, [&series](const std::string& route, const RouteCounts& counts) {
    for (std::size_t d = 0; d < kCountOf<Direction>; ++d) {
      series.number({route, label(static_cast<Direction>(d))}, counts.traffic.bytes[d]);
    }
  });
}

void fill_tunnel_messages(const Facts& facts, Series& series) {
  for_each_route(facts, [&series](const std::string& route, const RouteCounts& counts) {
    for (std::size_t d = 0; d < kCountOf<Direction>; ++d) {
      for (std::size_t o = 0; o < kCountOf<Opcode>; ++o) {
        series.number({route, label(static_cast<Direction>(d)), label(static_cast<Opcode>(o))},
                      counts.traffic.messages[d][o]);
      }
    }
  });
}

void fill_close_codes(const Facts& facts, Series& series) {
  for_each_route(facts, [&series](const std::string& route, const RouteCounts& counts) {
    for (std::size_t side = 0; side < kParties; ++side) {
      for (std::size_t code = 0; code < kCloseCodes; ++code) {
        series.number_if_any({route, word(static_cast<Party>(side)), close_code_label(code)},
                             counts.close_codes[side][code]);
      }
    }
  });
}

void fill_handshakes(const Facts& facts, Series& series) {
  for (const auto& [route, counts] : facts.sums.by_route) {
    for (std::size_t result = 0; result < kHandshakeResults; ++result) {
      series.number_if_any({route, handshake_label(result)}, counts.handshakes[result]);
    }
  }
}

void fill_handshake_duration(const Facts& facts, Series& series) {
  for (std::size_t i = 0; i < kCountOf<Phase>; ++i) {
    series.histogram({label(static_cast<Phase>(i))}, facts.sums.phases[i]);
  }
}

void fill_requests(const Facts& facts, Series& series) {
  for (const auto& [key, count] : facts.sums.requests) {
    const auto& [listener, route, method, code] = key;
    series.number({listener, route, method_label(method), code == 0 ? "other" : std::to_string(code)}, count);
  }
}

void fill_request_duration(const Facts& facts, Series& series) {
  for (const auto& [route, counts] : facts.sums.by_route) series.histogram({route}, counts.request_duration);
}

void fill_redirects(const Facts& facts, Series& series) {
  series.number({}, facts.sums.redirects);
}

void fill_connections_active(const Facts& facts, Series& series) {
  for (const auto& [listener, counts] : facts.sums.listeners) series.number({listener}, counts.active);
}

void fill_connections(const Facts& facts, Series& series) {
  for (const auto& [listener, counts] : facts.sums.listeners) series.number({listener}, counts.connections);
}

void fill_tls_handshakes(const Facts& facts, Series& series) {
  for (const auto& [listener, counts] : facts.sums.listeners) {
    for (const std::size_t version : {std::size_t{0}, std::size_t{1}}) {
      for (const std::size_t resumed : {std::size_t{0}, std::size_t{1}}) {
        series.number_if_any(
            {listener, version == 0 ? "TLSv1.2" : "TLSv1.3", resumed == 0 ? "false" : "true", "ok"},
            counts.tls_completed[version][resumed]);
      }
    }
    for (std::size_t reason = 0; reason < kReasons; ++reason) {
      series.number_if_any({listener, "none", "false", word(static_cast<Reason>(reason))},
                           counts.tls_failed[reason]);
    }
  }
}

void fill_certificates(const Facts& facts, Series& series) {
  for (const CertificateSample& certificate : facts.report.certificates) {
    series.number({certificate.listener, certificate.name}, static_cast<double>(certificate.not_after));
  }
}

void fill_upstream_up(const Facts& facts, Series& series) {
  for (const ServerSample& server : facts.report.servers) {
    series.number({server.upstream, server.server}, server.up ? 1.0 : 0.0);
  }
}

void fill_upstream_tunnels(const Facts& facts, Series& series) {
  for (const ServerSample& server : facts.report.servers) {
    series.number({server.upstream, server.server}, server.tunnels);
  }
}

void fill_connect_errors(const Facts& facts, Series& series) {
  for (const auto& [upstream, counts] : facts.sums.upstreams) {
    for (std::size_t reason = 0; reason < kReasons; ++reason) {
      series.number_if_any({upstream, word(static_cast<Reason>(reason))}, counts.connect_errors[reason]);
    }
  }
}

void fill_reloads(const Facts& facts, Series& series) {
  series.number({"success"}, facts.report.reloads.succeeded);
  series.number({"failure"}, facts.report.reloads.failed);
}

void fill_last_reload_successful(const Facts& facts, Series& series) {
  series.number({}, facts.report.reloads.last_succeeded ? 1.0 : 0.0);
}

void fill_last_reload_success(const Facts& facts, Series& series) {
  series.number({}, facts.report.reloads.last_success.count());
}

void fill_drain_remaining(const Facts& facts, Series& series) {
  series.number({}, facts.report.draining ? facts.sums.tunnels : 0);
}

void fill_loop_lag(const Facts& facts, Series& series) {
  for (const WorkerSample& worker : facts.report.workers) {
    series.number({std::to_string(worker.worker)}, worker.loop_lag.count());
  }
}

void fill_build_info(const Facts&, Series& series) {
  series.number({TIDEGATE_VERSION}, 1.0);
}

/// The table that everything else is made of: the text, and the page that tests hold against it.
const std::vector<Family>& families() {
  static const std::vector<Family> table = {
      {{"tidegate_tunnels_active", Type::gauge, "route,upstream", "Tunnels that are open now."},
       fill_tunnels_active},
      {{"tidegate_tunnels_opened_total", Type::counter, "route,upstream", "Tunnels that were opened."},
       fill_tunnels_opened},
      {{"tidegate_tunnels_closed_total", Type::counter, "route,side,reason",
        "Tunnels that have ended, by who ended them and why."},
       fill_tunnels_closed},
      {{"tidegate_tunnel_duration_seconds", Type::histogram, "route", "Life of the tunnels that have ended."},
       fill_tunnel_duration},
      {{"tidegate_tunnel_bytes_total", Type::counter, "route,direction",
        "Bytes that came for tunnels, frame headers included, open tunnels' too."},
       fill_tunnel_bytes},
      {{"tidegate_tunnel_messages_total", Type::counter, "route,direction,opcode",
        "WebSocket messages that came whole, pings and pongs, open tunnels' too."},
       fill_tunnel_messages},
      {{"tidegate_tunnel_close_codes_total", Type::counter, "route,side,code",
        "Close frames by their sender and code; 1005 is one without a code."},
       fill_close_codes},
      {{"tidegate_handshakes_total", Type::counter, "route,result",
        "WebSocket handshakes by how they came out."},
       fill_handshakes},
      {{"tidegate_handshake_duration_seconds", Type::histogram, "phase",
        "Time of handshakes: of TLS with each client, and of the parts of each WebSocket handshake that was "
        "accepted."},
       fill_handshake_duration},
      {{"tidegate_http_requests_total", Type::counter, "listener,route,method,code",
        "Requests by the status that answered them, handshakes (101) among them."},
       fill_requests},
      {{"tidegate_http_request_duration_seconds", Type::histogram, "route",
        "From a request's head to its answer's end; tunnels are not among them."},
       fill_request_duration},
      {{"tidegate_redirects_total", Type::counter, "", "Requests that a listener or a route redirected."},
       fill_redirects},
      {{"tidegate_connections_active", Type::gauge, "listener",
        "Clients' connections that are open now, as tunnels too."},
       fill_connections_active},
      {{"tidegate_connections_total", Type::counter, "listener", "Clients' connections that were accepted."},
       fill_connections},
      {{"tidegate_tls_handshakes_total", Type::counter, "listener,version,resumed,result",
        "TLS handshakes with clients by how they came out."},
       fill_tls_handshakes},
      {{"tidegate_tls_certificate_not_after_timestamp_seconds", Type::gauge, "listener,name",
        "When a certificate expires, by the first name that it is for; of several with that name the "
        "earliest."},
       fill_certificates},
      {{"tidegate_upstream_up", Type::gauge, "upstream,server",
        "1 unless the last attempt to reach the server failed."},
       fill_upstream_up},
      {{"tidegate_upstream_tunnels", Type::gauge, "upstream,server",
        "Tunnels to the server that are open now."},
       fill_upstream_tunnels},
      {{"tidegate_upstream_connect_errors_total", Type::counter, "upstream,reason",
        "Attempts to reach an address of the upstream's servers that failed."},
       fill_connect_errors},
      {{"tidegate_config_reloads_total", Type::counter, "result", "Reloads of the configuration."},
       fill_reloads},
      {{"tidegate_config_last_reload_successful", Type::gauge, "", "1 unless the last reload was refused."},
       fill_last_reload_successful},
      {{"tidegate_config_last_reload_success_timestamp_seconds", Type::gauge, "",
        "When the configuration that is in force came into force."},
       fill_last_reload_success},
      {{"tidegate_drain_remaining_tunnels", Type::gauge, "",
        "Tunnels that a drain still has to end; 0 without one."},
       fill_drain_remaining},
      {{"tidegate_loop_lag_seconds", Type::gauge, "worker",
        "The longest that a task waited for the worker's loop, of the last 16 that were sent one per "
        "second."},
       fill_loop_lag},
      {{"tidegate_build_info", Type::gauge, "version", "1."}, fill_build_info},
      {{"process_cpu_seconds_total", Type::counter, "", "CPU time of the process, user and system."},
       [](const Facts& facts, Series& series) { series.number({}, facts.process.cpu_seconds); }},
      {{"process_start_time_seconds", Type::gauge, "", "When the process started."},
       [](const Facts& facts, Series& series) { series.number({}, facts.process.start_time_seconds); }},
      {{"process_resident_memory_bytes", Type::gauge, "", "Memory that is resident."},
       [](const Facts& facts, Series& series) { series.number({}, facts.process.resident_bytes); }},
      {{"process_virtual_memory_bytes", Type::gauge, "", "Address space."},
       [](const Facts& facts, Series& series) { series.number({}, facts.process.virtual_bytes); }},
      {{"process_open_fds", Type::gauge, "", "Descriptors that are open."},
       [](const Facts& facts, Series& series) { series.number({}, facts.process.open_descriptors); }},
      {{"process_max_fds", Type::gauge, "", "Descriptors that may be open."},
       [](const Facts& facts, Series& series) { series.number({}, facts.process.max_descriptors); }},
  };
  return table;
}

prometheus::MetricType type_of(Type type) {
  switch (type) {
    case Type::counter:
      return prometheus::MetricType::Counter;
    case Type::gauge:
      return prometheus::MetricType::Gauge;
    case Type::histogram:
      return prometheus::MetricType::Histogram;
  }
  return prometheus::MetricType::Untyped;
}

class Collection final : public prometheus::Collectable {
 public:
  Collection(const Report& report, const Process& process) : facts_{report, process, Sums(report)} {}

  std::vector<prometheus::MetricFamily> Collect() const override {
    std::vector<prometheus::MetricFamily> out;
    for (const Family& family : families()) {
      prometheus::MetricFamily& to = out.emplace_back();
      to.name = family.info.name;
      to.help = family.info.help;
      to.type = type_of(family.info.type);
      Series series(family.info, to);
      family.fill(facts_, series);
    }
    return out;
  }

 private:
  Facts facts_;
};

}  // namespace

const std::vector<FamilyInfo>& known_families() {
  static const std::vector<FamilyInfo> infos = [] {
    std::vector<FamilyInfo> list;
    for (const Family& family : families()) list.push_back(family.info);
    return list;
  }();
  return infos;
}

std::string_view word(FamilyInfo::Type type) {
  switch (type) {
    case Type::counter:
      return "counter";
    case Type::gauge:
      return "gauge";
    case Type::histogram:
      return "histogram";
  }
  return "gauge";
}

std::string expose(const Report& report, const Process& process) {
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, Collection(report, process).Collect());
  return std::move(out).str();
}

}  // namespace tidegate::metrics
