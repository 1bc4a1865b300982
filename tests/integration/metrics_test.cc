// Every family after a run whose counts are known.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <ctime>
#include <thread>

#include "tests/integration/messages.h"
#include "tests/integration/scrape.h"
#include "tests/integration/tls_peer.h"

namespace tidegate::test {
namespace {

constexpr char kMetrics[] = "metrics: { address: \"127.0.0.1:0\" }\n";

TEST(Metrics, CountATunnelWhileItLivesAndNotTwice) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kMetrics, "    name: chat\n"));
  OpenTunnel tunnel(gateway, upstream);
  const std::string up =
      frame(1, "one", true) + frame(1, "two", true) + frame(2, "three", true) + frame(9, "", true);
  const std::string down = frame(2, std::string(70'000, 'x'), false) + frame(10, "", false);
  tunnel.client.send(up);
  tunnel.upstream.read_exactly(up.size());
  tunnel.upstream.send(down);
  tunnel.client.read_exactly(down.size());

  const std::string bytes = "tidegate_tunnel_bytes_total{route=\"chat\",direction=";
  const std::string messages = "tidegate_tunnel_messages_total{route=\"chat\",direction=";
  const auto expect_traffic = [&](const Scrape& seen, std::size_t more_up, std::size_t more_down) {
    EXPECT_EQ(seen.of(bytes + "\"to_upstream\"}"), static_cast<double>(up.size() + more_up));
    EXPECT_EQ(seen.of(bytes + "\"to_client\"}"), static_cast<double>(down.size() + more_down));
    EXPECT_EQ(seen.of(messages + "\"to_upstream\",opcode=\"text\"}"), 2);
    EXPECT_EQ(seen.of(messages + "\"to_upstream\",opcode=\"binary\"}"), 1);
    EXPECT_EQ(seen.of(messages + "\"to_upstream\",opcode=\"ping\"}"), 1);
    EXPECT_EQ(seen.of(messages + "\"to_client\",opcode=\"binary\"}"), 1);
    EXPECT_EQ(seen.of(messages + "\"to_client\",opcode=\"pong\"}"), 1);
  };
  const Scrape live(gateway);
  expect_traffic(live, 0, 0);
  EXPECT_EQ(live.of("tidegate_tunnels_active{route=\"chat\",upstream=\"app\"}"), 1);
  EXPECT_EQ(live.of("tidegate_tunnels_opened_total{route=\"chat\",upstream=\"app\"}"), 1);
  EXPECT_EQ(live.of("tidegate_upstream_tunnels{upstream=\"app\",server=\"" + upstream.url() + "\"}"), 1);
  EXPECT_EQ(live.of("tidegate_upstream_up{upstream=\"app\",server=\"" + upstream.url() + "\"}"), 1);
  EXPECT_EQ(live.of("tidegate_connections_active{listener=\"http\"}"), 1);
  EXPECT_EQ(live.of("tidegate_drain_remaining_tunnels"), 0);
  EXPECT_EQ(live.of("tidegate_handshakes_total{route=\"chat\",result=\"accepted\"}"), 1);
  for (const std::string phase : {"connect", "upstream", "total"}) {
    EXPECT_EQ(live.of("tidegate_handshake_duration_seconds_count{phase=\"" + phase + "\"}"), 1) << phase;
  }
  EXPECT_EQ(live.of("tidegate_tunnel_duration_seconds_count{route=\"chat\"}"), 0);

  tunnel.client.send(close_frame(4321, true));
  tunnel.upstream.read_exactly(close_frame(4321, true).size());
  tunnel.upstream.send(close_frame(1000, false));
  tunnel.client.read_exactly(close_frame(1000, false).size());
  tunnel.client.close();
  tunnel.upstream.close();
  ASSERT_TRUE(becomes(gateway, "tidegate_tunnels_active{route=\"chat\",upstream=\"app\"}", 0));
  const Scrape over(gateway);
  expect_traffic(over, close_frame(4321, true).size(), close_frame(1000, false).size());
  EXPECT_EQ(over.of("tidegate_tunnels_opened_total{route=\"chat\",upstream=\"app\"}"), 1);
  EXPECT_EQ(over.of("tidegate_tunnels_closed_total{route=\"chat\",side=\"client\",reason=\"finished\"}"), 1);
  EXPECT_EQ(over.of("tidegate_tunnel_close_codes_total{route=\"chat\",side=\"client\",code=\"4xxx\"}"), 1);
  EXPECT_EQ(over.of("tidegate_tunnel_close_codes_total{route=\"chat\",side=\"upstream\",code=\"1000\"}"), 1);
  EXPECT_EQ(over.of("tidegate_tunnel_duration_seconds_count{route=\"chat\"}"), 1);
  EXPECT_EQ(over.of("tidegate_connections_active{listener=\"http\"}"), 0);
  EXPECT_EQ(over.of("tidegate_connections_total{listener=\"http\"}"), 1);
  EXPECT_EQ(
      over.of("tidegate_http_requests_total{listener=\"http\",route=\"chat\",method=\"GET\",code=\"101\"}"),
      1);
  EXPECT_EQ(over.of("tidegate_http_request_duration_seconds_count{route=\"chat\"}"), 0)
      << "a tunnel's life is no request's duration";
}

TEST(Metrics, CountCloseFramesOfTheGatewaysOwn) {
  ScriptedUpstream upstream;
  Gateway gateway(
      Gateway::in_front_of(upstream.url(), kMetrics, "    name: chat\n    websocket: { max_message: 10 }\n"));
  OpenTunnel tunnel(gateway, upstream);
  tunnel.client.send(frame(1, "more than ten", true));
  tunnel.client.read_exactly(close_frame(1009, false).size());
  ASSERT_TRUE(becomes(gateway,
                      "tidegate_tunnel_close_codes_total{route=\"chat\",side=\"gateway\",code=\"1009\"}", 2));
}

TEST(Metrics, CountRequestsByWhatBecameOfThem) {
  ScriptedUpstream upstream;
  const std::string dead = "http://127.0.0.1:" + std::to_string(closed_port());
  Gateway gateway(
      "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n"
      "  - { name: here, path: /here, respond: { status: 200 } }\n"
      "  - { name: there, path: /there, redirect: \"https://$host/\" }\n"
      "  - { name: app, path: /app, upstream: app }\n"
      "  - { name: strict, path: /strict, upstream: app, websocket: { origins: [https://example.org] } }\n"
      "  - { name: dead, path: /dead, upstream: dead }\n"
      "upstreams:\n  app: " +
      upstream.url() + "\n  dead: " + dead + "\n" + kMetrics);
  Peer client = gateway.connect();
  for (const std::string& request :
       {get("/here"), get("/here"), get("/there"), get("/nowhere"), get("/dead"), handshake_request("/here"),
        handshake_request("/strict", "Origin: https://evil.example\r\n")}) {
    client.send(request);
    client.read_message();
  }
  client.send(get("/app"));
  Peer served = upstream.accept();
  served.read_head();
  served.send("HTTP/1.1 299 Whatever\r\nContent-Length: 0\r\n\r\n");
  client.read_message();
  client.send(handshake_request("/app"));
  Peer declining = upstream.accept();
  declining.read_head();
  declining.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
  client.read_message();
  client.send("BREW /pot HTTP/1.1\r\nHost: example.com\r\n\r\n");
  client.read_to_end();

  const std::string requests = "tidegate_http_requests_total{listener=\"http\",route=";
  ASSERT_TRUE(becomes(gateway, requests + "\"\",method=\"other\",code=\"501\"}", 1));
  const Scrape seen(gateway);
  EXPECT_EQ(seen.of(requests + "\"here\",method=\"GET\",code=\"200\"}"), 3);
  EXPECT_EQ(seen.of(requests + "\"there\",method=\"GET\",code=\"301\"}"), 1);
  EXPECT_EQ(seen.of(requests + "\"\",method=\"GET\",code=\"404\"}"), 1);
  EXPECT_EQ(seen.of(requests + "\"dead\",method=\"GET\",code=\"502\"}"), 1);
  EXPECT_EQ(seen.of(requests + "\"strict\",method=\"GET\",code=\"403\"}"), 1);
  EXPECT_EQ(seen.of(requests + "\"app\",method=\"GET\",code=\"other\"}"), 1);
  EXPECT_EQ(seen.of(requests + "\"app\",method=\"GET\",code=\"401\"}"), 1);
  EXPECT_EQ(seen.of("tidegate_http_request_duration_seconds_count{route=\"here\"}"), 3);
  EXPECT_EQ(seen.of("tidegate_redirects_total"), 1);
  EXPECT_EQ(seen.of("tidegate_handshakes_total{route=\"here\",result=\"answered\"}"), 1);
  EXPECT_EQ(seen.of("tidegate_handshakes_total{route=\"strict\",result=\"origin_refused\"}"), 1);
  EXPECT_EQ(seen.of("tidegate_handshakes_total{route=\"app\",result=\"declined\"}"), 1);
  EXPECT_EQ(
      seen.of("tidegate_upstream_connect_errors_total{upstream=\"dead\",reason=\"upstream_unreachable\"}"),
      1);
  EXPECT_EQ(seen.of("tidegate_upstream_up{upstream=\"dead\",server=\"" + dead + "\"}"), 0);
  EXPECT_EQ(seen.of("tidegate_upstream_up{upstream=\"app\",server=\"" + upstream.url() + "\"}"), 1);
  EXPECT_EQ(seen.of("tidegate_connections_total{listener=\"http\"}"), 1);
}

TEST(Metrics, AHostileClientCannotMakeSeries) {
  Gateway gateway(
      "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - respond: { status: 200 }\n" +
      std::string(kMetrics));
  const std::string refused =
      "tidegate_http_requests_total{listener=\"http\",route=\"\",method=\"other\",code=\"501\"}";
  const auto brew = [&gateway](int i) {
    Peer client = gateway.connect();
    client.send("BREW" + std::to_string(i) + " /" + std::to_string(i) + " HTTP/1.1\r\nHost: h" +
                std::to_string(i) + ".example\r\n\r\n");
    client.read_to_end();
  };
  brew(0);
  ASSERT_TRUE(becomes(gateway, refused, 1));
  const std::size_t before = Scrape(gateway).all().size();
  for (int i = 1; i < 20; ++i) brew(i);
  ASSERT_TRUE(becomes(gateway, refused, 20));
  EXPECT_EQ(Scrape(gateway).all().size(), before);
}

TEST(Metrics, CountTlsHandshakesAndWatchCertificates) {
  Authority authority;
  TempDir dir;
  const Issued issued = authority.issue({.names = {"chat.example.com", "example.com"}});
  Gateway gateway("listeners:\n  https: { address: \"127.0.0.1:0\", tls: { certificates: [{ certificate: " +
                  dir.write("c.pem", issued.certificate) +
                  ", private_key: " + dir.write("k.pem", issued.private_key) +
                  " }] } }\nroutes:\n  - respond: { status: 200 }\n" + kMetrics);
  for (const std::string version : {"TLSv1.2", "TLSv1.3"}) {
    Peer client = connect_tls(gateway.port(), {.max_version = version});
    client.send(get("/"));
    client.read_message();
  }
  Peer plain = gateway.connect();
  plain.send(get("/"));
  plain.read_to_end();
  const std::string handshakes = "tidegate_tls_handshakes_total{listener=\"https\",version=";
  ASSERT_TRUE(becomes(gateway, handshakes + "\"none\",resumed=\"false\",result=\"plain_http_on_tls\"}", 1));
  const Scrape seen(gateway);
  EXPECT_EQ(seen.of(handshakes + "\"TLSv1.2\",resumed=\"false\",result=\"ok\"}"), 1);
  EXPECT_EQ(seen.of(handshakes + "\"TLSv1.3\",resumed=\"false\",result=\"ok\"}"), 1);
  EXPECT_EQ(seen.of("tidegate_handshake_duration_seconds_count{phase=\"tls\"}"), 2);
  const double not_after = seen.of(
      "tidegate_tls_certificate_not_after_timestamp_seconds{listener=\"https\",name=\"chat.example.com\"}");
  EXPECT_GT(not_after, static_cast<double>(std::time(nullptr)));
}

TEST(Metrics, TellOfTheProcessAndItsLoops) {
  Gateway gateway(Gateway::in_front_of("http://127.0.0.1:9", kMetrics));
  const Scrape seen(gateway);
  EXPECT_GT(seen.of("process_resident_memory_bytes"), 1 << 20);
  EXPECT_GT(seen.of("process_open_fds"), 5);
  EXPECT_GT(seen.of("process_start_time_seconds"), 1.6e9);
  EXPECT_TRUE(seen.has("process_cpu_seconds_total"));
  ASSERT_TRUE(eventually([&] {
    const Scrape again(gateway);
    return again.of("tidegate_loop_lag_seconds{worker=\"0\"}") > 0 &&
           again.of("tidegate_loop_lag_seconds{worker=\"1\"}") > 0;
  }));
}

TEST(Metrics, SurviveReloadsAndTellOfThem) {
  ScriptedUpstream upstream;
  const std::string config = Gateway::in_front_of(upstream.url(), kMetrics, "    name: chat\n");
  Gateway gateway(config);
  OpenTunnel tunnel(gateway, upstream);
  tunnel.client.send(frame(1, "before", true));
  tunnel.upstream.read_exactly(frame(1, "before", true).size());
  const Scrape before(gateway);
  EXPECT_EQ(before.of("tidegate_config_last_reload_successful"), 1);
  ASSERT_TRUE(gateway.reload(config + "timeouts: { close: 2s }\n"));
  ASSERT_FALSE(gateway.reload("listeners: {}\n" + std::string(kMetrics)));
  const Scrape refused(gateway);
  EXPECT_EQ(refused.of("tidegate_config_reloads_total{result=\"success\"}"), 1);
  EXPECT_EQ(refused.of("tidegate_config_reloads_total{result=\"failure\"}"), 1);
  EXPECT_EQ(refused.of("tidegate_config_last_reload_successful"), 0);
  EXPECT_GT(refused.of("tidegate_config_last_reload_success_timestamp_seconds"),
            before.of("tidegate_config_last_reload_success_timestamp_seconds"));
  EXPECT_EQ(refused.of("tidegate_tunnels_active{route=\"chat\",upstream=\"app\"}"), 1);
  tunnel.client.send(frame(1, "after", true));
  tunnel.upstream.read_exactly(frame(1, "after", true).size());
  ASSERT_TRUE(gateway.reload(config));
  const Scrape after(gateway);
  EXPECT_EQ(after.of("tidegate_config_last_reload_successful"), 1);
  EXPECT_EQ(
      after.of("tidegate_tunnel_messages_total{route=\"chat\",direction=\"to_upstream\",opcode=\"text\"}"),
      2);
  EXPECT_EQ(after.of("tidegate_tunnels_opened_total{route=\"chat\",upstream=\"app\"}"), 1);
}

TEST(Metrics, NeverGoBackwardsWhileTunnelsComeAndGo) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kMetrics, "    name: chat\n"));
  std::atomic<bool> stop = false;
  std::thread traffic([&] {
    while (!stop) {
      OpenTunnel tunnel(gateway, upstream);
      tunnel.client.send(frame(1, "hello", true));
      tunnel.upstream.read_exactly(frame(1, "hello", true).size());
      tunnel.client.close();
      tunnel.upstream.close();
    }
  });
  std::map<std::string, double> last;
  for (int i = 0; i < 100; ++i) {
    const Scrape seen(gateway);
    for (const auto& [series, value] : seen.all()) {
      const std::string name = series.substr(0, series.find('{'));
      if (name.ends_with("_total") || name.ends_with("_count") || name.ends_with("_bucket")) {
        EXPECT_GE(value, last[series]) << series;
      }
    }
    last = seen.all();
  }
  stop = true;
  traffic.join();
}

}  // namespace
}  // namespace tidegate::test
