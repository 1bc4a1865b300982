#include "gateway/tunnel/failure_line.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>
#include <vector>

namespace tidegate::tunnel {
namespace {

using log::Level;

class FailureLine : public testing::Test {
 protected:
  FailureLine() {
    log::capture([this](Level, std::string_view line) { lines.emplace_back(line); });
  }
  ~FailureLine() override {
    log::capture({});
    log::set_level(Level::info);
  }
  std::vector<std::string> lines;
};

TEST_F(FailureLine, SaysRouteReasonSystemServerAndId) {
  log_failure("http", Error(Reason::upstream_unreachable, -ECONNREFUSED), "chat", "http://chat-1:3000",
              "0123456789abcdef");
  log_failure("tunnel", Error(Reason::upstream_reset), "chat", "", "0123456789abcdef");
  EXPECT_EQ(lines,
            (std::vector<std::string>{
                "http: route chat: upstream_unreachable, connection refused, server http://chat-1:3000 "
                "id=0123456789abcdef",
                "tunnel: route chat: upstream_reset id=0123456789abcdef"}));
}

TEST_F(FailureLine, IsNotMadeBelowItsAreasLevel) {
  log_failure("http", Error(Reason::no_route), "", "", "0123456789abcdef");
  EXPECT_TRUE(lines.empty());
  log::set_levels({.areas = {{"http", Level::debug}}});
  log_failure("http", Error(Reason::no_route), "", "", "0123456789abcdef");
  log_failure("tunnel", Error(Reason::client_reset), "", "", "0123456789abcdef");
  EXPECT_EQ(lines, (std::vector<std::string>{"http: no_route id=0123456789abcdef"}));
}

TEST(FailureLevel, FollowsWhoseFaultItWas) {
  for (std::size_t i = 1; i < static_cast<std::size_t>(Reason::kCount); ++i) {
    const auto reason = static_cast<Reason>(i);
    const Level level = level_of(Error(reason));
    if (reason == Reason::internal || reason == Reason::out_of_descriptors) {
      EXPECT_EQ(level, Level::error) << word(reason);
    } else {
      const bool upstreams = info(reason).at_fault == Party::upstream;
      EXPECT_EQ(level, upstreams ? Level::warning : Level::debug) << word(reason);
    }
  }
}

TEST(FailureLevel, IsAWarningWhereAnUpstreamDidWhatClientsDo) {
  for (const Reason reason : {Reason::send_timeout, Reason::message_too_big, Reason::ping_timeout}) {
    EXPECT_EQ(level_of(Error(reason, Party::upstream)), Level::warning) << word(reason);
    EXPECT_EQ(level_of(Error(reason, Party::client)), Level::debug) << word(reason);
  }
}

TEST(FailureLevel, IsLowForEndsThatWereMeant) {
  EXPECT_EQ(level_of(Error(Reason::finished, Party::upstream)), Level::debug);
  for (const Reason reason : {Reason::drain, Reason::stop, Reason::idle_timeout, Reason::max_lifetime}) {
    EXPECT_EQ(level_of(Error(reason, Party::gateway)), Level::debug) << word(reason);
  }
}

}  // namespace
}  // namespace tidegate::tunnel
