// The rows "limits" (431, 414) of the table "Requests" and "a head over ..." of "Responses", and what parsers
// keep.
#include <array>

#include "tests/unit/http/support.h"

namespace tidegate::http {
namespace {

std::string request_of(std::size_t bytes) {
  const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
  const std::string end = "\r\n\r\n";
  return begin + std::string(bytes - begin.size() - end.size(), 'x') + end;
}

TEST(HeadLimits, BoundTheWholeHead) {
  const HeadLimits limits{.head_bytes = 200};
  EXPECT_EQ(read_request(request_of(200), limits).reason, Reason::none);
  EXPECT_EQ(read_request(request_of(201), limits).reason, Reason::head_too_large);
  EXPECT_EQ(read_request(request_of(32 * kKiB)).reason, Reason::none);
  EXPECT_EQ(read_request(request_of(32 * kKiB + 1)).reason, Reason::head_too_large);
  EXPECT_EQ(info(Reason::head_too_large).http_status, 431);
}

TEST(HeadLimits, CountNeitherTheEmptyLineBeforeNorWhatFollows) {
  const HeadLimits limits{.head_bytes = 200};
  const RequestOutcome outcome = read_request("\r\n" + request_of(200) + std::string(100, 'y'), limits);
  EXPECT_EQ(outcome.reason, Reason::none);
  EXPECT_EQ(outcome.consumed, 202u);
}

TEST(HeadLimits, BoundAnEndlessMethod) {
  EXPECT_EQ(read_request(std::string(300, 'A'), {.head_bytes = 200}).reason, Reason::head_too_large);
}

TEST(HeadLimits, BoundTheTarget) {
  const HeadLimits limits{.uri_bytes = 20};
  const auto line = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_EQ(read_request(line(20), limits).reason, Reason::none);
  EXPECT_EQ(read_request(line(21), limits).reason, Reason::uri_too_long);
  EXPECT_EQ(read_request(line(8 * kKiB)).reason, Reason::none);
  EXPECT_EQ(read_request(line(8 * kKiB + 1)).reason, Reason::uri_too_long);
  EXPECT_EQ(info(Reason::uri_too_long).http_status, 414);
}

TEST(HeadLimits, RefuseATargetBeforeItHasEnded) {
  RequestParser parser({.uri_bytes = 20});
  const auto fed = parser.feed(as_bytes("GET /" + std::string(20, 'a')));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().reason, Reason::uri_too_long);
  EXPECT_EQ(parser.partial_line(), "GET /" + std::string(20, 'a'));
}

TEST(HeadLimits, BoundTheNumberOfFields) {
  const auto request = [](int fields) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 1; i < fields; ++i) text += "A: b\r\n";
    return text + "\r\n";
  };
  EXPECT_EQ(read_request(request(100)).head->fields.size(), 100u);
  EXPECT_EQ(read_request(request(101)).reason, Reason::head_too_large);
  EXPECT_EQ(read_request(request(2), {.fields = 1}).reason, Reason::head_too_large);
}

TEST(HeadLimits, HoldForResponses) {
  const auto response = [](std::size_t bytes) {
    return "HTTP/1.1 200 OK\r\nX: " + std::string(bytes - 24, 'x') + "\r\n\r\n";
  };
  const HeadLimits limits{.head_bytes = 100, .fields = 1};
  EXPECT_EQ(read_response(response(100), false, limits).reason, Reason::none);
  EXPECT_EQ(read_response(response(101), false, limits).reason, Reason::upstream_bad_response);
  EXPECT_EQ(read_response("HTTP/1.1 200 OK\r\nA: b\r\nA: b\r\n\r\n", false, limits).reason,
            Reason::upstream_bad_response);
}

TEST(RequestParser, ReadsOneRequestAfterTheOther) {
  RequestParser parser({});
  const std::string two = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: b\r\n\r\n";
  const auto first = parser.feed(as_bytes(two));
  ASSERT_TRUE(first && first.value().complete);
  const auto held = parser.feed(as_bytes(two));
  EXPECT_TRUE(held && held.value().complete && held.value().consumed == 0) << "waits for take()";
  const auto head = parser.take();
  const auto second = parser.feed(as_bytes(two).subspan(first.value().consumed));
  ASSERT_TRUE(second && second.value().complete);
  EXPECT_EQ(first.value().consumed + second.value().consumed, two.size());
  EXPECT_EQ(head->path, "/1");
  EXPECT_EQ(parser.take()->host, "b");
}

