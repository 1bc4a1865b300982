// The rows "target" and, for the request line, "bare LF ..." of the table "Requests".
#include "tests/unit/http/support.h"

namespace tidegate::http {
namespace {

Reason refusal(std::string_view line) {
  const RequestOutcome outcome = read_request(std::string(line) + "\r\nHost: example.com\r\n\r\n");
  EXPECT_EQ(outcome.head, nullptr);
  return outcome.reason;
}

std::shared_ptr<RequestHead> accepted(std::string_view line) {
  const RequestOutcome outcome = read_request(std::string(line) + "\r\nHost: example.com\r\n\r\n");
  EXPECT_EQ(word(outcome.reason), word(Reason::none)) << line;
  return outcome.head ? outcome.head : std::make_shared<RequestHead>();
}

TEST(RequestLine, GivesItsParts) {
  const auto head = accepted("POST /a/b?c=d HTTP/1.1");
  EXPECT_EQ(head->method, "POST");
  EXPECT_EQ(head->target, "/a/b?c=d");
  EXPECT_EQ(head->path, "/a/b?c=d");
  EXPECT_EQ(head->minor_version, 1);
}

TEST(RequestLine, ConsumesNothingBehindTheHead) {
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  EXPECT_EQ(read_request(head + "GET /next HTTP/1.1\r\n").consumed, head.size());
}

TEST(RequestLine, ToleratesOneEmptyLineBefore) {
  const std::string_view input = "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const RequestOutcome outcome = read_request(input);
  ASSERT_NE(outcome.head, nullptr);
  EXPECT_EQ(outcome.consumed, input.size());
  EXPECT_EQ(outcome.head->method, "GET");
}

TEST(RequestLine, RefusesTwoEmptyLinesBefore) {
  EXPECT_EQ(read_request("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").reason, Reason::bad_request_line);
}

TEST(RequestLine, RefusesABareLineFeedBefore) {
  EXPECT_EQ(read_request("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").reason, Reason::bad_request_line);
}

TEST(RequestLine, RefusesABareCarriageReturnBefore) {
  EXPECT_EQ(read_request("\rGET / HTTP/1.1\r\nHost: a\r\n\r\n").reason, Reason::bad_request_line);
}

TEST(RequestLine, RefusesABareLineFeedAtItsEnd) {
  EXPECT_EQ(read_request("GET / HTTP/1.1\nHost: a\r\n\r\n").reason, Reason::bad_request_line);
}

TEST(RequestLine, RefusesABareCarriageReturnAtItsEnd) {
  EXPECT_EQ(read_request("GET / HTTP/1.1\rHost: a\r\n\r\n").reason, Reason::bad_request_line);
  EXPECT_EQ(read_request("GET / HTTP/1.1\r\rHost: a\r\n\r\n").reason, Reason::bad_request_line);
}

TEST(RequestLine, WantsSingleSpaces) {
  EXPECT_EQ(refusal("GET  / HTTP/1.1"), Reason::bad_request_line);
  EXPECT_EQ(refusal("GET /  HTTP/1.1"), Reason::bad_request_line);
  EXPECT_EQ(refusal("GET / HTTP/1.1 "), Reason::bad_request_line);
  EXPECT_EQ(refusal(" GET / HTTP/1.1"), Reason::bad_request_line);
  EXPECT_EQ(refusal("GET\t/ HTTP/1.1"), Reason::bad_request_line);
  EXPECT_EQ(refusal("GET /\tHTTP/1.1"), Reason::bad_target);
  EXPECT_EQ(refusal("GET / \tHTTP/1.1"), Reason::bad_request_line);
}

TEST(RequestLine, RefusesAnEmptyOrNonTokenMethod) {
  EXPECT_EQ(refusal(" / HTTP/1.1"), Reason::bad_request_line);
  EXPECT_EQ(refusal("G(T / HTTP/1.1"), Reason::bad_request_line);
  EXPECT_EQ(refusal(std::string_view("G\0T / HTTP/1.1", 14)), Reason::bad_request_line);
  EXPECT_EQ(refusal("G\xc3\x84T / HTTP/1.1"), Reason::bad_request_line);
}

TEST(RequestLine, RefusesATlsRecordAtItsFirstByte) {
  RequestParser parser({});
  const auto fed = parser.feed(as_bytes("\x16\x03\x01"));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error().reason, Reason::bad_request_line);
}

TEST(RequestLine, RefusesHttp09) {
  EXPECT_EQ(read_request("GET /\r\n").reason, Reason::bad_request_line);
  EXPECT_EQ(read_request("GET /\n").reason, Reason::bad_request_line);
  EXPECT_EQ(read_request("GET / \r\n\r\n").reason, Reason::bad_request_line);
}

TEST(RequestLine, RefusesTheHttp2Preface) {
  EXPECT_EQ(read_request("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").reason, Reason::bad_request_line);
  EXPECT_EQ(refusal("PRI * HTTP/1.1"), Reason::bad_request_line);
}

TEST(RequestLine, AcceptsVersions10And11Only) {
  EXPECT_EQ(accepted("GET / HTTP/1.0")->minor_version, 0);
  EXPECT_EQ(accepted("GET / HTTP/1.1")->minor_version, 1);
  EXPECT_EQ(refusal("GET / HTTP/1.2"), Reason::version_unsupported);
  EXPECT_EQ(refusal("GET / HTTP/2.0"), Reason::version_unsupported);
  EXPECT_EQ(refusal("GET / HTTP/0.9"), Reason::version_unsupported);
  EXPECT_EQ(refusal("GET / HTTP/9.9"), Reason::version_unsupported);
}

TEST(RequestLine, RefusesAMalformedVersion) {
  for (std::string_view version :
       {"http/1.1", "HTTP/1.10", "HTTP/11", "HTTP/1", "HTTP/1.", "HTTP/.1", "HTTP/01.1", "HTTP 1.1",
        "RTSP/1.0", "ICE/1.0", "HTTPS/1.1", "HTTP/1,1", "HTTP/1.x"}) {
    EXPECT_EQ(refusal("GET / " + std::string(version)), Reason::bad_request_line) << version;
  }
}

TEST(RequestLine, AcceptsTheMethodsOfHttp1) {
  for (std::string_view method : {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND",
                                  "REPORT", "M-SEARCH", "PURGE", "MKCALENDAR", "UNSUBSCRIBE", "LINK"}) {
    EXPECT_EQ(accepted(std::string(method) + " / HTTP/1.1")->method, method);
  }
}

TEST(RequestLine, RefusesAMethodThatNobodyKnows) {
  for (std::string_view method :
       {"FOO", "get", "GETT", "GE", "G", "SOURCE", "DESCRIBE", "PLAY", "SETUP", "!"}) {
    EXPECT_EQ(refusal(std::string(method) + " / HTTP/1.1"), Reason::method_unknown) << method;
  }
  EXPECT_EQ(info(Reason::method_unknown).http_status, 501);
}

TEST(RequestLine, RefusesConnectAndTrace) {
  EXPECT_EQ(refusal("CONNECT example.com:443 HTTP/1.1"), Reason::method_not_allowed);
  EXPECT_EQ(refusal("CONNECT / HTTP/1.1"), Reason::method_not_allowed);
  EXPECT_EQ(refusal("TRACE / HTTP/1.1"), Reason::method_not_allowed);
  EXPECT_EQ(info(Reason::method_not_allowed).http_status, 405);
}

TEST(RequestLine, TakesUtf8AndOddCharactersInATarget) {
  EXPECT_EQ(accepted("GET /gr\xc3\xbc\xc3\x9f HTTP/1.1")->path, "/gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(accepted("GET /{a}|b\"<>\\^`?[x]=%zz HTTP/1.1")->path, "/{a}|b\"<>\\^`?[x]=%zz");
}

