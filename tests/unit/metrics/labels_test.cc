// Label values come from closed sets, whatever a peer sends.
#include "metrics/labels.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "metrics/histogram.h"

namespace tidegate::metrics {
namespace {

std::string_view of_method(std::string_view method) {
  return method_label(method_index(method));
}
std::string_view of_code(std::uint16_t code) {
  return close_code_label(close_code_index(code));
}

TEST(MetricLabels, KnowTheUsualMethodsAndOneForAllOthers) {
  for (const std::string_view method :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"}) {
    EXPECT_EQ(of_method(method), method);
  }
  for (const std::string_view method : {"", "get", "GETS", "PROPFIND", "other", "\n\"\xff"}) {
    EXPECT_EQ(of_method(method), "other") << method;
  }
}

TEST(MetricLabels, HaveOneForEachCloseCodeOfTheRegistryAndRangesForTheRest) {
  EXPECT_EQ(of_code(1000), "1000");
  EXPECT_EQ(of_code(1005), "1005");
  EXPECT_EQ(of_code(1014), "1014");
  EXPECT_EQ(of_code(3000), "3xxx");
  EXPECT_EQ(of_code(3999), "3xxx");
  EXPECT_EQ(of_code(4000), "4xxx");
  EXPECT_EQ(of_code(4999), "4xxx");
  for (const unsigned code : {0u, 999u, 1004u, 1006u, 1015u, 2999u, 5000u, 65535u}) {
    EXPECT_EQ(of_code(static_cast<std::uint16_t>(code)), "other") << code;
  }
  std::set<std::string_view> all;
  for (unsigned code = 0; code <= 0xffff; ++code) all.insert(of_code(static_cast<std::uint16_t>(code)));
  EXPECT_EQ(all.size(), kCloseCodes);
}

TEST(MetricLabels, GiveEveryHandshakeResultAWordOfItsOwn) {
  std::set<std::string_view> all;
  for (std::size_t i = 0; i < kHandshakeResults; ++i) all.insert(handshake_label(i));
  EXPECT_EQ(all.size(), kHandshakeResults);
  EXPECT_EQ(handshake_label(handshake_index(Handshake::declined)), "declined");
  EXPECT_EQ(handshake_label(handshake_index(Reason::origin_refused)), "origin_refused");
}

TEST(Histogram, PutsADurationBelowTheFirstBoundThatHoldsIt) {
  Histogram histogram(kLifetimeBounds);
  histogram.observe(std::chrono::seconds(1));
  histogram.observe(std::chrono::milliseconds(1001));
  histogram.observe(std::chrono::hours(24 * 8));
  histogram.observe(std::chrono::seconds(-1));  // a clock that was coarser at its end
  EXPECT_EQ(histogram.at(0), 2u);
  EXPECT_EQ(histogram.at(1), 1u);
  EXPECT_EQ(histogram.at(kLifetimeBounds.size()), 1u);
  EXPECT_DOUBLE_EQ(histogram.sum(), 2.001 + 8 * 86400);
  Histogram sum(kLifetimeBounds);
  sum.add(histogram);
  sum.add(histogram);
  EXPECT_EQ(sum.at(0), 4u);
}

}  // namespace
}  // namespace tidegate::metrics
