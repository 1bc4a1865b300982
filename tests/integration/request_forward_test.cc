// What reaches an upstream, byte for byte: exactly one unambiguous message, serialised anew. The rows
// "chunks", "target", "Host", "hop-by-hop" and "identity" of the rules table "Requests", and what a route
// says of fields and paths.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/gateway.h"
#include "tests/integration/messages.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// What stands behind the fields of a request from 127.0.0.1 to example.com.
constexpr std::string_view kIdentity =
    "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Host: example.com\r\n"
    "X-Real-IP: 127.0.0.1\r\n";

std::string identified(const std::string& head, const std::string& behind = "") {
  return head + std::string(kIdentity) + behind + "\r\n";
}

/// A gateway before an upstream that answers each request and tells every byte that it got.
class RequestForward : public testing::Test {
 protected:
  void start(const std::string& more = "", const std::string& route = "") {
    gateway_ = std::make_unique<Gateway>(Gateway::in_front_of(upstream_.url(), more, route));
  }

  std::string forwarded(const std::string& request, Delivery delivery = Delivery::whole) {
    Peer client = gateway_->connect();
    deliver(client, request, delivery);
    Peer server = upstream_.accept();
    std::string got = server.read_message();
    server.send("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(204, status_of(client.read_head()));
    return got + server.read_to_end();
  }

  void expect_forwarded(const std::string& as, const std::string& request) {
    for (Delivery delivery : kDeliveries) EXPECT_EQ(as, forwarded(request, delivery)) << name_of(delivery);
  }

  ScriptedUpstream upstream_;
  std::unique_ptr<Gateway> gateway_;
};

TEST_F(RequestForward, PlainRequest) {
  start();
  expect_forwarded(identified("GET /a/b?c=d&e HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\nX-Empty: \r\n"),
                   get("/a/b?c=d&e", "Accept: */*\r\nX-Empty:\r\n"));
}

TEST_F(RequestForward, EmptyLineBeforeARequestIsTolerated) {
  start();
  expect_forwarded(identified("GET / HTTP/1.1\r\nHost: example.com\r\n"), "\r\n" + get());
}

TEST_F(RequestForward, OptionalWhitespaceAroundValuesIsDropped) {
  start();
  expect_forwarded(identified("GET / HTTP/1.1\r\nHost: example.com\r\nA: b  c\r\n"),
                   "GET / HTTP/1.1\r\nHost: \texample.com \r\nA:\t b  c \t\r\n\r\n");
}

TEST_F(RequestForward, RepeatedFieldsKeepTheirOrderAndTheirCase) {
  start();
  expect_forwarded(
      identified("GET / HTTP/1.1\r\nHost: example.com\r\ncOOkie: a=1\r\nX: 1\r\nCookie: b=2\r\nX: 2\r\n"),
      get("/", "cOOkie: a=1\r\nX: 1\r\nCookie: b=2\r\nX: 2\r\n"));
}

TEST_F(RequestForward, BytesBeyondAsciiInValuesAndTargets) {
  start();
  expect_forwarded(identified("GET /\xc3\xa9 HTTP/1.1\r\nHost: example.com\r\nX: \xc3\xa9\xff\r\n"),
                   get("/\xc3\xa9", "X: \xc3\xa9\xff\r\n"));
}

TEST_F(RequestForward, PathGoesOnAsTheClientWroteIt) {
  start();
  for (const std::string path :
       {"/a%2Fb", "//a", "/a/./b/../c", "/%7euser", "/a;p=1", "/a?x=/../..", "/a?"}) {
    EXPECT_THAT(forwarded(get(path)), StartsWith("GET " + path + " HTTP/1.1\r\n"));
  }
}

TEST_F(RequestForward, AbsoluteFormBecomesOriginFormAndItsAuthorityTheHost) {
  start();
  const std::string fields = "Host: other.example\r\n\r\n";
  expect_forwarded(identified("GET /a?b HTTP/1.1\r\nHost: example.com\r\n"),
                   "GET http://example.com/a?b HTTP/1.1\r\n" + fields);
  expect_forwarded(identified("GET / HTTP/1.1\r\nHost: example.com\r\n"),
                   "GET http://example.com HTTP/1.1\r\n" + fields);
  expect_forwarded(identified("GET /?b HTTP/1.1\r\nHost: example.com\r\n"),
                   "GET HTTP://example.com?b HTTP/1.1\r\n" + fields);
  EXPECT_THAT(forwarded("GET http://example.com:81/ HTTP/1.1\r\n" + fields),
              HasSubstr("\r\nHost: example.com:81\r\n"));
}

TEST_F(RequestForward, OptionsForTheServerAsAWhole) {
  start();
  expect_forwarded(identified("OPTIONS * HTTP/1.1\r\nHost: example.com\r\n"),
                   "OPTIONS * HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_THAT(forwarded("OPTIONS http://example.com HTTP/1.1\r\nHost: example.com\r\n\r\n"),
              StartsWith("OPTIONS * HTTP/1.1\r\n"));
}

TEST_F(RequestForward, HostGoesThroughUnchangedPortIncluded) {
  start();
  for (const std::string host :
       {"Example.COM:8080", "example.com.", "[::1]", "[2001:DB8::1]:443", "127.0.0.1", "a_b"}) {
    const std::string got = forwarded("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    EXPECT_EQ(host, field_of(got, "Host"));
    EXPECT_EQ(host, field_of(got, "X-Forwarded-Host"));
    EXPECT_EQ(1, count_of(got, "\r\nHost: "));
  }
}

TEST_F(RequestForward, Http10WithoutHostGetsTheServersName) {
  start();
  const std::string got = forwarded("GET / HTTP/1.0\r\n\r\n");
  EXPECT_THAT(got, StartsWith("GET / HTTP/1.1\r\nHost: 127.0.0.1"));
  EXPECT_THAT(got, Not(HasSubstr("X-Forwarded-Host")));
}

TEST_F(RequestForward, HopByHopFieldsStopHere) {
  start();
  expect_forwarded(
      identified("GET / HTTP/1.1\r\nHost: example.com\r\nX-Kept: 1\r\n"),
      get("/",
          "Connection: keep-alive, X-Nominated\r\nX-Nominated: 1\r\nconnection: x-other,, close\r\n"
          "X-OTHER: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\n"
          "Trailer: X-Sum\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nX-Kept: 1\r\n"));
}

TEST_F(RequestForward, UpgradeThatIsNoHandshakeIsAnOrdinaryRequest) {
  start();
  expect_forwarded(identified("GET / HTTP/1.1\r\nHost: example.com\r\n"),
                   get("/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"));
  expect_forwarded(identified("GET / HTTP/1.1\r\nHost: example.com\r\n"), get("/", "Upgrade: websocket\r\n"));
  expect_forwarded(
      identified("GET / HTTP/1.1\r\nHost: example.com\r\n"),
      "GET / HTTP/1.0\r\nHost: example.com\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
}

TEST_F(RequestForward, NominationCannotRemoveWhatIsNeededOrOurs) {
  start();
  EXPECT_EQ(
      "POST / HTTP/1.1\r\nHost: example.com\r\n" + std::string(kIdentity) + "Content-Length: 5\r\n\r\nhello",
      forwarded(post("hello",
                     "Connection: Host, Content-Length, X-Forwarded-For, X-Real-IP, "
                     "X-Forwarded-Proto, X-Forwarded-Host, Transfer-Encoding\r\n")));
}

TEST_F(RequestForward, TeTrailersIsOurOwn) {
  start();
  expect_forwarded(
      identified("GET / HTTP/1.1\r\nHost: example.com\r\n", "Connection: TE\r\nTE: trailers\r\n"),
      get("/", "Connection: TE\r\nTE: gzip;q=0.5, Trailers\r\n"));
}

TEST_F(RequestForward, LengthsAreWrittenAnew) {
  start();
  for (Delivery delivery : kDeliveries) {
    EXPECT_EQ(
        "POST / HTTP/1.1\r\nHost: example.com\r\n" + std::string(kIdentity) +
            "Content-Length: 5\r\n\r\nhello",
        forwarded("POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 0005\r\n\r\nhello", delivery));
  }
  expect_forwarded(identified("POST / HTTP/1.1\r\nHost: example.com\r\n", "Content-Length: 0\r\n"), post(""));
  EXPECT_EQ(identified("GET / HTTP/1.1\r\nHost: example.com\r\n", "Content-Length: 2\r\n") + "hi",
            forwarded(get("/", "Content-Length: 2\r\n") + "hi"));
}

TEST_F(RequestForward, ChunksAreFramedAnewWithoutExtensionsAndTrailers) {
  start();
  const std::string head =
      identified("POST / HTTP/1.1\r\nHost: example.com\r\n", "Transfer-Encoding: chunked\r\n");
  const std::string request =
      "POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: CHUNKED\r\nTrailer: X-Sum\r\n\r\n"
      "5;ext=\"v\"\r\nhello\r\n00A\r\n, upstream\r\n000;last\r\nX-Sum: 1\r\nContent-Length: 3\r\nHost: "
      "evil\r\n\r\n";
  for (Delivery delivery : kDeliveries) {
    const std::string got = forwarded(request, delivery);
    EXPECT_THAT(got, StartsWith(head));
    EXPECT_EQ("hello, upstream", dechunk(body_of(got)));
    EXPECT_THAT(got, Not(HasSubstr("X-Sum")));
    EXPECT_THAT(got, Not(HasSubstr("ext")));
  }
  EXPECT_EQ(head + std::string(kLastChunk), forwarded(post_chunked() + std::string(kLastChunk)));
}

TEST_F(RequestForward, IdentityOfAStrangerIsReplaced) {
  start();
  expect_forwarded(identified("GET / HTTP/1.1\r\nHost: example.com\r\n"),
                   get("/",
                       "X-Forwarded-For: 6.6.6.6\r\nx-forwarded-for: 7.7.7.7\r\nX-Forwarded-Proto: https\r\n"
                       "X-Forwarded-Host: evil.example\r\nX-Real-IP: 6.6.6.6\r\nForwarded: "
                       "for=6.6.6.6\r\nProxy: evil\r\n"));
}

TEST_F(RequestForward, IdentityFromATrustedProxyIsKeptAndAppendedTo) {
  start("trusted_proxies: [127.0.0.0/8, 10.0.0.0/8]\n");
  expect_forwarded(
      "GET / HTTP/1.1\r\nHost: example.com\r\nForwarded: for=203.0.113.7\r\n"
      "X-Forwarded-For: 198.51.100.1, 203.0.113.7, 10.0.0.9, 127.0.0.1\r\nX-Forwarded-Proto: https\r\n"
      "X-Forwarded-Host: front.example\r\nX-Real-IP: 203.0.113.7\r\n\r\n",
      get("/",
          "X-Forwarded-For: 198.51.100.1, 203.0.113.7\r\nX-Forwarded-For: 10.0.0.9\r\nX-Forwarded-Proto: "
          "https\r\n"
          "X-Forwarded-Host: front.example\r\nX-Real-IP: 6.6.6.6\r\nForwarded: for=203.0.113.7\r\nProxy: "
          "evil\r\n"));
  expect_forwarded(identified("GET / HTTP/1.1\r\nHost: example.com\r\n"), get());
}

TEST_F(RequestForward, NonsenseFromATrustedProxyIsNotBelieved) {
  start("trusted_proxies: [127.0.0.1]\n");
  const std::string got =
      forwarded(get("/",
                    "X-Forwarded-For: 6.6.6.6, nonsense\r\nX-Forwarded-Proto: https, http\r\n"
                    "X-Forwarded-Host: a b\r\n"));
  EXPECT_EQ("127.0.0.1", field_of(got, "X-Real-IP"));
  EXPECT_EQ("http", field_of(got, "X-Forwarded-Proto"));
  EXPECT_EQ("example.com", field_of(got, "X-Forwarded-Host"));
}

TEST_F(RequestForward, NamesWithUnderscoresAreDropped) {
  start();
  expect_forwarded(identified("GET / HTTP/1.1\r\nHost: example.com\r\n"),
                   get("/", "X_Real_IP: 6.6.6.6\r\nx_y: 1\r\nContent_Length: 5\r\n"));
}

TEST_F(RequestForward, NamesWithUnderscoresPassWhereARouteAllowsButNeverAsOurs) {
  start("", "    underscores: allow\n");
  expect_forwarded(
      identified("GET / HTTP/1.1\r\nHost: example.com\r\nx_y: 1\r\n"),
      get("/", "X_Real_IP: 6.6.6.6\r\nx_y: 1\r\nX_Forwarded_For: 6.6.6.6\r\nTransfer_Encoding: chunked\r\n"));
}

TEST_F(RequestForward, RouteSetsAndRemovesFieldsWithVariables) {
  start("",
        "    request_headers:\n"
        "      set: { X-Real-IP: \"$remote_addr!\", X-What: \"$host $request_uri $arg_x $http_a $cookie_s\", "
        "X-Gone: \"\" }\n"
        "      remove: [X-Debug]\n");
  expect_forwarded(
      "GET /p?x=1 HTTP/1.1\r\nHost: example.com\r\nA: b\r\nCookie: s=c\r\nX-Forwarded-For: 127.0.0.1\r\n"
      "X-Forwarded-Proto: http\r\nX-Forwarded-Host: example.com\r\nX-Real-IP: 127.0.0.1!\r\n"
      "X-What: example.com /p?x=1 1 b c\r\n\r\n",
      get("/p?x=1",
          "A: b\r\nCookie: s=c\r\nX-DEBUG: 1\r\nX-Gone: 1\r\nx-what: forged\r\nX-Real-IP: 6.6.6.6\r\n"));
}

TEST_F(RequestForward, RouteMaySetTheHost) {
  start("", "    request_headers: { set: { Host: inner.example } }\n");
  const std::string got = forwarded(get());
  EXPECT_THAT(got, StartsWith("GET / HTTP/1.1\r\nHost: inner.example\r\n"));
  EXPECT_EQ(1, count_of(got, "\r\nHost: "));
  EXPECT_EQ("example.com", field_of(got, "X-Forwarded-Host"));
}

TEST_F(RequestForward, NominationCannotRemoveWhatARouteSets) {
  start("", "    request_headers: { set: { X-Tenant: inner } }\n");
  EXPECT_EQ("inner",
            field_of(forwarded(get("/", "Connection: X-Tenant\r\nX-Tenant: forged\r\n")), "X-Tenant"));
}

TEST_F(RequestForward, PrefixIsStripped) {
  gateway_ = std::make_unique<Gateway>(
      "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - path: /app\n    upstream: app\n"
      "    rewrite: { strip_prefix: /app }\nupstreams:\n  app: " +
      upstream_.url() + "\n");
  const std::pair<const char*, const char*> cases[] = {
      {"/app", "/"},         {"/app/", "/"},         {"/app/a%2Fb?c", "/a%2Fb?c"},
      {"/app?x=1", "/?x=1"}, {"/%61pp/x", "/x"},     {"/b/../app/x", "/x"},
      {"//app//x", "/x"},    {"/app/x/..", "/x/.."}, {"/app//evil", "/evil"}};
  for (const auto& [path, as] : cases) {
    EXPECT_THAT(forwarded(get(path)), StartsWith("GET " + std::string(as) + " HTTP/1.1\r\n")) << path;
  }
}

}  // namespace
}  // namespace tidegate::test