TEST(RequestLine, KeepsTheTargetAsItCame) {
  EXPECT_EQ(accepted("GET //a/../b/%2e%2e/?? HTTP/1.1")->path, "//a/../b/%2e%2e/??");
}

TEST(RequestLine, RefusesAFragment) {
  EXPECT_EQ(refusal("GET /a#b HTTP/1.1"), Reason::bad_target);
  EXPECT_EQ(refusal("GET http://a/#b HTTP/1.1"), Reason::bad_target);
}

TEST(RequestLine, RefusesControlsInATarget) {
  for (int c = 0; c < 0x80; ++c) {
    if (c >= 0x20 && c < 0x7f) continue;
    const std::string line = "GET /a" + std::string(1, static_cast<char>(c)) + "b HTTP/1.1";
    const Reason expected = c == '\r' || c == '\n' ? Reason::bad_request_line : Reason::bad_target;
    EXPECT_EQ(refusal(line), expected) << "byte " << c;
  }
}

TEST(RequestLine, RefusesASpaceInATarget) {
  EXPECT_EQ(refusal("GET /a b HTTP/1.1"), Reason::bad_request_line);
}

TEST(RequestLine, TakesAnAsteriskWithOptionsOnly) {
  EXPECT_EQ(accepted("OPTIONS * HTTP/1.1")->path, "*");
  EXPECT_EQ(refusal("GET * HTTP/1.1"), Reason::bad_target);
  EXPECT_EQ(refusal("OPTIONS ** HTTP/1.1"), Reason::bad_target);
}

