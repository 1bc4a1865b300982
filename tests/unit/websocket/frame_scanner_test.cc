#include "gateway/websocket/frame_scanner.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/websocket/frames.h"

namespace tidegate::websocket {
namespace {

using test::close_payload;
using test::frame;
using test::FrameSpec;
using test::header;

/// All that a scanner says of itself, to compare.
struct Told {
  bool following, at_boundary;
  std::uint64_t text, binary, pings, pongs, bytes;
  std::optional<std::uint16_t> close_code;
  bool operator==(const Told&) const = default;
};

Told told(const FrameScanner& s) {
  return {s.following(), s.at_boundary(), s.text_messages(), s.binary_messages(),
          s.pings(),     s.pongs(),       s.bytes(),         s.close_code()};
}

void feed(FrameScanner& scanner, std::string_view bytes) {
  scanner.scan(as_bytes(bytes));
}

Told whole(std::string_view bytes, Sender sender) {
  FrameScanner scanner(sender);
  feed(scanner, bytes);
  return told(scanner);
}

/// Scans whole, cut in two at each position and byte by byte; all must say the same.
Told however_cut(std::string_view bytes, Sender sender = Sender::server) {
  const Told expected = whole(bytes, sender);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameScanner scanner(sender);
    feed(scanner, bytes.substr(0, cut));
    feed(scanner, bytes.substr(cut));
    EXPECT_EQ(told(scanner), expected) << "cut at " << cut;
  }
  FrameScanner scanner(sender);
  for (const char& c : bytes) feed(scanner, {&c, 1});
  EXPECT_EQ(told(scanner), expected) << "byte by byte";
  return expected;
}

TEST(FrameScanner, BeginsAtABoundary) {
  const FrameScanner scanner(Sender::client);
  EXPECT_TRUE(scanner.following());
  EXPECT_TRUE(scanner.at_boundary());
  EXPECT_EQ(scanner.close_code(), std::nullopt);
}

TEST(FrameScanner, CountsMessagesByTheKindOfTheirFirstFrame) {
  for (const Sender sender : {Sender::client, Sender::server}) {
    const std::string bytes =
        frame("hello", {.opcode = Opcode::text, .sender = sender}) +
        frame("frag", {.opcode = Opcode::binary, .fin = false, .sender = sender}) +
        frame("p", {.opcode = Opcode::ping, .sender = sender}) +
        frame("ment", {.opcode = Opcode::continuation, .fin = false, .sender = sender}) +
        frame("q", {.opcode = Opcode::pong, .sender = sender}) +
        frame("ed", {.opcode = Opcode::continuation, .sender = sender}) +
        frame("", {.opcode = Opcode::text, .sender = sender});
    const Told all = however_cut(bytes, sender);
    EXPECT_TRUE(all.at_boundary);
    EXPECT_EQ(all.text, 2u);
    EXPECT_EQ(all.binary, 1u);
    EXPECT_EQ(all.pings, 1u);
    EXPECT_EQ(all.pongs, 1u);
    EXPECT_EQ(all.bytes, bytes.size());
  }
}

TEST(FrameScanner, CountsAMessageOnlyWhenItsLastByteIsThere) {
  FrameScanner scanner(Sender::server);
  feed(scanner, header(3));
  feed(scanner, "ab");
  EXPECT_EQ(scanner.messages(), 0u);
  feed(scanner, "c");
  EXPECT_EQ(scanner.messages(), 1u);
}

TEST(FrameScanner, LeavesReservedBitsToTheExtensions) {
  for (std::uint8_t rsv = 1; rsv < 8; ++rsv) EXPECT_TRUE(however_cut(frame("x", {.rsv = rsv})).following);
}

TEST(FrameScanner, SkipsPayloadsOfEveryLengthForm) {
  for (const std::size_t length : {0u, 1u, 125u, 126u, 127u, 65535u, 65536u, 65537u}) {
    for (const Sender sender : {Sender::client, Sender::server}) {
      FrameScanner scanner(sender);
      const std::string one = header(length, {.sender = sender}) + std::string(length, '\xff');
      const FrameScanner::Seen seen = scanner.scan(as_bytes(one + one));
      EXPECT_EQ(scanner.text_messages(), 2u) << length;
      EXPECT_EQ(seen.first_boundary, one.size());
      EXPECT_EQ(seen.boundary, 2 * one.size());
      EXPECT_TRUE(scanner.at_boundary());
    }
  }
}

TEST(FrameScanner, FollowsAPayloadOf4GiB) {
  FrameScanner scanner(Sender::server);
  const std::uint64_t length = std::uint64_t{1} << 32;
  const std::string chunk(1 << 20, '\x81');
  feed(scanner, header(length));
  for (std::uint64_t sent = 0; sent < length; sent += chunk.size()) {
    EXPECT_EQ(scanner.messages(), 0u);
    feed(scanner, chunk);
  }
  EXPECT_EQ(scanner.text_messages(), 1u);
  EXPECT_TRUE(scanner.at_boundary());
  EXPECT_EQ(scanner.bytes(), length + 10);
}

TEST(FrameScanner, TakesTheLongestLengthThereIs) {
  FrameScanner scanner(Sender::server);
  feed(scanner, header((std::uint64_t{1} << 63) - 1));
  feed(scanner, "some of it");
  EXPECT_TRUE(scanner.following());
  EXPECT_FALSE(scanner.at_boundary());
}

TEST(FrameScanner, TellsWhereFramesEnd) {
  const std::string first = frame("one"), second = frame("second"), third = frame("3");
  const std::string bytes = first + second + third;
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    FrameScanner scanner(Sender::server);
    std::vector<std::size_t> ends;
    for (const auto& [from, part] :
         {std::pair{std::size_t{0}, bytes.substr(0, cut)}, {cut, bytes.substr(cut)}}) {
      const FrameScanner::Seen seen = scanner.scan(as_bytes(part));
      EXPECT_EQ(seen.first_boundary == 0, seen.boundary == 0);
      if (seen.first_boundary != 0) ends.push_back(from + seen.first_boundary);
      if (seen.boundary != seen.first_boundary) ends.push_back(from + seen.boundary);
      EXPECT_EQ(scanner.at_boundary(), seen.boundary == part.size()) << "cut at " << cut;
    }
    for (const std::size_t end : ends) {
      EXPECT_TRUE(end == first.size() || end == first.size() + second.size() || end == bytes.size()) << end;
    }
    EXPECT_EQ(ends.back(), bytes.size());
  }
}

