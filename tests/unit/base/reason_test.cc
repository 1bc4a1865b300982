#include "gateway/base/reason.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace tidegate {
namespace {

std::vector<Reason> every_reason() {
  std::vector<Reason> all;
  for (int i = 0; i < static_cast<int>(Reason::kCount); ++i) all.push_back(static_cast<Reason>(i));
  return all;
}

TEST(Reason, StandsAtItsOwnIndexOfTheTable) {
  for (const Reason reason : every_reason()) {
    EXPECT_EQ(info(reason).reason, reason) << "row " << static_cast<int>(reason);
  }
}

TEST(Reason, HasAWordOfItsOwnThatAMetricLabelMayHold) {
  std::set<std::string_view> words;
  for (const Reason reason : every_reason()) {
    EXPECT_TRUE(words.insert(word(reason)).second) << word(reason) << " stands twice";
    EXPECT_FALSE(word(reason).empty());
    EXPECT_TRUE(std::all_of(word(reason).begin(), word(reason).end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    })) << word(reason);
  }
}

TEST(Reason, AnswersWithAnErrorStatusOrNone) {
  for (const Reason reason : every_reason()) {
    const int status = info(reason).http_status;
    EXPECT_TRUE(status == 0 || (status >= 400 && status <= 599)) << word(reason) << " " << status;
  }
}

TEST(Reason, BlamesAClientWithFourHundredsAndAnUpstreamWithFiveHundreds) {
  for (const Reason reason : every_reason()) {
    const int status = info(reason).http_status;
    if (status == 0) continue;
    // 501 and 505 are 5xx by definition though the client asked (RFC 9110 §15.6.2, §15.6.6).
    if (info(reason).at_fault == Party::client && status != 501 && status != 505) {
      EXPECT_LT(status, 500) << word(reason);
    }
    if (info(reason).at_fault != Party::client) {
      EXPECT_GE(status, 500) << word(reason);
    }
  }
}

TEST(Reason, ClosesWithACodeThatMayBeSent) {
  for (const Reason reason : every_reason()) {
    const int code = info(reason).close_code;
    if (code == 0) continue;
    // RFC 6455 §7.4.1: 1004 is reserved; 1005, 1006 and 1015 never go on the wire. §7.4.2: 1000-2999 is the
    // protocol's, of which the registry names these.
    const std::set<int> sendable = {1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014};
    EXPECT_TRUE(sendable.contains(code)) << word(reason) << " " << code;
  }
}

TEST(Reason, EndsWithInternalSoThatTheCountIsRight) {
  EXPECT_EQ(static_cast<int>(Reason::internal) + 1, static_cast<int>(Reason::kCount));
}

TEST(Error, TakesTheBlameFromTheTableUnlessTold) {
  EXPECT_EQ(Error(Reason::bad_field).at_fault, Party::client);
  EXPECT_EQ(Error(Reason::upstream_closed, -104).os_error, -104);
  EXPECT_EQ(Error(Reason::bad_field, Party::upstream).at_fault, Party::upstream);
  EXPECT_NE(Error(Reason::bad_field), Error(Reason::bad_field, Party::upstream));
}

TEST(Error, AnswersWithTheTablesStatus) {
  EXPECT_EQ(http_status(Error(Reason::bad_field)), 400);
  EXPECT_EQ(http_status(Error(Reason::upstream_connect_timeout)), 504);
  EXPECT_EQ(http_status(Error(Reason::keepalive_timeout)), 0);
}

TEST(Error, NeverAnswersFourHundredsForAnUpstreamsMistake) {
  for (const Reason reason : every_reason()) {
    EXPECT_GE(http_status(Error(reason, Party::upstream)), 500) << word(reason);
  }
  EXPECT_EQ(http_status(Error(Reason::bad_chunk, Party::upstream)), 502);
}

TEST(Party, HasAWord) {
  EXPECT_EQ(word(Party::client), "client");
  EXPECT_EQ(word(Party::upstream), "upstream");
  EXPECT_EQ(word(Party::gateway), "gateway");
}

}  // namespace
}  // namespace tidegate