TEST(RequestLine, RefusesAuthorityFormAndRelativeTargets) {
  for (std::string_view target :
       {"example.com:80", "example.com", "a/b", "?a", ".", "..", "\\", "1.2.3.4:80"}) {
    EXPECT_EQ(refusal("GET " + std::string(target) + " HTTP/1.1"), Reason::bad_target) << target;
  }
}

TEST(RequestLine, TurnsAbsoluteFormIntoOriginForm) {
  const auto head = accepted("GET http://Other.Example:8080/a?b HTTP/1.1");
  EXPECT_EQ(head->target, "http://Other.Example:8080/a?b");
  EXPECT_EQ(head->path, "/a?b");
  EXPECT_EQ(head->authority, "Other.Example:8080");
  EXPECT_EQ(head->host, "other.example");
  EXPECT_EQ(head->port, "8080");
}

TEST(RequestLine, TakesHttpAndHttpsInAbsoluteFormInAnyCase) {
  EXPECT_EQ(accepted("GET HTTP://a/b HTTP/1.1")->path, "/b");
  EXPECT_EQ(accepted("GET hTTps://[::1]:1/b HTTP/1.1")->host, "[::1]");
  for (std::string_view target :
       {"ws://a/", "ftp://a/", "httpx://a/", "http:/a", "http:a", "://a/", "mailto:a"}) {
    EXPECT_EQ(refusal("GET " + std::string(target) + " HTTP/1.1"), Reason::bad_target) << target;
  }
}

TEST(RequestLine, MakesThePathThatAbsoluteFormLeftOut) {
  EXPECT_EQ(accepted("GET http://a HTTP/1.1")->path, "/");
  EXPECT_EQ(accepted("OPTIONS http://a HTTP/1.1")->path, "*");
  EXPECT_EQ(accepted("OPTIONS http://a/ HTTP/1.1")->path, "/");
  const auto head = accepted("GET http://a?b=c HTTP/1.1");
  EXPECT_EQ(head->path, "/?b=c");
  EXPECT_EQ(head->target, "http://a?b=c");
  EXPECT_EQ(fields_of(*head), "Host: example.com\n");
}

TEST(RequestLine, RefusesABadAuthorityInAbsoluteForm) {
  for (std::string_view authority : {"", "user@a", "user:pw@a", "a:99999", "[::1", "a,b", "a:b", ":80"}) {
    EXPECT_EQ(refusal("GET http://" + std::string(authority) + "/ HTTP/1.1"), Reason::bad_target)
        << authority;
  }
}

TEST(RequestLine, IsKeptForTheLogAsFarAsItCame) {
  EXPECT_EQ(read_request(std::string_view("GET /a\0b HTTP/1.1\r\n", 19)).partial_line,
            std::string_view("GET /a\0", 7));
  EXPECT_EQ(read_request("GET /a b HTTP/1.1\r\n").partial_line, "GET /a");
  EXPECT_EQ(read_request("FOO /a HTTP/1.1\r\n").partial_line, "FOO /a");
  EXPECT_EQ(read_request("GET /a HTTP/1.1\r\nX : 1\r\n").partial_line, "GET /a");
  EXPECT_EQ(read_request("GE\x01").partial_line, "GE\x01");
  EXPECT_EQ(read_request("GET /slow").partial_line, "GET /slow");
  EXPECT_EQ(read_request("").partial_line, "");
}

}  // namespace
}  // namespace tidegate::http
