// nginx's variables, maps, geos and splits, by table.

#include <unistd.h>

#include <chrono>
#include <ctime>

#include "tests/unit/sites/walk/site.h"

namespace tidegate::sites::test {
namespace {

using ::testing::MatchesRegex;

/// The value of an expression, told by `return 200`.
std::string value(Site& site, const std::string& expression,
                  std::string_view request = "/a%20b/c?x=1&Y=2&x=3", std::string_view scheme = "http") {
  site.at(0).script = {give(200, expression)};
  const std::string out = Visit(site, request, scheme).outcome();
  return out.substr(std::min<std::size_t>(out.size(), 4));
}

std::string value(const std::string& expression, std::string_view request = "/a%20b/c?x=1&Y=2&x=3",
                  std::string_view scheme = "http") {
  Site site;
  site.server();
  return value(site, expression, request, scheme);
}

TEST(Variables, OfTheRequest) {
  const char* raw =
      "POST /p/../q?a=b HTTP/1.1\r\nHost: Www.Example.com:81\r\nContent-Type: text/x\r\nContent-Length: 3\r\n"
      "Cookie: one=1; Two=2\r\nCookie: three=3\r\nUser-Agent: me\r\nX-Twice: 1\r\nX-Twice: 2\r\n"
      "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-For: 8.8.8.8\r\nAuthorization: Basic YW5uOnB3\r\n\r\n";
  const std::pair<const char*, const char*> table[] = {
      {"$uri", "/q"},
      {"$document_uri", "/q"},
      {"$request_uri", "/p/../q?a=b"},
      {"$request", "POST /p/../q?a=b HTTP/1.1"},
      {"$request_method", "POST"},
      {"$args", "a=b"},
      {"$query_string", "a=b"},
      {"$is_args", "?"},
      {"$arg_a", "b"},
      {"$arg_none", ""},
      {"$host", "www.example.com"},
      {"$http_host", "Www.Example.com:81"},
      {"$HTTP_USER_AGENT", "me"},
      {"$http_x_twice", "1"},
      {"$http_cookie", "one=1; Two=2; three=3"},
      {"$http_x_forwarded_for", "9.9.9.9, 8.8.8.8"},
      {"$proxy_add_x_forwarded_for", "9.9.9.9, 8.8.8.8, 192.0.2.1"},
      {"$cookie_two", "2"},
      {"$cookie_three", "3"},
      {"$content_type", "text/x"},
      {"$content_length", "3"},
      {"$remote_user", "ann"},
      {"$remote_addr", "192.0.2.1"},
      {"$remote_port", "54321"},
      {"$realip_remote_addr", "192.0.2.1"},
      {"$server_addr", "192.0.2.80"},
      {"$server_port", "8080"},
      {"$server_name", "example.com"},
      {"$server_protocol", "HTTP/1.1"},
      {"$scheme", "http"},
      {"$https", ""},
      {"$ssl_protocol", ""},
      {"$connection", "7"},
      {"$connection_requests", "1"},
      {"$request_id", "00112233445566778899aabbccddeeff"},
      {"$document_root", "/nowhere"},
      {"$request_filename", "/nowhere/q"},
      {"$nginx_version", "1.22.1"},
      {"$limit_rate", "0"},
      {"$status", "200"},
      {"$upstream_addr", ""},
      {"$upstream_http_x", ""},
      {"${uri}x", "/qx"},
      {"$uri$1$uri", "/q/q"},
  };
  for (const auto& [expression, expected] : table) EXPECT_EQ(value(expression, raw), expected) << expression;
  EXPECT_EQ(value("$host $http_host", "GET / HTTP/1.0\r\n\r\n"), "example.com ");
  EXPECT_EQ(value("$is_args$args", "/"), "");
  EXPECT_EQ(value("$uri"), "/a b/c");
  EXPECT_EQ(value("$arg_x$arg_y"), "12");
  EXPECT_EQ(value("$scheme $https", "/", "https"), "https on");
}

TEST(Variables, OfTime) {
  EXPECT_THAT(value("$msec"), MatchesRegex("[0-9]+\\.[0-9][0-9][0-9]"));
  EXPECT_THAT(value("$time_iso8601"), MatchesRegex("....-..-..T..:..:..[+-][0-9][0-9]:[0-9][0-9]"));
  EXPECT_THAT(value("$time_local"), MatchesRegex("../.../....:..:..:.. [+-][0-9][0-9][0-9][0-9]"));
  EXPECT_THAT(value("$request_time"), MatchesRegex("[0-9]+\\.[0-9][0-9][0-9]"));
  EXPECT_EQ(value("$pid"), std::to_string(::getpid()));
}

TEST(Variables, OfTls) {
  Site site;
  site.server();
  site.root().script = {
      give(200,
           "$ssl_protocol|$ssl_cipher|$ssl_server_name|$ssl_session_reused|$ssl_client_verify|"
           "$ssl_client_s_dn|$ssl_client_i_dn|$ssl_client_serial|$ssl_client_fingerprint|"
           "$ssl_client_escaped_cert|$ssl_client_cert")};
  Visit visit(site, "/", "https", "example.com");
  visit.visitor.ssl_protocol = "TLSv1.3";
  visit.visitor.ssl_cipher = "C";
  visit.visitor.ssl_client_verify = "SUCCESS";
  visit.visitor.ssl_client_subject = "CN=s";
  visit.visitor.ssl_client_issuer = "CN=i";
  visit.visitor.ssl_client_serial = "0A";
  visit.visitor.ssl_client_fingerprint = "ff";
  visit.visitor.ssl_client_certificate = "-A\nB=\n";
  EXPECT_EQ(visit.outcome(), "200 TLSv1.3|C|example.com|.|SUCCESS|CN=s|CN=i|0A|ff|-A%0AB%3D%0A|-A\n\tB=");
}

TEST(Variables, OfTheTimeOfAClientCertificate) {
  Site site;
  site.server();
  site.root().script = {give(200, "$ssl_client_v_start|$ssl_client_v_end|$ssl_client_v_remain|")};
  EXPECT_EQ(Visit(site, "/", "https").outcome(), "200 |||");
  Visit past(site, "/", "https");
  past.visitor.ssl_client_not_before = "Jan  1 00:00:00 2019 GMT";
  past.visitor.ssl_client_not_after = "Jan  1 00:00:00 2020 GMT";
  EXPECT_EQ(past.outcome(), "200 Jan  1 00:00:00 2019 GMT|Jan  1 00:00:00 2020 GMT|0|");
  char text[32];
  const std::time_t soon = std::time(nullptr) + 3 * 24 * 60 * 60 + 60;
  std::tm parts{};
  ::gmtime_r(&soon, &parts);
  Visit future(site, "/", "https");
  future.visitor.ssl_client_not_after = {text,
                                         std::strftime(text, sizeof text, "%b %d %H:%M:%S %Y GMT", &parts)};
  EXPECT_THAT(future.outcome(), ::testing::EndsWith("|3|"));
}

TEST(Variables, OfTheConnectionsAge) {
  Site site;
  site.server();
  site.root().script = {give(200, "$connection_time")};
  Visit visit(site, "/");
  visit.visitor.accepted = std::chrono::steady_clock::now() - std::chrono::milliseconds(61'005);
  EXPECT_THAT(visit.outcome(), ::testing::MatchesRegex("200 6[1-9]\\.[0-9][0-9][0-9]"));
}

TEST(Variables, OfTheAnswer) {
  Site site;
  site.server();
  site.sites->log_formats["f"] = {
      conf::LogFormat::Escape::none,
      {"$status|$bytes_sent|$body_bytes_sent|$request_length|$request_time|"
       "$upstream_addr|$upstream_status|$upstream_http_x_a|$upstream_http_cache_control|"
       "$upstream_cookie_sid|$sent_http_x_b|$sent_http_content_type|$sent_http_none|"
       "$request_completion",
       {}}};
  site.root().access_logs = {{"/log", "f", {}}};
  site.root().script = {give(200)};
  Visit visit(site, "/");
  visit.begin();
  const auto head = response_head(
      "HTTP/1.1 200 OK\r\nX-A: 1\r\nX-A: 2\r\nCache-Control: a\r\nCache-Control: b\r\n"
      "Set-Cookie: sid=7; Path=/\r\nContent-Length: 0\r\n\r\n");
  visit.facts.upstream = head.get();
  visit.facts.status = 200;
  visit.facts.bytes_sent = 300;
  visit.facts.body_bytes_sent = 100;
  visit.facts.request_length = 50;
  visit.facts.request_time = std::chrono::milliseconds(1042);
  visit.facts.complete = true;
  visit.facts.upstream_addr = "127.0.0.1:1, 127.0.0.1:2";
  visit.facts.upstream_status = "502, 200";
  visit.facts.sent_head = "HTTP/1.1 200 OK\r\nContent-Type: text/x\r\nX-B:  b \r\n\r\n";
  ASSERT_EQ(visit.walk->log_lines().size(), 1u);
  EXPECT_EQ(visit.walk->log_lines()[0].second,
            "200|300|100|50|1.042|127.0.0.1:1, 127.0.0.1:2|502, 200|1|a, b|7|b|text/x||OK\n");
}

std::string map_value(const std::string& m) {
  Site site;
  site.server();
  site.map("$arg_m", "mapped",
           {{"Exact", "e"},
            {"~^r(?<rest>.*)$", "r:$rest:$1"},
            {"~*^UP", "up"},
            {"", "nothing"},
            {"default", "d:$uri"}});
  return value(site, "$mapped", "/u?m=" + m);
}

TEST(Maps, FindEachKindOfKey) {
  EXPECT_EQ(map_value("exact"), "e");
  EXPECT_EQ(map_value("EXACT"), "e");
  EXPECT_EQ(map_value("rust"), "r:ust:ust");
  EXPECT_EQ(map_value("Rust"), "d:/u");
  EXPECT_EQ(map_value("upper"), "up");
  EXPECT_EQ(map_value(""), "nothing");
  EXPECT_EQ(map_value("else"), "d:/u");
}

TEST(Maps, FindHostNames) {
  Site site;
  site.server();
  conf::Map map;
  map.source = {"$arg_m", {}};
  map.variable = "m";
  map.hostnames = true;
  using Kind = conf::Map::Entry::Kind;
  map.entries = {{Kind::exact, {"a.org", {}}, {"exact", {}}},
                 {Kind::prefix_wildcard, {"*.a.org", {}}, {"under", {}}},
                 {Kind::prefix_wildcard, {".b.org", {}}, {"both", {}}},
                 {Kind::suffix_wildcard, {"c.*", {}}, {"tail", {}}}};
  map.otherwise = {"none", {}};
  site.sites->maps.push_back(map);
  site.root().script = {give(200, "$m")};
  const auto mapped = [&site](const std::string& m) { return Visit(site, "/?m=" + m).outcome(); };
  EXPECT_EQ(mapped("A.org."), "200 exact");
  EXPECT_EQ(mapped("x.a.org"), "200 under");
  EXPECT_EQ(mapped("b.org"), "200 both");
  EXPECT_EQ(mapped("x.b.org"), "200 both");
  EXPECT_EQ(mapped("c.net"), "200 tail");
  EXPECT_EQ(mapped("d.net"), "200 none");
}

TEST(Maps, AreEvaluatedOncePerRequestUnlessVolatile) {
  for (const bool is_volatile : {false, true}) {
    Site site;
    site.server();
    site.map("$a", "m", {{"1", "one"}, {"2", "two"}});
    site.sites->maps[0].is_volatile = is_volatile;
    site.root().script = {set("a", "1"), set("b", "$m"), set("a", "2"), give(200, "$b $m")};
    EXPECT_EQ(Visit(site, "/").outcome(), is_volatile ? "200 one two" : "200 one one");
  }
}

TEST(Maps, ThatAskForThemselvesGetNothing) {
  Site site;
  site.server();
  site.map("$b$b", "a", {{"volatile", ""}, {"default", "[$b$b]"}});
  site.map("$a$a", "b", {{"volatile", ""}, {"default", "<$a$a>"}});
  site.map("$self", "self", {{"default", "x$self"}});
  site.root().script = {give(200, "$a $self")};
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(Visit(site, "/").outcome(), "200 [<><>] x");
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
}

TEST(Maps, YieldToSet) {
  Site site;
  site.server();
  site.map("$uri", "m", {{"default", "mapped"}});
  site.root().script = {when("$arg_s", {set("m", "set")}), give(200, "$m")};
  EXPECT_EQ(Visit(site, "/").outcome(), "200 mapped");
  EXPECT_EQ(Visit(site, "/?s=1").outcome(), "200 set");
}

TEST(Geos, TakeTheLongestBlock) {
  Site site;
  site.server();
  conf::Geo geo;
  geo.source = {"$arg_ip", {}};
  geo.variable = "g";
  geo.otherwise = "none";
  geo.blocks = {{*Cidr::parse("10.0.0.0/8"), "ten"},
                {*Cidr::parse("10.1.0.0/16"), "ten.one"},
                {*Cidr::parse("10.1.2.3"), "host"},
                {*Cidr::parse("2001:db8::/32"), "six"},
                {*Cidr::parse("10.0.0.0/8"), "ten again"}};
  geo.proxies = {*Cidr::parse("127.0.0.0/8")};
  site.sites->geos.push_back(geo);
  conf::Geo ranges;
  ranges.source = {"$arg_ip", {}};
  ranges.variable = "r";
  ranges.otherwise = "none";
  ranges.ranges = {{*IpAddress::parse("10.0.0.5"), *IpAddress::parse("10.0.0.9"), "five to nine"}};
  site.sites->geos.push_back(ranges);
  site.root().script = {give(200, "$g|$r")};
  const auto geos = [&site](const std::string& ip) {
    return Visit(site, "GET /?ip=" + ip + " HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.2.3\r\n\r\n")
        .outcome();
  };
  EXPECT_EQ(geos("10.2.0.1"), "200 ten again|none");
  EXPECT_EQ(geos("10.1.9.9"), "200 ten.one|none");
  EXPECT_EQ(geos("10.1.2.3"), "200 host|none");
  EXPECT_EQ(geos("2001:db8::9"), "200 six|none");
  EXPECT_EQ(geos("11.0.0.1"), "200 none|none");
  EXPECT_EQ(geos("nonsense"), "200 none|none");
  EXPECT_EQ(geos("127.0.0.1"), "200 host|none");
  EXPECT_EQ(geos("10.0.0.5"), "200 ten again|five to nine");
  EXPECT_EQ(geos("10.0.0.9"), "200 ten again|five to nine");
  EXPECT_EQ(geos("10.0.0.10"), "200 ten again|none");
}

TEST(Splits, GoByTheHash) {
  Site site;
  site.server();
  conf::Split split;
  split.source = {"$arg_k", {}};
  split.variable = "s";
  split.parts = {{0x80000000u, {"a", {}}}, {0xFFFFFFFFu, {"b", {}}}};
  site.sites->splits.push_back(split);
  site.root().script = {give(200, "$s")};
  int a = 0;
  for (int i = 0; i < 200; ++i) {
    const std::string out = Visit(site, "/?k=" + std::to_string(i)).outcome();
    EXPECT_TRUE(out == "200 a" || out == "200 b") << out;
    a += out == "200 a" ? 1 : 0;
  }
  EXPECT_GT(a, 60);
  EXPECT_LT(a, 140);
}

TEST(RealIps, AreFoundInALocationWhereTheServerFoundNone) {
  Site site;
  site.server();
  conf::Location& here = site.at(site.location("/here/"));
  here.real_ip = {{*Cidr::parse("192.0.2.0/24")}, false, "X-Real-IP", false};
  here.admission.rules = {{false, *Cidr::parse("1.2.3.4")}, {true, {}}};
  const char* const request = "GET /here/ HTTP/1.1\r\nHost: a\r\nX-Real-IP: 1.2.3.4\r\n\r\n";
  EXPECT_EQ(Visit(site, request).outcome().substr(0, 3), "403");
  // The server's own answer stays.
  site.root().real_ip = {{*Cidr::parse("192.0.2.0/24")}, false, "X-Other", false};
  Visit visit(site, "GET /here/ HTTP/1.1\r\nHost: a\r\nX-Real-IP: 1.2.3.4\r\nX-Other: 5.5.5.5\r\n\r\n");
  EXPECT_NE(visit.outcome().substr(0, 3), "403");
  EXPECT_EQ(visit.walk->remote_addr(), "5.5.5.5");
}

struct RealIpCase {
  const char* header;
  bool recursive;
  const char* fields;
  const char* expected;
};

TEST(RealIps, AreBelievedOfTrustedPeers) {
  const RealIpCase table[] = {
      {"X-Real-IP", false, "X-Real-IP: 1.2.3.4\r\n", "1.2.3.4 0"},
      {"X-Real-IP", false, "X-Real-IP: 1.2.3.4:99\r\n", "1.2.3.4 99"},
      {"X-Real-IP", false, "X-Real-IP: [2001:db8::1]:99\r\n", "2001:db8::1 99"},
      {"X-Real-IP", false, "X-Real-IP: unknown\r\n", "192.0.2.1 54321"},
      {"X-Real-IP", false, "", "192.0.2.1 54321"},
      {"X-Forwarded-For", false, "X-Forwarded-For: 1.1.1.1, 192.0.2.9\r\n", "192.0.2.9 0"},
      {"X-Forwarded-For", true, "X-Forwarded-For: 1.1.1.1, 192.0.2.9\r\n", "1.1.1.1 0"},
      {"X-Forwarded-For", true, "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 192.0.2.9 , \r\n", "1.1.1.1 0"},
      {"X-Forwarded-For", true, "X-Forwarded-For: 192.0.2.7, 192.0.2.9\r\n", "192.0.2.7 0"},
      {"X-Forwarded-For", true, "X-Forwarded-For: bad, 192.0.2.9\r\n", "192.0.2.9 0"},
      {"proxy_protocol", false, "", "5.5.5.5 55"},
  };
  for (const RealIpCase& c : table) {
    Site site;
    site.server();
    site.root().real_ip = {{*Cidr::parse("192.0.2.0/24")}, false, c.header, c.recursive};
    site.root().script = {give(200, "$remote_addr ${remote_port}|$realip_remote_addr")};
    Visit visit(site, "GET / HTTP/1.1\r\nHost: a\r\n" + std::string(c.fields) + "\r\n");
    const IpAddress proxied = *IpAddress::parse("5.5.5.5");
    visit.visitor.proxied = &proxied;
    visit.visitor.proxied_port = 55;
    std::string expected = "200 " + std::string(c.expected) + "|192.0.2.1";
    if (const auto at = expected.find(" 0|"); at != std::string::npos) expected.erase(at + 1, 1);
    EXPECT_EQ(visit.outcome(), expected) << c.header << " " << c.fields;
  }
  Site site;
  site.server();
  site.root().real_ip = {{*Cidr::parse("10.0.0.0/8")}, true, "X-Real-IP", false};
  EXPECT_EQ(value(site, "$remote_addr", "GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 1.2.3.4\r\n\r\n"),
            "192.0.2.1");
}

TEST(RealIps, AreBelievedOverUnixSocketsAndOfNobodyElseWithoutAnAddress) {
  for (const bool over_unix : {false, true}) {
    Site site;
    site.server();
    site.root().real_ip = {{*Cidr::parse("0.0.0.0/0")}, true, "X-Real-IP", false};
    Visit visit(site, "GET / HTTP/1.1\r\nHost: a\r\nX-Real-IP: 1.2.3.4\r\n\r\n");
    visit.visitor.peer = nullptr;
    visit.visitor.over_unix = over_unix;
    visit.begin();
    EXPECT_EQ(visit.walk->remote_addr() == "1.2.3.4", over_unix);
  }
}

}  // namespace
}  // namespace tidegate::sites::test
