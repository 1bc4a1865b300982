#include "gateway/base/live_count.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace tidegate {
namespace {

TEST(LiveCount, GivesAsManyClaimsAsItsLimitAllows) {
  LiveCount count;
  Claim first = Claim::take(count, 2);
  Claim second = Claim::take(count, 2);
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(Claim::take(count, 2));
  EXPECT_EQ(2u, count.value()) << "one that was refused is not counted";
  first.release();
  EXPECT_FALSE(first);
  EXPECT_EQ(1u, count.value());
  EXPECT_TRUE(Claim::take(count, 2));
  EXPECT_EQ(1u, count.value()) << "that one has ended already";
}

TEST(LiveCount, CountsWithoutALimitToo) {
  LiveCount count;
  std::vector<Claim> claims;
  for (int i = 0; i < 5; ++i) claims.push_back(Claim::take(count, 0));
  EXPECT_EQ(5u, count.value());
  EXPECT_FALSE(Claim::take(count, 3)) << "a limit that comes later counts those that are there";
  claims.resize(2);
  EXPECT_TRUE(Claim::take(count, 3));
}

TEST(Claim, IsReleasedOnceHoweverItMoves) {
  LiveCount count;
  Claim claim = Claim::take(count, 0);
  Claim moved(std::move(claim));
  EXPECT_EQ(1u, count.value());
  claim = std::move(moved);
  EXPECT_EQ(1u, count.value());
  Claim& itself = claim;
  claim = std::move(itself);
  EXPECT_EQ(1u, count.value());
  claim = Claim::take(count, 0);
  EXPECT_EQ(1u, count.value()) << "the one it held before is released";
  claim.release();
  claim.release();
  EXPECT_EQ(0u, count.value());
}

TEST(LiveCount, IsExactWhenManyAskAtOnce) {
  constexpr unsigned kLimit = 3;
  LiveCount count;
  std::atomic<unsigned> inside{0};
  std::atomic<unsigned> most{0};
  std::atomic<unsigned> taken{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20000; ++i) {
        const Claim claim = Claim::take(count, kLimit);
        if (!claim) continue;
        const unsigned now = ++inside;
        unsigned seen = most;
        while (now > seen && !most.compare_exchange_weak(seen, now)) {
        }
        ++taken;
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_LE(most, kLimit);
  EXPECT_GT(taken, 0u);
  EXPECT_EQ(0u, count.value());
}

TEST(LiveCounts, KeepsACountAsLongAsSomebodyHoldsIt) {
  LiveCounts counts;
  auto held = counts.get("chat");
  const Claim claim = Claim::take(*held, 0);
  EXPECT_EQ(held, counts.get("chat"));
  EXPECT_NE(held, counts.get("other"));
  EXPECT_EQ(1u, counts.get("chat")->value());
}

}  // namespace
}  // namespace tidegate
