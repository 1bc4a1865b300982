// The row "chunks" of the table "Requests", and the ends of bodies.
#include "tests/unit/http/support.h"

namespace tidegate::http {
namespace {

BodyOutcome decode(std::string_view input) {
  return decode_body(input, Framing::chunked);
}

void expect_refused(std::string_view input, Reason reason = Reason::bad_chunk) {
  const BodyOutcome outcome = decode(input);
  EXPECT_EQ(word(outcome.reason), word(reason)) << input;
  EXPECT_EQ(outcome.at_fault, Party::client);
}

TEST(BodyDecoder, HasNothingToDoWithoutABody) {
  const BodyOutcome outcome = decode_body("GET / HTTP/1.1\r\n", Framing::none);
  EXPECT_TRUE(outcome.complete && outcome.may_end_here);
  EXPECT_EQ(outcome.consumed, 0u);
  EXPECT_TRUE(decode_body("abc", Framing::length, 0).complete);
}

TEST(BodyDecoder, EndsAtTheLength) {
  const BodyOutcome outcome = decode_body("helloGET / HTTP/1.1\r\n", Framing::length, 5);
  EXPECT_TRUE(outcome.complete && outcome.may_end_here);
  EXPECT_EQ(outcome.payload, "hello");
  EXPECT_EQ(outcome.consumed, 5u);
  EXPECT_EQ(outcome.payload_bytes, 5u);
}

TEST(BodyDecoder, MayNotEndBeforeTheLength) {
  const BodyOutcome outcome = decode_body("hell", Framing::length, 5);
  EXPECT_FALSE(outcome.complete || outcome.may_end_here);
}

TEST(BodyDecoder, EndsNeverUntilClose) {
  const BodyOutcome outcome = decode_body("hello", Framing::until_close);
  EXPECT_EQ(outcome.payload, "hello");
  EXPECT_FALSE(outcome.complete);
  EXPECT_TRUE(outcome.may_end_here);
}

TEST(BodyDecoder, PointsIntoTheBytesGiven) {
  BodyDecoder decoder(Framing::chunked, 0, Party::client);
  const std::string_view input = "5\r\nhello\r\n";
  const auto step = decoder.feed(as_bytes(input));
  ASSERT_TRUE(step);
  EXPECT_EQ(static_cast<const void*>(step.value().data.data()), input.data() + 3);
}

TEST(Chunks, AreTakenOutOfTheirFraming) {
  const std::string body = "5\r\nhello\r\n7\r\n, world\r\n0\r\n\r\n";
  const BodyOutcome outcome = decode(body + "GET / HTTP/1.1\r\n");
  EXPECT_TRUE(outcome.complete && outcome.may_end_here);
  EXPECT_EQ(outcome.payload, "hello, world");
  EXPECT_EQ(outcome.payload_bytes, 12u);
  EXPECT_EQ(outcome.consumed, body.size());
}

TEST(Chunks, MayBeNone) {
  EXPECT_TRUE(decode("0\r\n\r\n").complete);
}

TEST(Chunks, MayHoldCrlfAndZeros) {
  EXPECT_EQ(decode("7\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n").payload, "\r\n0\r\n\r\n");
}

TEST(Chunks, MayNotEndBeforeTheLast) {
  for (std::string_view input :
       {"", "5", "5\r\n", "5\r\nhello", "5\r\nhello\r\n", "0", "0\r\n", "0\r\n\r", "0\r\nA: b\r\n"}) {
    const BodyOutcome outcome = decode(input);
    EXPECT_EQ(outcome.reason, Reason::none) << input;
    EXPECT_FALSE(outcome.complete || outcome.may_end_here) << input;
  }
}

TEST(Chunks, HaveHexadecimalSizesInEitherCase) {
  EXPECT_EQ(decode("1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n").payload_bytes, 26u);
  EXPECT_EQ(decode("1A\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n").payload_bytes, 26u);
  EXPECT_EQ(decode("0000000000000005\r\nhello\r\n000\r\n\r\n").payload, "hello");
}

TEST(Chunks, RefuseASizeThatOverflows) {
  EXPECT_EQ(decode("ffffffffffffffff\r\nhello").payload, "hello");
  expect_refused("10000000000000000\r\n");
  expect_refused("fffffffffffffffff\r\n");
  expect_refused("10000000000000005\r\nhello\r\n");
  expect_refused("00000000000000005\r\nhello\r\n");
}

TEST(Chunks, RefuseWhatIsNoHexDigit) {
  for (std::string_view size : {"", "0x5", "+5", "-5", " 5", "5 ", "5\t", "g", "5h", "\"5\"", "5.",
                                "\xef\xbc\x95", "_", ";a", "5 ;a"}) {
    expect_refused(std::string(size) + "\r\nhello\r\n0\r\n\r\n");
  }
  expect_refused(std::string_view("5\0\r\nhello\r\n", 11));
}

TEST(Chunks, WantCrlf) {
  expect_refused("5\nhello\r\n0\r\n\r\n");
  expect_refused("5\rhello\r\n0\r\n\r\n");
  expect_refused("5\r\r\nhello\r\n0\r\n\r\n");
  expect_refused("5\r\nhello\n0\r\n\r\n");
  expect_refused("5\r\nhello\r0\r\n\r\n");
  expect_refused("5\r\nhello0\r\n\r\n");
  expect_refused("5\r\nhelloo\r\n0\r\n\r\n");
  expect_refused("\r\n5\r\nhello\r\n0\r\n\r\n");
  expect_refused("5\r\nhello\r\n\r\n0\r\n\r\n");
  expect_refused("0\n\r\n");
  expect_refused("0\r\n\n", Reason::bad_field);
  expect_refused("0\r\n\rX", Reason::bad_field);
}

TEST(Chunks, LoseTheirExtensions) {
  EXPECT_EQ(decode("5;a=b;c=\"d e\"\r\nhello\r\n0;z\r\n\r\n").payload, "hello");
  EXPECT_EQ(decode("5;\r\nhello\r\n0\r\n\r\n").payload, "hello");
}

TEST(Chunks, RefuseLineEndsAndControlsInExtensions) {
  expect_refused("5;a\nhello\r\n0\r\n\r\n");
  expect_refused("5;a\rb\r\nhello\r\n");
  expect_refused("5;a=\"\r\n\"\r\nhello", Reason::bad_chunk);
  expect_refused("5;\x01\r\nhello\r\n");
  expect_refused(std::string_view("5;\0\r\nhello\r\n", 12));
}

TEST(Chunks, BoundAnExtension) {
  EXPECT_EQ(decode("0;" + std::string(256, 'a') + "\r\n\r\n").reason, Reason::none);
  expect_refused("0;" + std::string(257, 'a'));
}

TEST(Chunks, BoundAllExtensionsTogether) {
  const std::string chunk = "1;" + std::string(256, 'a') + "\r\nx\r\n";
  std::string body;
  for (int i = 0; i < 64; ++i) body += chunk;
  EXPECT_EQ(decode(body + "0\r\n\r\n").reason, Reason::none);
  expect_refused(body + "0;a\r\n\r\n");
}

TEST(Trailers, AreKept) {
  const std::string body = "0\r\nA: 1\r\nb:\t2 \r\nC:\r\n\r\n";
  const BodyOutcome outcome = decode(body + "X");
  EXPECT_TRUE(outcome.complete);
  const std::vector<std::pair<std::string, std::string>> expected{{"A", "1"}, {"b", "2"}, {"C", ""}};
  EXPECT_EQ(outcome.trailers, expected);
  EXPECT_EQ(outcome.consumed, body.size());
}

TEST(Trailers, KeepTheGrammarOfFields) {
  for (std::string_view trailer :
       {"A : b\r\n", "A: b\n", ": b\r\n", "A\r\n", " A: b\r\n", "A: b\r\n c\r\n", "A: \x01\r\n"}) {
    expect_refused("0\r\n" + std::string(trailer) + "\r\n", Reason::bad_field);
  }
}

TEST(Trailers, AreBounded) {
  const auto one = [](std::size_t bytes) { return "0\r\nA: " + std::string(bytes - 7, 'x') + "\r\n\r\n"; };
  EXPECT_EQ(decode(one(16 * kKiB)).reason, Reason::none);
  expect_refused(one(16 * kKiB + 1), Reason::head_too_large);
  std::string many = "0\r\n";
  for (int i = 0; i < 100; ++i) many += "A: b\r\n";
  EXPECT_EQ(decode(many + "\r\n").trailers.size(), 100u);
  expect_refused(many + "A: b\r\n\r\n", Reason::head_too_large);
}

TEST(Chunks, AreTheUpstreamsFaultInAResponse) {
  const BodyOutcome outcome = decode_body("x", Framing::chunked, 0, Party::upstream);
  EXPECT_EQ(outcome.reason, Reason::upstream_bad_response);
  EXPECT_EQ(outcome.at_fault, Party::upstream);
}

TEST(Chunks, GoOutAsTheyAreRead) {
  for (std::uint64_t size :
       {std::uint64_t{1}, std::uint64_t{15}, std::uint64_t{16}, std::uint64_t{65536}, UINT64_MAX}) {
    char buffer[24];
    const std::string header(chunk_header(size, buffer));
    EXPECT_TRUE(header.ends_with("\r\n"));
    EXPECT_EQ(std::stoull(header, nullptr, 16), size);
  }
  char buffer[24];
  const std::string body = std::string(chunk_header(26, buffer)) + "abcdefghijklmnopqrstuvwxyz\r\n";
  EXPECT_EQ(decode(body + std::string(kLastChunk)).payload, "abcdefghijklmnopqrstuvwxyz");
}

}  // namespace
}  // namespace tidegate::http
