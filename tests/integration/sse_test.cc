// Streams: the row "SSE, long polling, NDJSON, streamed pages" of the rules table "Responses". Each piece
// must be at the client before the upstream sends the next.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/gateway.h"
#include "tests/integration/messages.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

struct Stream {
  Stream(Gateway& gateway, ScriptedUpstream& scripted, const std::string& fields)
      : client(gateway.connect()), upstream(-1) {
    client.send(get("/events", "Accept: text/event-stream\r\nConnection: close\r\n"));
    upstream = scripted.accept();
    upstream.read_head();
    upstream.send(ok_head(fields));
    head = client.read_head();  // before a byte of the body
  }
  Peer client;
  Peer upstream;
  std::string head;
};

std::string event(int i) {
  return "id: " + std::to_string(i) + "\ndata: {\"n\":" + std::to_string(i) + "}\n\n";
}

TEST(Streams, ServerSentEventsInChunksComeOneByOneAtOnce) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Stream stream(gateway, upstream, "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n");
  EXPECT_EQ("text/event-stream", field_of(stream.head, "Content-Type"));
  EXPECT_EQ("", field_of(stream.head, "Content-Encoding"));
  for (int i = 0; i < 20; ++i) {
    stream.upstream.send(chunk(event(i)));
    EXPECT_EQ(chunk(event(i)), stream.client.read_exactly(chunk(event(i)).size()));
  }
  stream.upstream.send(kLastChunk);
  EXPECT_EQ(kLastChunk, stream.client.read_to_end());
}

TEST(Streams, ServerSentEventsThatEndWithTheConnection) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Stream stream(gateway, upstream, "Content-Type: text/event-stream\r\nConnection: close\r\n");
  EXPECT_EQ("chunked", field_of(stream.head, "Transfer-Encoding"));
  for (int i = 0; i < 20; ++i) {
    stream.upstream.send(event(i));
    EXPECT_EQ(chunk(event(i)), stream.client.read_exactly(chunk(event(i)).size()));
  }
  stream.upstream.close();
  EXPECT_EQ(kLastChunk, stream.client.read_to_end());
  EXPECT_EQ(Ending::clean, stream.client.ending());
}

TEST(Streams, ServerSentEventsToAnHttp10Client) {
  ScriptedUpstream scripted;
  Gateway gateway(Gateway::in_front_of(scripted.url()));
  Peer client = gateway.connect();
  client.send("GET /events HTTP/1.0\r\n\r\n");
  Peer upstream = scripted.accept();
  upstream.read_head();
  upstream.send(ok_head("Transfer-Encoding: chunked\r\n"));
  client.read_head();
  for (int i = 0; i < 5; ++i) {
    upstream.send(chunk(event(i)));
    EXPECT_EQ(event(i), client.read_exactly(event(i).size()));
  }
  upstream.send(kLastChunk);
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
}

TEST(Streams, LinesOfNdjsonComeOneByOneAtOnce) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  const std::string line = "{\"some\":\"json\"}\n";
  Stream stream(
      gateway, upstream,
      "Content-Type: application/x-ndjson\r\nContent-Length: " + std::to_string(10 * line.size()) + "\r\n");
  for (int i = 0; i < 10; ++i) {
    stream.upstream.send(line);
    EXPECT_EQ(line, stream.client.read_exactly(line.size()));
  }
  EXPECT_EQ("", stream.client.read_to_end());
}

TEST(Streams, BytesOfAChunkDoNotWaitForItsEnd) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Stream stream(gateway, upstream, "Transfer-Encoding: chunked\r\n");
  stream.upstream.send("a\r\n");
  for (const std::string part : {"0123", "4", "56789"}) {
    stream.upstream.send(part);
    EXPECT_EQ(chunk(part), stream.client.read_exactly(chunk(part).size()));
  }
  stream.upstream.send("\r\n0\r\n\r\n");
  EXPECT_EQ(kLastChunk, stream.client.read_to_end());
}

TEST(Streams, LongPollingIsAnsweredWhenThereIsSomething) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "workers: 1\n"));
  Peer client = gateway.connect();
  client.send(get("/poll"));
  Peer server = upstream.accept();
  for (int i = 0; i < 5; ++i) {
    server.read_head();
    EXPECT_TRUE(client.silent_for(10ms));
    server.send(ok("message " + std::to_string(i)));
    EXPECT_EQ("message " + std::to_string(i), body_of(client.read_message()));
    client.send(i < 4 ? get("/poll") : std::string());
  }
}

TEST(Streams, AreNotCutByTheResponseTimeoutOnceTheyBegan) {
  ScriptedUpstream upstream;
  Gateway gateway(
      Gateway::in_front_of(upstream.url(), "timeouts: { response: 50ms, body: 50ms, header: 50ms }\n"));
  Stream stream(gateway, upstream, "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n");
  EXPECT_TRUE(stream.client.silent_for(100ms));
  stream.upstream.send(chunk(event(1)));
  EXPECT_EQ(chunk(event(1)), stream.client.read_exactly(chunk(event(1)).size()));
  stream.upstream.send(kLastChunk);
  EXPECT_EQ(kLastChunk, stream.client.read_to_end());
}

TEST(Streams, UpstreamIsCancelledWhenTheClientIsGone) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (const bool by_reset : {false, true}) {
    Stream stream(gateway, upstream, "Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n");
    stream.upstream.send(chunk(event(1)));
    EXPECT_EQ(chunk(event(1)), stream.client.read_exactly(chunk(event(1)).size()));
    if (by_reset) {
      stream.client.reset();
    } else {
      stream.client.close();
    }
    stream.upstream.expect_end();
  }
  EXPECT_TRUE(gateway.empties());
  EXPECT_TRUE(eventually([&] { return gateway.count(Reason::client_gone) == 2; }));
  for (const std::string& line : gateway.access_log(2)) {
    EXPECT_THAT(line, HasSubstr("\"status\":200"));
    EXPECT_THAT(line, HasSubstr("\"reason\":\"client_gone\""));
  }
}

}  // namespace
}  // namespace tidegate::test
