// The access log over real connections: docs/reference/access-log.md, and that it never stands in the way of
// traffic.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/integration/captured_log.h"
#include "tests/integration/failed_start.h"
#include "tests/integration/gateway.h"

namespace tidegate::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

constexpr char kAnswersItself[] =
    "listeners:\n  http: { address: \"127.0.0.1:0\" }\n"
    "routes:\n  - name: all\n    respond: { status: 200, body: hello }\n";

/// Sends `request` on a connection of its own and reads the answer to its end.
std::string send_and_end(Gateway& gateway, const std::string& request) {
  Peer client = gateway.connect();
  client.send(request);
  client.shutdown_write();
  return client.read_to_end();
}

std::string get(const std::string& target, const std::string& fields = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n" + fields + "\r\n";
}

/// As get(), but the client waits for the answer before it ends.
std::string fetch(Gateway& gateway, const std::string& target, const std::string& fields = "") {
  Peer client = gateway.connect();
  client.send(get(target, fields));
  return client.read_to_end();
}

TEST(AccessLog, RecordsARequestWithEveryFieldAsJson) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send(
      "POST /form?token=secret HTTP/1.1\r\nHost: example.com\r\nUser-Agent: tests/1\r\n"
      "Referer: https://user:pw@example.org/?q=private\r\nAuthorization: Bearer abc\r\nCookie: c=abc\r\n"
      "Content-Length: 4\r\n\r\nbody");
  Peer server = upstream.accept();
  server.read_message();
  server.send("HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello");
  client.read_message();
  const std::string line = gateway.access_log(1).at(0);
  const json record = json::parse(line);
  EXPECT_THAT(record["time"].get<std::string>(), MatchesRegex("[0-9-]{10}T[0-9:.]{12}Z"));
  EXPECT_THAT(record["id"].get<std::string>(), MatchesRegex("[0-9a-f]{16}"));
  EXPECT_EQ("request", record["event"]);
  EXPECT_EQ("http", record["listener"]);
  EXPECT_TRUE(record.contains("route"));
  EXPECT_EQ("127.0.0.1", record["remote_addr"]);
  EXPECT_EQ("POST", record["method"]);
  EXPECT_EQ("/form?token=*", record["target"]);
  EXPECT_EQ("HTTP/1.1", record["protocol"]);
  EXPECT_EQ("example.com", record["host"]);
  EXPECT_EQ("tests/1", record["user_agent"]);
  EXPECT_EQ("https://example.org/?q=*", record["referer"]);
  EXPECT_EQ(201, record["status"]);
  EXPECT_EQ(5, record["bytes_sent"]);
  EXPECT_EQ(4, record["bytes_received"]);
  EXPECT_EQ(upstream.url(), record["server"]);
  EXPECT_GE(record["duration_seconds"].get<double>(), record["first_byte_seconds"].get<double>());
  EXPECT_FALSE(record.contains("reason"));
  for (const char* secret : {"secret", "private", "pw@", "abc"}) EXPECT_THAT(line, Not(HasSubstr(secret)));
}

TEST(AccessLog, RecordsATunnelsTwoEndsUnderOneId) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  OpenTunnel tunnel(gateway, upstream);
  tunnel.client.send(frame(1, "question", true) + close_frame(1000, true));
  tunnel.upstream.read_exactly(frame(1, "question", true).size() + 8);
  tunnel.upstream.send(frame(1, "an", false) + frame(2, "swer", false) + close_frame(1001, false)).close();
  tunnel.client.read_to_end();
  tunnel.client.close();
  const auto lines = gateway.access_log(2);
  const json open = json::parse(lines.at(0));
  const json close = json::parse(lines.at(1));
  EXPECT_EQ("tunnel_open", open["event"]);
  EXPECT_EQ("tunnel_close", close["event"]);
  EXPECT_EQ(open["id"], close["id"]);
  EXPECT_EQ(101, open["status"]);
  EXPECT_EQ(1, close["messages_to_upstream"]);
  EXPECT_EQ(2, close["messages_to_client"]);
  EXPECT_EQ(frame(1, "question", true).size() + 8, close["bytes_to_upstream"]);
  EXPECT_EQ(1000, close["close_code_from_client"]);
  EXPECT_EQ(1001, close["close_code_from_upstream"]);
  EXPECT_EQ(upstream.url(), close["server"]);
}

TEST(AccessLog, RecordsWhatWasRefusedWithItsReason) {
  Gateway gateway(kAnswersItself);
  send_and_end(gateway, "GET / HTTP/1.1\r\n\r\n");
  send_and_end(gateway, "GET /a HTTP/1.1\r\nHost: example.com\r\nContent-Length: x\r\n\r\n");
  send_and_end(gateway, "nonsense\r\n\r\n");
  send_and_end(gateway, "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com\r\n\r\n");
  std::map<std::string, json> by_reason;
  for (const std::string& line : gateway.access_log(4)) {
    const json record = json::parse(line);
    by_reason[record["reason"]] = record;
  }
  EXPECT_EQ(400, by_reason["bad_host"]["status"]);
  EXPECT_EQ(400, by_reason["bad_framing"]["status"]);
  EXPECT_EQ(400, by_reason["bad_request_line"]["status"]);
  EXPECT_EQ(405, by_reason["method_not_allowed"]["status"]);
  EXPECT_EQ("127.0.0.1", by_reason["bad_framing"]["remote_addr"]);
  EXPECT_EQ("http", by_reason["bad_framing"]["listener"]);
  EXPECT_EQ("GET", by_reason["bad_framing"]["method"]);
  EXPECT_EQ("/a", by_reason["bad_framing"]["target"]);
}

