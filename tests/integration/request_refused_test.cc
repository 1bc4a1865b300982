// Requests that the gateway refuses: the rows of the rules table "Requests" that say so, each over a socket.
// Refused means: the status, Connection: close, nothing reaches an upstream, nothing after it is read as a
// request, then FIN, and no reset that overtakes the answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/integration/gateway.h"
#include "tests/integration/messages.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kQuiet{50};

struct Case {
  std::string request;
  int status;
  Reason reason;
};

/// Sends `one` with a sound request behind it.
void expect_refused(Gateway& gateway, const Case& one, Delivery delivery) {
  SCOPED_TRACE(testing::PrintToString(one.request.substr(0, 200)) + ", " + std::string(name_of(delivery)));
  const std::uint64_t before = gateway.count(one.reason);
  Peer client = gateway.connect();
  deliver(client, one.request, delivery);
  client.send(get("/behind"));
  const std::string answer = client.read_to_end();
  EXPECT_EQ(one.status, status_of(answer)) << answer;
  EXPECT_EQ("close", field_of(answer, "Connection"));
  EXPECT_EQ(field_of(answer, "Content-Length"), std::to_string(body_of(answer).size()));
  EXPECT_EQ(1, count_of(answer, "HTTP/1.1 ")) << answer;
  EXPECT_EQ(Ending::clean, client.ending());
  EXPECT_TRUE(eventually([&] { return gateway.count(one.reason) == before + 1; })) << word(one.reason);
}

void expect_all_refused(const std::vector<Case>& cases, const std::string& more = "") {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), more));
  for (const Case& one : cases) {
    for (Delivery delivery : kDeliveries) expect_refused(gateway, one, delivery);
  }
  EXPECT_TRUE(upstream.nobody_for(kQuiet));
  const auto log = gateway.access_log(2 * cases.size());
  EXPECT_EQ(2 * cases.size(), log.size()) << "one line each";
  for (const std::string& line : log) EXPECT_THAT(line, HasSubstr("\"reason\":\""));
}

std::vector<Case> all(int status, Reason reason, const std::vector<std::string>& requests) {
  std::vector<Case> cases;
  for (const std::string& request : requests) cases.push_back({request, status, reason});
  return cases;
}

std::string posted(const std::string& fields) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\nhello";
}

std::string with_field(const std::string& line) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + line + "\r\n\r\n";
}

std::string with_target(const std::string& target) {
  return "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string with_host(const std::string& host) {
  return "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
}

