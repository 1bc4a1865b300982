// Answers, as they pass: the rules table "Responses", but for its failures (failure_test.cc) and streams
// (sse_test.cc).

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>

#include "tests/integration/gateway.h"
#include "tests/integration/messages.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kQuiet{50};
constexpr std::size_t kMiB = 1024 * 1024;
constexpr std::size_t kMuch = 64 * kMiB;
const std::string kOneWorker = "workers: 1\n";

/// A gateway with one worker, so that what is pooled is met again, and the upstream behind it.
class Response : public testing::Test {
 protected:
  void start(const std::string& more = "", const std::string& route = "") {
    gateway_ = std::make_unique<Gateway>(Gateway::in_front_of(upstream_.url(), kOneWorker + more, route));
  }

  /// What the client gets for this answer, to the end; its connection closes since it said so.
  std::string relayed(const std::string& answer, Delivery delivery, const std::string& request) {
    Peer client = gateway_->connect();
    client.send(request);
    Peer server = upstream_.accept();
    server.read_head();
    deliver(server, answer, delivery);
    server.shutdown_write();
    std::string all = client.read_to_end();
    EXPECT_EQ(Ending::clean, client.ending());
    return all;
  }

  void expect_relayed(const std::string& as, const std::string& answer, const std::string& method = "GET") {
    const std::string request = method + " / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (Delivery delivery : kDeliveries) {
      EXPECT_EQ(as, relayed(answer, delivery, request)) << name_of(delivery);
    }
  }

  /// The upstream answers `answer` to a GET; is its connection used for the next one?
  bool reused_after(const std::string& answer, const std::string& method = "GET") {
    Peer client = gateway_->connect();
    client.send(method + " / HTTP/1.1\r\nHost: a\r\n\r\n");
    Peer server = upstream_.accept();
    server.read_head();
    server.send(answer);
    EXPECT_NE(0, status_of(client.read_head()));
    if (!server.silent_for(20ms)) return false;
    client.close();
    Peer next = gateway_->connect();
    next.send(get("/next", "Connection: close\r\n"));
    const bool reused = upstream_.nobody_for(20ms);
    Peer other = reused ? std::move(server) : upstream_.accept();
    EXPECT_THAT(other.read_head(), StartsWith("GET /next "));
    other.send(ok("next", "Connection: close\r\n"));
    EXPECT_EQ("next", body_of(next.read_message()));
    return reused;
  }

  ScriptedUpstream upstream_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(Response, FieldsPassInOrderButForHopByHop) {
  start();
  expect_relayed(
      "HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nset-cookie: b=2\r\nX_y: 1\r\nDate: today\r\nServer: node\r\n"
      "Content-Length: 2\r\nConnection: close\r\n\r\nok",
      "HTTP/1.1 200 Fine\r\nSet-Cookie: a=1\r\nContent-Length: 2\r\nConnection: keep-alive, X-Nominated\r\n"
      "X-Nominated: 1\r\nset-cookie: b=2\r\nX_y: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: "
      "x\r\nUpgrade: h2c\r\n"
      "Trailer: X\r\nTE: trailers\r\nDate: today\r\nServer: node\r\n\r\nok");
}

TEST_F(Response, RouteSetsAndRemovesFields) {
  start("",
        "    response_headers:\n      set: { X-Set: \"$host\", Server: \"\" }\n      remove: [X-Debug]\n");
  expect_relayed("HTTP/1.1 200 OK\r\nX-Set: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
                 ok("ok", "Server: node\r\nx-set: no\r\nX-DEBUG: 1\r\n"));
}

TEST_F(Response, ChunksAreFramedAnew) {
  start();
  const std::string answer = ok_head("Transfer-Encoding: Chunked\r\n") +
                             "5;ext=1\r\nhello\r\n002\r\n, \r\n5\r\nworld\r\n0;e\r\n\r\n";
  for (Delivery delivery : kDeliveries) {
    const std::string got = relayed(answer, delivery, get("/", "Connection: close\r\n"));
    EXPECT_THAT(got,
                StartsWith("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"));
    EXPECT_EQ("hello, world", dechunk(body_of(got)));
    EXPECT_THAT(got, Not(HasSubstr("ext")));
  }
}

TEST_F(Response, BodyThatEndsWithTheConnectionIsChunked) {
  start();
  for (const std::string version : {"HTTP/1.1", "HTTP/1.0"}) {
    for (Delivery delivery : kDeliveries) {
      const std::string got =
          relayed(version + " 200 OK\r\n\r\nuntil the end", delivery, get("/", "Connection: close\r\n"));
      EXPECT_EQ("chunked", field_of(got, "Transfer-Encoding"));
      EXPECT_EQ("until the end", dechunk(body_of(got)));
    }
  }
  expect_relayed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
                 "HTTP/1.1 200 OK\r\n\r\n");
}

TEST_F(Response, BodyThatEndsWithTheConnectionKeepsTheClients) {
  start();
  Peer client = gateway_->connect();
  for (int i = 0; i < 3; ++i) {
    client.send(get());
    Peer server = upstream_.accept();
    server.read_head();
    server.send("HTTP/1.0 200 OK\r\n\r\nhello");
    server.close();
    EXPECT_EQ("hello", dechunk(body_of(client.read_message())));
  }
}

