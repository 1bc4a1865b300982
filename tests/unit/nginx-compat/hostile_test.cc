// Files that are made to cost: large in one respect each. Whatever took the square of that, or memory that
// has nothing to do with the file's size, would not come to an end here; the bounds are asserted.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/sites/site_table.h"
#include "tests/unit/nginx-compat/translated.h"

namespace tidegate::nginx {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::size_t kMany = 20000;

/// `before` N `after`, for N from 0.
std::string lines(std::size_t count, const std::string& before, const std::string& after) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += before + std::to_string(i) + after + '\n';
  return text;
}

std::string address(std::size_t number) {
  return "10." + std::to_string(number >> 16) + '.' + std::to_string(number >> 8 & 255) + '.' +
         std::to_string(number & 255);
}

/// Does the gateway take it, too?
void expect_compiles(const Translated& file) {
  Diagnostics diagnostics;
  EXPECT_NE(sites::SiteTable::compile(file.config(), diagnostics), nullptr);
  EXPECT_FALSE(diagnostics.failed());
}

/// Every file includes what `includes` says; a pattern finds `found`.
class Loop final : public Files {
 public:
  std::string text;
  std::vector<std::string> found;
  std::optional<std::string> read(const std::string&, int&) override { return text; }
  std::vector<std::string> glob(const std::string&) override { return found; }

  std::vector<std::string> complaints() {
    Diagnostics diagnostics;
    parse("/etc/nginx/nginx.conf", *this, {}, diagnostics);
    std::vector<std::string> out;
    for (const Diagnostic& diagnostic : diagnostics.list()) out.push_back(to_string(diagnostic));
    return out;
  }
};

TEST(NginxHostile, LoopsOfIncludesEndWhateverTheirPathsAre) {
  Loop loop;
  loop.text = "include x;\ninclude x;\n";  // the same file through a link, say
  EXPECT_THAT(loop.complaints(), ElementsAre(HasSubstr("x:1: ")));
  EXPECT_THAT(loop.complaints(), ElementsAre(HasSubstr("does a file include itself?")));
  loop.text = "include *;\ninclude *;\n";
  loop.found = {"a", "b", "c"};
  EXPECT_THAT(loop.complaints(), ElementsAre(HasSubstr("does a file include itself?")));
}

TEST(NginxHostile, PatternsThatFindNothingAreCounted) {
  Loop loop;
  loop.text = lines(kMany, "include /etc/*/*/", ".conf;");
  EXPECT_THAT(loop.complaints(),
              ElementsAre(HasSubstr("nginx.conf:4097: there are more than 4096 patterns")));
}

TEST(NginxHostile, LongTokensEndTheReading) {
  for (const std::string& text : {std::string(kMany, 'a'), '"' + std::string(kMany, 'a') + "\";",
                                  '#' + std::string(kMany, 'a'), std::string(kMany, '\\')}) {
    EXPECT_THAT(translated(text).complaints, Contains(HasSubstr("nginx.conf:1: too long parameter")));
  }
}

TEST(NginxHostile, NumbersBeyondAllBoundsAreComplaints) {
  const std::string huge(100, '9');
  for (const char* name :
       {"client_max_body_size", "keepalive_timeout", "keepalive_requests", "send_timeout",
        "proxy_read_timeout", "max_ranges", "proxy_next_upstream_tries", "large_client_header_buffers 9",
        "client_header_buffer_size", "limit_req_status"}) {
    EXPECT_THAT(in_http(std::string(name) + ' ' + huge + ";").complaints, SizeIs(1)) << name;
  }
  EXPECT_THAT(in_http("server { listen " + huge + "; }").complaints, Contains(HasSubstr("host not found")));
  EXPECT_THAT(in_server("return " + huge + ";").complaints, SizeIs(1));
}

TEST(NginxHostile, MapsAndGeosMayBeLarge) {
  std::string blocks;
  std::string ranges;
  for (std::size_t i = 0; i < kMany; ++i) {
    blocks +=
        address(i) + " " + std::to_string(i) + ";\n" + (i % 2 == 0 ? "delete " + address(i) + ";\n" : "");
    const std::string range = address(i) + '-' + address(i);
    ranges += range + " " + std::to_string(i) + ";\n" + (i % 2 == 0 ? "delete " + range + ";\n" : "");
  }
  const Translated file = in_http("map $host $a {\n" + lines(kMany, "host", " x;") + "}\nmap $host $b {\n" +
                                  lines(kMany, "same", " x;") + "same7 y;\n}\ngeo $c {\n" + blocks +
                                  "}\ngeo $d {\nranges;\n" + ranges + "}\n");
  EXPECT_THAT(file.complaints, ElementsAre(HasSubstr("conflicting parameter \"same7\"")));
  EXPECT_THAT(file.sites().maps.front().entries, SizeIs(kMany));
  EXPECT_THAT(file.sites().geos.front().blocks, SizeIs(kMany / 2));
  EXPECT_THAT(file.sites().geos.back().ranges, SizeIs(kMany / 2));
  expect_compiles(file);
}

