// The address of the metrics: what it answers, when, and to whom not.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/integration/failed_start.h"
#include "tests/integration/messages.h"
#include "tests/integration/scrape.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr char kMetrics[] = "metrics: { address: \"127.0.0.1:0\" }\n";

std::string responding(const std::string& more) {
  return "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - respond: { status: 200 }\n" + more;
}

TEST(MetricsEndpoint, AnswersThreePathsAndNothingElse) {
  Gateway gateway(responding(kMetrics));
  EXPECT_EQ(status_of(ask_metrics(gateway, "/metrics")), 200);
  EXPECT_EQ(status_of(ask_metrics(gateway, "/metrics?x=y")), 200);
  EXPECT_EQ(body_of(ask_metrics(gateway, "/healthz")), "ok\n");
  EXPECT_EQ(body_of(ask_metrics(gateway, "/readyz")), "ready\n");
  for (const std::string path : {"/", "/metrics/", "/Metrics", "/debug", "//metrics", "/metrics%00"}) {
    EXPECT_THAT(status_of(ask_metrics(gateway, path)), testing::AnyOf(404, 400)) << path;
  }
  for (const std::string method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const std::string answer = ask_metrics(gateway, "/metrics", method);
    EXPECT_EQ(status_of(answer), 405) << method;
    EXPECT_EQ(field_of(answer, "Allow"), "GET, HEAD");
  }
  EXPECT_EQ(status_of(ask_metrics(gateway, "/metrics", "BREW")), 501);
  EXPECT_EQ(status_of(ask_metrics(gateway, "/metrics", "GET", "Host: twice\r\n")), 400);
  const std::string head = ask_metrics(gateway, "/metrics", "HEAD");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_EQ(body_of(head), "");
}

TEST(MetricsEndpoint, ZipsWhereThatIsAccepted) {
  Gateway gateway(responding(kMetrics));
  const std::string plain = ask_metrics(gateway, "/metrics");
  EXPECT_EQ(field_of(plain, "Content-Encoding"), "");
  EXPECT_EQ(field_of(plain, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  const std::string zipped = ask_metrics(gateway, "/metrics", "GET", "Accept-Encoding: deflate, gzip\r\n");
  EXPECT_EQ(field_of(zipped, "Content-Encoding"), "gzip");
  EXPECT_EQ(body_of(zipped).substr(0, 3), "\x1f\x8b\x08");  // RFC 1952 §2.3.1
  EXPECT_LT(body_of(zipped).size(), body_of(plain).size() / 2);
  EXPECT_EQ(
      field_of(ask_metrics(gateway, "/metrics", "GET", "Accept-Encoding: gzip;q=0\r\n"), "Content-Encoding"),
      "");
}

TEST(MetricsEndpoint, AnswersRequestsOneAfterTheOtherHoweverTheyArrive) {
  Gateway gateway(responding(kMetrics));
  const std::string three = get("/metrics") + get("/readyz") + get("/metrics");
  for (const Delivery delivery : kDeliveries) {
    Peer peer = Peer::connect(gateway.metrics_port());
    deliver(peer, three, delivery);
    EXPECT_THAT(body_of(peer.read_message()), HasSubstr("tidegate_build_info"));
    EXPECT_EQ(body_of(peer.read_message()), "ready\n");
    EXPECT_THAT(body_of(peer.read_message()), HasSubstr("tidegate_build_info"));
  }
}

TEST(MetricsEndpoint, AnswersAClientThatHasSentItsEnd) {
  Gateway gateway(responding(kMetrics));
  Peer peer = Peer::connect(gateway.metrics_port());
  peer.send(get("/metrics"));
  peer.shutdown_write();
  EXPECT_THAT(peer.read_to_end(), HasSubstr("tidegate_build_info"));
  EXPECT_EQ(peer.ending(), Ending::clean);
}

TEST(MetricsEndpoint, OutlivesClientsThatLeaveBeforeTheirAnswer) {
  Gateway gateway(responding(kMetrics));
  for (int i = 0; i < 50; ++i) {
    Peer peer = Peer::connect(gateway.metrics_port());
    peer.send(get("/metrics") + get("/metrics"));
    if (i % 2 == 0) {
      peer.reset();
    } else {
      peer.close();
    }
  }
  EXPECT_EQ(status_of(ask_metrics(gateway, "/metrics")), 200);
}

TEST(MetricsEndpoint, HoldsAFewConnectionsAndNoMore) {
  Gateway gateway(responding(kMetrics));
  std::vector<Peer> peers;
  for (int i = 0; i < 64; ++i) {
    peers.push_back(Peer::connect(gateway.metrics_port()));
    peers.back().send(get("/healthz"));
    EXPECT_EQ(status_of(peers.back().read_message()), 200);
  }
  Peer::connect(gateway.metrics_port()).expect_end();
  peers.clear();
  EXPECT_TRUE(eventually([&] {
    Peer peer = Peer::connect(gateway.metrics_port());
    peer.send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    return status_of(peer.read_to_end()) == 200;
  }));
}

TEST(MetricsEndpoint, SaysNotReadyDuringADrainAndCountsWhatIsLeft) {
  ScriptedUpstream upstream;
  Gateway gateway(
      Gateway::in_front_of(upstream.url(), std::string(kMetrics) + "drain: { window: 0s, deadline: 20s }\n"));
  OpenTunnel tunnel(gateway, upstream);
  EXPECT_EQ(status_of(ask_metrics(gateway, "/readyz")), 200);
  gateway.server().begin_drain();
  tunnel.client.read_exactly(close_frame(1001, false).size());
  EXPECT_EQ(status_of(ask_metrics(gateway, "/readyz")), 503);
  EXPECT_EQ(status_of(ask_metrics(gateway, "/healthz")), 200);
  EXPECT_EQ(Scrape(gateway).of("tidegate_drain_remaining_tunnels"), 1);
  tunnel.client.send(close_frame(1001, true));
  tunnel.upstream.send(close_frame(1001, false));
}

TEST(MetricsEndpoint, MovesWithAReloadOrRefusesIt) {
  Gateway gateway(responding(kMetrics));
  ASSERT_TRUE(gateway.reload(responding("metrics: { address: \"unix:${dir}/m.sock\" }\n")));
  Peer on_unix = Peer::connect_unix(gateway.dir() + "/m.sock");
  on_unix.send(get("/readyz"));
  EXPECT_EQ(body_of(on_unix.read_message()), "ready\n");
  ScriptedUpstream occupant;
  EXPECT_FALSE(gateway.reload(
      responding("metrics: { address: \"127.0.0.1:" + std::to_string(occupant.port()) + "\" }\n")));
  on_unix.send(get("/metrics"));
  EXPECT_THAT(body_of(on_unix.read_message()),
              HasSubstr("tidegate_config_reloads_total{result=\"failure\"} 1\n"));
  ASSERT_TRUE(gateway.reload(responding("")));
  ASSERT_TRUE(gateway.reload(responding(kMetrics)));
  EXPECT_EQ(Scrape(gateway).of("tidegate_config_reloads_total{result=\"success\"}"), 3);
}

TEST(MetricsEndpoint, APortInUseIsAnErrorAtItsPlace) {
  ScriptedUpstream occupant;
  TempDir dir;
  const std::string address = "127.0.0.1:" + std::to_string(occupant.port());
  const std::string yaml = responding("metrics: { address: \"" + address + "\" }\n");
  EXPECT_THAT(complaints_at_start(yaml, dir.path()),
              HasSubstr("test.yaml:5:21: cannot listen on " + address + ": address already in use"));
}

}  // namespace
}  // namespace tidegate::test
