// Bytes in a tunnel: the rows "bytes behind the handshake" and "frames" of the rules table, and what slow
// readers do.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <vector>

#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::size_t kMiB = 1024 * 1024;
/// More than the kernel's buffers on the way can hold, so that only a gateway that buffers takes it all.
constexpr std::size_t kMoreThanFits = 48 * kMiB;
constexpr std::size_t kWhatKernelsHold = 32 * kMiB;

/// Every shape of frame, with lengths at the edges and reserved bits set.
std::string all_frames(bool masked) {
  std::string bytes;
  for (const std::size_t size : {0, 1, 125, 126}) bytes += frame(1, noise(size), masked);
  bytes += frame(2, "first", masked, false) + frame(9, "between", masked) +
           frame(0, "second", masked, false) + frame(10, "", masked) + frame(0, "", masked);
  std::string deflated = frame(1, "as if it were deflated", masked);
  deflated[0] = static_cast<char>(deflated[0] | 0x40);
  std::string reserved = frame(2, "all three reserved bits", masked);
  reserved[0] = static_cast<char>(reserved[0] | 0x70);
  return bytes + deflated + reserved;
}
constexpr std::uint64_t kMessagesInAllFrames = 7;

using TunnelBytesPlain = TunnelScene;
class TunnelBytes : public TunnelSceneOverWires {};
INSTANTIATE_TEST_SUITE_P(Wires, TunnelBytes, testing::Values(Wire::plain, Wire::tls), name_of);

// ---- Bytes behind the handshake

TEST_P(TunnelBytes, BehindTheHandshakeWaitForThe101) {
  start();
  client = connect();
  const std::string early = frame(1, "early", true) + frame(2, noise(3000), true);
  client.send(handshake_request() + early);
  upstream = scripted.accept();
  EXPECT_THAT(upstream.read_head(), StartsWith("GET / "));
  EXPECT_TRUE(upstream.silent_for(50ms));
  upstream.send(handshake_response());
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(early, upstream.read_exactly(early.size()));
  expect_to_upstream(frame(1, "and later ones follow", true));
}

TEST_P(TunnelBytes, BehindThe101GoToTheClientInOrder) {
  start();
  client = connect();
  client.send(handshake_request());
  upstream = scripted.accept();
  upstream.read_head();
  const std::string early = frame(1, "early", false) + frame(2, noise(30000), false);
  upstream.send(handshake_response() + early);
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(early, client.read_exactly(early.size()));
  expect_to_client(frame(1, "and later ones follow", false));
}

TEST_P(TunnelBytes, BehindTheHandshakeAndThe101MeetInOrder) {
  start();
  client = connect();
  client.send(handshake_request() + frame(1, "one", true)).send(frame(1, "two", true));
  upstream = scripted.accept();
  upstream.read_head();
  upstream.send(handshake_response() + frame(1, "eins", false) + frame(1, "zw", false).substr(0, 3));
  upstream.send(frame(1, "zw", false).substr(3));
  const std::string to_upstream = frame(1, "one", true) + frame(1, "two", true);
  const std::string to_client = frame(1, "eins", false) + frame(1, "zw", false);
  EXPECT_EQ(to_upstream, upstream.read_exactly(to_upstream.size()));
  client.read_head();
  EXPECT_EQ(to_client, client.read_exactly(to_client.size()));
  close();
  const auto record = last_record();
  EXPECT_EQ(2, record["messages_to_upstream"]);
  EXPECT_EQ(2, record["messages_to_client"]);
  EXPECT_EQ(to_upstream.size(), record["bytes_to_upstream"]);
  EXPECT_EQ(to_client.size(), record["bytes_to_client"]);
}

TEST_P(TunnelBytes, BehindTheHandshakeAreTheNextRequestAfterARefusal) {
  start();
  const std::string next = "GET /next HTTP/1.1\r\nHost: example.com\r\n\r\n";
  for (std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{20}, next.size()}) {
    SCOPED_TRACE(cut);
    client = connect();
    client.send(handshake_request() + next.substr(0, cut));
    upstream = scripted.accept();
    EXPECT_THAT(upstream.read_head(), StartsWith("GET / "));
    upstream.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope");
    EXPECT_THAT(client.read_message(), testing::EndsWith("nope"));
    client.send(next.substr(cut));
    upstream = scripted.accept();
    EXPECT_THAT(upstream.read_head(), StartsWith("GET /next HTTP/1.1\r\n"));
    upstream.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnext");
    EXPECT_THAT(client.read_message(), testing::EndsWith("next"));
  }
}

TEST_P(TunnelBytes, ThatAreNoRequestGet400AfterARefusal) {
  start();
  client = connect();
  client.send(handshake_request() + frame(1, "an impatient client", true));
  upstream = scripted.accept();
  upstream.read_head();
  upstream.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\nConnection: close\r\n\r\nnope");
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 400 "));
}

