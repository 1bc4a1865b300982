// What fails: upstreams that cannot be reached, die, or break the grammar, and clients that vanish. The
// failing rows of the rules table "Responses".

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/integration/gateway.h"
#include "tests/integration/messages.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kQuiet{50};
const std::string kOneWorker = "workers: 1\n";
const Ending kEndings[] = {Ending::clean, Ending::reset};

void end(Peer& peer, Ending how) {
  if (how == Ending::reset) {
    peer.reset();
  } else {
    peer.close();
  }
}

void expect_reason(Gateway& gateway, Reason reason, std::uint64_t times = 1) {
  EXPECT_TRUE(eventually([&] { return gateway.count(reason) == times; }))
      << word(reason) << ": " << gateway.count(reason) << " instead of " << times;
}

/// An answer of the gateway's own for a failure that leaves the client's connection usable.
void expect_failure(Peer& client, int status) {
  const std::string answer = client.read_message();
  EXPECT_EQ(status, status_of(answer)) << answer;
  EXPECT_EQ("", field_of(answer, "Connection"));
}

// Upstreams that cannot be reached

TEST(Unreachable, RefusedConnectIs502AndTheClientGoesOn) {
  Gateway gateway(Gateway::in_front_of("http://127.0.0.1:" + std::to_string(closed_port())));
  Peer client = gateway.connect();
  for (const std::string& request : {get(), get(), get()}) {
    client.send(request);
    expect_failure(client, 502);
  }
  expect_reason(gateway, Reason::upstream_unreachable, 3);
  EXPECT_THAT(gateway.access_log(1).at(0), HasSubstr("\"reason\":\"upstream_unreachable\""));
}

TEST(Unreachable, BodyOfARequestThatFailedIsNoRequest) {
  Gateway gateway(Gateway::in_front_of("http://127.0.0.1:" + std::to_string(closed_port())));
  Peer client = gateway.connect();
  client.send(post(get("/smuggled")));
  const std::string answer = client.read_to_end();
  EXPECT_EQ(502, status_of(answer));
  EXPECT_EQ("close", field_of(answer, "Connection"));
  EXPECT_EQ(1, count_of(answer, "HTTP/1.1 "));
}

TEST(Unreachable, NameThatDoesNotResolveIs502AndDoesNotStopTheStart) {
  Gateway gateway(Gateway::in_front_of("http://nowhere.invalid:80"));
  Peer client = gateway.connect();
  client.send(get());
  expect_failure(client, 502);
  expect_reason(gateway, Reason::upstream_unresolved);
}

TEST(Unreachable, EveryAddressIsTriedBeforeA502) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of("http://localhost:" + std::to_string(upstream.port()) + "\n"));
  Peer client = gateway.connect();
  client.send(get());
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok("by the second address at the latest"));
  EXPECT_EQ(200, status_of(client.read_message()));
}

TEST(Unreachable, ServerThatRefusesIsPassedOverForOneThatDoesNot) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of("[\"http://127.0.0.1:" + std::to_string(closed_port()) + "\", \"" +
                                       upstream.url() + "\"]"));
  Peer client = gateway.connect();
  for (int i = 0; i < 4; ++i) {
    client.send(i % 2 == 0 ? get("/", "X: 1\r\n") : get());
    Peer server = upstream.accept();
    server.read_head();
    server.send(ok("ok", "Connection: close\r\n"));
    EXPECT_EQ(200, status_of(client.read_message()));
  }
  client.send(post("not one byte was sent to the first"));
  Peer server = upstream.accept();
  server.read_message();
  server.send(ok("ok"));
  EXPECT_EQ(200, status_of(client.read_message()));
}

// Upstreams that die

/// Makes a connection to the upstream that waits in the pool.
Peer pooled(Gateway& gateway, ScriptedUpstream& upstream) {
  Peer client = gateway.connect();
  client.send(get());
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok("ok"));
  EXPECT_EQ(200, status_of(client.read_message()));
  return server;
}

