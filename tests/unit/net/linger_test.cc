#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <string>

#include "tests/support/memory_stream.h"
#include "tests/unit/net/net_fixture.h"

namespace tidegate::net {
namespace {

using Linger = StreamFixture;

TEST_F(Linger, SendsWhatIsQueuedThenFinAndWaitsForThePeer) {
  const std::string goodbye = pattern(4 * kMiB);
  EXPECT_EQ(stream->write(as_bytes(goodbye)), Flow::congested);
  loop.linger(std::move(stream), {30s, 30s});
  EXPECT_EQ(loop.lingering(), 1U);
  // What the peer still sends is thrown away, and does not reset the connection under the answer.
  ASSERT_EQ(::send(peer.get(), "late", 4, MSG_NOSIGNAL), 4);
  std::string got;
  bool ended = false;
  ASSERT_TRUE(run_until(loop, [&] {
    got += read_available(peer.get(), &ended);
    return ended;
  }));
  EXPECT_TRUE(got == goodbye);
  EXPECT_EQ(loop.lingering(), 1U) << "the peer has not ended";
  peer.close();
  EXPECT_TRUE(run_until(loop, [&] { return loop.lingering() == 0; }));
}

TEST_F(Linger, EndsWhenThePeerResets) {
  loop.linger(std::move(stream), {30s, 30s});
  peer.reset();
  EXPECT_TRUE(run_until(loop, [&] { return loop.lingering() == 0; }));
}

TEST_F(Linger, EndsAtTheDeadline) {
  loop.linger(std::move(stream), {50ms, 50ms});
  EXPECT_TRUE(run_until(loop, [&] { return loop.lingering() == 0; }));
}

TEST_F(Linger, EndsSoonWithADeadlineOfZero) {
  loop.linger(std::move(stream), {0ms, 0ms});
  EXPECT_TRUE(run_until(
      loop, [&] { return loop.lingering() == 0; }, 5s));
}

TEST_F(Linger, EndsAtTheDeadlineWithAPeerThatReadsNothing) {
  stream->write(as_bytes(pattern(8 * kMiB)));
  loop.linger(std::move(stream), {50ms, 50ms}, false);
  EXPECT_TRUE(run_until(loop, [&] { return loop.lingering() == 0; }));
}

TEST_F(Linger, EndsAtTheDeadlineWithAPeerThatSendsForEver) {
  loop.linger(std::move(stream), {100ms, 100ms});
  const std::string noise = pattern(64 * kKiB);
  EXPECT_TRUE(run_until(loop, [&] {
    ::send(peer.get(), noise.data(), noise.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    loop.post([] {});
    return loop.lingering() == 0;
  }));
}

TEST(LingerSlowly, GoesOnWhileThePeerTakesWhatIsQueued) {
  Loop loop;
  auto stream = std::make_unique<test::MemoryStream>(loop);
  test::MemoryPeer slow = stream->far_end();
  slow.set_window(0);
  stream->write(as_bytes(pattern(400)));
  loop.linger(std::move(stream), {100ms, 100ms}, false);
  ASSERT_TRUE(run_until(loop, [&] {
    slow.grant(10);
    return loop.lingering() == 0;
  }));
  EXPECT_EQ(slow.received().size(), 400U);
}

/// Its data would be answered by a reset, if the socket were gone, and that would take what is still on its
/// way.
TEST_F(Linger, WaitsForAPeerThatSendsBeforeItReads) {
  const std::string goodbye = pattern(96 * kKiB);
  const int small = 16 * 1024;
  ASSERT_EQ(::setsockopt(peer.get(), SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
  EXPECT_EQ(stream->write(as_bytes(goodbye)), Flow::ready) << "the kernel takes it";
  loop.linger(std::move(stream), {20ms, 30s});
  const auto late = std::chrono::steady_clock::now() + 200ms;
  ASSERT_TRUE(run_until(loop, [&] {
    loop.post([] {});
    return std::chrono::steady_clock::now() > late;
  }));
  ASSERT_EQ(::send(peer.get(), "late", 4, MSG_NOSIGNAL), 4);
  std::string got;
  bool ended = false;
  ASSERT_TRUE(run_until(loop, [&] {
    got += read_available(peer.get(), &ended);
    return ended;
  }));
  EXPECT_TRUE(got == goodbye) << got.size();
  EXPECT_TRUE(run_until(loop, [&] { return loop.lingering() == 0; })) << "it has everything";
}

TEST_F(Linger, WithoutWaitingEndsAtOnceIfNothingIsQueued) {
  loop.linger(std::move(stream), {30s, 30s}, false);
  loop.post([] {});
  loop.run_once();
  EXPECT_EQ(loop.lingering(), 0U);
  bool ended = false;
  read_available(peer.get(), &ended);
  EXPECT_TRUE(ended);
}

TEST_F(Linger, WithoutWaitingEndsWhenTheQueueIsEmpty) {
  const std::string goodbye = pattern(4 * kMiB);
  stream->write(as_bytes(goodbye));
  loop.linger(std::move(stream), {30s, 30s}, false);
  std::string got;
  ASSERT_TRUE(run_until(loop, [&] {
    got += read_available(peer.get());
    return loop.lingering() == 0;
  }));
  got += read_available(peer.get());
  EXPECT_TRUE(got == goodbye);
}

TEST_F(Linger, SendsTheRestToAPeerThatEndsFirst) {
  const std::string goodbye = pattern(4 * kMiB);
  stream->write(as_bytes(goodbye));
  loop.linger(std::move(stream), {30s, 30s});
  ::shutdown(peer.get(), SHUT_WR);
  std::string got;
  ASSERT_TRUE(run_until(loop, [&] {
    got += read_available(peer.get());
    return loop.lingering() == 0;
  }));
  got += read_available(peer.get());
  EXPECT_TRUE(got == goodbye);
}

TEST_F(Linger, MayBeginInsideACallbackOfTheStream) {
  heard.then_data = [&] { loop.linger(std::move(stream), {30s, 30s}); };
  stream->start_reading();
  ASSERT_EQ(::send(peer.get(), "bye", 3, MSG_NOSIGNAL), 3);
  ASSERT_TRUE(run_until(loop, [&] { return loop.lingering() == 1; }));
  peer.close();
  EXPECT_TRUE(run_until(loop, [&] { return loop.lingering() == 0; }));
}

TEST(LingerInALoopThatEnds, IsDropped) {
  auto [far, near] = tcp_pair();
  {
    Loop loop;
    Recorder heard;
    auto stream = adopt(loop, near.release());
    stream->set_listener(heard);
    stream->write(as_bytes(pattern(8 * kMiB)));
    loop.linger(std::move(stream), {30s, 30s});
  }
  bool ended = false;
  read_available(far.get(), &ended);
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace tidegate::net
