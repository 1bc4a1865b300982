// What a report becomes in Prometheus' text format.
#include "metrics/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

namespace tidegate::metrics {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

std::vector<std::string> lines_of(const Report& report) {
  std::istringstream in(expose(report, Process()));
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

Report two_workers() {
  Report report;
  report.workers.resize(2);
  report.workers[1].worker = 1;
  return report;
}

TEST(Exposition, HasEveryFamilyEvenWithoutSeries) {
  const auto lines = lines_of(Report());
  for (const FamilyInfo& family : known_families()) {
    EXPECT_THAT(lines, Contains("# HELP " + std::string(family.name) + " " + std::string(family.help)));
    EXPECT_THAT(lines, Contains("# TYPE " + std::string(family.name) + " " + std::string(word(family.type))));
  }
}

TEST(Exposition, SumsTheWorkersByNames) {
  Report report = two_workers();
  for (WorkerSample& worker : report.workers) {
    // Each worker may have met the names in another order.
    if (worker.worker == 1) worker.tally.route("other", "app");
    RouteCounts& route = worker.tally.route("chat", "app");
    route.tunnels_opened = 3;
    route.tunnels_active = 2;
    route.tunnels_closed[index_of(Party::client)][index_of(Reason::finished)] = 1;
    route.traffic.messages[index_of(Direction::to_client)][index_of(Opcode::binary)] = 10;
    route.close_code(Party::upstream, 1000);
    ListenerCounts& listener = worker.tally.listener("https");
    listener.connections = 5;
    listener.request(route, "GET", 101);
    listener.request(worker.tally.no_route(), "BREW", 0);
    worker.redirects = 4;
  }
  const auto lines = lines_of(report);
  EXPECT_THAT(lines, Contains("tidegate_tunnels_opened_total{route=\"chat\",upstream=\"app\"} 6"));
  EXPECT_THAT(lines, Contains("tidegate_tunnels_active{route=\"chat\",upstream=\"app\"} 4"));
  EXPECT_THAT(lines, Contains("tidegate_tunnels_active{route=\"other\",upstream=\"app\"} 0"));
  EXPECT_THAT(
      lines, Contains("tidegate_tunnels_closed_total{route=\"chat\",side=\"client\",reason=\"finished\"} 2"));
  EXPECT_THAT(
      lines,
      Contains(
          "tidegate_tunnel_messages_total{route=\"chat\",direction=\"to_client\",opcode=\"binary\"} 20"));
  EXPECT_THAT(
      lines, Contains("tidegate_tunnel_close_codes_total{route=\"chat\",side=\"upstream\",code=\"1000\"} 2"));
  EXPECT_THAT(lines, Contains("tidegate_connections_total{listener=\"https\"} 10"));
  EXPECT_THAT(
      lines,
      Contains(
          "tidegate_http_requests_total{listener=\"https\",route=\"chat\",method=\"GET\",code=\"101\"} 2"));
  EXPECT_THAT(
      lines,
      Contains(
          "tidegate_http_requests_total{listener=\"https\",route=\"\",method=\"other\",code=\"other\"} 2"));
  EXPECT_THAT(lines, Contains("tidegate_redirects_total 8"));
}

TEST(Exposition, AddsUpARouteThatHasLedToTwoUpstreams) {
  Report report;
  report.workers.resize(1);
  report.workers[0].tally.route("chat", "old").traffic.bytes[0] = 7;
  report.workers[0].tally.route("chat", "new").traffic.bytes[0] = 8;
  report.workers[0].tally.route("chat", "new").tunnels_opened = 1;
  const auto lines = lines_of(report);
  EXPECT_THAT(lines, Contains("tidegate_tunnel_bytes_total{route=\"chat\",direction=\"to_upstream\"} 15"));
  EXPECT_THAT(lines, Contains("tidegate_tunnels_opened_total{route=\"chat\",upstream=\"old\"} 0"));
  EXPECT_THAT(lines, Contains("tidegate_tunnels_opened_total{route=\"chat\",upstream=\"new\"} 1"));
}

TEST(Exposition, WritesLargeCountsWhole) {
  Report report;
  report.workers.resize(1);
  report.workers[0].tally.route("chat", "app").traffic.bytes[1] = 9'007'199'254'740'991;  // 2^53 - 1
  EXPECT_THAT(
      lines_of(report),
      Contains("tidegate_tunnel_bytes_total{route=\"chat\",direction=\"to_client\"} 9007199254740991"));
}

TEST(Exposition, WritesHistogramsCumulatively) {
  Report report = two_workers();
  for (WorkerSample& worker : report.workers)
    worker.tally.observe(Phase::total, std::chrono::milliseconds(20));
  report.workers[0].tally.observe(Phase::total, std::chrono::minutes(5));
  const auto lines = lines_of(report);
  const std::string bucket = "tidegate_handshake_duration_seconds_bucket{phase=\"total\",le=\"";
  EXPECT_THAT(lines, Contains(bucket + "0.01\"} 0"));
  EXPECT_THAT(lines, Contains(bucket + "0.025\"} 2"));
  EXPECT_THAT(lines, Contains(bucket + "60\"} 2"));
  EXPECT_THAT(lines, Contains(bucket + "+Inf\"} 3"));
  EXPECT_THAT(lines, Contains("tidegate_handshake_duration_seconds_count{phase=\"total\"} 3"));
}

TEST(Exposition, EscapesWhatAConfigurationMayName) {
  Report report;
  report.workers.resize(1);
  report.workers[0].tally.route("a\"b\\c\nd", "app");
  EXPECT_THAT(lines_of(report),
              Contains("tidegate_tunnels_active{route=\"a\\\"b\\\\c\\nd\",upstream=\"app\"} 0"));
}

TEST(Exposition, TellsADrainsRestOnlyWhileThereIsADrain) {
  Report report;
  report.workers.resize(1);
  report.workers[0].tunnels = 9;
  EXPECT_THAT(lines_of(report), Contains("tidegate_drain_remaining_tunnels 0"));
  report.draining = true;
  EXPECT_THAT(lines_of(report), Contains("tidegate_drain_remaining_tunnels 9"));
}

TEST(Exposition, LeavesOutTunnelsOfRoutesThatHaveNone) {
  Report report;
  report.workers.resize(1);
  report.workers[0].tally.route("static", "");
  EXPECT_THAT(expose(report, Process()), Not(HasSubstr("tidegate_tunnel_bytes_total{route=\"static\"")));
}

TEST(Process, KnowsItself) {
  const Process process = Process::now();
  EXPECT_GT(process.resident_bytes, 1u << 20);
  EXPECT_GE(process.virtual_bytes, process.resident_bytes);
  EXPECT_GE(process.open_descriptors, 3u);
  EXPECT_LE(process.open_descriptors, process.max_descriptors);
  EXPECT_GT(process.start_time_seconds, 1.6e9);
}

}  // namespace
}  // namespace tidegate::metrics