TEST(UpstreamDies, IdleConnectionThatItClosedIsNotUsed) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  for (Ending how : kEndings) {
    Peer old = pooled(gateway, upstream);
    end(old, how);
    Peer client = gateway.connect();
    client.send(post("once"));
    Peer server = upstream.accept();
    EXPECT_EQ("once", body_of(server.read_message()));
    server.send(ok("ok", "Connection: close\r\n"));
    EXPECT_EQ(200, status_of(client.read_message()));
  }
}

TEST(UpstreamDies, OnAReusedConnectionIdempotentRequestsAreTriedAgainOnce) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  for (const std::string method : {"GET", "HEAD", "OPTIONS", "DELETE"}) {
    for (Ending how : kEndings) {
      Peer old = pooled(gateway, upstream);
      Peer client = gateway.connect();
      client.send(method + " /again HTTP/1.1\r\nHost: a\r\n\r\n");
      const std::string first = old.read_head();
      end(old, how);
      Peer server = upstream.accept();
      EXPECT_EQ(first, server.read_head());
      end(server, how);
      EXPECT_EQ(502, status_of(client.read_head())) << "a third try";
    }
  }
  EXPECT_TRUE(upstream.nobody_for(kQuiet));
}

TEST(UpstreamDies, OnAReusedConnectionAPostReachesItOnce) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  for (const std::string method : {"POST", "PATCH"}) {
    for (Ending how : kEndings) {
      Peer old = pooled(gateway, upstream);
      Peer client = gateway.connect();
      client.send(method + " / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nonce");
      EXPECT_EQ("once", body_of(old.read_message()));
      end(old, how);
      EXPECT_EQ(502, status_of(client.read_message()));
    }
  }
  EXPECT_TRUE(upstream.nobody_for(kQuiet));
}

TEST(UpstreamDies, AfterAByteOfItsAnswerNothingIsTriedAgain) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  Peer old = pooled(gateway, upstream);
  Peer client = gateway.connect();
  client.send(get());
  old.read_head();
  old.send("HTTP/1.1 2");
  old.close();
  expect_failure(client, 502);
  EXPECT_TRUE(upstream.nobody_for(kQuiet));
}

TEST(UpstreamDies, BodyThatWasSentIsNotSentAgain) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  Peer old = pooled(gateway, upstream);
  Peer client = gateway.connect();
  client.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nonce");
  EXPECT_EQ("once", body_of(old.read_message()));
  old.close();
  EXPECT_EQ(502, status_of(client.read_message()));
  EXPECT_TRUE(upstream.nobody_for(kQuiet));
}

/// An answer, cut anywhere: before its head's end it is a 502, later visibly not whole.
void expect_visible_cut(const std::string& answer, std::size_t cut, Ending how, const std::string& got,
                        Ending client) {
  const std::size_t head = answer.find("\r\n\r\n") + 4;
  if (cut < head) {
    EXPECT_EQ(502, status_of(got));
    return;
  }
  // What was read but not delivered when a reset came is lost, up to the head.
  if (how == Ending::reset && status_of(got) == 502) return;
  EXPECT_EQ(200, status_of(got));
  const std::string length = field_of(got, "Content-Length");
  if (!length.empty()) {
    EXPECT_LT(body_of(got).size(), std::stoul(length));
  } else if (field_of(got, "Transfer-Encoding") == "chunked") {
    EXPECT_FALSE(got.ends_with(kLastChunk)) << "an end was invented";
  } else {
    EXPECT_EQ(Ending::reset, client) << "only a reset shows this cut";
  }
}

void cut_everywhere(const std::string& answer, const std::string& request) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (std::size_t cut = 0; cut < answer.size(); ++cut) {
    for (Ending how : kEndings) {
      SCOPED_TRACE("cut at " + std::to_string(cut) + (how == Ending::reset ? " by RST" : " by FIN"));
      Peer client = gateway.connect();
      client.send(request);
      Peer server = upstream.accept();
      server.read_head();
      if (cut > 0) server.send(answer.substr(0, cut));
      end(server, how);
      const std::string got = client.read_to_end();
      expect_visible_cut(answer, cut, how, got, client.ending());
    }
  }
}