TEST(RequestRefused, FramingThatTwoReadersCouldReadInTwoWays) {
  expect_all_refused(all(400, Reason::bad_framing,
                         {
                             posted("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
                             posted("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
                             posted("Transfer-Encoding: gzip, chunked\r\n"),
                             posted("Transfer-Encoding: chunked, chunked\r\n"),
                             posted("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
                             posted("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
                             posted("Transfer-Encoding: gzip\r\n"),
                             posted("Transfer-Encoding: identity\r\n"),
                             posted("Transfer-Encoding: xchunked\r\n"),
                             posted("Transfer-Encoding: chunked;q=1\r\n"),
                             posted("Transfer-Encoding: chunked,\r\n"),
                             posted("Transfer-Encoding: \"chunked\"\r\n"),
                             posted("Transfer-Encoding:\r\n"),
                             posted("Content-Length: 5\r\nContent-Length: 5\r\n"),
                             posted("Content-Length: 5\r\nContent-Length: 6\r\n"),
                             posted("Content-Length: 5, 5\r\n"),
                             posted("Content-Length: +5\r\n"),
                             posted("Content-Length: -5\r\n"),
                             posted("Content-Length: 5 5\r\n"),
                             posted("Content-Length: 0x5\r\n"),
                             posted("Content-Length: 5.0\r\n"),
                             posted("Content-Length:\r\n"),
                             posted("Content-Length: 18446744073709551616\r\n"),
                             posted("Content-Length: 99999999999999999999999999\r\n"),
                             "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                         }));
}

TEST(RequestRefused, FieldsThatBreakTheGrammar) {
  expect_all_refused(all(400, Reason::bad_field,
                         {
                             with_field("X: a\nY: b"),
                             with_field("X: a\n"),
                             with_field("X: a\rY: b"),
                             with_field(std::string("X: a\0b", 6)),
                             with_field("X: a\x01"),
                             with_field("X: a\x7f"),
                             with_field("X: a\r\n folded"),
                             with_field("X: a\r\n\tfolded"),
                             with_field("X : a"),
                             with_field("X\t: a"),
                             with_field(" X: a"),
                             with_field("no colon"),
                             with_field(": no name"),
                             with_field("X(: a"),
                             with_field("X\x80: a"),
                             with_field("Transfer-Encoding : chunked"),
                             with_field("Content-Length : 5"),
                         }));
}

TEST(RequestRefused, RequestLinesThatBreakTheGrammar) {
  expect_all_refused(all(400, Reason::bad_request_line,
                         {
                             "GET / HTTP/1.1\nHost: a\n\n",
                             "GET / HTTP/1.1\rHost: a\r\n\r\n",
                             "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
                             "GET /  HTTP/1.1\r\nHost: a\r\n\r\n",
                             "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
                             " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
                             "GET / x HTTP/1.1\r\nHost: a\r\n\r\n",
                             "GET / http/1.1\r\nHost: a\r\n\r\n",
                             "GET / HTTP/11\r\nHost: a\r\n\r\n",
                             "GET / HTTP/1.10\r\nHost: a\r\n\r\n",
                             "GET /\r\n",
                             "GET / \r\n\r\n",
                             "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
                             "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
                             "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
                             "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                             "\x16\x03\x01\x02\x00\x01\x00",
                         }));
}

TEST(RequestRefused, TargetsThatNoUpstreamMaySee) {
  expect_all_refused(all(400, Reason::bad_target,
                         {
                             with_target("/a#b"),
                             with_target("/a\tb"),
                             with_target("/a\x01"),
                             with_target("*"),
                             with_target("a.example:443"),
                             with_target("path"),
                             with_target("ftp://a/"),
                             with_target("http:///x"),
                             with_target("http://user@a/x"),
                             with_target("/.."),
                             with_target("/a/../../b"),
                             with_target("/%2e%2e/etc/passwd"),
                             with_target("/a%00b"),
                         }));
}

TEST(RequestRefused, MethodsAndVersions) {
  std::vector<Case> cases =
      all(405, Reason::method_not_allowed,
          {"CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"});
  for (const Case& one : all(505, Reason::version_unsupported,
                             {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
                              "GET / HTTP/0.9\r\nHost: a\r\n\r\n", "GET / HTTP/3.1\r\nHost: a\r\n\r\n"})) {
    cases.push_back(one);
  }
  for (const Case& one : all(501, Reason::method_unknown,
                             {"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", "get / HTTP/1.1\r\nHost: a\r\n\r\n"})) {
    cases.push_back(one);
  }
  expect_all_refused(cases);
}

TEST(RequestRefused, HostsThatAreMissingRepeatedOrNone) {
  expect_all_refused(all(400, Reason::bad_host,
                         {
                             "GET / HTTP/1.1\r\n\r\n",
                             "GET http://a/ HTTP/1.1\r\n\r\n",
                             "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
                             "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
                             with_host(""),
                             with_host("a b"),
                             with_host("a, b"),
                             with_host("a:65536"),
                             with_host("a:b"),
                             with_host("a:-1"),
                             with_host("[::1"),
                             with_host("[::g]"),
                             with_host("::1"),
                             with_host("user@a"),
                             with_host("a/b"),
                             with_host("a\\b"),
                             with_host("a?b"),
                             with_host("<script>"),
                         }));
}

TEST(RequestRefused, ExpectationsOtherThan100Continue) {
  expect_all_refused(
      all(417, Reason::expectation_failed,
          {posted("Content-Length: 5\r\nExpect: 200-ok\r\n"),
           posted("Content-Length: 5\r\nExpect: 100-continue, x\r\n"), with_field("Expect: tea")}));
}

TEST(RequestRefused, HeadsBeyondTheLimits) {
  std::string many;
  for (int i = 0; i < 8; ++i) many += "X-" + std::to_string(i) + ": y\r\n";
  expect_all_refused({{with_field("X: " + std::string(1000, 'x')), 431, Reason::head_too_large},
                      {with_field(many), 431, Reason::head_too_large},
                      {with_target("/" + std::string(256, 'x')), 414, Reason::uri_too_long}},
                     "limits: { head: 1KiB, fields: 8, uri: 256 }\n");
}

TEST(RequestRefused, NothingIsRefusedAtTheLimits) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "limits: { head: 1KiB, fields: 3, uri: 256 }\n"));
  std::string request = "GET /" + std::string(255, 'x') + " HTTP/1.1\r\nHost: a\r\nX: y\r\nZ: ";
  request += std::string(1024 - 4 - request.size(), 'z') + "\r\n\r\n";
  for (Delivery delivery : kDeliveries) {
    Peer client = gateway.connect();
    deliver(client, request, delivery);
    Peer server = upstream.accept();
    server.read_head();
    server.send(ok("ok", "Connection: close\r\n"));
    EXPECT_EQ(200, status_of(client.read_message()));
  }
}

TEST(RequestRefused, DefaultLimitsAreThoseOfTheReference) {
  std::string fields;
  for (int i = 0; i < 100; ++i) fields += "X-" + std::to_string(i) + ": y\r\n";
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  for (const Case& one : {Case{with_field("X: " + std::string(32 * 1024, 'x')), 431, Reason::head_too_large},
                          Case{get("/", fields), 431, Reason::head_too_large},
                          Case{with_target("/" + std::string(8 * 1024, 'x')), 414, Reason::uri_too_long}}) {
    expect_refused(gateway, one, Delivery::whole);
  }
  EXPECT_TRUE(upstream.nobody_for(kQuiet));
}

TEST(RequestRefused, BodyLongerThanTheRoutesLimitBeforeItIsRead) {
  expect_all_refused({{post(std::string(11, 'x')), 413, Reason::body_too_large},
                      {"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n",
                       413, Reason::body_too_large}},
                     "limits: { body: 10 }\n");
}

TEST(RequestRefused, AnswerSaysWhatElseWouldBeAllowed) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(field_of(client.read_message(), "Allow"), HasSubstr("GET, HEAD, POST"));
}

/// A body that breaks the rules may be found out when its head is on its way already: the upstream then sees
/// a message that is visibly not whole, or nothing.
void expect_refused_in_body(Gateway& gateway, ScriptedUpstream& upstream, const Case& one,
                            Delivery delivery) {
  SCOPED_TRACE(testing::PrintToString(one.request.substr(0, 200)) + ", " + std::string(name_of(delivery)));
  Peer client = gateway.connect();
  deliver(client, post_chunked() + one.request, delivery);
  client.send(get("/behind"));
  const std::string answer = client.read_to_end();
  EXPECT_EQ(one.status, status_of(answer)) << answer;
  EXPECT_EQ("close", field_of(answer, "Connection"));
  EXPECT_EQ(1, count_of(answer, "HTTP/1.1 "));
  EXPECT_EQ(Ending::clean, client.ending());
  const std::string got = upstream.accept().read_to_end();
  EXPECT_FALSE(got.ends_with(kLastChunk)) << got;
  EXPECT_EQ(std::string::npos, got.find("/behind")) << got;
}

TEST(RequestRefused, ChunksThatBreakTheGrammar) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  std::vector<std::string> bodies = {
      "5\nhello\r\n0\r\n\r\n",
      "5\rhello\r\n0\r\n\r\n",
      "g\r\n",
      "-5\r\nhello\r\n0\r\n\r\n",
      "+5\r\nhello\r\n0\r\n\r\n",
      "0x5\r\nhello\r\n0\r\n\r\n",
      " 5\r\nhello\r\n0\r\n\r\n",
      "5 \r\nhello\r\n0\r\n\r\n",
      "\r\n",
      ";x\r\n",
      "5\r\nhelloX\r\n0\r\n\r\n",
      "5\r\nhello\n0\r\n\r\n",
      "5\r\nhello0\r\n\r\n",
      "11111111111111111\r\nx",
      "fffffffffffffffff\r\nx",
      "5;\x01\r\nhello\r\n0\r\n\r\n",
      "5;a\nhello\r\n0\r\n\r\n",
      "5;" + std::string(300, 'e') + "\r\nhello\r\n0\r\n\r\n",
      "0\r\nno colon\r\n\r\n",
      "0\r\nX : y\r\n\r\n",
      "0\r\nX: y\n\r\n",
      "0\r\n\n",
  };
  for (const std::string& body : bodies) {
    for (Delivery delivery : kDeliveries) {
      expect_refused_in_body(gateway, upstream, {body, 400, Reason::bad_chunk}, delivery);
    }
  }
}

TEST(RequestRefused, TrailersAndExtensionsWithoutEnd) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  std::string trailers = "0\r\n";
  for (int i = 0; i < 101; ++i) trailers += "X: y\r\n";
  std::string extensions;
  for (int i = 0; i < 200; ++i) extensions += "1;" + std::string(200, 'e') + "\r\nx\r\n";
  expect_refused_in_body(gateway, upstream, {trailers, 431, Reason::head_too_large}, Delivery::whole);
  expect_refused_in_body(gateway, upstream,
                         {"0\r\nX: " + std::string(20'000, 'x'), 431, Reason::head_too_large},
                         Delivery::whole);
  expect_refused_in_body(gateway, upstream, {extensions, 400, Reason::bad_chunk}, Delivery::whole);
}

TEST(RequestRefused, ChunkedBodyThatGrowsBeyondTheRoutesLimit) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "limits: { body: 10 }\n"));
  const std::string body = chunk("12345") + chunk("67890x") + std::string(kLastChunk);
  for (Delivery delivery : kDeliveries) {
    expect_refused_in_body(gateway, upstream, {body, 413, Reason::body_too_large}, delivery);
  }
  EXPECT_TRUE(eventually([&] { return gateway.count(Reason::body_too_large) == 2; }));
}

