// Bodies of requests, as they pass: framing, streaming, Expect: 100-continue, early answers, pipelining. The
// rows "chunks", "Expect" and "HTTP/1.0 clients" of the rules table "Requests".

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
/// More than the kernel's buffers and ours on the way may hold.
constexpr std::size_t kMuch = 64 * kMiB;
const std::string kOneWorker = "workers: 1\n";

TEST(Upload, StreamsAsItComes) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n");
  Peer server = upstream.accept();
  EXPECT_EQ("10", field_of(server.read_head(), "Content-Length"));
  for (const std::string part : {"he", "llo", "12345"}) {
    client.send(part);
    EXPECT_EQ(part, server.read_exactly(part.size()));
  }
  server.send(ok("done"));
  EXPECT_EQ("done", body_of(client.read_message()));
}

TEST(Upload, ChunksStreamAsTheyCome) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(post_chunked());
  Peer server = upstream.accept();
  server.read_head();
  for (const std::string part : {"he", "llo", "12345"}) {
    client.send(chunk(part));
    EXPECT_EQ(chunk(part), server.read_exactly(chunk(part).size()));
  }
  client.send(kLastChunk);
  EXPECT_EQ(kLastChunk, server.read_exactly(kLastChunk.size()));
  server.send(ok("done"));
  EXPECT_EQ("done", body_of(client.read_message()));
}

TEST(Upload, SlowUpstreamPausesTheClientAndNothingIsLost) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kMuch) + "\r\n\r\n");
  Peer server = upstream.accept();
  server.read_head();
  const std::string piece(64 * 1024, 'u');
  const std::size_t sent = client.send_until_stalled(piece, kMuch - piece.size(), 100ms);
  EXPECT_LT(sent, kMuch / 2) << "somebody holds the body instead of pausing";
  std::thread rest([&] {
    for (std::size_t left = kMuch - sent; left > 0;) {
      const std::size_t size = std::min(left, piece.size());
      client.send(std::string_view(piece).substr(0, size));
      left -= size;
    }
  });
  for (std::size_t got = 0; got < kMuch; got += kMiB) {
    ASSERT_EQ(kMiB, server.read_exactly(kMiB).size());
  }
  rest.join();
  server.send(ok("whole"));
  EXPECT_EQ("whole", body_of(client.read_message()));
}

TEST(Upload, WaitsBoundedForAnUpstreamThatIsNotThereYet) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(post(std::string(200'000, 'x')));
  Peer server = upstream.accept();
  EXPECT_EQ(200'000u, body_of(server.read_message()).size());
  server.send(ok("got"));
  EXPECT_EQ("got", body_of(client.read_message()));
}

TEST(Upload, BodyAtTheLimitPasses) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "limits: { body: 10 }\n"));
  for (const std::string& request :
       {post("0123456789"), post_chunked() + chunk("01234") + chunk("56789") + "0\r\n\r\n"}) {
    for (Delivery delivery : kDeliveries) {
      Peer client = gateway.connect();
      deliver(client, request, delivery);
      Peer server = upstream.accept();
      server.read_message();
      server.send(ok("ok", "Connection: close\r\n"));
      EXPECT_EQ(200, status_of(client.read_message()));
    }
  }
}

// Expect: 100-continue

const std::string kExpecting =
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

TEST(Continue, IsForwardedAndTheUpstreamsAnswerRelayed) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  for (Delivery delivery : kDeliveries) {
    Peer client = gateway.connect();
    deliver(client, kExpecting, delivery);
    Peer server = upstream.accept();
    EXPECT_EQ("100-continue", field_of(server.read_head(), "Expect"));
    deliver(server, "HTTP/1.1 100 Continue\r\n\r\n", delivery);
    EXPECT_EQ("HTTP/1.1 100 Continue\r\n\r\n", client.read_head());
    deliver(client, "hello", delivery);
    EXPECT_EQ("hello", server.read_exactly(5));
    server.send(ok("thanks"));
    const std::string answer = client.read_message();
    EXPECT_EQ("thanks", body_of(answer));
    EXPECT_EQ("", field_of(answer, "Connection")) << "the body was read to its end";
    client.send(get("/next"));
    EXPECT_THAT(server.read_head(), StartsWith("GET /next "));
    server.send(ok("", "Connection: close\r\n"));
    client.read_message();
  }
}