TEST(UpstreamDies, AtEachByteOfAnAnswerWithALength) {
  cut_everywhere(ok("hello"), get("/", "Connection: close\r\n"));
}

TEST(UpstreamDies, AtEachByteOfAChunkedAnswer) {
  const std::string answer = ok_head("Transfer-Encoding: chunked\r\n") + chunk("hello") + "0\r\nX: y\r\n\r\n";
  cut_everywhere(answer, get("/", "Connection: close\r\n"));
  cut_everywhere(answer, "GET / HTTP/1.0\r\n\r\n");
}

TEST(UpstreamDies, CloseDelimitedAnswerIsWholeOnlyAfterACleanEnd) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (const std::string& request :
       {get("/", "Connection: close\r\n"), std::string("GET / HTTP/1.0\r\n\r\n")}) {
    Peer client = gateway.connect();
    client.send(request);
    Peer server = upstream.accept();
    server.read_head();
    server.send("HTTP/1.1 200 OK\r\n\r\n");
    client.read_head();
    server.reset();
    const std::string rest = client.read_to_end();
    EXPECT_TRUE(request.starts_with("GET / HTTP/1.0") ? client.ending() == Ending::reset : rest.empty())
        << rest;
  }
  expect_reason(gateway, Reason::upstream_truncated, 2);
}

TEST(UpstreamDies, BadChunkInTheMiddleOfABodyIsACut) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (const std::string bad : {"x\r\n", "5\nhello", "5\r\nhelloX", "-1\r\n", "ffffffffffffffffff\r\n"}) {
    Peer client = gateway.connect();
    client.send(get());
    Peer server = upstream.accept();
    server.read_head();
    server.send(ok_head("Transfer-Encoding: chunked\r\n") + chunk("good"));
    EXPECT_EQ(chunk("good"), body_of(client.read_until(chunk("good"))));
    server.send(bad);
    EXPECT_FALSE(client.read_to_end().ends_with(kLastChunk)) << bad;
    server.expect_end();
  }
}

// Upstreams that break the grammar

TEST(BadResponse, Is502AndItsConnectionIsClosed) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  const std::vector<std::string> answers = {
      "hello\r\n",
      "<html>HTTP/0.9</html>\r\n\r\n",
      "HTTP/0.9 200 OK\r\n\r\n",
      "HTTP/2.0 200 OK\r\n\r\n",
      "HTTP/1.2 200 OK\r\n\r\n",
      "HTTP/1.1 2000 OK\r\n\r\n",
      "HTTP/1.1 20 OK\r\n\r\n",
      "HTTP/1.1 099 OK\r\n\r\n",
      "HTTP/1.1 600 OK\r\n\r\n",
      "HTTP/1.1 abc OK\r\n\r\n",
      "HTTP/1.1  200 OK\r\n\r\n",
      "HTTP/1.1\t200 OK\r\n\r\n",
      "HTTP/1.1 200 O\x01K\r\n\r\n",
      "HTTP/1.1 200 OK\nX: y\n\n",
      ok_head("Content-Length: 5\r\nContent-Length: 5\r\n") + "hello",
      ok_head("Content-Length: 5\r\nContent-Length: 6\r\n") + "hello",
      ok_head("Content-Length: 5, 5\r\n") + "hello",
      ok_head("Content-Length: -5\r\n"),
      ok_head("Content-Length: +5\r\n") + "hello",
      ok_head("Content-Length:\r\n"),
      ok_head("Content-Length: 99999999999999999999\r\n"),
      ok_head("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
      ok_head("Transfer-Encoding: gzip, chunked\r\n") + "0\r\n\r\n",
      ok_head("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n") + "0\r\n\r\n",
      ok_head("Transfer-Encoding: identity\r\n") + "hello",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ok_head("X: a\x01\r\n"),
      ok_head(std::string("X: a\0b\r\n", 8)),
      ok_head("X: a\rb\r\n"),
      ok_head("X: a\nY: b\r\n"),
      ok_head("X : a\r\n"),
      ok_head("no colon\r\n"),
      ok_head(": empty\r\n"),
      ok_head("X: a\r\n folded\r\n"),
      ok_head("X: " + std::string(65 * 1024, 'x') + "\r\n"),
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n",
      "\r\nHTTP/1.1 200 OK\r\n\r\n",
  };
  for (const std::string& answer : answers) {
    for (Delivery delivery : kDeliveries) {
      if (delivery == Delivery::bytewise && answer.size() > 1000) continue;
      SCOPED_TRACE(testing::PrintToString(answer.substr(0, 200)) + ", " + std::string(name_of(delivery)));
      Peer client = gateway.connect();
      client.send(get());
      Peer server = upstream.accept();
      server.read_head();
      if (delivery == Delivery::whole) {
        server.send(answer);
      } else {
        // The gateway hangs up at the first wrong byte, those behind it have nowhere to go.
        for (char c : answer) server.send_until_stalled({&c, 1}, 1, 100ms);
      }
      expect_failure(client, 502);
      server.expect_end();
    }
  }
}