TEST(RequestRefused, AnswerArrivesThoughTheClientKeepsSending) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "limits: { body: 10 }\n"));
  const std::string body(8 * 1024 * 1024, 'x');
  for (const std::string& head :
       {std::string("GARBAGE\r\n"), with_field("no colon"),
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n"}) {
    Peer client = gateway.connect();
    client.send(head);
    client.send(body);
    const std::string answer = client.read_to_end();
    EXPECT_THAT(status_of(answer), testing::AnyOf(400, 413));
    EXPECT_EQ(Ending::clean, client.ending());
  }
  EXPECT_TRUE(upstream.nobody_for(kQuiet));
}

TEST(RequestRefused, ClientThatNeverEndsIsLeftAfterTwoSeconds) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send("GARBAGE\r\n");
  EXPECT_EQ(400, status_of(client.read_to_end()));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(eventually([&] { return client.send_until_stalled("x", 1, 0ms) == 0; }));
  const auto time = std::chrono::steady_clock::now() - begin;
  EXPECT_GT(time, 1500ms);
  EXPECT_LT(time, 6s);
}

TEST(RequestRefused, SecondRequestOnAConnectionLikeTheFirst) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "workers: 1\n"));
  Peer client = gateway.connect();
  client.send(get("/one") + with_field("no colon") + get("/behind"));
  Peer server = upstream.accept();
  EXPECT_THAT(server.read_head(), testing::StartsWith("GET /one "));
  server.send(ok("one"));
  EXPECT_EQ("one", body_of(client.read_message()));
  EXPECT_EQ(400, status_of(client.read_to_end()));
  EXPECT_EQ(Ending::clean, client.ending());
  EXPECT_TRUE(server.silent_for(kQuiet));
}

}  // namespace
}  // namespace tidegate::test