TEST(AccessLog, StaysOneValidLineWhateverAPeerSends) {
  Gateway gateway(kAnswersItself);
  fetch(gateway, "/\xff\xfe\"\\", "User-Agent: a\"b\\c\x80\xc3\xa9\td\r\n");
  send_and_end(gateway, "GET /\n{\"forged\":1}\n HTTP/1.1\r\n\r\n");
  send_and_end(gateway, std::string("\0\x01\x02\x7f\r\n\r\n", 8));
  for (const std::string& line : gateway.access_log(3)) {
    EXPECT_TRUE(json::accept(line)) << line;
    EXPECT_THAT(line, StartsWith("{\"time\""));
  }
}

TEST(AccessLog, RecordsAClientThatLeftBeforeItsAnswer) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url()));
  Peer client = gateway.connect();
  client.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  Peer server = upstream.accept();
  server.read_head();
  client.reset();
  const json record = json::parse(gateway.access_log(1).at(0));
  EXPECT_EQ(499, record["status"]);
  EXPECT_EQ("client_gone", record["reason"]);
}

TEST(AccessLog, RecordsWhoFailedBehindABadGateway) {
  const std::string nobody = "http://127.0.0.1:" + std::to_string(closed_port());
  Gateway gateway(Gateway::in_front_of(nobody));
  EXPECT_THAT(fetch(gateway, "/"), StartsWith("HTTP/1.1 502 "));
  const json record = json::parse(gateway.access_log(1).at(0));
  EXPECT_EQ(502, record["status"]);
  EXPECT_EQ("upstream_unreachable", record["reason"]);
  EXPECT_EQ(nobody, record["server"]);
}

TEST(AccessLog, WritesNginxsCombinedFormat) {
  Gateway gateway(std::string(kAnswersItself) + "log: { access: \"${dir}/access.log\", format: combined }\n");
  fetch(gateway, "/chat?room=1", "User-Agent: say \"hi\"\r\n");
  EXPECT_THAT(gateway.access_log(1).at(0),
              MatchesRegex("127\\.0\\.0\\.1 - - \\[[0-9]{2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9:]{8} [+-][0-9]{4}\\] "
                           "\"GET /chat\\?room=\\* HTTP/1\\.1\" 200 5 \"-\" \"say \\\\x22hi\\\\x22\""));
}

TEST(AccessLog, AppendsWhatATunnelHasToTheCombinedFormat) {
  ScriptedUpstream upstream;
  Gateway gateway(
      Gateway::in_front_of(upstream.url(), "log: { access: \"${dir}/access.log\", format: combined }\n"));
  {
    OpenTunnel tunnel(gateway, upstream);
    tunnel.upstream.send(close_frame(1000, false)).close();
    tunnel.client.read_to_end();
  }
  const auto lines = gateway.access_log(2);
  EXPECT_THAT(lines.at(0), HasSubstr("\"GET / HTTP/1.1\" 101 0 \"-\" \"-\" event=tunnel_open id="));
  EXPECT_THAT(lines.at(1), HasSubstr("\"GET / HTTP/1.1\" 101 4 \"-\" \"-\" event=tunnel_close id="));
  EXPECT_THAT(lines.at(1), HasSubstr(" close_code_from_upstream=1000"));
}

TEST(AccessLog, LeavesTheQueryOutIfAsked) {
  Gateway gateway(std::string(kAnswersItself) + "log: { access: \"${dir}/access.log\", query: false }\n");
  fetch(gateway, "/a?b=c&d");
  const json record = json::parse(gateway.access_log(1).at(0));
  EXPECT_EQ("/a", record["target"]);
}

TEST(AccessLog, ShowsQueryValuesIfAsked) {
  Gateway gateway(std::string(kAnswersItself) +
                  "log: { access: \"${dir}/access.log\", query_values: true }\n");
  fetch(gateway, "/a?b=c&d");
  const json record = json::parse(gateway.access_log(1).at(0));
  EXPECT_EQ("/a?b=c&d", record["target"]);
}

TEST(AccessLog, OffWritesNothing) {
  Gateway gateway(std::string(kAnswersItself) + "log: { access: off }\n");
  EXPECT_THAT(fetch(gateway, "/"), HasSubstr("hello"));
  gateway.drain();
  EXPECT_TRUE(gateway.access_log(0).empty());
}

TEST(AccessLog, OnAFullDiskTrafficGoesOnAndEveryLostLineIsReported) {
  constexpr int kRequests = 50;
  CapturedLog diagnostics;
  {
    Gateway gateway(std::string(kAnswersItself) + "log: { access: /dev/full }\n");
    for (int i = 0; i < kRequests; ++i) EXPECT_THAT(fetch(gateway, "/"), HasSubstr("hello"));
  }
  const std::string said = diagnostics.text();
  const std::string report = "/dev/full: ";
  int lost = 0;
  for (std::size_t at = 0; (at = said.find(report, at)) != std::string::npos;) {
    at += report.size();
    lost += std::atoi(said.c_str() + at);
    EXPECT_THAT(said.substr(at, said.find('\n', at) - at),
                HasSubstr(" lines dropped: No space left on device"));
  }
  EXPECT_EQ(kRequests, lost) << said;
}

TEST(AccessLog, ThatCannotBeOpenedStopsTheStart) {
  TempDir dir;
  const std::string yaml = std::string(kAnswersItself) + "log: { access: no/such/place.log }\n";
  EXPECT_THAT(complaints_at_start(yaml, dir.path()),
              AllOf(StartsWith("test.yaml:6:"), HasSubstr("cannot write the access log " + dir.path()),
                    HasSubstr("No such file or directory")));
}

}  // namespace
}  // namespace tidegate::test
