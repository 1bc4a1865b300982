#include "gateway/control/answer_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace tidegate::control {
namespace {

constexpr std::size_t kMaxBody = 1000;

struct Read {
  bool done = false;
  int status = 0;
  std::string body;
  std::string problem;
  bool operator==(const Read&) const = default;
};

/// In these pieces, then the peer's end.
Read read(const std::vector<std::string_view>& pieces, std::size_t max_body = kMaxBody) {
  AnswerReader reader(max_body);
  Read result;
  for (const std::string_view piece : pieces) {
    reader.feed(piece);
    result.body += reader.take_body();
  }
  reader.end();
  result.done = reader.done();
  result.status = reader.status();
  result.problem = reader.problem();
  return result;
}

Read read_whole(std::string_view bytes) {
  return read({bytes});
}

std::vector<std::string_view> byte_by_byte(std::string_view bytes) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < bytes.size(); ++i) pieces.push_back(bytes.substr(i, 1));
  return pieces;
}

constexpr std::string_view kSized =
    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello";
constexpr std::string_view kChunked =
    "HTTP/1.1 422 Unprocessable\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;ext=1\r\nhel\r\nA\r\nlo, world!\r\n0\r\nX-Trailer: 1\r\n\r\n";
constexpr std::string_view kUntilEnd = "HTTP/1.0 200 OK\r\n\r\nall of it";
constexpr std::string_view kEmpty = "HTTP/1.1 204 No Content\r\n\r\n";
constexpr std::string_view kInterim =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

TEST(AnswerReader, ReadsEachKindOfBody) {
  EXPECT_EQ(read_whole(kSized), (Read{true, 200, "hello", ""}));
  EXPECT_EQ(read_whole(kChunked), (Read{true, 422, "hello, world!", ""}));
  EXPECT_EQ(read_whole(kUntilEnd), (Read{true, 200, "all of it", ""}));
  EXPECT_EQ(read_whole(kEmpty), (Read{true, 204, "", ""}));
  EXPECT_EQ(read_whole(kInterim), (Read{true, 200, "ok", ""}));
}

TEST(AnswerReader, GivesTheSameHoweverTheBytesArrive) {
  for (const std::string_view answer : {kSized, kChunked, kUntilEnd, kEmpty, kInterim}) {
    const Read whole = read_whole(answer);
    for (std::size_t cut = 0; cut <= answer.size(); ++cut)
      EXPECT_EQ(read({answer.substr(0, cut), answer.substr(cut)}), whole)
          << "cut at " << cut << " of " << answer;
    EXPECT_EQ(read(byte_by_byte(answer)), whole) << answer;
  }
}

TEST(AnswerReader, SaysOfEachCutThatItIsOne) {
  for (const std::string_view answer : {kSized, kChunked, kEmpty, kInterim}) {
    for (std::size_t cut = 0; cut < answer.size(); ++cut) {
      const Read result = read_whole(answer.substr(0, cut));
      EXPECT_FALSE(result.done) << "cut at " << cut << " of " << answer;
      EXPECT_EQ(result.problem, "the answer was cut") << "cut at " << cut << " of " << answer;
    }
  }
}

TEST(AnswerReader, KnowsTheHeadBeforeTheBody) {
  AnswerReader reader(kMaxBody);
  reader.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n");
  EXPECT_FALSE(reader.has_head());
  reader.feed("\r\n5\r\nhel");
  EXPECT_TRUE(reader.has_head());
  EXPECT_EQ(reader.take_body(), "hel");
  reader.feed("lo\r\n");
  EXPECT_EQ(reader.take_body(), "lo");
  EXPECT_FALSE(reader.done());
}

TEST(AnswerReader, RefusesWhatIsNotHttp) {
  for (const std::string_view bytes : {
           "SSH-2.0-OpenSSH_9.2\r\n\r\n",
           "HTTP/2 200\r\n\r\n",
           "HTTP/1.1 2x0 OK\r\n\r\n",
           "HTTP/1.1 099 OK\r\n\r\n",
           "HTTP/1.1\r\n\r\n",
           "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
           "HTTP/1.1 200 OK\r\n: empty\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
           "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n0\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
       }) {
    const Read result = read_whole(bytes);
    EXPECT_FALSE(result.done) << bytes;
    EXPECT_NE(result.problem, "") << bytes;
    EXPECT_NE(result.problem, "the answer was cut") << bytes;
  }
}

TEST(AnswerReader, BoundsWhatItHolds) {
  const std::string sized = "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n" + std::string(11, 'x');
  EXPECT_TRUE(read({sized}, 11).done);
  EXPECT_EQ(read({sized}, 10).problem, "it is too long");
  const std::string endless = "HTTP/1.1 200 OK\r\n\r\n" + std::string(11, 'x');
  EXPECT_EQ(read({endless}, 10).problem, "it is too long");
  const std::string field = "HTTP/1.1 200 OK\r\nX: " + std::string(AnswerReader::kMaxHead, 'x');
  EXPECT_EQ(read({field}).problem, "its head is too long");
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(read({chunked + "1;" + std::string(AnswerReader::kMaxHead, 'x')}).problem,
            "a line of it is too long");
  std::string trailers = chunked + "0\r\n";
  for (int i = 0; i < 20; ++i) trailers += "X: " + std::string(1000, 'x') + "\r\n";
  EXPECT_EQ(read({trailers}).problem, "its trailers are too long");
}

TEST(AnswerReader, StaysBroken) {
  AnswerReader reader(kMaxBody);
  EXPECT_FALSE(reader.feed("nonsense\r\n\r\n"));
  EXPECT_FALSE(reader.feed(kSized));
  EXPECT_FALSE(reader.has_head());
}

}  // namespace
}  // namespace tidegate::control