TEST(Continue, ClientThatDoesNotWaitForIt) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(kExpecting + "hello");
  Peer server = upstream.accept();
  EXPECT_EQ("hello", body_of(server.read_message()));
  server.send("HTTP/1.1 100 Continue\r\n\r\n" + ok("thanks"));
  EXPECT_EQ(100, status_of(client.read_head()));
  EXPECT_EQ("thanks", body_of(client.read_message()));
}

TEST(Continue, UpstreamThatNeverSaysIt) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(kExpecting);
  Peer server = upstream.accept();
  server.read_head();
  EXPECT_TRUE(client.silent_for(kQuiet)) << "a 100 of the gateway's own";
  client.send("hello");
  EXPECT_EQ("hello", server.read_exactly(5));
  server.send(ok("thanks"));
  EXPECT_EQ("thanks", body_of(client.read_message()));
}

TEST(Continue, AnswerAtOnceClosesAndTheBodyIsNoRequest) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  const std::string smuggled = get("/smuggled");
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: " +
              std::to_string(smuggled.size()) + "\r\n\r\n");
  Peer server = upstream.accept();
  server.read_head();
  server.send("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  client.send(smuggled);
  const std::string answer = client.read_to_end();
  EXPECT_EQ(401, status_of(answer));
  EXPECT_EQ("close", field_of(answer, "Connection"));
  EXPECT_EQ("no", body_of(answer));
  EXPECT_EQ(Ending::clean, client.ending());
  const std::string rest = server.read_to_end();
  EXPECT_TRUE(rest.empty() || rest == smuggled) << rest;
  EXPECT_TRUE(upstream.nobody_for(kQuiet));
}

TEST(Continue, WithoutABodyThereIsNothingToWaitFor) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(get("/", "Expect: 100-Continue\r\n"));
  Peer server = upstream.accept();
  EXPECT_EQ("100-Continue", field_of(server.read_head(), "Expect"));
  server.send(ok("ok"));
  EXPECT_EQ("ok", body_of(client.read_message()));
}

TEST(Continue, Http10ClientsKnowNone) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
  Peer server = upstream.accept();
  EXPECT_THAT(server.read_message(), Not(HasSubstr("Expect")));
  server.send("HTTP/1.1 100 Continue\r\n\r\n" + ok("thanks"));
  EXPECT_EQ(200, status_of(client.read_to_end()));
}

// Answers that come before the request's end

TEST(EarlyAnswer, GoesOutAndTheConnectionCloses) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nbegin");
  Peer server = upstream.accept();
  server.read_until("begin");
  server.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
  client.send(get("/smuggled"));
  const std::string answer = client.read_to_end();
  EXPECT_EQ(413, status_of(answer));
  EXPECT_EQ("close", field_of(answer, "Connection"));
  EXPECT_EQ("big", body_of(answer));
  EXPECT_EQ(Ending::clean, client.ending());
  server.read_to_end();
  EXPECT_TRUE(upstream.nobody_for(kQuiet)) << "the rest of the body was taken for a request";
}

TEST(EarlyAnswer, ArrivesThoughTheUpstreamClosesAndTheClientKeepsSending) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (int i = 0; i < 10; ++i) {
    Peer client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4194304\r\n\r\n");
    Peer server = upstream.accept();
    server.read_head();
    server.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
    server.shutdown_write();
    client.send(std::string(4 * kMiB, 'x'));
    const std::string answer = client.read_to_end();
    EXPECT_EQ(413, status_of(answer));
    EXPECT_EQ("big", body_of(answer));
    EXPECT_EQ(Ending::clean, client.ending());
  }
}

