// The first three rows of the table "Responses".
#include "tests/unit/http/support.h"

namespace tidegate::http {
namespace {

void expect_refused(std::string_view input) {
  const ResponseOutcome outcome = read_response(input);
  EXPECT_EQ(outcome.head, nullptr) << input;
  EXPECT_EQ(word(outcome.reason), word(Reason::upstream_bad_response)) << input;
  EXPECT_EQ(outcome.at_fault, Party::upstream);
}

std::shared_ptr<ResponseHead> accepted(std::string_view input, bool head_request = false) {
  const ResponseOutcome outcome = read_response(input, head_request);
  EXPECT_EQ(word(outcome.reason), word(Reason::none)) << input;
  EXPECT_NE(outcome.head, nullptr) << input;
  return outcome.head ? outcome.head : std::make_shared<ResponseHead>();
}

TEST(StatusLine, GivesItsParts) {
  const auto head = accepted("HTTP/1.1 404 Not here, sorry\r\nA: b\r\n\r\n");
  EXPECT_EQ(head->status, 404);
  EXPECT_EQ(head->phrase, "Not here, sorry");
  EXPECT_EQ(head->minor_version, 1);
  EXPECT_EQ(fields_of(*head), "A: b\n");
  EXPECT_EQ(accepted("HTTP/1.0 200 OK\r\n\r\n")->minor_version, 0);
}

TEST(StatusLine, MayLackAPhrase) {
  EXPECT_EQ(accepted("HTTP/1.1 200 \r\n\r\n")->phrase, "");
  EXPECT_EQ(accepted("HTTP/1.1 200\r\nA: b\r\n\r\n")->phrase, "");
}

TEST(StatusLine, TakesObsTextInThePhrase) {
  EXPECT_EQ(accepted("HTTP/1.1 200 gr\xc3\xbc\t!\r\n\r\n")->phrase, "gr\xc3\xbc\t!");
}

TEST(StatusLine, RefusesHttp09) {
  expect_refused("<html>hello</html>\r\n\r\n");
  expect_refused("\r\nHTTP/1.1 200 OK\r\n\r\n");
}

TEST(StatusLine, RefusesOtherVersions) {
  for (std::string_view version :
       {"HTTP/1.2", "HTTP/2.0", "HTTP/0.9", "http/1.1", "HTTP/11", "ICY", "HTTP/1.10", "RTSP/1.0"}) {
    expect_refused(std::string(version) + " 200 OK\r\n\r\n");
  }
}

TEST(StatusLine, RefusesABadStatus) {
  for (std::string_view status : {"99", "099", "600", "999", "2000", "20", "2x0", "-20", "", "+20", "200.",
                                  "\xd9\xa2"
                                  "00"}) {
    expect_refused("HTTP/1.1 " + std::string(status) + " OK\r\n\r\n");
  }
  EXPECT_EQ(accepted("HTTP/1.1 599 x\r\n\r\n")->status, 599);
  EXPECT_EQ(accepted("HTTP/1.1 100 x\r\n\r\n")->status, 100);
}

TEST(StatusLine, WantsSingleSpacesAndCrlf) {
  expect_refused("HTTP/1.1  200 OK\r\n\r\n");
  expect_refused("HTTP/1.1\t200 OK\r\n\r\n");
  expect_refused("HTTP/1.1 200\tOK\r\n\r\n");
  expect_refused(" HTTP/1.1 200 OK\r\n\r\n");
  expect_refused("HTTP/1.1 200 OK\n\r\n");
  expect_refused("HTTP/1.1 200 OK\rA: b\r\n\r\n");
  expect_refused("HTTP/1.1 200\n\r\n");
}

TEST(StatusLine, RefusesControls) {
  expect_refused(std::string_view("HTTP/1.1 200 O\0K\r\n\r\n", 20));
  expect_refused("HTTP/1.1 200 O\x7fK\r\n\r\n");
}

TEST(ResponseFields, KeepTheSameGrammar) {
  for (std::string_view field : {"A : b\r\n", "A: b\n", ": b\r\n", "A\r\n", " A: b\r\n", "A: b\r\n c\r\n",
                                 "A: b\x01\r\n", "A: b\rC: d\r\n", "A(: b\r\n", "A: \x7f\r\n"}) {
    expect_refused("HTTP/1.1 200 OK\r\n" + std::string(field) + "\r\n");
  }
}

TEST(ResponseFraming, IsLengthOrChunkedOrUntilClose) {
  const auto length = accepted("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(length->framing, Framing::length);
  EXPECT_EQ(length->content_length, 5u);
  EXPECT_TRUE(length->keep_alive);
  const auto chunked = accepted("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(chunked->framing, Framing::chunked);
  EXPECT_TRUE(chunked->keep_alive);
  const auto until_close = accepted("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(until_close->framing, Framing::until_close);
  EXPECT_FALSE(until_close->keep_alive);
}

TEST(ResponseFraming, RefusesBadOrConflictingLengths) {
  for (std::string_view fields :
       {"Content-Length: 5\r\nContent-Length: 5\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5, 5\r\n", "Content-Length: -1\r\n", "Content-Length: +1\r\n", "Content-Length:\r\n",
        "Content-Length: x\r\n", "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding:\r\n"}) {
    expect_refused("HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n");
  }
}

TEST(ResponseFraming, RefusesAnEncodingInHttp10) {
  expect_refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST(ResponseFraming, IsNoneFor1xx204And304WhateverTheLengthsSay) {
  for (std::string_view status : {"100", "101", "103", "204", "304"}) {
    for (std::string_view fields : {"", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}) {
      const auto head = accepted("HTTP/1.1 " + std::string(status) + " x\r\n" + std::string(fields) + "\r\n");
      EXPECT_EQ(head->framing, Framing::none) << status << fields;
      EXPECT_EQ(head->keep_alive, status != "101") << status << fields;
    }
  }
}

TEST(ResponseFraming, IsNoneForHeadWhateverTheLengthsSay) {
  for (std::string_view fields : {"", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"}) {
    const auto head = accepted("HTTP/1.1 200 x\r\n" + std::string(fields) + "\r\n", true);
    EXPECT_EQ(head->framing, Framing::none) << fields;
    EXPECT_TRUE(head->keep_alive) << fields;
  }
  EXPECT_FALSE(accepted("HTTP/1.1 200 x\r\nConnection: close\r\n\r\n", true)->keep_alive);
}

TEST(ResponseConnection, PersistsAsItsVersionSays) {
  const std::string_view length = "Content-Length: 0\r\n";
  const auto persists = [&](std::string_view version, std::string_view fields) {
    std::string text(version);
    text.append(" 200 OK\r\n").append(length).append(fields).append("\r\n");
    return accepted(text)->keep_alive;
  };
  EXPECT_TRUE(persists("HTTP/1.1", ""));
  EXPECT_FALSE(persists("HTTP/1.1", "Connection: close\r\n"));
  EXPECT_FALSE(persists("HTTP/1.0", ""));
  EXPECT_TRUE(persists("HTTP/1.0", "Connection: keep-alive\r\n"));
}

TEST(ResponseConnection, SaysForHowLong) {
  const auto timeout = [](std::string_view value) {
    return accepted("HTTP/1.1 204 x\r\nKeep-Alive: " + std::string(value) + "\r\n\r\n")->keep_alive_timeout_s;
  };
  EXPECT_EQ(timeout("timeout=5"), 5);
  EXPECT_EQ(timeout("max=100, Timeout=72"), 72);
  EXPECT_EQ(timeout("timeout=0"), 0);
  EXPECT_EQ(timeout("timeout=x"), -1);
  EXPECT_EQ(timeout("timeout=-5"), -1);
  EXPECT_EQ(timeout("timeout=99999999999"), -1);
  EXPECT_EQ(timeout("timeout"), -1);
  EXPECT_EQ(accepted("HTTP/1.1 204 x\r\n\r\n")->keep_alive_timeout_s, -1);
}

TEST(ResponseParser, ReadsAnInterimAndAFinalResponse) {
  ResponseParser parser({});
  const std::string both =
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  EXPECT_FALSE(parser.begun());
  const auto first = parser.feed(as_bytes(both));
  ASSERT_TRUE(first && first.value().complete);
  EXPECT_TRUE(parser.begun());
  EXPECT_TRUE(parser.take(false)->informational());
  EXPECT_FALSE(parser.begun());
  const auto second = parser.feed(as_bytes(both).subspan(first.value().consumed));
  ASSERT_TRUE(second && second.value().complete);
  EXPECT_EQ(parser.take(false)->status, 200);
  EXPECT_EQ(parser.take(false), nullptr);
}

}  // namespace
}  // namespace tidegate::http
