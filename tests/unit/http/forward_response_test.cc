// What the client is told: "hop-by-hop", "HTTP/1.0 clients", trailers, and answers of the gateway's own.
#include <ctime>

#include "gateway/http/date.h"
#include "tests/unit/http/support.h"

namespace tidegate::http {
namespace {

class ForwardResponse : public testing::Test {
 protected:
  std::string forward(std::string_view input) {
    const auto head = read_response(input, context_.head_request).head;
    EXPECT_NE(head, nullptr) << input;
    if (!head) return {};
    context_.framing = client_framing(*head, context_.client_minor_version);
    std::string out;
    append_response(out, *head, context_);
    return out;
  }

  ResponseContext context_;
  FieldRules rules_;
};

TEST_F(ForwardResponse, PassesThrough) {
  EXPECT_EQ(forward("HTTP/1.1 200 Fine\r\nServer: app\r\nset-cookie: a=1\r\nDate: x\r\nSet-Cookie: b=2\r\n"
                    "Content-Length: 5\r\nEmpty:\r\n\r\n"),
            "HTTP/1.1 200 Fine\r\nServer: app\r\nset-cookie: a=1\r\nDate: x\r\nSet-Cookie: b=2\r\nEmpty: \r\n"
            "Content-Length: 5\r\n\r\n");
}

TEST_F(ForwardResponse, LosesHopByHopFieldsAndWhatConnectionNominates) {
  EXPECT_EQ(
      forward(
          "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\n"
          "Trailer: X\r\nUpgrade: h2c\r\nProxy-Connection: close\r\nTE: x\r\nTransfer-Encoding: chunked\r\n"
          "A: b\r\n\r\n"),
      "HTTP/1.1 200 OK\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n");
  EXPECT_EQ(forward("HTTP/1.1 200 OK\r\nConnection: content-length\r\nContent-Length: 5\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
}

TEST_F(ForwardResponse, SaysWhenTheConnectionCloses) {
  context_.keep_alive = false;
  EXPECT_EQ(forward("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

TEST_F(ForwardResponse, IsChunkedWhereTheUpstreamCloses) {
  EXPECT_EQ(forward("HTTP/1.0 200 OK\r\n\r\n"), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
}

TEST_F(ForwardResponse, IsNeverChunkedForHttp10) {
  context_.client_minor_version = 0;
  EXPECT_EQ(forward("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(forward("HTTP/1.1 200 OK\r\n\r\n"), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
}

TEST_F(ForwardResponse, TellsAnHttp10ClientThatItsConnectionPersists) {
  context_.client_minor_version = 0;
  EXPECT_EQ(forward("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST_F(ForwardResponse, KeepsTheLengthOfHeadAnd304) {
  EXPECT_EQ(forward("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: x\r\n\r\n"),
            "HTTP/1.1 304 Not Modified\r\nETag: x\r\nContent-Length: 5\r\n\r\n");
  context_.head_request = true;
  EXPECT_EQ(forward("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
  EXPECT_EQ(forward("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(forward("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_F(ForwardResponse, HasNoLengthWith204) {
  EXPECT_EQ(forward("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(forward("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\n\r\n");
}

TEST_F(ForwardResponse, RelaysInterimResponsesAsTheyAre) {
  rules_.set = {{"A", "b"}};
  context_.rules = &rules_;
  context_.keep_alive = false;
  context_.set_cookie = "tidegate=1";
  EXPECT_EQ(
      forward("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nContent-Length: 5\r\nConnection: close\r\n\r\n"),
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  EXPECT_EQ(forward("HTTP/1.1 100 Continue\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
}

TEST_F(ForwardResponse, Relays101WithoutFramingFields) {
  EXPECT_EQ(forward("HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: upgrade, "
                    "sec-websocket-accept\r\n"
                    "Content-Length: 0\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: "
                    "chat\r\nSet-Cookie: a=1\r\n"
                    "\r\n"),
            "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n"
            "Set-Cookie: a=1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(forward("HTTP/1.1 101 x\r\nTransfer-Encoding: chunked\r\n\r\n"),
            "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST_F(ForwardResponse, FollowsTheRulesOfTheRoute) {
  rules_.set = {{"A", "1"}, {"Server", ""}, {"Content-Length", "9"}, {"Connection", "x"}};
  rules_.remove = {"B", "Transfer-Encoding"};
  context_.rules = &rules_;
  context_.set_cookie = "tidegate=1; Path=/";
  EXPECT_EQ(forward("HTTP/1.1 200 OK\r\nServer: app\r\na: x\r\nb: y\r\nc: z\r\nContent-Length: 5\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nc: z\r\nA: 1\r\nSet-Cookie: tidegate=1; Path=/\r\nContent-Length: 5\r\n\r\n");
}

TEST_F(ForwardResponse, AddsBesidesWhatIsThereAndHidesWhatIsNot) {
  rules_.remove = {"x-powered-by"};
  rules_.add = {{"Set-Cookie", "b=2"}, {"Set-Cookie", "c=3"}, {"X-None", ""}, {"Content-Length", "9"}};
  context_.rules = &rules_;
  EXPECT_EQ(forward("HTTP/1.1 200 OK\r\nX-Powered-By: app\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nSet-Cookie: c=3\r\n"
            "Content-Length: 0\r\n\r\n");
}

TEST(ClientFraming, IsAsItCameWherePossible) {
  const auto framing = [](Framing from, int minor_version) {
    ResponseHead head;
    head.framing = from;
    return client_framing(head, minor_version);
  };
  for (int minor_version : {0, 1}) {
    EXPECT_EQ(framing(Framing::none, minor_version), Framing::none);
    EXPECT_EQ(framing(Framing::length, minor_version), Framing::length);
  }
  EXPECT_EQ(framing(Framing::chunked, 1), Framing::chunked);
  EXPECT_EQ(framing(Framing::until_close, 1), Framing::chunked);
  EXPECT_EQ(framing(Framing::chunked, 0), Framing::until_close);
  EXPECT_EQ(framing(Framing::until_close, 0), Framing::until_close);
}

TEST(AppendTrailers, EndsTheChunks) {
  std::string out;
  append_trailers(out, {});
  EXPECT_EQ(out, kLastChunk);
}

TEST(AppendTrailers, RelaysWhatMayTrail) {
  std::string out;
  append_trailers(out, {{"grpc-status", "0"}, {"Server-Timing", "a"}, {"Digest", ""}});
  EXPECT_EQ(out, "0\r\ngrpc-status: 0\r\nServer-Timing: a\r\nDigest: \r\n\r\n");
}

TEST(AppendTrailers, DropsFramingRoutingAndIdentityFields) {
  for (std::string_view name :
       {"Content-Length", "transfer-encoding", "Host", "Connection", "Trailer", "TE", "Upgrade", "Keep-Alive",
        "Set-Cookie", "Content-Type", "Content-Encoding", "Authorization", "X-Forwarded-For", "X-Real-IP",
        "Forwarded", "Location", "If-Match", "Cache-Control", "Sec-WebSocket-Accept"}) {
    std::string out;
    append_trailers(out, {{std::string(name), "x"}});
    EXPECT_EQ(out, kLastChunk) << name;
  }
}

std::string without_date(std::string text) {
  const std::size_t at = text.find("Date: ");
  EXPECT_NE(at, std::string::npos);
  return at == std::string::npos ? text : text.erase(at, text.find("\r\n", at) + 2 - at);
}

std::string own(const OwnResponse& response) {
  std::string out;
  append_own_response(out, response);
  return without_date(out);
}

TEST(OwnResponse, IsWhole) {
  EXPECT_EQ(own({.status = 404, .content_type = "text/plain", .body = "no\n", .fields = {{"A", "b"}}}),
            "HTTP/1.1 404 Not Found\r\nServer: tidegate\r\nContent-Type: text/plain\r\nContent-Length: "
            "3\r\nA: b\r\n"
            "Connection: close\r\n\r\nno\n");
}

TEST(OwnResponse, HasALengthWithoutABodyToo) {
  EXPECT_EQ(own({.status = 301, .fields = {{"Location", "https://a/"}}, .keep_alive = true}),
            "HTTP/1.1 301 Moved Permanently\r\nServer: tidegate\r\nContent-Length: 0\r\nLocation: "
            "https://a/\r\n\r\n");
}

TEST(OwnResponse, KeepsTheBodyFromHead) {
  EXPECT_EQ(own({.status = 200, .body = "hello", .keep_alive = true, .head_request = true}),
            "HTTP/1.1 200 OK\r\nServer: tidegate\r\nContent-Length: 5\r\n\r\n");
}

TEST(OwnResponse, HasNeitherLengthNorBodyWith204And304) {
  EXPECT_EQ(own({.status = 204, .body = "x", .keep_alive = true}),
            "HTTP/1.1 204 No Content\r\nServer: tidegate\r\n\r\n");
  EXPECT_EQ(own({.status = 304, .body = "x", .keep_alive = true}),
            "HTTP/1.1 304 Not Modified\r\nServer: tidegate\r\n\r\n");
}

TEST(OwnResponse, TellsAnHttp10ClientThatItsConnectionPersists) {
  EXPECT_EQ(own({.status = 200, .client_minor_version = 0, .keep_alive = true}),
            "HTTP/1.1 200 OK\r\nServer: tidegate\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
}

TEST(OwnResponse, FollowsTheRulesOfTheRoute) {
  FieldRules rules;
  rules.set = {{"Server", "x"}, {"A", "2"}, {"Content-Length", "9"}};
  EXPECT_EQ(own({.status = 200, .fields = {{"A", "1"}}, .keep_alive = true, .rules = &rules}),
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nServer: x\r\nA: 2\r\n\r\n");
}

TEST(OwnResponse, EscapesControlsThatVariablesBring) {
  const std::string out = own({.status = 301, .fields = {{"Location", "https://a/\r\nEvil: 1"}}});
  EXPECT_NE(out.find("Location: https://a/%0D%0AEvil: 1\r\n"), std::string::npos) << out;
}

TEST(OwnResponse, IsAResponseForAParserToo) {
  std::string out;
  append_own_response(out, {.status = 426, .body = "x", .fields = {{"Upgrade", "websocket"}}});
  const auto parsed = read_response(out);
  ASSERT_NE(parsed.head, nullptr);
  EXPECT_EQ(parsed.head->status, 426);
  EXPECT_EQ(parsed.head->framing, Framing::length);
  EXPECT_EQ(parsed.consumed, out.size() - 1);
}

TEST(HttpDate, IsAnImfFixdate) {
  char buffer[32];
  EXPECT_EQ(http_date(784111777, buffer), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(0, buffer), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(http_date(1709164799, buffer), "Wed, 28 Feb 2024 23:59:59 GMT");
}

TEST(ReasonPhrase, IsTheRegistrys) {
  EXPECT_EQ(reason_phrase(502), "Bad Gateway");
  EXPECT_EQ(reason_phrase(299), "");
  // Every status that the gateway itself answers with has one; 499 is nginx's word for "nobody is there to
  // answer".
  for (int i = 0; i < static_cast<int>(Reason::kCount); ++i) {
    const int status = info(static_cast<Reason>(i)).http_status;
    if (status != 0 && status != 499) {
      EXPECT_NE(reason_phrase(status), "") << status;
    }
  }
}

}  // namespace
}  // namespace tidegate::http