TEST_F(Response, TrailersReachAClientThatSentTe) {
  start();
  const std::string answer =
      ok_head("Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n") + chunk("hello") +
      "0\r\nX-Sum: 1\r\nContent-Length: 9\r\nHost: evil\r\nX-Forwarded-For: 6.6.6.6\r\n"
      "Transfer-Encoding: gzip\r\nX-Real-IP: 6.6.6.6\r\nSet-Cookie: a=b\r\ngrpc-status: 0\r\n\r\n";
  for (Delivery delivery : kDeliveries) {
    const std::string with = relayed(answer, delivery, get("/", "TE: trailers\r\nConnection: TE, close\r\n"));
    EXPECT_TRUE(with.ends_with("\r\n0\r\nX-Sum: 1\r\ngrpc-status: 0\r\n\r\n")) << with;
    const std::string without = relayed(answer, delivery, get("/", "Connection: close\r\n"));
    EXPECT_TRUE(without.ends_with("hello\r\n0\r\n\r\n")) << without;
  }
}

TEST_F(Response, HeadHasNoBodyWhateverTheLengthsSay) {
  start();
  expect_relayed("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
                 ok_head("Content-Length: 5\r\n"), "HEAD");
  expect_relayed("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", ok_head("Transfer-Encoding: chunked\r\n"),
                 "HEAD");
  expect_relayed("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", ok_head(), "HEAD");
}

TEST_F(Response, StatusesWithoutBody) {
  start();
  expect_relayed("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
                 "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n");
  expect_relayed("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n",
                 "HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  expect_relayed("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 5\r\nConnection: close\r\n\r\n",
                 "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 5\r\n\r\n");
}

TEST_F(Response, BodilessAnswersLeaveTheConnectionInStep) {
  start();
  Peer client = gateway_->connect();
  client.send("HEAD /1 HTTP/1.1\r\nHost: a\r\n\r\n" + get("/2") + get("/3") + get("/4"));
  Peer server = upstream_.accept();
  server.read_head();
  server.send(ok_head("Content-Length: 100\r\n"));
  EXPECT_EQ("100", field_of(client.read_head(), "Content-Length"));
  server.read_head();
  server.send("HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n");
  EXPECT_EQ(304, status_of(client.read_head()));
  server.read_head();
  server.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(204, status_of(client.read_head()));
  server.read_head();
  server.send(ok("four"));
  EXPECT_EQ("four", body_of(client.read_message()));
}

TEST_F(Response, InformationalAnswersAreRelayedAsTheyCome) {
  start();
  Peer client = gateway_->connect();
  client.send(get());
  Peer server = upstream_.accept();
  server.read_head();
  for (int i = 0; i < 20; ++i) {
    const std::string hint = "HTTP/1.1 103 Early Hints\r\nLink: </" + std::to_string(i) + ">\r\n\r\n";
    server.send(hint);
    EXPECT_EQ(hint, client.read_head());
  }
  server.send(ok("ok"));
  EXPECT_EQ("ok", body_of(client.read_message()));
}

TEST_F(Response, InformationalAnswersInOneSegmentWithTheFinalOne) {
  start();
  expect_relayed(
      "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
      "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
      "HTTP/1.1 102 Processing\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"
      "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" +
          ok("ok"));
}

TEST_F(Response, MoreThan20InformationalAnswersAre502) {
  start();
  Peer client = gateway_->connect();
  client.send(get("/", "Connection: close\r\n"));
  Peer server = upstream_.accept();
  server.read_head();
  std::string hints;
  for (int i = 0; i < 21; ++i) hints += "HTTP/1.1 103 Early Hints\r\n\r\n";
  server.send(hints + ok("ok"));
  const std::string all = client.read_to_end();
  EXPECT_EQ(20, count_of(all, "HTTP/1.1 103 "));
  EXPECT_EQ(1, count_of(all, "HTTP/1.1 502 "));
  EXPECT_EQ(0, count_of(all, "HTTP/1.1 200 "));
  server.expect_end();
}

