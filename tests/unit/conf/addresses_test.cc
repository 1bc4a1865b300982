#include "conf/addresses.h"

#include <gtest/gtest.h>

namespace tidegate::conf {
namespace {

ListenAddress listen_address(std::string_view text) {
  ListenAddress out;
  std::string problem;
  EXPECT_TRUE(parse_listen_address(text, out, problem)) << text << ": " << problem;
  EXPECT_EQ(out.text, text);
  return out;
}

Server server(std::string_view text) {
  Server out;
  std::string problem;
  EXPECT_TRUE(parse_server_url(text, out, problem)) << text << ": " << problem;
  EXPECT_EQ(out.text, text);
  return out;
}

TEST(ListenAddresses, HaveFourForms) {
  EXPECT_EQ(listen_address(":80").host, "");
  EXPECT_EQ(listen_address(":80").port, 80);
  EXPECT_EQ(listen_address("127.0.0.1:0").host, "127.0.0.1");
  EXPECT_EQ(listen_address("127.0.0.1:0").port, 0);
  EXPECT_EQ(listen_address("[::]:8443").host, "::");
  EXPECT_EQ(listen_address("[::]:8443").port, 8443);
  EXPECT_EQ(listen_address("[2001:DB8:0::1]:65535").host, "2001:db8::1");
  EXPECT_EQ(listen_address("unix:/run/a.sock").unix_path, "/run/a.sock");
}

TEST(ListenAddresses, AreNothingElse) {
  for (const char* bad :
       {"", ":", "80", "a:80", "::1", "[::1]", "[]:80", "[::1]80", "1.2.3:80", "[1.2.3.4]:80", "::80",
        "1.2.3.4:", "1.2.3.4:-1", ":99999", "*:80", "[fe80::1%eth0]:80", "unix:", "1.2.3.4:8:0"}) {
    ListenAddress out;
    std::string problem;
    EXPECT_FALSE(parse_listen_address(bad, out, problem)) << bad;
    EXPECT_NE(problem.find(';'), std::string::npos) << "says what would be right: " << problem;
  }
}

TEST(ServerUrls, HaveDefaultPorts) {
  EXPECT_EQ(server("http://app").port, 80);
  EXPECT_EQ(server("https://app").port, 443);
  EXPECT_EQ(server("https://app").scheme, Server::Scheme::https);
  EXPECT_EQ(server("https://app:8443").port, 8443);
}

TEST(ServerUrls, NameHostsAddressesAndSockets) {
  EXPECT_EQ(server("HTTP://App.Example_1.com:3000").host, "app.example_1.com");
  EXPECT_EQ(server("http://10.0.0.1").host, "10.0.0.1");
  EXPECT_EQ(server("http://[::1]").host, "::1");
  EXPECT_EQ(server("http://[::1]:3000").port, 3000);
  EXPECT_EQ(server("unix:/run/app.sock").unix_path, "/run/app.sock");
  EXPECT_EQ(server("unix:/run/app.sock").scheme, Server::Scheme::http);
}

TEST(ServerUrls, AreNothingElse) {
  for (const char* bad : {"",           "localhost",   "http://",    "http:app",         "ws://a",
                          "h2c://a",    "http://a/",   "http://a/b", "http://a?b",       "http://a#b",
                          "http://u@a", "http://a:0",  "http://a:x", "http://a:",        "http://a b",
                          "http://::1", "http://[::1", "http://[a]", "http://256.1.1.1", "http://a..b",
                          "http://.a",  "unix:"}) {
    Server out;
    std::string problem;
    EXPECT_FALSE(parse_server_url(bad, out, problem)) << bad;
    EXPECT_NE(problem.find(';'), std::string::npos) << "says what would be right: " << problem;
  }
}

TEST(HostPatterns, AreLowerCaseNamesOrAddresses) {
  const std::pair<const char*, const char*> good[] = {{"Example.COM", "example.com"},
                                                      {"*.Example.com", "*.example.com"},
                                                      {"localhost", "localhost"},
                                                      {"10.0.0.1", "10.0.0.1"},
                                                      {"[::1]", "[::1]"},
                                                      {"xn--bcher-kva.example", "xn--bcher-kva.example"}};
  for (const auto& [text, expected] : good) {
    std::string out;
    std::string problem;
    EXPECT_TRUE(parse_host_pattern(text, out, problem)) << text << ": " << problem;
    EXPECT_EQ(out, expected);
  }
}

TEST(HostPatterns, AreNothingElse) {
  for (const char* bad : {"", "*", "_", "*.", "*.*.a", "a.*", "a*.b", ".a", "a.", "a..b", "a:80", "http://a",
                          "a/b", "a b", "::1", "[::1]:80", "[a]",
                          "b\xc3\xbc"
                          "cher.de"}) {
    std::string out;
    std::string problem;
    EXPECT_FALSE(parse_host_pattern(bad, out, problem)) << bad;
    EXPECT_NE(problem.find(';'), std::string::npos) << "says what would be right: " << problem;
  }
}

TEST(Origins, AreSchemeHostAndPort) {
  for (const char* good : {"https://example.com", "http://localhost:5173", "https://*.example.com",
                           "https://[::1]:8443", "null", "capacitor://localhost", "https://10.0.0.1"}) {
    std::string problem;
    EXPECT_TRUE(check_origin(good, problem)) << good << ": " << problem;
  }
  for (const char* bad : {"", "*", "example.com", "https://", "https://a/", "https://a?b", "https://*",
                          "https://a.*.b", "https://a:x", "://a", "https://[a]"}) {
    std::string problem;
    EXPECT_FALSE(check_origin(bad, problem)) << bad;
    EXPECT_NE(problem.find(';'), std::string::npos) << "says what would be right: " << problem;
  }
}

}  // namespace
}  // namespace tidegate::conf
