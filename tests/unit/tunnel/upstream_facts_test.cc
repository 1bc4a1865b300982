#include "gateway/tunnel/upstream_facts.h"

#include <gtest/gtest.h>

namespace tidegate::tunnel {
namespace {

using namespace std::chrono_literals;

TEST(UpstreamFacts, PartTriesByCommasAndRedirectsByColons) {
  const UpstreamFacts::Clock::time_point start{};
  sites::Facts facts;
  {
    UpstreamFacts tries(facts);
    tries.begin("10.0.0.1:80", start);
    tries.ended(502, start + 5ms);
    tries.begin("10.0.0.2:80", start + 5ms);
    tries.connected("10.0.0.2:80", start + 6ms);
    tries.sent(100);
    tries.received(60);
    tries.received_body(10);
    tries.answered(404, start + 1017ms);
    tries.tell();
    EXPECT_EQ(facts.upstream_response_time, "0.005, -") << "it is still coming";
    tries.ended(0, start + 1025ms);
    tries.tell();
  }
  EXPECT_EQ(facts.upstream_addr, "10.0.0.1:80, 10.0.0.2:80");
  EXPECT_EQ(facts.upstream_status, "502, 404");
  EXPECT_EQ(facts.upstream_connect_time, "-, 0.001");
  EXPECT_EQ(facts.upstream_header_time, "-, 1.012");
  EXPECT_EQ(facts.upstream_response_time, "0.005, 1.020");
  EXPECT_EQ(facts.upstream_bytes_sent, "0, 100");
  EXPECT_EQ(facts.upstream_bytes_received, "0, 60");
  EXPECT_EQ(facts.upstream_response_length, "0, 10");

  UpstreamFacts page(facts);
  page.begin("10.0.0.3:80", start);
  page.answered(200, start + 1ms);
  page.ended(0, start + 1ms);
  page.tell();
  EXPECT_EQ(facts.upstream_addr, "10.0.0.1:80, 10.0.0.2:80 : 10.0.0.3:80");
  EXPECT_EQ(facts.upstream_status, "502, 404 : 200");
}

TEST(UpstreamFacts, SayNothingWhereNobodyWasAsked) {
  sites::Facts facts;
  UpstreamFacts tries(facts);
  tries.tell();
  EXPECT_EQ(facts.upstream_addr, "");
}

}  // namespace
}  // namespace tidegate::tunnel