TEST_F(TunnelBytesPlain, EarlyBytesAreHeldBoundedAndAllArriveAfterThe101) {
  start();
  client = connect();
  client.send(handshake_request());
  upstream = scripted.accept();
  upstream.read_head();
  const std::string early = noise(kMoreThanFits);
  const std::size_t sent = send_until_full(client, early);
  EXPECT_GT(sent, 64u * 1024);
  EXPECT_LT(sent, kWhatKernelsHold) << "the gateway holds what it cannot deliver";
  EXPECT_TRUE(upstream.silent_for(0ms));
  upstream.send(handshake_response());
  client.read_head();
  EXPECT_TRUE(upstream.read_exactly(sent) == early.substr(0, sent));
  client.send(early.substr(sent, kMiB));
  EXPECT_TRUE(upstream.read_exactly(kMiB) == early.substr(sent, kMiB));
  expect_to_client(frame(1, "still open", false));
}

TEST_F(TunnelBytesPlain, MuchBehindThe101ArrivesInOrder) {
  start();
  client = connect();
  client.send(handshake_request());
  upstream = scripted.accept();
  upstream.read_head();
  const std::string early = frame(2, noise(4 * kMiB), false);
  auto sender = std::async(std::launch::async, [&] { upstream.send(handshake_response() + early); });
  client.read_head();
  EXPECT_TRUE(client.read_exactly(early.size()) == early);
  sender.wait();
}

// ---- Verbatim

TEST_P(TunnelBytes, AreNotTouchedWhateverTheFramesLookLike) {
  open();
  expect_to_upstream(all_frames(true));
  expect_to_client(all_frames(false));
  close();
  const auto record = last_record();
  EXPECT_EQ(kMessagesInAllFrames, record["messages_to_upstream"]);
  EXPECT_EQ(kMessagesInAllFrames, record["messages_to_client"]);
  EXPECT_EQ(all_frames(true).size(), record["bytes_to_upstream"]);
  EXPECT_EQ(all_frames(false).size(), record["bytes_to_client"]);
  EXPECT_FALSE(record.contains("close_code_from_client"));
}

TEST_P(TunnelBytes, AreFollowedWhereverTheyAreCut) {
  open();
  const std::string up = all_frames(true);
  const std::string down = all_frames(false);
  std::uint64_t rounds = 0;
  for (std::size_t cut = 1; cut < down.size();
       ++cut, ++rounds) {  // each part arrives before the next is sent
    expect_to_client(down.substr(0, cut));
    expect_to_client(down.substr(cut));
    expect_to_upstream(up.substr(0, cut));
    expect_to_upstream(up.substr(cut));
  }
  for (const char byte : down) expect_to_client({byte});
  for (const char byte : up) expect_to_upstream({byte});
  close();
  const auto record = last_record();
  EXPECT_EQ(kMessagesInAllFrames * (rounds + 1), record["messages_to_upstream"]);
  EXPECT_EQ(kMessagesInAllFrames * (rounds + 1), record["messages_to_client"]);
}

TEST_P(TunnelBytes, OfLargeMessagesGoBothWaysAtOnce) {
  open();
  const std::string up = frame_header(2, 16 * kMiB, true) + noise(16 * kMiB, 2);
  const std::string down = frame_header(2, 16 * kMiB, false) + noise(16 * kMiB, 3);
  // Each side writes on a thread of its own; over TLS one connection is not used by two threads, so the
  // client's turn to write comes when it has read.
  auto from_upstream = std::async(std::launch::async, [&] { upstream.send(down); });
  EXPECT_TRUE(client.read_exactly(down.size()) == down);
  from_upstream.wait();
  auto to_upstream = std::async(std::launch::async, [&] { return upstream.read_exactly(up.size()); });
  client.send(up);
  EXPECT_TRUE(to_upstream.get() == up);
  close();
  EXPECT_EQ(1, last_record()["messages_to_client"]);
}

TEST_F(TunnelBytesPlain, LargeMessagesCrossEachOther) {
  open();
  const std::string up = frame_header(2, 16 * kMiB, true) + noise(16 * kMiB, 2);
  const std::string down = frame_header(2, 16 * kMiB, false) + noise(16 * kMiB, 3);
  auto one = std::async(std::launch::async, [&] { upstream.send(down); });
  auto other = std::async(std::launch::async, [&] { client.send(up); });
  auto third = std::async(std::launch::async, [&] { return upstream.read_exactly(up.size()); });
  EXPECT_TRUE(client.read_exactly(down.size()) == down);
  EXPECT_TRUE(third.get() == up);
  one.wait();
  other.wait();
}