TEST(EarlyAnswer, ArrivesThoughTheUpstreamResetsAndTheClientKeepsSending) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (int i = 0; i < 10; ++i) {
    Peer client = gateway.connect();
    client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4194304\r\n\r\n" + std::string(100'000, 'x'));
    Peer server = upstream.accept();
    server.read_until("xxx");
    server.send("HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
    server.close();  // with bytes that it did not read: an RST
    const std::string answer = client.read_to_end();
    EXPECT_EQ(413, status_of(answer));
    EXPECT_EQ("big", body_of(answer));
    EXPECT_EQ(Ending::clean, client.ending());
  }
}

TEST(EarlyAnswer, ArrivesThoughTheUpstreamStoppedReadingLongAgo) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kMuch) + "\r\n\r\n");
  Peer server = upstream.accept();
  server.read_head();
  const std::size_t sent = client.send_until_stalled(std::string(64 * 1024, 'x'), kMuch, 100ms);
  EXPECT_LT(sent, kMuch);
  server.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
  client.send(std::string(kMuch - sent, 'x'));
  const std::string answer = client.read_to_end();
  EXPECT_EQ(413, status_of(answer));
  EXPECT_EQ("big", body_of(answer));
  EXPECT_EQ(Ending::clean, client.ending());
}

TEST(EarlyAnswer, StreamsBothWaysAtOnce) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(post_chunked());
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok_head("Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(200, status_of(client.read_head()));
  for (const std::string part : {"one", "two", "three"}) {
    client.send(chunk(part));
    EXPECT_EQ(chunk(part), server.read_exactly(chunk(part).size()));
    server.send(chunk(part));
    EXPECT_EQ(chunk(part), client.read_exactly(chunk(part).size()));
  }
  client.send(kLastChunk);
  EXPECT_EQ(kLastChunk, server.read_exactly(5));
  server.send(kLastChunk);
  EXPECT_EQ(kLastChunk, client.read_to_end());
}

// Several requests on one connection

TEST(Pipelining, RequestsAreServedOneByOneAndAnsweredInOrder) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  const std::string requests = get("/1") + post("body of 2", "", "/2") + post_chunked() + chunk("body of 3") +
                               std::string(kLastChunk) + "\r\n" + get("/4");
  for (Delivery delivery : kDeliveries) {
    Peer client = gateway.connect();
    deliver(client, requests, delivery);
    Peer server = upstream.accept();
    EXPECT_THAT(server.read_message(), StartsWith("GET /1 "));
    EXPECT_TRUE(server.silent_for(20ms)) << "the next was sent before the answer to the first";
    server.send(ok("one"));
    EXPECT_EQ("body of 2", body_of(server.read_message()));
    server.send(ok_head("Transfer-Encoding: chunked\r\n") + chunk("two") + std::string(kLastChunk));
    EXPECT_EQ("body of 3", dechunk(body_of(server.read_message())));
    server.send(ok("three"));
    EXPECT_THAT(server.read_message(), StartsWith("GET /4 "));
    server.send(ok("four", "Connection: close\r\n"));
    EXPECT_EQ("one", body_of(client.read_message()));
    EXPECT_EQ("two", dechunk(body_of(client.read_message())));
    EXPECT_EQ("three", body_of(client.read_message()));
    EXPECT_EQ("four", body_of(client.read_message()));
  }
}

TEST(Pipelining, NothingIsReadBehindARequestThatCloses) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  Peer client = gateway.connect();
  client.send(get("/1", "Connection: close\r\n") + get("/2"));
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok("one"));
  const std::string answer = client.read_to_end();
  EXPECT_EQ("one", body_of(answer));
  EXPECT_EQ("close", field_of(answer, "Connection"));
  EXPECT_TRUE(server.silent_for(kQuiet));
}

