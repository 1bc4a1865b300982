#include "metrics/slow_handshakes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidegate::metrics {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using Clock = SlowHandshakes::Clock;

class Slowest : public testing::Test {
 protected:
  /// One that took so many seconds, at `now`.
  void offer(double seconds) {
    const SlowHandshake::Seconds total(seconds);
    if (!slowest.takes(total, now)) return;
    ++taken;
    SlowHandshake handshake;
    handshake.id = std::to_string(taken);
    handshake.total = total;
    slowest.add(std::move(handshake));
  }
  std::vector<double> listed() const {
    std::vector<double> out;
    for (const SlowHandshake& handshake : slowest.list(now)) out.push_back(handshake.total.count());
    return out;
  }

  SlowHandshakes slowest;
  Clock::time_point now{1h};
  int taken = 0;
};

TEST_F(Slowest, AreListedFromTheSlowestOn) {
  EXPECT_TRUE(listed().empty());
  for (const double seconds : {0.2, 0.5, 0.1, 0.5}) offer(seconds);
  EXPECT_THAT(listed(), ElementsAre(0.5, 0.5, 0.2, 0.1));
}

TEST_F(Slowest, AreTenOfAll) {
  for (int i = 1; i <= 40; ++i) offer(i);
  EXPECT_THAT(listed(), ElementsAre(40, 39, 38, 37, 36, 35, 34, 33, 32, 31));
  const int before = taken;
  offer(31);
  offer(1);
  EXPECT_EQ(before, taken) << "an ordinary one costs a comparison";
}

TEST_F(Slowest, OfEachMinuteMakeTenOfAll) {
  for (int minute = 0; minute < 9; ++minute, now += 1min) {
    for (int i = 0; i < 20; ++i) offer(100 * minute + i);
  }
  const std::vector<double> all = listed();
  ASSERT_EQ(10u, all.size());
  EXPECT_EQ(819, all.front());
  EXPECT_EQ(810, all.back());
}

TEST_F(Slowest, MakeRoomAfterTenMinutes) {
  offer(9);
  now += 9min;
  offer(1);
  EXPECT_THAT(listed(), ElementsAre(9, 1));
  now += 1min;
  EXPECT_THAT(listed(), ElementsAre(1));
  offer(0.5);
  EXPECT_THAT(listed(), ElementsAre(1, 0.5)) << "the old minute's place is another's now";
  now += 1h;
  EXPECT_TRUE(listed().empty());
}

TEST_F(Slowest, OfSeveralWorkersAreTheSlowestOfAll) {
  SlowHandshake quick;
  quick.total = 1s;
  SlowHandshake slow;
  slow.total = 2s;
  const auto all = slowest_of({quick, slow, quick});
  ASSERT_EQ(3u, all.size());
  EXPECT_EQ(slow.total, all[0].total);
  EXPECT_EQ(10u, slowest_of(std::vector<SlowHandshake>(25)).size());
}

}  // namespace
}  // namespace tidegate::metrics