TEST(FrameScanner, IsNotAtABoundaryInsideAHeader) {
  FrameScanner scanner(Sender::client);
  const std::string bytes = header(70000, {.sender = Sender::client});
  for (const char& c : bytes) {
    feed(scanner, {&c, 1});
    EXPECT_FALSE(scanner.at_boundary());
    EXPECT_TRUE(scanner.following());
  }
}

TEST(FrameScanner, ReadsTheCloseCode) {
  for (const Sender sender : {Sender::client, Sender::server}) {
    const FrameSpec close{.opcode = Opcode::close, .sender = sender};
    EXPECT_EQ(however_cut(frame(close_payload(1001), close), sender).close_code, 1001);
    EXPECT_EQ(however_cut(frame(close_payload(4999, "going away"), close), sender).close_code, 4999);
    EXPECT_EQ(however_cut(frame("", close), sender).close_code, 1005);
    EXPECT_EQ(however_cut(frame("x", close), sender).close_code, 1005);
  }
}

TEST(FrameScanner, KnowsNoCloseCodeBeforeTheFrameIsWhole) {
  FrameScanner scanner(Sender::server);
  const std::string bytes = frame(close_payload(1000, "why"), {.opcode = Opcode::close});
  feed(scanner, bytes.substr(0, bytes.size() - 1));
  EXPECT_EQ(scanner.close_code(), std::nullopt);
}

TEST(FrameScanner, KeepsTheFirstCloseCode) {
  const FrameSpec close{.opcode = Opcode::close};
  const std::string bytes =
      frame(close_payload(1000), close) + frame("late") + frame(close_payload(1011), close);
  EXPECT_EQ(however_cut(bytes).close_code, 1000);

  FrameScanner scanner(Sender::server);
  const FrameScanner::Seen seen = scanner.scan(as_bytes(bytes));
  EXPECT_TRUE(seen.close);
  EXPECT_EQ(seen.close_boundary, 4u);
  EXPECT_EQ(seen.boundary, bytes.size());
}