TEST(Pipelining, MoreThanIsHeldPausesTheClient) {
  constexpr int kRequests = 3000;
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  Peer client = gateway.connect();
  std::thread sender([&] {
    for (int i = 0; i < kRequests; ++i)
      client.send(get("/" + std::to_string(i), "X: " + std::string(60, 'x') + "\r\n"));
  });
  Peer server = upstream.accept();
  for (int i = 0; i < kRequests; ++i) {
    const std::string path = "GET /" + std::to_string(i) + " ";
    ASSERT_THAT(server.read_head(), StartsWith(path));
    server.send(ok(std::to_string(i)));
  }
  sender.join();
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(std::to_string(i), body_of(client.read_message()));
}

TEST(Pipelining, ClientThatReadsNoAnswersGetsNoMoreOfThemMade) {
  ScriptedUpstream upstream;
  Gateway gateway(
      "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n"
      "  - { path: /, respond: { body: \"" +
      std::string(8000, 'r') + "\" } }\nworkers: 1\n");
  Peer client = Peer::connect(gateway.port(), 4096);
  std::string many;
  for (int i = 0; i < 500; ++i) many += get();
  const std::size_t sent = client.send_until_stalled(many, kMuch, 100ms);
  EXPECT_LT(sent, kMuch);
  std::size_t answers = 0;
  for (; answers < 1000; ++answers) ASSERT_EQ(8000u, body_of(client.read_message()).size());
  client.reset();
}

TEST(KeepAlive, BothSidesKeepTheirConnections) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  Peer first = gateway.connect();
  Peer second = gateway.connect();
  first.send(get("/0"));
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok("0"));
  EXPECT_EQ("", field_of(first.read_message(), "Connection"));
  for (int i = 1; i < 6; ++i) {
    Peer& client = i % 2 == 0 ? first : second;
    client.send(i % 3 == 0 ? post("x") : get("/" + std::to_string(i)));
    server.read_message();
    server.send(ok(std::to_string(i)));
    EXPECT_EQ(std::to_string(i), body_of(client.read_message()));
  }
  EXPECT_TRUE(upstream.nobody_for(20ms));
}

TEST(KeepAlive, ClientMayRefuseIt) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(get("/", "Connection: Close\r\n"));
  Peer server = upstream.accept();
  EXPECT_THAT(server.read_head(), Not(HasSubstr("\r\nConnection:")))
      << "the upstream's connection is another";
  server.send(ok("ok"));
  EXPECT_EQ("close", field_of(client.read_message(), "Connection"));
  client.expect_end();
}

TEST(Http10, ClientsAreClosedByDefault) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (Delivery delivery : kDeliveries) {
    Peer client = gateway.connect();
    deliver(client, "GET / HTTP/1.0\r\nHost: a\r\n\r\n", delivery);
    Peer server = upstream.accept();
    server.read_head();
    server.send(ok("ok", "Connection: close\r\n"));
    const std::string answer = client.read_to_end();
    EXPECT_EQ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok", answer);
    EXPECT_EQ(Ending::clean, client.ending());
  }
}

TEST(Http10, ClientsMayKeepTheConnection) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), kOneWorker));
  Peer client = gateway.connect();
  client.send("GET /1 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok("1"));
  EXPECT_EQ("keep-alive", field_of(client.read_message(), "Connection"));
  client.send("GET /2 HTTP/1.0\r\n\r\n");
  server.read_head();
  server.send(ok("2"));
  EXPECT_EQ("2", body_of(client.read_to_end()));
}

TEST(Http10, ClientsGetNoTransferEncodingAndNo1xx) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  Peer server = upstream.accept();
  server.read_head();
  server.send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + ok_head("Transfer-Encoding: chunked\r\n") +
              chunk("one") + chunk("two") + "0\r\nX-Sum: 1\r\n\r\n");
  EXPECT_EQ("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nonetwo", client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
}

}  // namespace
}  // namespace tidegate::test
