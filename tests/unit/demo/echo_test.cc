#include "gateway/demo/echo.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace tidegate::demo {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

constexpr unsigned char kMask[4] = {0x11, 0x22, 0x33, 0x44};

/// The bytes that carry a length, RFC 6455 §5.2.
std::string length_bytes(std::size_t length, unsigned char mask_bit) {
  std::string out;
  int wide = 0;
  if (length < 126) {
    out += static_cast<char>(mask_bit | length);
  } else {
    wide = length <= 0xFFFF ? 2 : 8;
    out += static_cast<char>(mask_bit | (wide == 2 ? 126 : 127));
  }
  for (int i = wide - 1; i >= 0; --i) out += static_cast<char>(length >> (8 * i) & 0xFF);
  return out;
}

std::string from_client(unsigned char first, std::string_view payload) {
  std::string out(1, static_cast<char>(first));
  out += length_bytes(payload.size(), 0x80);
  out.append(reinterpret_cast<const char*>(kMask), 4);
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ kMask[i % 4]);
  return out;
}

std::string from_server(unsigned char first, std::string_view payload) {
  return std::string(1, static_cast<char>(first)) + length_bytes(payload.size(), 0) + std::string(payload);
}

struct Answer {
  std::string bytes;
  bool closed = false;
  bool operator==(const Answer&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Answer& answer) {
  return out << testing::PrintToString(answer.bytes) << (answer.closed ? " closed" : " open");
}

Answer answer(std::initializer_list<std::string_view> pieces) {
  Echo echo;
  Answer answer;
  for (std::string_view piece : pieces)
    answer.closed = echo.feed(as_bytes(piece), answer.bytes) == Echo::Next::close;
  return answer;
}

Answer answer_byte_by_byte(std::string_view bytes) {
  Echo echo;
  Answer answer;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    answer.closed = echo.feed(as_bytes(bytes.substr(i, 1)), answer.bytes) == Echo::Next::close;
  }
  return answer;
}

/// However the bytes arrive.
void expect_answer(const std::string& bytes, const Answer& expected) {
  EXPECT_EQ(answer({bytes}), expected);
  EXPECT_EQ(answer_byte_by_byte(bytes), expected);
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    EXPECT_EQ(answer({std::string_view(bytes).substr(0, cut), std::string_view(bytes).substr(cut)}), expected)
        << "cut at " << cut;
  }
}

Answer protocol_error() {
  return {"\x88\x02\x03\xEA"s, true};
}

TEST(Echo, SendsTextAndBinaryBackUnmasked) {
  expect_answer(from_client(0x81, "hello") + from_client(0x82, "\0\xFF"sv) + from_client(0x81, ""),
                {from_server(0x81, "hello") + from_server(0x82, "\0\xFF"sv) + from_server(0x81, ""), false});
}

TEST(Echo, KeepsEveryFormOfLength) {
  for (const std::size_t size : {125u, 126u, 127u, 0xFFFFu, 0x10000u, 0x10001u}) {
    std::string payload(size, '\0');
    for (std::size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 31);
    EXPECT_EQ(answer({from_client(0x82, payload)}), (Answer{from_server(0x82, payload), false})) << size;
    EXPECT_EQ(answer_byte_by_byte(from_client(0x82, payload)), (Answer{from_server(0x82, payload), false}))
        << size;
  }
}

TEST(Echo, PassesFragmentsThroughWithAPingBetween) {
  expect_answer(
      from_client(0x01, "He") + from_client(0x89, "p") + from_client(0x00, "") + from_client(0x80, "llo"),
      {from_server(0x01, "He") + from_server(0x8A, "p") + from_server(0x00, "") + from_server(0x80, "llo"),
       false});
}

TEST(Echo, SendsAFrameOnBeforeItIsWhole) {
  Echo echo;
  std::string out;
  const std::string frame = from_client(0x82, std::string(1000, 'x'));
  EXPECT_EQ(echo.feed(as_bytes(std::string_view(frame).substr(0, 508)), out), Echo::Next::go_on);
  EXPECT_EQ(out, from_server(0x82, std::string(1000, 'x')).substr(0, 504));
}

TEST(Echo, AnswersPingsAndIgnoresPongs) {
  const std::string longest(125, 'p');
  expect_answer(from_client(0x89, "") + from_client(0x8A, "unasked") + from_client(0x89, longest),
                {from_server(0x8A, "") + from_server(0x8A, longest), false});
}

TEST(Echo, ClosesWithTheCodeThatCameAndHearsNothingMore) {
  expect_answer(from_client(0x88, "\x03\xE8 bye"sv) + from_client(0x81, "late"), {"\x88\x02\x03\xE8"s, true});
  expect_answer(from_client(0x88, "\x0F\xA0"sv), {"\x88\x02\x0F\xA0"s, true});
  expect_answer(from_client(0x88, ""), {"\x88\x00"s, true});
}

TEST(Echo, RefusesCloseCodesThatNobodyMaySend) {
  expect_answer(from_client(0x88, "\x03"sv), protocol_error());
  for (const std::string_view code : {"\x03\xED"sv, "\x03\xEE"sv, "\x03\xF7"sv, "\x00\x00"sv}) {
    expect_answer(from_client(0x88, code), protocol_error());
  }
}

TEST(Echo, RefusesWhatIsNotAClientsFrame) {
  const std::pair<const char*, std::string> cases[] = {
      {"not masked", from_server(0x81, "hello!")},
      {"reserved bit", from_client(0xC1, "x")},
      {"reserved opcode", from_client(0x83, "x")},
      {"reserved control opcode", from_client(0x8B, "x")},
      {"fragmented ping", from_client(0x09, "x")},
      {"long ping", from_client(0x89, std::string(126, 'x'))},
      {"continuation of nothing", from_client(0x80, "x")},
      {"length in two bytes where one would do", "\x81\xFE\x00\x7D\x11\x22\x33\x44"s},
      {"length in eight bytes where two would do",
       "\x81\xFF\x00\x00\x00\x00\x00\x00\xFF\xFF\x11\x22\x33\x44"s},
      {"length with its top bit", "\x81\xFF\x80\x00\x00\x00\x00\x00\x00\x00\x11\x22\x33\x44"s},
  };
  for (const auto& [what, bytes] : cases) {
    SCOPED_TRACE(what);
    expect_answer(bytes, protocol_error());
  }
}

TEST(Echo, RefusesAMessageInsideAMessage) {
  expect_answer(from_client(0x01, "a") + from_client(0x81, "b"),
                {from_server(0x01, "a") + protocol_error().bytes, true});
}

}  // namespace
}  // namespace tidegate::demo
