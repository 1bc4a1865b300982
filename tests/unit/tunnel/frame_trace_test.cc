#include "gateway/tunnel/frame_trace.h"

#include <gtest/gtest.h>

namespace tidegate::tunnel {
namespace {

FrameEvent event(std::uint64_t length) {
  FrameEvent event;
  event.frame.length = length;
  return event;
}

TEST(FrameTrace, WakesItsWatcherOnceForAllThatCameSince) {
  int woken = 0;
  FrameTrace trace([&] { ++woken; });
  for (std::uint64_t i = 0; i < 3; ++i) trace.add(event(i));
  EXPECT_EQ(woken, 1);
  const FrameTrace::News news = trace.take();
  ASSERT_EQ(news.frames.size(), 3u);
  EXPECT_EQ(news.frames[2].frame.length, 2u);
  EXPECT_EQ(news.dropped, 0u);
  EXPECT_FALSE(news.ended);
  trace.add(event(3));
  EXPECT_EQ(woken, 2);
  EXPECT_EQ(trace.take().frames.size(), 1u);
}

TEST(FrameTrace, CountsWhatFindsTheQueueFull) {
  FrameTrace trace([] {});
  for (std::uint64_t i = 0; i < FrameTrace::kQueue + 12; ++i) trace.add(event(i));
  FrameTrace::News news = trace.take();
  EXPECT_EQ(news.frames.size(), FrameTrace::kQueue);
  EXPECT_EQ(news.dropped, 12u);
  trace.add(event(0));
  news = trace.take();
  EXPECT_EQ(news.frames.size(), 1u);
  EXPECT_EQ(news.dropped, 0u);
}

TEST(FrameTrace, TellsTheEndBehindTheLastFrames) {
  int woken = 0;
  FrameTrace trace([&] { ++woken; });
  trace.add(event(1));
  trace.end();
  EXPECT_EQ(woken, 1);
  const FrameTrace::News news = trace.take();
  EXPECT_EQ(news.frames.size(), 1u);
  EXPECT_TRUE(news.ended);
}

TEST(Tracing, TellsEachWatcherWhichWayAFrameWent) {
  const auto first = std::make_shared<FrameTrace>([] {});
  const auto second = std::make_shared<FrameTrace>([] {});
  {
    Tracing tracing;
    tracing.add(first);
    tracing.observer(metrics::Direction::to_client).on_frame({.length = 7});
    tracing.add(second);
    tracing.tell_own(metrics::Direction::to_upstream, {.opcode = websocket::Opcode::ping});
    tracing.remove(first);
    EXPECT_FALSE(tracing.empty());
    tracing.observer(metrics::Direction::to_upstream).on_frame({.length = 8});
  }
  const auto of_first = first->take();
  ASSERT_EQ(of_first.frames.size(), 2u);
  EXPECT_EQ(of_first.frames[0].direction, metrics::Direction::to_client);
  EXPECT_EQ(of_first.frames[0].frame.length, 7u);
  EXPECT_FALSE(of_first.frames[0].from_gateway);
  EXPECT_EQ(of_first.frames[1].direction, metrics::Direction::to_upstream);
  EXPECT_TRUE(of_first.frames[1].from_gateway);
  EXPECT_FALSE(of_first.ended);  // it was removed before the end
  const auto of_second = second->take();
  ASSERT_EQ(of_second.frames.size(), 2u);
  EXPECT_EQ(of_second.frames[1].frame.length, 8u);
  EXPECT_TRUE(of_second.ended);
}

}  // namespace
}  // namespace tidegate::tunnel
