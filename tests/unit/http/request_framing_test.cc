// The row "Content-Length and Transfer-Encoding ..." of the table "Requests": what request smuggling is made
// of.
#include "tests/unit/http/support.h"

namespace tidegate::http {
namespace {

Reason judge(std::string_view fields) {
  return read_request("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n").reason;
}

std::shared_ptr<RequestHead> accepted(std::string_view fields) {
  const RequestOutcome outcome =
      read_request("POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
  EXPECT_EQ(word(outcome.reason), word(Reason::none)) << fields;
  return outcome.head ? outcome.head : std::make_shared<RequestHead>();
}

TEST(RequestFraming, IsNoneWithoutAField) {
  EXPECT_EQ(accepted("")->framing, Framing::none);
}

TEST(RequestFraming, IsTheLength) {
  const auto head = accepted("Content-Length: 123\r\n");
  EXPECT_EQ(head->framing, Framing::length);
  EXPECT_EQ(head->content_length, 123u);
  EXPECT_EQ(accepted("content-length:  5 \r\n")->content_length, 5u);
  EXPECT_EQ(accepted("Content-Length: 0\r\n")->framing, Framing::length);
  EXPECT_EQ(accepted("Content-Length: 00005\r\n")->content_length, 5u);
}

TEST(RequestFraming, IsTheSameForGet) {
  const auto head = read_get("Content-Length: 7\r\n").head;
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->framing, Framing::length);
  EXPECT_EQ(head->content_length, 7u);
}

TEST(RequestFraming, IsChunked) {
  EXPECT_EQ(accepted("Transfer-Encoding: chunked\r\n")->framing, Framing::chunked);
  EXPECT_EQ(accepted("transfer-encoding:CHUNKED \r\n")->framing, Framing::chunked);
}

TEST(RequestFraming, RefusesLengthAndEncodingTogether) {
  EXPECT_EQ(judge("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"), Reason::bad_framing);
}

TEST(RequestFraming, RefusesAnyOtherEncoding) {
  for (std::string_view value : {"", "identity", "gzip", "xchunked", "chunked, identity", "gzip, chunked",
                                 "chunked, chunked", "chunked,", ",chunked", "chunked;q=1", "\"chunked\"",
                                 "chun\tked", "chunked x", "cow", "chunked, cow"}) {
    EXPECT_EQ(judge("Transfer-Encoding: " + std::string(value) + "\r\n"), Reason::bad_framing) << value;
  }
}

TEST(RequestFraming, RefusesARepeatedEncoding) {
  EXPECT_EQ(judge("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Transfer-Encoding: cow\r\nTransfer-Encoding: chunked\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Transfer-Encoding:\r\nTransfer-Encoding: chunked\r\n"), Reason::bad_framing);
}

TEST(RequestFraming, RefusesAnEncodingInDisguise) {
  EXPECT_EQ(judge("Transfer-Encoding : chunked\r\n"), Reason::bad_field);
  EXPECT_EQ(judge("Transfer-Encoding: \x0b"
                  "chunked\r\n"),
            Reason::bad_field);
  EXPECT_EQ(judge("Transfer-Encoding: chunked\x0b\r\n"), Reason::bad_field);
  EXPECT_EQ(judge("Transfer-Encoding:\r\n chunked\r\n"), Reason::bad_field);
  EXPECT_EQ(judge(" Transfer-Encoding: chunked\r\n"), Reason::bad_field);
  EXPECT_EQ(judge("X: x\nTransfer-Encoding: chunked\r\n"), Reason::bad_field);
  EXPECT_EQ(judge("X: x\rTransfer-Encoding: chunked\r\n"), Reason::bad_field);
  EXPECT_EQ(judge("Transfer-Encoding\r\n: chunked\r\n"), Reason::bad_field);
  EXPECT_EQ(judge("Transfer-Encoding: chunked\xff\r\n"), Reason::bad_framing);
}

TEST(RequestFraming, RefusesAnEncodingInHttp10) {
  EXPECT_EQ(read_request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n").reason,
            Reason::bad_framing);
  EXPECT_EQ(read_request("POST / HTTP/1.0\r\nTransfer-Encoding: identity\r\n\r\n").reason,
            Reason::bad_framing);
}

TEST(RequestFraming, RefusesARepeatedLength) {
  EXPECT_EQ(judge("Content-Length: 5\r\nContent-Length: 5\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Content-Length: 5\r\ncontent-length: 6\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Content-Length: 0\r\nX: y\r\nContent-Length: 0\r\n"), Reason::bad_framing);
}

TEST(RequestFraming, RefusesAListedLength) {
  EXPECT_EQ(judge("Content-Length: 5, 5\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Content-Length: 5,6\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Content-Length: 5 5\r\n"), Reason::bad_framing);
}

TEST(RequestFraming, RefusesASignedLength) {
  EXPECT_EQ(judge("Content-Length: +5\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Content-Length: -5\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Content-Length: -0\r\n"), Reason::bad_framing);
}

TEST(RequestFraming, RefusesAnEmptyLength) {
  EXPECT_EQ(judge("Content-Length:\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Content-Length: \r\n"), Reason::bad_framing);
}

TEST(RequestFraming, RefusesALengthThatIsNoDecimalNumber) {
  for (std::string_view value :
       {"0x5", "5e3", "5.0", "five", "5\xff", "\"5\"", "5;", "_5", "0b1", "\xd9\xa5"}) {
    EXPECT_EQ(judge("Content-Length: " + std::string(value) + "\r\n"), Reason::bad_framing) << value;
  }
}

TEST(RequestFraming, RefusesAnOverflowingLength) {
  EXPECT_EQ(accepted("Content-Length: 18446744073709551615\r\n")->content_length, UINT64_MAX);
  EXPECT_EQ(judge("Content-Length: 18446744073709551616\r\n"), Reason::bad_framing);
  EXPECT_EQ(judge("Content-Length: 99999999999999999999999999\r\n"), Reason::bad_framing);
}

TEST(RequestFraming, RefusesALengthInDisguise) {
  EXPECT_EQ(judge("Content-Length : 5\r\n"), Reason::bad_field);
  EXPECT_EQ(judge("Content-Length: 5\r\n 6\r\n"), Reason::bad_field);
  EXPECT_EQ(judge("X: x\nContent-Length: 5\r\n"), Reason::bad_field);
  EXPECT_EQ(judge(std::string_view("Content-Length: 5\0\r\n", 20)), Reason::bad_field);
}

}  // namespace
}  // namespace tidegate::http
