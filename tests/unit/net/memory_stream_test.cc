#include "tests/support/memory_stream.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/unit/net/net_fixture.h"

namespace tidegate::test {
namespace {

using net::Flow;
using net::Recorder;

class MemoryStreams : public ::testing::Test {
 protected:
  net::Loop loop;
  Recorder heard;
};

TEST_F(MemoryStreams, DeliversFromTheLoopWhenReadingAndNotPaused) {
  auto stream = std::make_unique<MemoryStream>(loop);
  stream->set_listener(heard);
  MemoryPeer peer = stream->far_end();
  peer.send("one");
  turn(loop);
  EXPECT_EQ(heard.data, "");
  stream->start_reading();
  EXPECT_EQ(heard.data, "");
  turn(loop);
  EXPECT_EQ(heard.data, "one");
  stream->pause_reading();
  peer.send_bytewise("two");
  peer.end();
  turn(loop);
  EXPECT_EQ(heard.data, "one");
  stream->resume_reading();
  turn(loop);
  EXPECT_EQ(heard.data, "onetwo");
  EXPECT_EQ(heard.ends, 1);
}

TEST_F(MemoryStreams, QueuesBeyondItsWindowAndDrainsOnce) {
  auto stream = std::make_unique<MemoryStream>(loop);
  stream->set_listener(heard);
  MemoryPeer peer = stream->far_end();
  peer.set_window(10);
  EXPECT_EQ(stream->write(as_bytes("0123456789abc")), Flow::ready);
  EXPECT_EQ(stream->queued_bytes(), 3U);
  EXPECT_EQ(stream->write(as_bytes(std::string(64 * kKiB, 'x'))), Flow::congested);
  stream->end_writing();
  EXPECT_FALSE(peer.writing_ended());
  peer.grant(33 * kKiB);
  EXPECT_EQ(heard.drains, 0) << "from within";
  turn(loop);
  EXPECT_EQ(heard.drains, 1);
  peer.grant(33 * kKiB);
  turn(loop);
  EXPECT_EQ(heard.drains, 1);
  EXPECT_EQ(peer.received().size(), 64 * kKiB + 13);
  EXPECT_TRUE(peer.writing_ended());
}

TEST_F(MemoryStreams, OpensWhenToldTo) {
  auto stream = std::make_unique<MemoryStream>(loop, MemoryStream::Options{.dialling = true});
  stream->set_listener(heard);
  MemoryPeer peer = stream->far_end();
  stream->write(as_bytes("early"));
  EXPECT_EQ(peer.received(), "");
  peer.open();
  turn(loop);
  EXPECT_EQ(heard.opens, 1);
  EXPECT_EQ(peer.take_received(), "early");
}

TEST_F(MemoryStreams, JoinedPassBytesFinAndReset) {
  Recorder other_heard;
  auto one = std::make_unique<MemoryStream>(loop);
  auto other = std::make_unique<MemoryStream>(loop);
  MemoryStream::join(*one, *other);
  one->set_listener(heard);
  other->set_listener(other_heard);
  one->start_reading();
  other->start_reading();
  one->write(as_bytes("over"));
  one->end_writing();
  turn(loop);
  EXPECT_EQ(other_heard.data, "over");
  EXPECT_EQ(other_heard.ends, 1);
  const MemoryPeer left = other->far_end();
  other->reset_on_close();
  other.reset();
  turn(loop);
  EXPECT_TRUE(heard.broken());
  EXPECT_TRUE(left.was_reset());
}

TEST_F(MemoryStreams, BreakAtEachOperationInTurn) {
  int n = 1;
  for (;; ++n) {
    Faults faults{.fail_at = n};
    Recorder here;
    auto stream =
        std::make_unique<MemoryStream>(loop, MemoryStream::Options{.dialling = true, .faults = &faults});
    stream->set_listener(here);
    stream->start_reading();
    MemoryPeer peer = stream->far_end();
    here.then_data = [&] { stream->write(as_bytes("echo")); };
    here.then_end = [&] { stream->end_writing(); };
    here.then_error = [&] { stream.reset(); };
    peer.open();
    peer.send("x");
    peer.end();
    turn(loop);
    turn(loop);
    EXPECT_EQ(here.broken(), faults.fired()) << n;
    EXPECT_EQ(peer.destroyed(), faults.fired()) << n;
    if (!faults.fired()) break;
  }
  EXPECT_EQ(n, 6);  // open, data, write, end, end_writing; then none
}

}  // namespace
}  // namespace tidegate::test
