#include "gateway/net/loop.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "tests/unit/net/net_fixture.h"

namespace tidegate::net {
namespace {

class Grave final : public Retired {
 public:
  explicit Grave(std::function<void()> last_words) : last_words_(std::move(last_words)) {}
  ~Grave() override { last_words_(); }

 private:
  std::function<void()> last_words_;
};

class Later final : public Deferred {
 public:
  explicit Later(std::function<void()> action) : action_(std::move(action)) {}
  void on_deferred() override {
    ++calls;
    action_();
  }
  int calls = 0;

 private:
  std::function<void()> action_;
};

class Alarm final : public Deadline {
 public:
  explicit Alarm(std::function<void()> action = [] {}) : action_(std::move(action)) {}
  void on_deadline() override {
    fired = true;
    action_();
  }
  bool fired = false;

 private:
  std::function<void()> action_;
};

TEST(Loop, OpensAndClosesWithoutRunning) {
  Loop loop;
}

TEST(Loop, RunsTasksInTheOrderPosted) {
  Loop loop;
  std::vector<int> order;
  for (int i = 0; i < 10; ++i) loop.post([&order, i] { order.push_back(i); });
  loop.post([&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(Loop, RunsWhatATaskPosts) {
  Loop loop;
  int depth = 0;
  std::function<void()> again = [&] {
    if (++depth < 5) loop.post(again);
  };
  loop.post(again);
  EXPECT_TRUE(run_until(loop, [&] { return depth == 5; }));
}

TEST(Loop, LosesNoTaskPostedFromFourThreads) {
  constexpr int kThreads = 4;
  constexpr int kTasks = 5000;
  Loop loop;
  std::vector<std::vector<int>> seen(kThreads);
  int total = 0;
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kTasks; ++i) {
        loop.post([&, thread, i] {
          seen[static_cast<std::size_t>(thread)].push_back(i);
          ++total;
        });
      }
    });
  }
  EXPECT_TRUE(run_until(loop, [&] { return total == kThreads * kTasks; }));
  for (const std::vector<int>& order : seen) EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST(Loop, IsWokenByAPostWhileItWaits) {
  Loop loop;
  bool ran = false;
  std::atomic<bool> running = false;
  loop.post([&] { running = true; });
  const std::jthread other([&] {
    running.wait(false);
    loop.post([&] {
      ran = true;
      loop.stop();
    });
  });
  loop.post([&] { running.notify_all(); });
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(Loop, DestroysTasksThatNeverRan) {
  const auto token = std::make_shared<int>(1);
  {
    Loop loop;
    loop.post([token] { FAIL() << "ran"; });
  }
  EXPECT_EQ(token.use_count(), 1);
}

TEST(Loop, MayRunAgainAfterStop) {
  Loop loop;
  int runs = 0;
  for (int i = 0; i < 3; ++i) {
    loop.post([&] {
      ++runs;
      loop.stop();
    });
    loop.run();
  }
  EXPECT_EQ(runs, 3);
}

TEST(Loop, RetiresAfterTheCallbackInOrder) {
  Loop loop;
  std::vector<int> order;
  loop.post([&] {
    loop.retire(std::make_unique<Grave>([&] { order.push_back(1); }));
    loop.retire(std::make_unique<Grave>([&] { order.push_back(2); }));
    order.push_back(0);
  });
  EXPECT_TRUE(run_until(loop, [&] { return order.size() == 3; }));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TEST(Loop, RetiresWhatARetiredObjectRetires) {
  Loop loop;
  int dead = 0;
  loop.post([&] {
    loop.retire(std::make_unique<Grave>([&] {
      ++dead;
      loop.retire(std::make_unique<Grave>([&] { ++dead; }));
    }));
  });
  EXPECT_TRUE(run_until(loop, [&] { return dead == 2; }));
}

TEST(Loop, RetiresWhatWasHandedOverInADeadlineBeforeItWaits) {
  Loop loop;
  bool dead = false;
  Alarm alarm([&] { loop.retire(std::make_unique<Grave>([&] { dead = true; })); });
  alarm.arm(loop.timers(), 20ms);
  EXPECT_TRUE(run_until(
      loop, [&] { return dead; }, 5s));
}

TEST(Loop, DestroysTheRetiredInItsDestructor) {
  int dead = 0;
  {
    Loop loop;
    loop.retire(std::make_unique<Grave>([&] {
      ++dead;
      loop.retire(std::make_unique<Grave>([&] { ++dead; }));
    }));
  }
  EXPECT_EQ(dead, 2);
}

TEST(Loop, CallsTheDeferredOnceAndNotFromWithin) {
  Loop loop;
  Later later([] {});
  loop.defer(later);
  loop.defer(later);
  EXPECT_EQ(later.calls, 0);
  loop.run_once();
  EXPECT_EQ(later.calls, 1);
  EXPECT_FALSE(later.linked());
}

TEST(Loop, ForgetsADeferredThatDies) {
  Loop loop;
  bool called = false;
  {
    Later gone([&] { called = true; });
    loop.defer(gone);
  }
  Later later([] {});
  loop.defer(later);
  loop.run_once();
  EXPECT_FALSE(called);
}

TEST(Loop, LetsADeferredDestroyItselfAndAnother) {
  Loop loop;
  int calls = 0;
  std::unique_ptr<Later> one;
  std::unique_ptr<Later> other;
  const auto destroy_both = [&] {
    ++calls;
    auto mine = std::move(one);
    auto theirs = std::move(other);
  };
  one = std::make_unique<Later>(destroy_both);
  other = std::make_unique<Later>(destroy_both);
  loop.defer(*one);
  loop.defer(*other);
  loop.run_once();
  EXPECT_EQ(calls, 1);
}

TEST(Loop, GoesOnReadingAndTimingWhileSomethingDefersItselfForEver) {
  Loop loop;
  Later* self = nullptr;
  Later later([&] { loop.defer(*self); });
  self = &later;
  loop.defer(later);
  Alarm alarm([&] { loop.stop(); });
  alarm.arm(loop.timers(), 50ms);
  loop.run();
  EXPECT_TRUE(alarm.fired);
  EXPECT_GT(later.calls, 2);
}

TEST(Loop, FiresDeadlinesNoEarlierThanAsked) {
  Loop loop;
  for (const auto after : {1ms, 20ms, 60ms}) {
    Alarm alarm;
    const auto begin = std::chrono::steady_clock::now();
    alarm.arm(loop.timers(), after);
    ASSERT_TRUE(run_until(loop, [&] { return alarm.fired; }));
    // The loop's clock is the kernel's coarse one.
    EXPECT_GE(std::chrono::steady_clock::now() - begin, after - 5ms);
  }
}

TEST(Loop, CountsADeadlineArmedWhileItDoesNotRunFromThen) {
  Loop loop;
  const auto begin = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begin < 60ms) {
  }
  Alarm alarm;
  const auto armed = std::chrono::steady_clock::now();
  alarm.arm(loop.timers(), 50ms);
  ASSERT_TRUE(run_until(loop, [&] { return alarm.fired; }));
  EXPECT_GE(std::chrono::steady_clock::now() - armed, 45ms);
}

TEST(Loop, TellsTheTimeOfTheSteadyClock) {
  Loop loop;
  const auto difference = std::chrono::steady_clock::now() - loop.now();
  EXPECT_GE(difference, 0ms);
  EXPECT_LT(difference, 5s);
}

TEST(Loop, HasItsSharedBuffers) {
  Loop loop;
  EXPECT_EQ(loop.read_buffer().size(), 64 * kKiB);
  EXPECT_EQ(loop.plaintext_buffer().size(), 64 * kKiB);
  EXPECT_NE(loop.read_buffer().data(), loop.plaintext_buffer().data());
  EXPECT_TRUE(loop.record_buffer().empty());
}

void end_a_loop_that_has_a_stream() {
  auto loop = std::make_unique<Loop>();
  auto [one, other] = tcp_pair();
  const std::unique_ptr<Stream> leaked = adopt(*loop, other.release());
  loop.reset();
}

TEST(LoopDeathTest, RefusesToEndBeforeItsStreams) {
  EXPECT_DEATH(end_a_loop_that_has_a_stream(), "a tcp handle has outlived its loop");
}

}  // namespace
}  // namespace tidegate::net
