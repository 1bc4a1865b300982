// Which route a request takes and what a route, or a listener, answers by itself: "Which route" in the
// design, seen from outside. The finer points of the precedence are the unit tests' of gateway/routing.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/integration/gateway.h"
#include "tests/integration/messages.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::string_view kListener = "listeners:\n  http: { address: \"127.0.0.1:0\" }\n";

/// A route that answers its own name.
std::string named(const std::string& name, const std::string& conditions) {
  return "  - { name: " + name + ", " + conditions + ", respond: { body: \"" + name + "\" } }\n";
}

std::string request(const std::string& path, const std::string& host, const std::string& fields = "",
                    const std::string& method = "GET") {
  return method + " " + path + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
}

/// The body of the answer, or its status where it is not 200.
std::string answer_to(Gateway& gateway, const std::string& bytes, std::size_t listener = 0) {
  std::string body;
  for (Delivery delivery : kDeliveries) {
    Peer client = gateway.connect(listener);
    deliver(client, bytes, delivery);
    const std::string answer = client.read_message();
    body = status_of(answer) == 200 ? body_of(answer) : std::to_string(status_of(answer));
  }
  return body;
}

TEST(Routes, HostsThenPaths) {
  Gateway gateway(std::string(kListener) + "routes:\n" + named("exact_host", "host: a.example, path: /") +
                  named("suffix", "host: \"*.example\", path: /") +
                  named("longer_suffix", "host: \"*.b.example\", path: /only") +
                  named("exact", "path: { exact: /x }") + named("regex", "path: { regex: '^/r[0-9]+$' }") +
                  named("short", "path: /p") + named("long", "path: /p/q") +
                  named("before", "path: { prefix: /r1/, before_regex: true }") + named("any", "path: /"));
  EXPECT_EQ("exact_host", answer_to(gateway, request("/", "a.example")));
  EXPECT_EQ("exact_host", answer_to(gateway, request("/", "A.EXAMPLE.:80")));
  EXPECT_EQ("suffix", answer_to(gateway, request("/", "c.example")));
  EXPECT_EQ("longer_suffix", answer_to(gateway, request("/only", "x.b.example")));
  EXPECT_EQ("suffix", answer_to(gateway, request("/else", "x.b.example")));
  EXPECT_EQ("exact", answer_to(gateway, request("/x", "other")));
  EXPECT_EQ("any", answer_to(gateway, request("/xx", "other")));
  EXPECT_EQ("regex", answer_to(gateway, request("/r42", "other")));
  EXPECT_EQ("any", answer_to(gateway, request("/r42x", "other")));
  EXPECT_EQ("before", answer_to(gateway, request("/r1/", "other")));
  EXPECT_EQ("short", answer_to(gateway, request("/p/", "other")));
  EXPECT_EQ("long", answer_to(gateway, request("/p/q?x", "other")));
  EXPECT_EQ("long", answer_to(gateway, request("/%70//x/../q", "other")));
  EXPECT_EQ("any", answer_to(gateway, request("/", "127.0.0.1")));
  EXPECT_EQ("exact_host", answer_to(gateway, "GET http://a.example/ HTTP/1.1\r\nHost: other\r\n\r\n"));
  EXPECT_EQ("any", answer_to(gateway, "GET / HTTP/1.0\r\n\r\n"));
}

TEST(Routes, EverythingThatMatchListsMustFit) {
  Gateway gateway(std::string(kListener) + "routes:\n" +
                  named("method", "path: /m, match: { methods: [PUT, POST] }") +
                  named("header", "path: /h, match: { headers: { X-Beta: \"1\" } }") +
                  named("query", "path: /q, match: { query: { v: \"2\" } }") +
                  named("both", "path: /b, match: { methods: [GET], headers: { X-Beta: \"1\" } }") +
                  named("any", "path: /"));
  EXPECT_EQ("method", answer_to(gateway, request("/m", "a", "", "PUT")));
  EXPECT_EQ("any", answer_to(gateway, request("/m", "a")));
  EXPECT_EQ("header", answer_to(gateway, request("/h", "a", "x-beta: 1\r\n")));
  EXPECT_EQ("any", answer_to(gateway, request("/h", "a", "X-Beta: 11\r\n")));
  EXPECT_EQ("query", answer_to(gateway, request("/q?u=1&v=2", "a")));
  EXPECT_EQ("any", answer_to(gateway, request("/q?v=22", "a")));
  EXPECT_EQ("both", answer_to(gateway, request("/b", "a", "X-Beta: 1\r\n")));
  EXPECT_EQ("any", answer_to(gateway, request("/b", "a", "X-Beta: 1\r\n", "DELETE")));
}

TEST(Routes, ListenersMayBeToldApart) {
  Gateway gateway(
      "listeners:\n  one: { address: \"127.0.0.1:0\" }\n  two: { address: \"127.0.0.1:0\" }\n"
      "  three: { address: \"unix:${dir}/front.sock\" }\nroutes:\n" +
      named("one", "path: /, match: { listener: one }") + named("two", "path: /, match: { listener: two }") +
      named("other", "path: /"));
  EXPECT_EQ("one", answer_to(gateway, get(), 0));
  EXPECT_EQ("two", answer_to(gateway, get(), 1));
  Peer client = Peer::connect_unix(gateway.dir() + "/front.sock");
  client.send(get());
  EXPECT_EQ("other", body_of(client.read_message()));
}