TEST(NginxHostile, WhatDeleteTakesOutOfAGeoMayComeAgain) {
  const Translated file =
      in_http("geo $a { 10.0.0.0/8 1; delete 10.0.0.0/8; 10.0.0.0/8 2; delete 11.0.0.0/8; }");
  EXPECT_THAT(file.complaints, IsEmpty());
  ASSERT_THAT(file.sites().geos.front().blocks, SizeIs(1));
  EXPECT_EQ(file.sites().geos.front().blocks.front().second, "2");
}

TEST(NginxHostile, ZonesAndLimitsMayBeMany) {
  const Translated zones =
      in_http(lines(kMany, "limit_req_zone $host zone=z", ":1m rate=1r/s;") +
              "server { listen 1;\nlocation / {\n" + lines(kMany, "limit_req zone=z", ";") + "}\n}");
  EXPECT_THAT(zones.complaints, IsEmpty());
  EXPECT_THAT(zones.location("/").admission.request_limits, SizeIs(kMany));
  std::string again;
  for (std::size_t i = 0; i < kMany; ++i) again += "limit_conn_zone $host zone=one:1m;\n";
  EXPECT_THAT(in_http(again).complaints, SizeIs(kMany - 1));
  EXPECT_THAT(in_http("limit_req_zone $host zone=a:1m rate=1r/s; server { listen 1; limit_req zone=a; "
                      "limit_req zone=a; }")
                  .complaints,
              ElementsAre(HasSubstr("\"limit_req\" directive is duplicate")));
}

TEST(NginxHostile, ServersAndLocationsMayBeMany) {
  constexpr std::size_t kServers = 3000;
  const Translated servers =
      in_http(lines(kServers, "server { listen 80; server_name same a", ".example; }"));
  EXPECT_THAT(servers.sites().servers, SizeIs(kServers));
  EXPECT_THAT(servers.complaints, SizeIs(kServers - 1));
  EXPECT_THAT(servers.complaints, Each(HasSubstr("conflicting server name \"same\"")));
  expect_compiles(servers);
  const Translated locations =
      in_server(lines(kServers, "location /", " { proxy_pass http://127.0.0.1:1; }") +
                lines(kServers, "location = /", " { proxy_pass http://127.0.0.1:1; }"));
  EXPECT_THAT(locations.complaints, IsEmpty());
  EXPECT_THAT(locations.server().locations, SizeIs(2 * kServers + 1));
  EXPECT_THAT(locations.config().upstreams, SizeIs(1));
  expect_compiles(locations);
}

TEST(NginxHostile, UpstreamsMayBeMany) {
  constexpr std::size_t kUpstreams = 3000;
  std::string text = lines(kUpstreams, "upstream u", " { server 127.0.0.1:1; }") + "server { listen 1;\n";
  for (std::size_t i = 0; i < kUpstreams; ++i) {
    const std::string n = std::to_string(i);
    text += "location /" + n + " { proxy_pass http://u" + n + "; }\n";
  }
  const Translated named = in_http(text + "}");
  EXPECT_THAT(named.complaints, IsEmpty());
  EXPECT_THAT(named.config().upstreams, SizeIs(kUpstreams));
}

TEST(NginxHostile, RangesOfPortsAreBounded) {
  EXPECT_THAT(in_http("server { listen 1-1025; }").complaints, Contains(HasSubstr("1024 addresses in all")));
  EXPECT_THAT(in_http(lines(1000, "server { listen 1-1024; server_name a", "; }")).complaints,
              Contains(HasSubstr("all servers together may listen 250000 times")));
  const std::string names = "server { listen 1-1024; server_name " + lines(4000, "a", ".example") + "; }\n";
  EXPECT_THAT(in_http(names + names).complaints, Contains(HasSubstr("too much memory")));
}

TEST(NginxHostile, InheritanceMultipliesNothingWithoutBound) {
  const std::string fields = lines(100, "add_header X-", ' ' + std::string(4000, 'a') + ";");
  const Translated long_fields = in_http(fields + lines(1000, "server { listen 1; server_name a", "; }"));
  EXPECT_THAT(long_fields.complaints, ElementsAre(HasSubstr("too much memory")));
  std::string pages = "error_page";
  for (int i = 0; i < 100000; ++i) pages += " 404";
  const Translated statuses =
      in_http(pages + " /x;\n" + lines(1000, "server { listen 1; server_name a", "; }"));
  EXPECT_THAT(statuses.complaints, ElementsAre(HasSubstr("too much memory")));
  const std::string certificates = "ssl_certificate a; ssl_certificate_key b;";
  std::string many;
  for (int i = 0; i < 4000; ++i) many += certificates;
  EXPECT_THAT(in_http(many + lines(1000, "server { listen 1; server_name a", "; }")).complaints,
              ElementsAre(HasSubstr("too much memory")));
}

}  // namespace
}  // namespace tidegate::nginx