TEST_F(Response, ConnectionIsReusedAfterAWholeAnswer) {
  start();
  EXPECT_TRUE(reused_after(ok("ok")));
  EXPECT_TRUE(reused_after(ok_head("Transfer-Encoding: chunked\r\n") + chunk("ok") + "0\r\n\r\n"));
  EXPECT_TRUE(reused_after("HTTP/1.1 204 No Content\r\n\r\n"));
  EXPECT_TRUE(reused_after("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_TRUE(reused_after(ok_head("Content-Length: 5\r\n"), "HEAD"));
  EXPECT_TRUE(reused_after("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"));
  EXPECT_TRUE(reused_after("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\n\r\nno"));
}

TEST_F(Response, ConnectionIsNotReusedWhereTheUpstreamSaysSo) {
  start();
  EXPECT_FALSE(reused_after(ok("ok", "Connection: close\r\n")));
  EXPECT_FALSE(reused_after(ok("ok", "Connection: x, Close\r\n")));
  EXPECT_FALSE(reused_after("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  EXPECT_FALSE(reused_after(ok("ok", "Keep-Alive: timeout=1\r\n")));
}

TEST_F(Response, ConnectionWithSurplusBytesIsNotReused) {
  start();
  EXPECT_FALSE(reused_after(ok("ok") + "surplus"));
  EXPECT_FALSE(reused_after(ok("ok") + ok("of another's")));
  EXPECT_FALSE(reused_after(ok_head("Transfer-Encoding: chunked\r\n") + "0\r\n\r\nsurplus"));
  EXPECT_FALSE(reused_after("HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\nno"));
  EXPECT_FALSE(reused_after(ok("hello"), "HEAD"));
}

TEST_F(Response, SurplusNeverReachesAClient) {
  start();
  Peer client = gateway_->connect();
  client.send(get("/1") + get("/2"));
  Peer first = upstream_.accept();
  first.read_head();
  first.send(ok("one") + ok("not yours"));
  EXPECT_EQ("one", body_of(client.read_message()));
  Peer second = upstream_.accept();
  EXPECT_THAT(second.read_head(), StartsWith("GET /2 "));
  second.send(ok("two"));
  EXPECT_EQ("two", body_of(client.read_message()));
  first.expect_end();
}

TEST_F(Response, UnaskedBytesOnAnIdleConnectionCloseIt) {
  start();
  Peer client = gateway_->connect();
  client.send(get());
  Peer server = upstream_.accept();
  server.read_head();
  server.send(ok("ok"));
  client.read_message();
  server.send("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n");
  server.expect_end();
  client.send(get());
  Peer next = upstream_.accept();
  next.read_head();
  next.send(ok("fresh"));
  EXPECT_EQ("fresh", body_of(client.read_message()));
}

TEST_F(Response, SlowClientPausesTheUpstreamAndNothingIsLost) {
  start();
  Peer client = Peer::connect(gateway_->port(), 64 * 1024);
  client.send(get());
  Peer server = upstream_.accept();
  server.read_head();
  server.send(ok_head("Content-Length: " + std::to_string(kMuch) + "\r\n"));
  const std::string piece(64 * 1024, 'd');
  const std::size_t sent = server.send_until_stalled(piece, kMuch - piece.size(), 100ms);
  EXPECT_LT(sent, kMuch / 2) << "somebody holds the answer instead of pausing";
  std::thread rest([&] {
    for (std::size_t left = kMuch - sent; left > 0;) {
      const std::size_t size = std::min(left, piece.size());
      server.send(std::string_view(piece).substr(0, size));
      left -= size;
    }
  });
  client.read_head();
  for (std::size_t got = 0; got < kMuch; got += kMiB) ASSERT_EQ(kMiB, client.read_exactly(kMiB).size());
  rest.join();
  client.send(get("/next"));
  EXPECT_THAT(server.read_head(), StartsWith("GET /next ")) << "both connections go on";
  server.send(ok("next"));
  EXPECT_EQ("next", body_of(client.read_message()));
}

TEST_F(Response, SlowClientIsWaitedForWhenTheAnswerIsComplete) {
  start();
  Peer client = Peer::connect(gateway_->port(), 4096);
  client.send(get("/", "Connection: close\r\n"));
  Peer server = upstream_.accept();
  server.read_head();
  server.send("HTTP/1.0 200 OK\r\n\r\n");
  const std::size_t sent = server.send_until_stalled(std::string(64 * 1024, 'd'), kMuch, 100ms);
  server.shutdown_write();
  const std::string got = client.read_to_end();
  EXPECT_EQ(sent, dechunk(body_of(got)).size());
}

TEST_F(Response, AccessLogTellsWhatPassed) {
  start();
  Peer client = gateway_->connect();
  client.send(
      post("hello", "User-Agent: tests\r\nReferer: http://r.example/?secret=1\r\n", "/p?token=secret"));
  Peer server = upstream_.accept();
  server.read_message();
  server.send("HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nyes");
  client.read_message();
  const std::string line = gateway_->access_log(1).at(0);
  for (const char* part :
       {"\"event\":\"request\"", "\"listener\":\"http\"", "\"route\":\"/\"", "\"remote_addr\":\"127.0.0.1\"",
        "\"method\":\"POST\"", "\"target\":\"/p?token=*\"", "\"protocol\":\"HTTP/1.1\"",
        "\"host\":\"example.com\"", "\"user_agent\":\"tests\"", "\"status\":201", "\"bytes_sent\":3",
        "\"bytes_received\":5", "\"first_byte_seconds\":"}) {
    EXPECT_THAT(line, HasSubstr(part));
  }
  EXPECT_THAT(line, HasSubstr("\"server\":\"" + upstream_.url()));
  EXPECT_THAT(line, Not(HasSubstr("secret=1")));
  EXPECT_THAT(line, Not(HasSubstr("\"reason\"")));
}

}  // namespace
}  // namespace tidegate::test
