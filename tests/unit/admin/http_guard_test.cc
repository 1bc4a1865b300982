#include "gateway/admin/http_guard.h"

#include <gtest/gtest.h>

#include "gateway/http/head_parser.h"

namespace tidegate::admin {
namespace {

/// The status that a request over TCP is refused with; 0: it may pass.
int verdict(const std::string& host, const std::string& fields = "", const std::string& method = "GET") {
  http::RequestParser parser(http::HeadLimits{});
  const std::string text = method + " /status HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n";
  const auto fed = parser.feed(as_bytes(text));
  EXPECT_TRUE(fed && fed.value().complete) << text;
  const auto refused = refusal_over_tcp(*parser.take());
  return refused ? refused->status : 0;
}

TEST(HttpGuard, LetsThisMachineInByAnyPort) {
  for (const char* host : {"localhost", "localhost:9182", "LocalHost:1", "localhost.", "127.0.0.1",
                           "127.0.0.1:80", "127.0.0.2", "[::1]", "[::1]:9182", "[0:0:0:0:0:0:0:1]"}) {
    EXPECT_EQ(verdict(host), 0) << host;
  }
}

TEST(HttpGuard, RefusesEveryOtherName) {
  // What a page of another site can make a browser send, whose name leads here.
  for (const char* host : {"example.com", "localhost.example.com", "127.0.0.1.example.com", "[::2]",
                           "0.0.0.0", "2130706433", "localhost.localdomain", "admin"}) {
    EXPECT_EQ(verdict(host), 403) << host;
  }
}

TEST(HttpGuard, KnowsItsOwnPagesFromOthers) {
  EXPECT_EQ(verdict("localhost:9182", "Origin: http://localhost:9182\r\n"), 0);
  EXPECT_EQ(verdict("[::1]:9182", "Origin: http://[::1]:9182\r\n"), 0);
  for (const char* origin : {"http://example.com", "http://localhost:3000", "https://localhost:9182", "null",
                             "", "http://localhost:9182.example.com", "http://localhost:9182/"}) {
    EXPECT_EQ(verdict("localhost:9182", "Origin: " + std::string(origin) + "\r\n"), 403) << origin;
  }
  EXPECT_EQ(verdict("localhost:9182", "Origin: http://localhost:9182\r\nOrigin: http://localhost:9182\r\n"),
            403);
  EXPECT_EQ(verdict("localhost", "Sec-Fetch-Site: same-origin\r\n"), 0);
  EXPECT_EQ(verdict("localhost", "Sec-Fetch-Site: none\r\n"), 0);
  EXPECT_EQ(verdict("localhost", "Sec-Fetch-Site: cross-site\r\n"), 403);
}

TEST(HttpGuard, LetsNobodySteer) {
  EXPECT_EQ(verdict("localhost", "", "HEAD"), 0);
  for (const char* method : {"POST", "DELETE", "PUT", "OPTIONS", "PATCH"}) {
    EXPECT_EQ(verdict("localhost", "", method), 405) << method;
  }
  EXPECT_EQ(verdict("example.com", "", "POST"), 403);  // another site learns no more than that
}

}  // namespace
}  // namespace tidegate::admin