TEST(BadResponse, IsCountedAndLogged) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(get());
  Peer server = upstream.accept();
  server.read_head();
  server.send("nonsense\r\n\r\n");
  expect_failure(client, 502);
  expect_reason(gateway, Reason::upstream_bad_response);
  EXPECT_THAT(gateway.access_log(1).at(0), HasSubstr("\"reason\":\"upstream_bad_response\""));
}

// Clients that go away

TEST(ClientGone, BeforeTheAnswerCancelsTheUpstream) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (Ending how : kEndings) {
    Peer client = gateway.connect();
    client.send(get());
    Peer server = upstream.accept();
    server.read_head();
    end(client, how);
    server.expect_end();
  }
  expect_reason(gateway, Reason::client_gone, 2);
  for (const std::string& line : gateway.access_log(2)) EXPECT_THAT(line, HasSubstr("\"status\":499"));
  EXPECT_TRUE(gateway.empties());
}

TEST(ClientGone, HalfClosedBeforeItsAnswerCountsAsGone) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(get());
  Peer server = upstream.accept();
  server.read_head();
  client.shutdown_write();
  server.expect_end();
  EXPECT_EQ("", client.read_to_end());
}

TEST(ClientGone, AtEachByteOfARequest) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (const std::string& request :
       {post("hello"), post_chunked() + chunk("hello") + std::string(kLastChunk)}) {
    const std::size_t head = request.find("\r\n\r\n") + 4;
    for (std::size_t cut = 0; cut < request.size(); ++cut) {
      for (Ending how : kEndings) {
        SCOPED_TRACE("cut at " + std::to_string(cut) + (how == Ending::reset ? " by RST" : " by FIN"));
        Peer client = gateway.connect();
        if (cut > 0) client.send(request.substr(0, cut));
        if (cut < head) {
          end(client, how);
          continue;
        }
        Peer server = upstream.accept();
        server.read_head();
        end(client, how);
        const std::string got = server.read_to_end();
        EXPECT_LT(got.size(), request.size() - head) << "an upload that was cut looks whole: " << got;
        EXPECT_FALSE(got.ends_with(kLastChunk));
      }
    }
  }
  EXPECT_TRUE(gateway.empties());
  EXPECT_TRUE(upstream.nobody_for(kQuiet));
}

TEST(ClientGone, InTheMiddleOfItsAnswerCancelsTheUpstream) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  const std::string answers[] = {ok_head("Content-Length: 100\r\n") + "part",
                                 ok_head("Transfer-Encoding: chunked\r\n") + chunk("part"),
                                 ok_head() + "part"};
  for (const std::string& answer : answers) {
    for (Ending how : kEndings) {
      Peer client = gateway.connect();
      client.send(get());
      Peer server = upstream.accept();
      server.read_head();
      server.send(answer);
      client.read_until("part");
      end(client, how);
      server.expect_end();
    }
  }
  expect_reason(gateway, Reason::client_gone, 6);
  EXPECT_TRUE(gateway.empties());
}

}  // namespace
}  // namespace tidegate::test
