#include "gateway/tunnel/access_record.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>
#include <string>

namespace tidegate::tunnel {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using namespace std::string_view_literals;

constexpr std::chrono::system_clock::time_point kMoment{
    std::chrono::sys_days{std::chrono::January / 2 / 2026} + 3h + 4min + 5s + 6ms};

AccessRecord request() {
  AccessRecord record;
  record.time = kMoment;
  record.id = "00112233445566ff";
  record.listener = "https";
  record.route = "chat";
  record.remote_addr = "192.0.2.7";
  record.method = "GET";
  record.target = "/ws/room";
  record.host = "chat.example.com";
  record.user_agent = "Probe/1.0";
  record.status = 200;
  record.bytes_sent = 1234;
  record.bytes_received = 5;
  record.duration = 1'500'002us;
  record.server = "http://127.0.0.1:3000";
  return record;
}

AccessRecord tunnel_close() {
  AccessRecord record = request();
  record.event = AccessRecord::Event::tunnel_close;
  record.method = {};  // a tunnel remembers only what it must
  record.status = 101;
  record.reason = Reason::client_ended;
  record.ended_by = Party::client;
  record.messages_to_upstream = 1;
  record.messages_to_client = 2;
  record.bytes_to_upstream = 30;
  record.bytes_to_client = 40;
  record.close_code_from_client = 1000;
  return record;
}

conf::Log json_log() {
  return {};
}

conf::Log combined_log() {
  conf::Log log;
  log.format = conf::Log::Format::combined;
  return log;
}

/// $time_local in UTC, whatever the machine's zone.
class AccessRecordCombined : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

std::string target_in_json(std::string_view target, const conf::Log& log = json_log()) {
  AccessRecord record = request();
  record.target = target;
  return json::parse(format(record, log)).at("target");
}

std::string user_agent_in_json(std::string_view user_agent) {
  AccessRecord record = request();
  record.user_agent = user_agent;
  return json::parse(format(record, json_log())).at("user_agent");
}

TEST(AccessRecordJson, WritesOneRequestInAStableOrder) {
  EXPECT_EQ(
      format(request(), json_log()),
      R"({"time":"2026-01-02T03:04:05.006Z","event":"request","id":"00112233445566ff","listener":"https",)"
      R"("route":"chat","remote_addr":"192.0.2.7","method":"GET","target":"/ws/room","protocol":"HTTP/1.1",)"
      R"("host":"chat.example.com","user_agent":"Probe/1.0","status":200,"bytes_sent":1234,)"
      R"("bytes_received":5,"duration_seconds":1.500002,"server":"http://127.0.0.1:3000"})");
}

TEST(AccessRecordJson, LeavesOutWhatThereIsNothingToSayOf) {
  AccessRecord record;
  record.time = kMoment;
  const json line = json::parse(format(record, json_log()));
  for (const char* name : {"route", "host", "user_agent", "referer", "server", "first_byte_seconds", "reason",
                           "ended_by", "messages_to_client"}) {
    EXPECT_FALSE(line.contains(name)) << name;
  }
  EXPECT_EQ(line.at("method"), "");
  EXPECT_EQ(line.at("status"), 0);
}

TEST(AccessRecordJson, SaysWhyTheGatewayAnswered) {
  AccessRecord record = request();
  record.status = 502;
  record.reason = Reason::upstream_unreachable;
  record.first_byte = 250us;
  const json line = json::parse(format(record, json_log()));
  EXPECT_EQ(line.at("reason"), "upstream_unreachable");
  EXPECT_DOUBLE_EQ(line.at("first_byte_seconds"), 0.00025);
}

TEST(AccessRecordJson, OpensATunnelWithoutCounts) {
  AccessRecord record = request();
  record.event = AccessRecord::Event::tunnel_open;
  record.status = 101;
  const json line = json::parse(format(record, json_log()));
  EXPECT_EQ(line.at("event"), "tunnel_open");
  EXPECT_EQ(line.at("status"), 101);
  EXPECT_FALSE(line.contains("bytes_sent"));
  EXPECT_FALSE(line.contains("ended_by"));
}

TEST(AccessRecordJson, ClosesATunnelWithItsCountsAndCodes) {
  const json line = json::parse(format(tunnel_close(), json_log()));
  EXPECT_EQ(line.at("event"), "tunnel_close");
  EXPECT_EQ(line.at("method"), "GET");
  EXPECT_EQ(line.at("id"), "00112233445566ff");
  EXPECT_EQ(line.at("reason"), "client_ended");
  EXPECT_EQ(line.at("ended_by"), "client");
  EXPECT_EQ(line.at("messages_to_upstream"), 1);
  EXPECT_EQ(line.at("messages_to_client"), 2);
  EXPECT_EQ(line.at("bytes_to_upstream"), 30);
  EXPECT_EQ(line.at("bytes_to_client"), 40);
  EXPECT_EQ(line.at("close_code_from_client"), 1000);
  EXPECT_FALSE(line.contains("close_code_from_upstream"));
  EXPECT_FALSE(line.contains("bytes_sent"));
}

TEST(AccessRecordJson, HoldsTheLargestNumbers) {
  AccessRecord record = request();
  record.bytes_sent = ~std::uint64_t{0};
  record.duration = std::chrono::hours(24 * 365);
  const json line = json::parse(format(record, json_log()));
  EXPECT_EQ(line.at("bytes_sent"), ~std::uint64_t{0});
  EXPECT_DOUBLE_EQ(line.at("duration_seconds"), 31536000.0);
  record.duration = -5us;  // a clock that was set back
  EXPECT_DOUBLE_EQ(json::parse(format(record, json_log())).at("duration_seconds"), 0.0);
}

TEST(AccessRecordJson, KeepsValidUtf8) {
  for (std::string_view text :
       {"\u00E9\u4E2D\U0001F30A"sv, "\u00A0\u07FF\u0800\uFFFF"sv, "\U00010000\U0010FFFF"sv}) {
    EXPECT_EQ(user_agent_in_json(text), text);
  }
}

TEST(AccessRecordJson, ReplacesWhatIsNotUtf8) {
  struct Case {
    std::string_view bytes;
    std::string_view text;
  };
  const Case cases[] = {
      {"a\xFFz"sv, "a\uFFFDz"sv},
      {"\x80\xBF"sv, "\uFFFD\uFFFD"sv},                      // continuations of nothing
      {"\xC0\xAF"sv, "\uFFFD\uFFFD"sv},                      // overlong
      {"\xE0\x80\xAF"sv, "\uFFFD\uFFFD\uFFFD"sv},            // overlong
      {"\xED\xA0\x80"sv, "\uFFFD\uFFFD\uFFFD"sv},            // a surrogate
      {"\xF4\x90\x80\x80"sv, "\uFFFD\uFFFD\uFFFD\uFFFD"sv},  // above U+10FFFF
      {"\xF5"sv, "\uFFFD"sv},
      {"\xE2\x82"sv, "\uFFFD"sv},  // cut short: one replacement for what was there
      {"\xF0\x9F\x8C"sv, "\uFFFD"sv},
      {"\xE2\x82\x41"sv, "\uFFFD\x41"sv},
      {"\xE2\xE2\x82\xAC"sv, "\uFFFD\u20AC"sv},
  };
  for (const Case& c : cases) EXPECT_EQ(user_agent_in_json(c.bytes), c.text);
}

TEST(AccessRecordJson, EscapesControlsSoThatALineStaysALine) {
  AccessRecord record = request();
  record.user_agent = "a\"b\\c\n\r\t\0\x1B[2J\x7F\u0085"sv;
  const std::string line = format(record, json_log());
  for (char c : line) EXPECT_TRUE(c >= 0x20 && c < 0x7F) << static_cast<int>(c);
  EXPECT_EQ(json::parse(line).at("user_agent").get<std::string>(), record.user_agent);
}

TEST(AccessRecordJson, IsValidWhateverTheByteAndWhereverItStands) {
  for (int byte = 0; byte < 256; ++byte) {
    for (int second = 0; second < 256; second += 5) {
      const std::string hostile = {
          '/', static_cast<char>(byte), static_cast<char>(second), '?', static_cast<char>(second),
          '=', static_cast<char>(byte)};
      AccessRecord record = request();
      record.id = record.listener = record.route = record.remote_addr = record.method = record.target =
          hostile;
      record.host = record.user_agent = record.referer = record.server = hostile;
      const std::string line = format(record, json_log());
      EXPECT_TRUE(json::accept(line)) << byte << ' ' << second << ' ' << line;
      EXPECT_EQ(line.find('\n'), std::string::npos);
      EXPECT_EQ(format(record, combined_log()).find('\n'), std::string::npos);
    }
  }
}

TEST(AccessRecordJson, RedactsTheValuesOfArguments) {
  EXPECT_EQ(target_in_json("/a?a=1&b=2"), "/a?a=*&b=*");
  EXPECT_EQ(target_in_json("/a?token=x=y=z"), "/a?token=*");
  EXPECT_EQ(target_in_json("/a?a=&b"), "/a?a=*&*");
  EXPECT_EQ(target_in_json("/a?secret"), "/a?*");
  EXPECT_EQ(target_in_json("/a?"), "/a?");
  EXPECT_EQ(target_in_json("/a?&&a=1&"), "/a?&&a=*&");
  EXPECT_EQ(target_in_json("/a?a=1?b=2"), "/a?a=*");
  EXPECT_EQ(target_in_json("/a?=secret"), "/a?=*");
  EXPECT_EQ(target_in_json("/a?a=1;b=2"), "/a?a=*");
  EXPECT_EQ(target_in_json("?a=1"), "?a=*");
}

TEST(AccessRecordJson, RedactsFragments) {
  EXPECT_EQ(target_in_json("/a#access_token=x"), "/a#*");
  EXPECT_EQ(target_in_json("/a?b=1#access_token=x"), "/a?b=*#*");
  EXPECT_EQ(target_in_json("/a#x?b=1"), "/a#*");
}

TEST(AccessRecordJson, LeavesTheQueryOutWhenAsked) {
  conf::Log log = json_log();
  log.query = false;
  EXPECT_EQ(target_in_json("/a?a=1&b=2", log), "/a");
  AccessRecord record = request();
  record.referer = "https://example.com/x?y=1";
  EXPECT_EQ(json::parse(format(record, log)).at("referer"), "https://example.com/x");
}

TEST(AccessRecordJson, ShowsValuesWhenAsked) {
  conf::Log log = json_log();
  log.query_values = true;
  EXPECT_EQ(target_in_json("/a?a=1&b=\"", log), "/a?a=1&b=\"");
  EXPECT_EQ(target_in_json("http://me:pw@h/a?a=1#f", log), "http://h/a?a=1#*");
}

TEST(AccessRecordJson, DropsUserinfo) {
  EXPECT_EQ(target_in_json("http://me:pw@example.com/a"), "http://example.com/a");
  EXPECT_EQ(target_in_json("http://me:p@w@example.com"), "http://example.com");
  EXPECT_EQ(target_in_json("me:pw@example.com:443"), "example.com:443");
  EXPECT_EQ(target_in_json("http://example.com/@a"), "http://example.com/@a");
  EXPECT_EQ(target_in_json("http://me:pw@example.com?a=1"), "http://example.com?a=*");
  EXPECT_EQ(target_in_json("/a@b"), "/a@b");
  EXPECT_EQ(target_in_json("/a://me@b"), "/a://me@b");
}

TEST(AccessRecordJson, RedactsTheReferer) {
  AccessRecord record = request();
  record.referer = "https://me:pw@example.com/login?code=secret&state=x#t";
  EXPECT_EQ(json::parse(format(record, json_log())).at("referer"),
            "https://example.com/login?code=*&state=*#*");
}

TEST(AccessRecordJson, RedactsARequestLineThatMadeNoSense) {
  AccessRecord record = request();
  record.method = "GET\t/a?token=secret HTTP/1.1";
  record.target = {};
  const json line = json::parse(format(record, json_log()));
  EXPECT_EQ(line.at("method"), "GET\t/a?token=*");
  EXPECT_EQ(line.at("target"), "");
}

TEST_F(AccessRecordCombined, IsNginxsForRequests) {
  AccessRecord record = request();
  record.target = "/ws/room?sid=secret";
  record.referer = "https://example.com/";
  EXPECT_EQ(format(record, combined_log()),
            "192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] \"GET /ws/room?sid=* HTTP/1.1\" 200 1234 "
            "\"https://example.com/\" \"Probe/1.0\"");
}

TEST_F(AccessRecordCombined, WritesDashesForWhatIsMissing) {
  AccessRecord record;
  record.time = kMoment;
  EXPECT_EQ(format(record, combined_log()), "- - - [02/Jan/2026:03:04:05 +0000] \"-\" 000 0 \"-\" \"-\"");
}

TEST_F(AccessRecordCombined, EscapesAsNginxDoes) {
  AccessRecord record = request();
  record.method = "G\x01T";
  record.target = "/\"\\\xC3\xA9?a b=\x7F";
  record.user_agent = "x\"\n";
  record.minor_version = 0;
  EXPECT_EQ(
      format(record, combined_log()),
      "192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] \"G\\x01T /\\x22\\x5C\\xC3\\xA9?a b=* HTTP/1.0\" 200 1234 "
      "\"-\" \"x\\x22\\x0A\"");
}

TEST_F(AccessRecordCombined, AppendsWhatATunnelDid) {
  AccessRecord record = tunnel_close();
  record.route = "my route";
  EXPECT_EQ(
      format(record, combined_log()),
      "192.0.2.7 - - [02/Jan/2026:03:04:05 +0000] \"GET /ws/room HTTP/1.1\" 101 40 \"-\" \"Probe/1.0\" "
      "event=tunnel_close id=00112233445566ff listener=https route=my\\x20route duration_seconds=1.500002 "
      "server=http://127.0.0.1:3000 reason=client_ended ended_by=client messages_to_upstream=1 "
      "messages_to_client=2 bytes_to_upstream=30 bytes_to_client=40 close_code_from_client=1000");
  record.event = AccessRecord::Event::tunnel_open;
  record.reason = Reason::none;
  EXPECT_TRUE(
      format(record, combined_log()).ends_with("duration_seconds=1.500002 server=http://127.0.0.1:3000"));
}

TEST_F(AccessRecordCombined, FollowsTheLocalTimeZone) {
  setenv("TZ", "XYZ+03:30", 1);  // POSIX counts west of Greenwich
  tzset();
  AccessRecord record = request();
  record.time += 1h;
  EXPECT_NE(format(record, combined_log()).find("[02/Jan/2026:00:34:05 -0330]"), std::string::npos)
      << format(record, combined_log());
}

}  // namespace
}  // namespace tidegate::tunnel