TEST(RequestParser, HasBegunWithTheFirstByteThatCounts) {
  RequestParser parser({});
  EXPECT_FALSE(parser.begun());
  ASSERT_TRUE(parser.feed({}));
  EXPECT_FALSE(parser.begun());
  ASSERT_TRUE(parser.feed(as_bytes("\r")));
  ASSERT_TRUE(parser.feed(as_bytes("\n")));
  EXPECT_FALSE(parser.begun());
  ASSERT_TRUE(parser.feed(as_bytes("G")));
  EXPECT_TRUE(parser.begun());
  EXPECT_EQ(parser.take(), nullptr);
  ASSERT_TRUE(parser.feed(as_bytes("ET / HTTP/1.1\r\nHost: a\r\n\r\n")));
  EXPECT_TRUE(parser.begun());
  ASSERT_NE(parser.take(), nullptr);
  EXPECT_FALSE(parser.begun());
  EXPECT_EQ(parser.partial_line(), "");
}

TEST(RequestParser, HeadOutlivesIt) {
  std::unique_ptr<RequestHead> head;
  {
    RequestParser parser({});
    ASSERT_TRUE(parser.feed(as_bytes("GET http://a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n")));
    head = parser.take();
  }
  EXPECT_EQ(head->path, "/?b");
  EXPECT_EQ(head->value("x"), "y");
}

TEST(Head, FindsFieldsWithoutRegardToCase) {
  const auto head = read_get("A: 1\r\na: 2\r\nList: x, Y ,, z\r\nLIST: w\r\n").head;
  ASSERT_NE(head, nullptr);
  EXPECT_EQ(head->value("a"), "1");
  EXPECT_EQ(head->count("A"), 2u);
  EXPECT_EQ(head->find("b"), nullptr);
  EXPECT_EQ(head->value("b"), "");
  for (std::string_view token : {"X", "y", "z", "W"}) EXPECT_TRUE(head->lists("list", token)) << token;
  EXPECT_FALSE(head->lists("list", "v"));
  EXPECT_FALSE(head->lists("list", ""));
  EXPECT_FALSE(head->lists("none", "x"));
}

/// Fields as the simplest reader would find them; llhttp found the head's.
std::string split_plainly(std::string_view head) {
  std::string text;
  head.remove_prefix(head.find("\r\n") + 2);
  while (!head.starts_with("\r\n")) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    std::string_view value = line.substr(line.find(':') + 1);
    while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
    while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
    text.append(line.substr(0, line.find(':'))).append(": ").append(value).append("\n");
    head.remove_prefix(line.size() + 2);
  }
  return text;
}

TEST(RequestParser, FindsTheFieldsThatAPlainReaderFinds) {
  // Names that llhttp looks at more closely, in all combinations with values that might upset it.
  constexpr std::array<std::string_view, 10> kNames{"Connection",
                                                    "Proxy-Connection",
                                                    "Upgrade",
                                                    "Transfer-Encodin",
                                                    "Content-Lengt",
                                                    "Keep-Alive",
                                                    "c",
                                                    "Connections",
                                                    "TE",
                                                    "X-\xff"};
  constexpr std::array<std::string_view, 12> kValues{
      "",     " ",        "close",     " close", "keep-alive , Upgrade ", "close, close", "chunked", "5",
      "x\ty", "\xff\xfe", " upgrade,", ", ,"};
  for (std::string_view name : kNames) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::string_view value : kValues) text.append(name).append(":").append(value).append("\r\n");
    text += "\r\n";
    const RequestOutcome outcome = read_request(text);
    if (name.back() == '\xff') {
      EXPECT_EQ(outcome.reason, Reason::bad_field);
      continue;
    }
    ASSERT_NE(outcome.head, nullptr) << name;
    EXPECT_EQ(fields_of(*outcome.head), split_plainly(text));
  }
}

}  // namespace
}  // namespace tidegate::http