TEST(Routes, WithoutOneTheAnswerIs404AndTheConnectionGoesOn) {
  ScriptedUpstream upstream;
  Gateway gateway(std::string(kListener) + "routes:\n" + named("one", "path: { exact: /one }"));
  Peer client = gateway.connect();
  client.send(get("/none") + get("/one"));
  const std::string answer = client.read_message();
  EXPECT_EQ(404, status_of(answer));
  EXPECT_EQ("", field_of(answer, "Connection"));
  EXPECT_EQ("one", body_of(client.read_message()));
  EXPECT_THAT(gateway.access_log(1).at(0), HasSubstr("\"reason\":\"no_route\""));
  EXPECT_EQ(1u, gateway.count(Reason::no_route));
}

TEST(Routes, AnswerOfTheGatewaysOwn) {
  Gateway gateway(std::string(kListener) +
                  "routes:\n"
                  "  - path: /t\n    respond: { status: 503, body: \"$host $arg_x\" }\n"
                  "    response_headers: { set: { Retry-After: \"5\", X-Uri: $uri } }\n"
                  "  - { path: /empty, respond: { status: 204 } }\n");
  Peer client = gateway.connect();
  client.send(get("/t/%61?x=1"));
  std::string answer = client.read_message();
  EXPECT_EQ(503, status_of(answer));
  EXPECT_EQ("example.com 1", body_of(answer));
  EXPECT_EQ("5", field_of(answer, "Retry-After"));
  EXPECT_EQ("/t/a", field_of(answer, "X-Uri"));
  EXPECT_NE("", field_of(answer, "Date"));
  client.send("HEAD /t?x=1 HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_EQ("13", field_of(client.read_head(), "Content-Length"));
  client.send(get("/empty"));
  EXPECT_THAT(client.read_head(), Not(HasSubstr("Content-Length")));
}

TEST(Routes, BodyThatNobodyReadsIsNeverParsedAsARequest) {
  Gateway gateway(std::string(kListener) + "routes:\n" + named("any", "path: /"));
  for (const std::string& bytes :
       {post(get("/smuggled")), post_chunked() + chunk(get("/smuggled")) + "0\r\n\r\n"}) {
    Peer client = gateway.connect();
    client.send(bytes);
    const std::string all = client.read_to_end();
    EXPECT_EQ(1, count_of(all, "HTTP/1.1 ")) << all;
    EXPECT_EQ("close", field_of(all, "Connection"));
    EXPECT_EQ(Ending::clean, client.ending());
  }
}

TEST(Routes, RedirectsWithVariables) {
  Gateway gateway(
      std::string(kListener) +
      "routes:\n"
      "  - path: /old/\n    redirect: { status: 308, to: \"https://$host/new/$uri_rest$is_args$args\" }\n"
      "  - path: /fixed\n    redirect: { status: 302, to: \"https://example.org/\" }\n"
      "    response_headers: { set: { X-Set: \"1\" } }\n");
  Peer client = gateway.connect();
  client.send(get("/old/a%20b/c?d=e") + get("/old/") + get("/fixed/x"));
  std::string answer = client.read_message();
  EXPECT_EQ(308, status_of(answer));
  EXPECT_EQ("https://example.com/new/a%20b/c?d=e", field_of(answer, "Location"));
  EXPECT_EQ("https://example.com/new/", field_of(client.read_message(), "Location"));
  answer = client.read_message();
  EXPECT_EQ(302, status_of(answer));
  EXPECT_EQ("https://example.org/", field_of(answer, "Location"));
  EXPECT_EQ("1", field_of(answer, "X-Set"));
}

constexpr std::string_view kRedirectListener =
    "listeners:\n  http: { address: \"127.0.0.1:0\", redirect: https }\n  plain: { address: \"127.0.0.1:0\" "
    "}\n";

TEST(RedirectListener, SendsToHttpsAndRoutesThatNameItComeFirst) {
  Gateway gateway(std::string(kRedirectListener) + "routes:\n" + named("any", "path: /") +
                  named("named", "path: { exact: /healthz }, match: { listener: http }"));
  Peer client = gateway.connect();
  client.send("GET /a%20b?c=d HTTP/1.1\r\nHost: Example.com:8080\r\n\r\n" + get("/healthz"));
  const std::string answer = client.read_message();
  EXPECT_EQ(301, status_of(answer));
  EXPECT_EQ("https://example.com/a%20b?c=d", field_of(answer, "Location"));
  EXPECT_EQ("named", body_of(client.read_message()));
  EXPECT_EQ("any", answer_to(gateway, get("/x"), 1));
}

TEST(RedirectListener, LocationIsNeverBuiltFromRawBytes) {
  Gateway gateway(std::string(kRedirectListener) + "routes:\n" + named("any", "path: /"));
  for (const std::string host : {"", "a b", "evil/@example.com", "a:99999", "[::1", "a\\b", "a#b"}) {
    EXPECT_EQ("400", answer_to(gateway, request("/", host))) << host;
  }
  EXPECT_EQ("400", answer_to(gateway, "GET / HTTP/1.1\r\n\r\n"));
  EXPECT_EQ("400", answer_to(gateway, "GET / HTTP/1.0\r\n\r\n")) << "no name to send it on to";
  Peer client = gateway.connect();
  client.send("GET http://example.org//x HTTP/1.1\r\nHost: other\r\n\r\n");
  EXPECT_EQ("https://example.org//x", field_of(client.read_message(), "Location"));
}

TEST(RedirectListener, StatusAndTargetMayBeSaid) {
  Gateway gateway(
      "listeners:\n  http: { address: \"127.0.0.1:0\", redirect: { status: 308, to: "
      "\"https://$host:8443$request_uri\" } }\nroutes:\n" +
      named("any", "path: /"));
  Peer client = gateway.connect();
  client.send(get("/x?y"));
  const std::string answer = client.read_message();
  EXPECT_EQ(308, status_of(answer));
  EXPECT_EQ("https://example.com:8443/x?y", field_of(answer, "Location"));
}

TEST(RedirectListener, NoLoopWhereATrustedProxySaysHttps) {
  const std::string routes = "routes:\n" + named("any", "path: /");
  {
    Gateway gateway(std::string(kRedirectListener) + routes + "trusted_proxies: [127.0.0.1]\n");
    EXPECT_EQ("any", answer_to(gateway, get("/", "X-Forwarded-Proto: https\r\n")));
    EXPECT_EQ("301", answer_to(gateway, get("/", "X-Forwarded-Proto: http\r\n")));
    EXPECT_EQ("301", answer_to(gateway, get()));
  }
  Gateway gateway(std::string(kRedirectListener) + routes);
  EXPECT_EQ("301", answer_to(gateway, get("/", "X-Forwarded-Proto: https\r\n"))) << "a stranger's word";
}

/// The webroot with one challenge in it, and things around it that nobody may have.
class AcmeChallenge : public testing::Test {
 protected:
  AcmeChallenge()
      : gateway_(
            "listeners:\n  http: { address: \"127.0.0.1:0\", redirect: https, acme_challenge: \"${dir}/www\" "
            "}\n"
            "routes:\n" +
            named("any", "path: /")) {
    const std::string challenges = gateway_.dir() + "/www/.well-known/acme-challenge";
    std::filesystem::create_directories(challenges + "/directory");
    write(challenges + "/to-ken_1", "to-ken_1.thumbprint");
    write(challenges + "/dotted.txt", "secret");
    write(challenges + "/directory/inside", "secret");
    write(gateway_.dir() + "/www/secret", "secret");
    write(challenges + "/huge", std::string(64 * 1024 + 1, 'x'));
    std::filesystem::create_symlink(gateway_.dir() + "/www/secret", challenges + "/link");
    EXPECT_EQ(0, ::mkfifo((challenges + "/pipe").c_str(), 0600));
  }

  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

  Gateway gateway_;
};

TEST_F(AcmeChallenge, IsServedThoughTheListenerRedirects) {
  EXPECT_EQ("to-ken_1.thumbprint", answer_to(gateway_, get("/.well-known/acme-challenge/to-ken_1")));
  EXPECT_EQ("to-ken_1.thumbprint", answer_to(gateway_, get("/.well-known/acme-challenge/to-ken_1?x")));
  EXPECT_EQ("301", answer_to(gateway_, get("/.well-known/acme-challenge")));
  EXPECT_EQ("301", answer_to(gateway_, get("/.well-known/other")));
}

TEST_F(AcmeChallenge, NothingElseCanBeRead) {
  const std::string base = "/.well-known/acme-challenge/";
  for (const std::string name :
       {"", "none", "directory", "directory/inside", "directory%2Finside", "dotted.txt", "link", "pipe",
        "huge", ".", "%5c..%5csecret", "to-ken_1/", "to%20ken", "to-ken_1%0a"}) {
    EXPECT_EQ("404", answer_to(gateway_, get(base + name))) << name;
  }
  for (const std::string name :
       {"../../secret", "..%2f..%2fsecret", "%2e%2e/%2e%2e/secret", "x/../../../secret"}) {
    EXPECT_EQ("301", answer_to(gateway_, get(base + name))) << name << " is another path";
  }
  for (const std::string name :
       {"../../../../../etc/passwd", "%2e%2e%2f%2e%2e%2f%2e%2e%2fetc/passwd", "to-ken_1%00"}) {
    EXPECT_EQ("400", answer_to(gateway_, get(base + name))) << name;
  }
}

TEST(Routes, ThousandRequestsOnOneConnection) {
  Gateway gateway(std::string(kListener) + "routes:\n" + named("any", "path: /"));
  Peer client = gateway.connect();
  for (int i = 0; i < 1000; ++i) {
    client.send(get());
    ASSERT_EQ("any", body_of(client.read_message()));
  }
}

}  // namespace
}  // namespace tidegate::test