TEST(FrameScanner, TellsPongsFromOtherFrames) {
  const std::string pong = frame("answer", {.opcode = Opcode::pong});
  FrameScanner scanner(Sender::server);
  for (const char& c : pong) {
    const FrameScanner::Seen seen = scanner.scan(as_bytes({&c, 1}));
    EXPECT_FALSE(seen.other_than_pong);
    EXPECT_EQ(seen.pong, &c == &pong.back());
  }
  EXPECT_FALSE(scanner.scan(as_bytes(pong + pong)).other_than_pong);
  const FrameScanner::Seen both = scanner.scan(as_bytes(pong + frame("x")));
  EXPECT_TRUE(both.pong);
  EXPECT_TRUE(both.other_than_pong);
  for (const char& c : frame("x")) EXPECT_TRUE(scanner.scan(as_bytes({&c, 1})).other_than_pong);
}

TEST(FrameScanner, EmptyBytesChangeNothing) {
  FrameScanner scanner(Sender::server);
  const FrameScanner::Seen seen = scanner.scan({});
  EXPECT_EQ(seen.boundary, 0u);
  EXPECT_FALSE(seen.other_than_pong);
  EXPECT_TRUE(scanner.at_boundary());
}

struct NotAFrame {
  const char* what;
  std::string bytes;
  Sender sender = Sender::server;
};

std::vector<NotAFrame> not_frames() {
  const FrameSpec client{.sender = Sender::client};
  std::vector<NotAFrame> list = {
      {"fragmented close", frame("", {.opcode = Opcode::close, .fin = false})},
      {"fragmented ping", frame("", {.opcode = Opcode::ping, .fin = false})},
      {"fragmented pong", frame("", {.opcode = Opcode::pong, .fin = false})},
      {"long ping", header(126, {.opcode = Opcode::ping})},
      {"long close", header(65536, {.opcode = Opcode::close})},
      {"16-bit length of 125", std::string("\x81\x7e\x00\x7d", 4)},
      {"64-bit length of 65535", std::string("\x82\x7f\x00\x00\x00\x00\x00\x00\xff\xff", 10)},
      {"64-bit length with its top bit set", std::string("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10)},
      {"masked by a server", frame("x", client), Sender::server},
      {"not masked by a client", frame("x"), Sender::client},
      {"continuation of nothing", frame("x", {.opcode = Opcode::continuation})},
      {"continuation after a whole message", frame("x") + frame("y", {.opcode = Opcode::continuation})},
      {"text inside a message", frame("x", {.fin = false}) + frame("y")},
      {"binary inside a message", frame("x", {.fin = false}) + frame("y", {.opcode = Opcode::binary})},
  };
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    list.push_back({"reserved opcode", frame("", {.opcode = static_cast<Opcode>(opcode)})});
  }
  return list;
}

TEST(FrameScanner, StopsForGoodWhereAFrameIsNone) {
  for (const NotAFrame& bad : not_frames()) {
    const FrameSpec spec{.sender = bad.sender};
    const std::string bytes = frame("good", {.opcode = Opcode::binary, .sender = bad.sender}) + bad.bytes +
                              frame("later", spec) +
                              frame("", {.opcode = Opcode::close, .sender = bad.sender});
    const Told all = however_cut(bytes, bad.sender);
    EXPECT_FALSE(all.following) << bad.what;
    EXPECT_FALSE(all.at_boundary) << bad.what;
    EXPECT_EQ(all.binary, 1u) << bad.what;
    EXPECT_LE(all.text, 1u) << bad.what;  // one of the list begins with a whole message
    EXPECT_EQ(all.close_code, std::nullopt) << bad.what;
    EXPECT_EQ(all.bytes, bytes.size()) << bad.what;
  }
}

TEST(FrameScanner, CountsBytesAndActivityAfterAStop) {
  FrameScanner scanner(Sender::server);
  feed(scanner, "\xff\xff");
  EXPECT_FALSE(scanner.following());
  const FrameScanner::Seen seen = scanner.scan(as_bytes(frame("", {.opcode = Opcode::pong})));
  EXPECT_EQ(scanner.bytes(), 4u);
  EXPECT_TRUE(seen.other_than_pong);
  EXPECT_FALSE(seen.pong);
  EXPECT_EQ(seen.boundary, 0u);
}

TEST(FrameScanner, KeepsTheBoundaryBeforeAStop) {
  FrameScanner scanner(Sender::server);
  const std::string good = frame("good");
  EXPECT_EQ(scanner.scan(as_bytes(good + "\xff\xff")).boundary, good.size());
}

}  // namespace
}  // namespace tidegate::websocket
