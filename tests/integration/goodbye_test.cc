// Goodbyes and drains at awkward moments: a side that is paused, a peer that has gone already, a handshake in
// flight.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "tests/integration/gateway.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr int kSmallBuffer = 4096;
constexpr std::size_t kPlenty = 64u << 20;

const std::string kRequest = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
const std::string kAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// A client that has had an answer and waits on its open connection: what a drain closes first.
Peer idle_client(Gateway& gateway, ScriptedUpstream& scripted) {
  Peer client = gateway.connect();
  client.send(kRequest);
  Peer upstream = scripted.accept();
  upstream.read_head();
  upstream.send(kAnswer);
  client.read_message();
  return client;
}

/// Asks for the drain, and waits until the one worker there is has begun it.
void begin_drain(Gateway& gateway, Peer& idle) {
  gateway.server().begin_drain();
  idle.expect_end();
}

TEST(Goodbye, AClientThatWasPausedIsReadAgainOnceItsTunnelEnds) {
  ScriptedUpstream scripted;
  Gateway gateway(Gateway::in_front_of(scripted.url()));
  OpenTunnel tunnel(gateway, scripted, kSmallBuffer);
  const std::string chunk = frame(2, std::string(60'000, 'x'), true);
  tunnel.client.send_until_stalled(chunk, kPlenty, 300ms);  // the upstream reads nothing
  tunnel.upstream.shutdown_write();
  EXPECT_EQ(close_frame(1011, false), tunnel.client.read_to_end());
  ASSERT_TRUE(gateway.empties());
  // What it still sends is read and thrown away, so that no reset overtakes what it was told.
  EXPECT_GT(tunnel.client.send_until_stalled(chunk, 1u << 20, 500ms), 0u);
}

TEST(Goodbye, WhatAnUpstreamSaidBeforeItsEndReachesASlowClientThatStillTalks) {
  ScriptedUpstream scripted;
  Gateway gateway(Gateway::in_front_of(scripted.url()));
  OpenTunnel tunnel(gateway, scripted, kSmallBuffer);
  const std::string message = frame(2, std::string(200'000, 'x'), false);
  tunnel.upstream.send(message + close_frame(1000, false));
  tunnel.upstream.close();
  // The upstream answers these with a reset, since nobody is there to read them.
  EXPECT_TRUE(eventually([&] {
    tunnel.client.send(frame(1, "still here", true));
    return gateway.server().residents() == 0;
  }));
  tunnel.client.send(frame(1, "and here", true));
  EXPECT_EQ(message + close_frame(1000, false), tunnel.client.read_to_end());
  EXPECT_EQ(Ending::clean, tunnel.client.ending());
}

TEST(Goodbye, WhatAClientSaidBeforeItsEndReachesASlowUpstreamThatStillTalks) {
  ScriptedUpstream scripted;
  Gateway gateway(Gateway::in_front_of(scripted.url()));
  OpenTunnel tunnel(gateway, scripted, kSmallBuffer);
  const std::string message = frame(2, std::string(200'000, 'x'), true);
  tunnel.client.send(message + close_frame(1000, true));
  tunnel.client.close();
  EXPECT_TRUE(eventually([&] {
    tunnel.upstream.send(frame(1, "still here", false));
    return gateway.server().residents() == 0;
  }));
  tunnel.upstream.send(frame(1, "and here", false));
  EXPECT_EQ(message + close_frame(1000, true), tunnel.upstream.read_to_end());
  EXPECT_EQ(Ending::clean, tunnel.upstream.ending());
}

TEST(Goodbye, ACloseThatComesWithTheRestOfAFrameEndsATunnelThatIsClosing) {
  ScriptedUpstream scripted;
  Gateway gateway(Gateway::in_front_of(scripted.url(), "workers: 1\ndrain: { window: 0s, deadline: 60s }\n"));
  OpenTunnel tunnel(gateway, scripted);
  const std::string message = frame(1, "cut in two", true);
  tunnel.upstream.send(close_frame(1000, false));
  tunnel.client.send(message.substr(0, 9));
  tunnel.client.read_exactly(4);
  tunnel.upstream.read_exactly(9);
  // The tunnel above is asked to close first: when this one was, so was that.
  OpenTunnel witness(gateway, scripted);
  gateway.server().begin_drain();
  witness.client.read_exactly(4);
  tunnel.client.send(message.substr(9) + close_frame(1000, true));
  tunnel.client.expect_end();
  for (Peer* peer : {&tunnel.client, &tunnel.upstream, &witness.client, &witness.upstream}) peer->close();
}

TEST(Drain, AHandshakeInFlightBecomesATunnelThatGetsItsClose) {
  ScriptedUpstream scripted;
  Gateway gateway(
      Gateway::in_front_of(scripted.url(), "workers: 1\ndrain: { window: 10ms, deadline: 9s }\n"));
  Peer idle = idle_client(gateway, scripted);
  Peer client = gateway.connect();
  client.send(handshake_request());
  Peer upstream = scripted.accept();
  upstream.read_head();
  begin_drain(gateway, idle);
  idle.close();
  upstream.send(handshake_response());
  EXPECT_THAT(client.read_head(), HasSubstr("101"));
  EXPECT_EQ(close_frame(1001, false), client.read_exactly(4));
  client.close();
  upstream.close();
}

TEST(Drain, AConnectionThatHasJustComeIsServedOnce) {
  ScriptedUpstream scripted;
  Gateway gateway(Gateway::in_front_of(scripted.url(), "workers: 1\ndrain: { deadline: 10s, window: 1s }\n"));
  Peer idle = idle_client(gateway, scripted);
  Peer fresh = gateway.connect();
  ASSERT_TRUE(eventually([&] { return gateway.server().residents() == 2; }));
  begin_drain(gateway, idle);
  fresh.send(kRequest);
  Peer upstream = scripted.accept();
  upstream.read_head();
  upstream.send(kAnswer);
  EXPECT_THAT(fresh.read_message(), HasSubstr("Connection: close\r\n"));
  fresh.expect_end();
}

TEST(Drain, AConnectionThatNeverAsksDoesNotHoldItUp) {
  ScriptedUpstream scripted;
  Gateway gateway(Gateway::in_front_of(scripted.url(), "workers: 1\ndrain: { deadline: 60s, window: 1s }\n"));
  Peer silent = gateway.connect();
  ASSERT_TRUE(eventually([&] { return gateway.server().residents() == 1; }));
  gateway.server().begin_drain();
  silent.expect_end();
}

TEST(Continue, AClientThatWaitsForItIsNotASlowClient) {
  ScriptedUpstream scripted;
  Gateway gateway(Gateway::in_front_of(scripted.url(), "", "    timeouts: { body: 50ms }\n"));
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  Peer upstream = scripted.accept();
  upstream.read_head();
  EXPECT_TRUE(client.silent_for(300ms));
  upstream.send("HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(client.read_head(), HasSubstr("100 Continue"));
  // From here on it is the client's turn.
  EXPECT_THAT(client.read_head(), HasSubstr("408"));
}

TEST(AccessLog, RecordsPlainHttpOnATlsPortLikeEveryRefusal) {
  const Authority authority;
  const Issued issued = authority.issue({.names = {"example.com"}});
  const TempDir files;
  Gateway gateway(
      "listeners:\n  https:\n    address: \"127.0.0.1:0\"\n    tls: { certificates: [{ certificate: " +
      files.write("a.pem", issued.certificate) +
      ", private_key: " + files.write("a.key", issued.private_key) +
      " }] }\nroutes:\n  - path: /\n    respond: { status: 204 }\n");
  Peer client = gateway.connect();
  client.send(kRequest);
  EXPECT_THAT(client.read_to_end(), HasSubstr("400 Bad Request"));
  const std::string record = gateway.access_log(1)[0];
  EXPECT_THAT(record, HasSubstr("\"plain_http_on_tls\""));
  EXPECT_THAT(record, HasSubstr("\"remote_addr\":\"127.0.0.1\""));
  EXPECT_THAT(record, HasSubstr("\"listener\":\"https\""));
  EXPECT_THAT(record, Not(HasSubstr("\"time\":\"1970")));
}

}  // namespace
}  // namespace tidegate::test
