#include "gateway/net/timer_wheel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

namespace tidegate::net {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr std::uint64_t kTickMs = 16;

class Alarm final : public Deadline {
 public:
  explicit Alarm(std::function<void()> action = {}) : action_(std::move(action)) {}
  void on_deadline() override {
    ++fired;
    if (action_) action_();
  }
  int fired = 0;

 private:
  std::function<void()> action_;
};

TEST(TimerWheel, FiresNoEarlierThanAskedAndAtMostTwoTicksLater) {
  for (std::uint64_t after : {1, 15, 16, 17, 31, 32, 33, 1000, 1023, 1024, 1025, 5000, 65536, 3600000}) {
    TimerWheel wheel;
    Alarm alarm;
    alarm.arm(wheel, milliseconds(after));
    wheel.advance(after - 1);
    EXPECT_EQ(alarm.fired, 0) << after;
    wheel.advance(after + 2 * kTickMs);
    EXPECT_EQ(alarm.fired, 1) << after;
    wheel.advance(after * 4 + 1000);
    EXPECT_EQ(alarm.fired, 1) << after;
  }
}

TEST(TimerWheel, NeverFiresWhatIsArmedWithZeroOrLess) {
  TimerWheel wheel;
  Alarm zero;
  Alarm negative;
  zero.arm(wheel, milliseconds(0));
  negative.arm(wheel, milliseconds(-5));
  EXPECT_FALSE(zero.armed());
  EXPECT_FALSE(negative.armed());
  EXPECT_EQ(wheel.next_due_ms(), TimerWheel::kNever);
  wheel.advance(static_cast<std::uint64_t>(milliseconds(hours(24)).count()));
  EXPECT_EQ(zero.fired + negative.fired, 0);
}

TEST(TimerWheel, ForgetsAnArmedDeadlineThatIsArmedWithZero) {
  TimerWheel wheel;
  Alarm alarm;
  alarm.arm(wheel, milliseconds(50));
  alarm.arm(wheel, milliseconds(0));
  wheel.advance(1000);
  EXPECT_EQ(alarm.fired, 0);
}

TEST(TimerWheel, FiresInOrderAcrossLevelsInOneAdvance) {
  TimerWheel wheel;
  std::vector<std::uint64_t> order;
  std::deque<Alarm> alarms;
  std::vector<std::uint64_t> afters = {70000, 16, 5000000, 1040, 300000000, 1008, 2000, 66000, 32};
  for (const std::uint64_t after : afters) {
    alarms.emplace_back([&order, after] { order.push_back(after); }).arm(wheel, milliseconds(after));
  }
  EXPECT_EQ(wheel.armed(), afters.size());
  wheel.advance(400000000);
  std::sort(afters.begin(), afters.end());
  EXPECT_EQ(order, afters);
  EXPECT_EQ(wheel.armed(), 0U);
}

TEST(TimerWheel, IsExactAroundEveryLevelsBoundary) {
  for (unsigned level = 1; level <= 5; ++level) {
    const std::uint64_t boundary = std::uint64_t{1} << (6 * level);
    for (const std::uint64_t start : {boundary - 2, boundary - 1, boundary, 7 * boundary - 1}) {
      for (const std::uint64_t ticks :
           {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{63}, std::uint64_t{64}, std::uint64_t{65},
            boundary - 1, boundary, boundary + 1, 3 * boundary}) {
        TimerWheel wheel;
        wheel.advance(start * kTickMs);
        Alarm alarm;
        alarm.arm(wheel, milliseconds(ticks * kTickMs));
        wheel.advance((start + ticks) * kTickMs - 1);
        EXPECT_EQ(alarm.fired, 0) << start << " + " << ticks;
        wheel.advance((start + ticks) * kTickMs);
        EXPECT_EQ(alarm.fired, 1) << start << " + " << ticks;
      }
    }
  }
}

TEST(TimerWheel, ArmingAgainMovesTheDeadline) {
  TimerWheel wheel;
  Alarm alarm;
  alarm.arm(wheel, milliseconds(100));
  wheel.advance(90);
  alarm.arm(wheel, milliseconds(100));
  wheel.advance(189);
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(222);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, ForgetsWhatIsDisarmedOrDestroyed) {
  TimerWheel wheel;
  Alarm disarmed;
  disarmed.arm(wheel, milliseconds(100));
  {
    Alarm destroyed;
    destroyed.arm(wheel, milliseconds(100));
  }
  disarmed.disarm();
  EXPECT_EQ(wheel.armed(), 0U);
  wheel.advance(1000);
  EXPECT_EQ(disarmed.fired, 0);
}

TEST(TimerWheel, LetsACallbackArmItselfAgain) {
  TimerWheel wheel;
  Alarm* self = nullptr;
  Alarm alarm([&] { self->arm(wheel, milliseconds(1)); });
  self = &alarm;
  alarm.arm(wheel, milliseconds(1));
  for (std::uint64_t now = 16; now <= 1600; now += 16) wheel.advance(now);
  EXPECT_GE(alarm.fired, 49);  // armed at 16 for 17 it fires at 32, and so on
  EXPECT_LE(alarm.fired, 100);
}

TEST(TimerWheel, LetsACallbackDestroyItselfAndOthersThatAreDue) {
  TimerWheel wheel;
  std::unique_ptr<Alarm> first;
  std::unique_ptr<Alarm> second;
  int fired = 0;
  const auto kill_both = [&] {
    ++fired;
    auto mine = std::move(first);
    auto other = std::move(second);
  };
  first = std::make_unique<Alarm>(kill_both);
  second = std::make_unique<Alarm>(kill_both);
  first->arm(wheel, milliseconds(100));
  second->arm(wheel, milliseconds(100));
  wheel.advance(200);
  EXPECT_EQ(fired, 1);
  EXPECT_EQ(wheel.armed(), 0U);
}

TEST(TimerWheel, OutlivedByADeadlineLeavesItDisarmed) {
  Alarm alarm;
  {
    TimerWheel wheel;
    alarm.arm(wheel, milliseconds(10));
  }
  EXPECT_FALSE(alarm.armed());
}

TEST(TimerWheel, IgnoresAClockThatGoesBack) {
  TimerWheel wheel;
  wheel.advance(10000);
  Alarm alarm;
  alarm.arm(wheel, milliseconds(100));
  wheel.advance(50);
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(10132);
  EXPECT_EQ(alarm.fired, 1);
}

TEST(TimerWheel, WakesItsDriverForAnEarlierDeadlineOnly) {
  TimerWheel wheel;
  int woken = 0;
  wheel.set_wake([&] { ++woken; });
  Alarm hour;
  Alarm second;
  hour.arm(wheel, hours(1));
  EXPECT_EQ(woken, 1);
  for (int message = 0; message < 100; ++message) hour.arm(wheel, hours(1));
  EXPECT_EQ(woken, 1);
  second.arm(wheel, milliseconds(1000));
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(wheel.next_due_ms(), 1008U);
}

TEST(TimerWheel, CountsFromTheClockNotFromTheLastAdvance) {
  TimerWheel wheel;
  std::uint64_t now = 0;
  wheel.set_clock([&] { return now; });
  now = 50000;  // the driver slept: nothing was due
  Alarm alarm;
  alarm.arm(wheel, milliseconds(100));
  wheel.advance(50099);
  EXPECT_EQ(alarm.fired, 0);
  wheel.advance(50132);
  EXPECT_EQ(alarm.fired, 1);
}

/// Sleeps exactly as long as the wheel says, as the loop's timer does.
struct Driver {
  explicit Driver(std::uint64_t start) : now(start) {
    wheel.set_clock([this] { return now; });
    wheel.set_wake([this] { wake_at = due(); });
    wheel.advance(now);
  }
  std::uint64_t due() const {
    const std::uint64_t ms = wheel.next_due_ms();
    return ms == TimerWheel::kNever ? TimerWheel::kNever : now + ms;
  }
  /// Lets time pass until `until`.
  void sleep(std::uint64_t until) {
    while (wake_at <= until) {
      now = wake_at;
      ++wakes;
      wheel.advance(now);
      wake_at = due();
    }
    now = until;
  }
  TimerWheel wheel;
  std::uint64_t now;
  std::uint64_t wake_at = TimerWheel::kNever;
  int wakes = 0;
};

TEST(TimerWheel, IsPunctualWhenItsDriverSleepsAsLongAsItSays) {
  std::mt19937_64 random(7);
  for (const std::uint64_t start :
       {std::uint64_t{0}, std::uint64_t{1000003}, (std::uint64_t{1} << 34) * kTickMs - 5000}) {
    Driver driver(start);
    struct Expectation {
      std::uint64_t due = 0;
      bool pending = false;
      std::unique_ptr<Alarm> alarm;
    };
    std::vector<Expectation> all(200);
    for (Expectation& one : all) {
      one.alarm = std::make_unique<Alarm>([&driver, &one] {
        EXPECT_TRUE(one.pending);
        EXPECT_GE(driver.now, one.due);
        EXPECT_LE(driver.now, one.due + 2 * kTickMs);
        one.pending = false;
      });
    }
    for (int step = 0; step < 5000; ++step) {
      Expectation& one = all[random() % all.size()];
      const std::uint64_t after = 1 + (random() % 1000) * (std::uint64_t{1} << (random() % 18));
      if (random() % 4 == 0) {
        one.alarm->disarm();
        one.pending = false;
      } else {
        one.due = driver.now + after;
        one.pending = true;
        one.alarm->arm(driver.wheel, milliseconds(after));
      }
      driver.sleep(driver.now + random() % 3000);
    }
    driver.sleep(driver.now + 1000ULL * (1 << 18) + 100);
    for (const Expectation& one : all) EXPECT_FALSE(one.pending);
    EXPECT_EQ(driver.wheel.next_due_ms(), TimerWheel::kNever);
  }
}

TEST(TimerWheel, WakesRarelyForALongDeadline) {
  Driver driver(123456789);
  Alarm alarm;
  alarm.arm(driver.wheel, hours(12));
  driver.sleep(driver.now + static_cast<std::uint64_t>(milliseconds(hours(12)).count()) + 2 * kTickMs);
  EXPECT_EQ(alarm.fired, 1);
  EXPECT_LE(driver.wakes, 8);
}

}  // namespace
}  // namespace tidegate::net
