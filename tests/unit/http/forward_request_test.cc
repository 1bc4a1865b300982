// What reaches an upstream: the rows "hop-by-hop", "identity" and the framing of the table "Requests".
#include "tests/unit/http/support.h"

using namespace std::string_literals;

namespace tidegate::http {
namespace {

class ForwardRequest : public testing::Test {
 protected:
  ForwardRequest() {
    context_.client_address = "192.0.2.1";
    context_.peer_address = "192.0.2.1";
    context_.scheme = "https";
    context_.upstream_host = "127.0.0.1:3000";
    context_.rules = &rules_;
  }

  std::string forward_raw(std::string_view input) {
    const auto head = read_request(input).head;
    EXPECT_NE(head, nullptr) << input;
    if (!head) return {};
    RequestContext context = context_;
    if (context.path.empty()) context.path = head->path;
    std::string out;
    append_request(out, *head, context);
    return out;
  }

  /// The field lines that come out of `GET /` with these, without those that identify the client.
  std::string forward(std::string_view fields) {
    std::string out = forward_raw("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    const std::string_view begin = "GET / HTTP/1.1\r\nHost: a\r\n";
    EXPECT_TRUE(out.starts_with(begin)) << out;
    out.erase(0, begin.size());
    std::string kept;
    while (!out.starts_with("\r\n")) {
      const std::string line = out.substr(0, out.find("\r\n") + 2);
      out.erase(0, line.size());
      if (!line.starts_with("X-Forwarded-") && !line.starts_with("X-Real-IP")) kept += line;
    }
    return kept;
  }

  /// The value of the one field of that name that comes out; "-" if there is none.
  std::string forwarded(std::string_view name, std::string_view fields) {
    const std::string out = forward_raw("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    const std::string begin = "\r\n" + std::string(name) + ": ";
    const std::size_t at = out.find(begin);
    if (at == std::string::npos) return "-";
    EXPECT_EQ(out.find(begin, at + 1), std::string::npos) << out;
    return out.substr(at + begin.size(), out.find("\r\n", at + 2) - at - begin.size());
  }

  void trust_peer() {
    context_.peer_trusted = true;
    context_.peer_address = "10.0.0.9";
  }

  FieldRules rules_;
  RequestContext context_;
};

TEST_F(ForwardRequest, IsWrittenAnew) {
  EXPECT_EQ(forward_raw("POST /a?b=c HTTP/1.1\r\nAccept:  */* \r\nHOST: Example.com:8443\r\ncookie: x=y\r\n"
                        "Content-Length: 007\r\n\r\n"),
            "POST /a?b=c HTTP/1.1\r\n"
            "Host: Example.com:8443\r\n"
            "Accept: */*\r\n"
            "cookie: x=y\r\n"
            "X-Forwarded-For: 192.0.2.1\r\n"
            "X-Forwarded-Proto: https\r\n"
            "X-Forwarded-Host: Example.com:8443\r\n"
            "X-Real-IP: 192.0.2.1\r\n"
            "Content-Length: 7\r\n"
            "\r\n");
}

TEST_F(ForwardRequest, IsOneMessageForAParserToo) {
  const std::string out =
      forward_raw("POST http://b?c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n");
  const auto again = read_request(out);
  ASSERT_NE(again.head, nullptr);
  EXPECT_EQ(again.consumed, out.size());
  EXPECT_EQ(again.head->framing, Framing::chunked);
  EXPECT_EQ(again.head->path, "/?c");
  EXPECT_EQ(again.head->authority, "b");
  EXPECT_EQ(again.head->count("Host"), 1u);
  EXPECT_EQ(again.head->count("Transfer-Encoding"), 1u);
}

TEST_F(ForwardRequest, IsAppended) {
  const auto head = read_get("").head;
  context_.path = "/";
  std::string out = "before";
  append_request(out, *head, context_);
  EXPECT_TRUE(out.starts_with("beforeGET / HTTP/1.1\r\n"));
}

TEST_F(ForwardRequest, CarriesAHandshake) {
  context_.path = "/chat";
  EXPECT_EQ(
      forward_raw(
          "GET /ws/chat HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
          "Sec-WebSocket-Protocol: chat\r\nOrigin: https://a\r\n\r\n"),
      "GET /chat HTTP/1.1\r\n"
      "Host: a\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Protocol: chat\r\n"
      "Origin: https://a\r\n"
      "X-Forwarded-For: 192.0.2.1\r\n"
      "X-Forwarded-Proto: https\r\n"
      "X-Forwarded-Host: a\r\n"
      "X-Real-IP: 192.0.2.1\r\n"
      "Connection: Upgrade\r\n"
      "Upgrade: websocket\r\n"
      "\r\n");
}

TEST_F(ForwardRequest, LosesHopByHopFields) {
  EXPECT_EQ(
      forward("Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nTE: gzip\r\n"
              "Trailer: X\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nA: b\r\n"),
      "A: b\r\n");
}

TEST_F(ForwardRequest, LosesWhatConnectionNominates) {
  EXPECT_EQ(forward("X-Hop: 1\r\nConnection: x-hop\r\nA: b\r\nConnection: close, X-Other\r\nX-Other: 2\r\n"),
            "A: b\r\n");
}

TEST_F(ForwardRequest, KeepsWhatANominationCannotRemove) {
  rules_.set = {{"X-Ours", "1"}};
  const std::string out = forward_raw(
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\nX-Ours: theirs\r\n"
      "Connection: host, content-length, expect, x-ours, x-forwarded-for, x-forwarded-proto, "
      "x-forwarded-host, x-real-ip\r\n\r\n");
  EXPECT_EQ(out,
            "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nX-Forwarded-For: 192.0.2.1\r\n"
            "X-Forwarded-Proto: https\r\nX-Forwarded-Host: a\r\nX-Real-IP: 192.0.2.1\r\nX-Ours: 1\r\n"
            "Content-Length: 5\r\n\r\n");
}

TEST_F(ForwardRequest, KeepsAHandshakeWholeWhateverIsNominated) {
  const std::string fields = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  EXPECT_EQ(
      forward("Connection: Upgrade, Sec-WebSocket-Key, sec-websocket-version\r\nUpgrade: websocket\r\n" +
              fields),
      fields + "Connection: Upgrade\r\nUpgrade: websocket\r\n");
}

TEST_F(ForwardRequest, AsksForTrailersInItsOwnName) {
  EXPECT_EQ(forward("TE: trailers, gzip;q=0.5\r\n"), "Connection: TE\r\nTE: trailers\r\n");
}

TEST_F(ForwardRequest, DropsProxy) {
  EXPECT_EQ(forward("Proxy: http://evil\r\nProxied: 1\r\n"), "Proxied: 1\r\n");
}

TEST_F(ForwardRequest, DropsForwardedUnlessTrusted) {
  EXPECT_EQ(forward("Forwarded: for=1.1.1.1\r\n"), "");
  trust_peer();
  EXPECT_EQ(forward("Forwarded: for=1.1.1.1\r\n"), "Forwarded: for=1.1.1.1\r\n");
}

TEST_F(ForwardRequest, DropsNamesWithUnderscoresUnlessAllowed) {
  EXPECT_EQ(forward("A_B: 1\r\nX_Real_IP: 1.1.1.1\r\nAB: 2\r\n"), "AB: 2\r\n");
  context_.allow_underscores = true;
  EXPECT_EQ(
      forward("A_B: 1\r\nX_Real_IP: 1.1.1.1\r\nContent_Length: 5\r\nTransfer-Encoding_: x\r\nforwarded: x\r\n"
              "AB: 2\r\n"),
      "A_B: 1\r\nTransfer-Encoding_: x\r\nAB: 2\r\n");
}

TEST_F(ForwardRequest, ReplacesTheIdentityThatAnUntrustedPeerClaims) {
  const std::string_view claims =
      "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\nx-forwarded-proto: http\r\nX-Forwarded-Host: "
      "evil\r\n"
      "X-Real-IP: 1.1.1.1\r\n";
  EXPECT_EQ(forwarded("X-Forwarded-For", claims), "192.0.2.1");
  EXPECT_EQ(forwarded("X-Forwarded-Proto", claims), "https");
  EXPECT_EQ(forwarded("X-Forwarded-Host", claims), "a");
  EXPECT_EQ(forwarded("X-Real-IP", claims), "192.0.2.1");
}

TEST_F(ForwardRequest, AppendsToTheListOfATrustedPeer) {
  trust_peer();
  EXPECT_EQ(forwarded("X-Forwarded-For", "X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\nX-Forwarded-For: 3.3.3.3\r\n"),
            "1.1.1.1, 2.2.2.2, 3.3.3.3, 10.0.0.9");
  EXPECT_EQ(forwarded("X-Forwarded-For", ""), "10.0.0.9");
  EXPECT_EQ(forwarded("X-Forwarded-For", "X-Forwarded-For:\r\n"), "10.0.0.9");
  context_.peer_address = "";  // over a unix socket
  EXPECT_EQ(forwarded("X-Forwarded-For", "X-Forwarded-For: 1.1.1.1\r\n"), "1.1.1.1");
  EXPECT_EQ(forwarded("X-Forwarded-For", ""), "-");
}

TEST_F(ForwardRequest, KeepsTheProtoAndHostOfATrustedPeerIfTheyAreSane) {
  trust_peer();
  EXPECT_EQ(forwarded("X-Forwarded-Proto", "X-Forwarded-Proto: http\r\n"), "http");
  EXPECT_EQ(forwarded("X-Forwarded-Proto", "X-Forwarded-Proto: http, http\r\n"), "https");
  EXPECT_EQ(forwarded("X-Forwarded-Proto", "X-Forwarded-Proto: http\r\nX-Forwarded-Proto: http\r\n"),
            "https");
  EXPECT_EQ(forwarded("X-Forwarded-Proto", "X-Forwarded-Proto:\r\n"), "https");
  EXPECT_EQ(forwarded("X-Forwarded-Host", "X-Forwarded-Host: b:8443\r\n"), "b:8443");
  EXPECT_EQ(forwarded("X-Forwarded-Host", "X-Forwarded-Host: b, c\r\n"), "a");
  EXPECT_EQ(forwarded("X-Forwarded-Host", ""), "a");
  EXPECT_EQ(forwarded("X-Real-IP", "X-Real-IP: 1.1.1.1\r\n"), "192.0.2.1");
}

TEST_F(ForwardRequest, PassesExpect100ContinueOn) {
  EXPECT_EQ(forward("Expect: 100-continue\r\n"), "Expect: 100-continue\r\n");
  EXPECT_EQ(forward_raw("GET / HTTP/1.0\r\nHost: a\r\nExpect: 100-continue\r\n\r\n").find("Expect"),
            std::string::npos);
}

TEST_F(ForwardRequest, OfHttp10IsHttp11WithAHost) {
  const std::string out =
      forward_raw("GET / HTTP/1.0\r\nConnection: keep-alive\r\nUpgrade: websocket\r\n\r\n");
  EXPECT_EQ(
      out,
      "GET / HTTP/1.1\r\nHost: 127.0.0.1:3000\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n"
      "X-Real-IP: 192.0.2.1\r\n\r\n");
}

TEST_F(ForwardRequest, FollowsTheRulesOfTheRoute) {
  rules_.set = {{"A", "1"}, {"x-real-ip", "9.9.9.9"}, {"B", ""}};
  rules_.remove = {"C", "X-Forwarded-Proto"};
  EXPECT_EQ(
      forward_raw("GET / HTTP/1.1\r\nHost: a\r\na: x\r\nA: y\r\nb: x\r\nC: x\r\nD: x\r\n\r\n"),
      "GET / HTTP/1.1\r\nHost: a\r\nD: x\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Host: a\r\nA: 1\r\n"
      "x-real-ip: 9.9.9.9\r\n\r\n");
}

TEST_F(ForwardRequest, TakesHostFromARule) {
  rules_.set = {{"host", "app.internal"}};
  rules_.remove = {"Host"};
  const std::string out = forward_raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(out.starts_with("GET / HTTP/1.1\r\nHost: app.internal\r\n")) << out;
  EXPECT_EQ(out.find("host: "), std::string::npos);
  rules_.set.clear();
  EXPECT_TRUE(forward_raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n").starts_with("GET / HTTP/1.1\r\nHost: a\r\n"));
}

TEST_F(ForwardRequest, LetsNoRuleTouchFramingOrHopByHopFields) {
  rules_.set = {
      {"Content-Length", "9"}, {"Transfer-Encoding", "chunked"}, {"Connection", "close"}, {"TE", "gzip"}};
  rules_.remove = {"content-length"};
  EXPECT_EQ(forward("Content-Length: 5\r\n"), "Content-Length: 5\r\n");
}

TEST_F(ForwardRequest, EscapesControlsThatVariablesBring) {
  rules_.set = {{"A", "x\r\nEvil: 1\0\x7f\ty\xc3\xbc"s}};
  EXPECT_EQ(forward(""), "A: x%0D%0AEvil: 1%00%7F\ty\xc3\xbc\r\n");
  rules_.set.clear();
  context_.path = "/a b\r\n#\xc3\xbc";
  EXPECT_TRUE(forward_raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                  .starts_with("GET /a%20b%0D%0A%23\xc3\xbc HTTP/1.1\r\n"));
}

TEST(IsIdempotent, KnowsTheMethodsOfRfc9110) {
  for (std::string_view method : {"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
    EXPECT_TRUE(is_idempotent(method));
  for (std::string_view method : {"POST", "PATCH", "LOCK", "get", ""}) EXPECT_FALSE(is_idempotent(method));
}

}  // namespace
}  // namespace tidegate::http