TEST_P(TunnelBytes, ThatAreNoWebSocketFlowOnUncounted) {
  open();
  expect_to_upstream(frame(1, "a message", true));
  expect_to_upstream(frame(1, "a server's frame", false));  // not masked: not a client's
  expect_to_upstream(noise(100000, 5));
  expect_to_upstream(frame(1, "a message again", true));
  expect_to_client(frame(1, "the other way is followed still", false));
  expect_to_client(frame(3, "a reserved opcode", false) + noise(100000, 6));
  expect_to_client(frame(1, "too late", false));
  close();
  const auto record = last_record();
  EXPECT_EQ(1, record["messages_to_upstream"]);
  EXPECT_EQ(1, record["messages_to_client"]);
  EXPECT_GT(record["bytes_to_upstream"], 100000);
  EXPECT_GT(record["bytes_to_client"], 100000);
}

TEST_P(TunnelBytes, OfEveryKindOfNonsenseFlowOn) {
  start();
  const std::vector<std::string> nonsense{
      std::string("\x83\x80\x01\x02\x03\x04", 6),                           // a reserved opcode
      std::string("\x09\x80\x01\x02\x03\x04", 6),                           // a fragmented Ping
      std::string("\x89\xfe\x00\x7e\x01\x02\x03\x04", 8),                   // a long Ping
      std::string("\x80\x80\x01\x02\x03\x04", 6),                           // a continuation of nothing
      std::string("\x01\x80\x01\x02\x03\x04\x81\x80\x01\x02\x03\x04", 12),  // a message inside another
      std::string("\x82\xfe\x00\x7d\x01\x02\x03\x04", 8),                   // a length in too many bytes
      std::string("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x01\x01\x02\x03\x04",
                  14),  // a length of 2^63 and more
      "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
  };
  for (const std::string& bytes : nonsense) {
    SCOPED_TRACE(testing::PrintToString(bytes));
    open_pair(client, upstream);
    expect_to_upstream(bytes + noise(5000));
    expect_to_client(frame(1, "fine", false));
    close();
  }
}

// ---- Slow readers

TEST_F(TunnelBytesPlain, AnUpstreamThatDoesNotReadPausesTheClient) {
  open();
  const std::string bytes = frame_header(2, kMoreThanFits, true) + noise(kMoreThanFits);
  const std::size_t sent = send_until_full(client, bytes);
  EXPECT_LT(sent, kWhatKernelsHold) << "the gateway takes what it cannot deliver";
  expect_to_client(frame(1, "the other way is open", false));
  EXPECT_TRUE(upstream.read_exactly(sent) == bytes.substr(0, sent));
  expect_to_upstream(bytes.substr(sent, kMiB));
}

TEST_P(TunnelBytes, ThatAClientDoesNotReadPauseTheUpstream) {
  open();
  const std::string bytes = frame_header(2, kMoreThanFits, false) + noise(kMoreThanFits);
  const std::size_t sent = send_until_full(upstream, bytes);
  EXPECT_LT(sent, kWhatKernelsHold) << "the gateway takes what it cannot deliver";
  expect_to_upstream(frame(1, "the other way is open", true));
  EXPECT_TRUE(client.read_exactly(sent) == bytes.substr(0, sent));
  expect_to_client(bytes.substr(sent, kMiB));
}

TEST_F(TunnelBytesPlain, NeitherSideReadsThenBothDo) {
  open();
  const std::string up = frame_header(2, kMoreThanFits, true) + noise(kMoreThanFits, 7);
  const std::string down = frame_header(2, kMoreThanFits, false) + noise(kMoreThanFits, 8);
  const std::size_t sent_up = send_until_full(client, up);
  const std::size_t sent_down = send_until_full(upstream, down);
  EXPECT_LT(sent_up, kWhatKernelsHold);
  EXPECT_LT(sent_down, kWhatKernelsHold);
  EXPECT_TRUE(client.read_exactly(sent_down) == down.substr(0, sent_down));
  EXPECT_TRUE(upstream.read_exactly(sent_up) == up.substr(0, sent_up));
  expect_to_client(down.substr(sent_down, 1000));
  expect_to_upstream(up.substr(sent_up, 1000));
}

TEST_F(TunnelBytesPlain, AClientThatReadsInSipsGetsEverythingInOrder) {
  open(/*receive_buffer=*/4096);
  const std::string bytes = frame(2, noise(kMiB), false);
  auto sender = std::async(std::launch::async, [&] { upstream.send(bytes); });
  std::string got;
  for (std::size_t sip = 1; got.size() < bytes.size(); sip = sip % 7919 + 613) {
    got += client.read_exactly(std::min(sip, bytes.size() - got.size()));
  }
  sender.wait();
  EXPECT_TRUE(got == bytes);
}

}  // namespace
}  // namespace tidegate::test
