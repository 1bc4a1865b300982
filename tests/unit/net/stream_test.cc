// A Stream over a real TCP connection: bytes, ends, pressure, and dying at every moment.
#include "gateway/net/stream.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tests/unit/net/net_fixture.h"

namespace tidegate::net {
namespace {

void send_all(int fd, std::string_view bytes) {
  ASSERT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
}

TEST_F(StreamFixture, ReadsNothingBeforeStartReading) {
  send_all(peer.get(), "early");
  bool turned = false;
  loop.post([&] { turned = true; });
  ASSERT_TRUE(run_until(loop, [&] { return turned; }));
  EXPECT_EQ(heard.data, "");
  stream->start_reading();
  stream->start_reading();
  EXPECT_EQ(heard.data, "") << "from within";
  EXPECT_TRUE(run_until(loop, [&] { return heard.data == "early"; }));
}

TEST_F(StreamFixture, KnowsItsPeer) {
  ASSERT_NE(stream->peer(), nullptr);
  EXPECT_EQ(stream->peer()->to_string(), "127.0.0.1");
  EXPECT_NE(stream->peer_port(), 0);
  EXPECT_EQ(stream->tls(), nullptr);
}

TEST_F(StreamFixture, WritesPiecesInOrder) {
  std::array<Bytes, 40> pieces;
  std::string expected;
  const std::string text = pattern(400);
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const std::size_t size = i % 7;  // some are empty
    pieces[i] = as_bytes(std::string_view(text).substr(i * 10, size));
    expected += text.substr(i * 10, size);
  }
  EXPECT_EQ(stream->write(pieces), Flow::ready);
  EXPECT_EQ(stream->queued_bytes(), 0U);
  EXPECT_EQ(read_available(peer.get()), expected);
  EXPECT_EQ(stream->write(Bytes()), Flow::ready);
}

TEST_F(StreamFixture, ReportsEndOnceAndStillWrites) {
  stream->start_reading();
  send_all(peer.get(), "last");
  ::shutdown(peer.get(), SHUT_WR);
  ASSERT_TRUE(run_until(loop, [&] { return heard.ends == 1; }));
  EXPECT_EQ(heard.data, "last");
  stream->pause_reading();
  stream->resume_reading();
  stream->write(as_bytes("answer"));
  stream->end_writing();
  bool ended = false;
  EXPECT_EQ(read_available(peer.get(), &ended), "answer");
  EXPECT_TRUE(ended);
  EXPECT_EQ(heard.ends, 1);
  EXPECT_FALSE(heard.broken());
}

TEST_F(StreamFixture, EndsWritingAndGoesOnReading) {
  stream->start_reading();
  stream->end_writing();
  bool ended = false;
  read_available(peer.get(), &ended);
  EXPECT_TRUE(ended);
  send_all(peer.get(), "still here");
  EXPECT_TRUE(run_until(loop, [&] { return heard.data == "still here"; }));
}

TEST_F(StreamFixture, EndsWritingOnlyAfterWhatIsQueued) {
  const std::string sent = pattern(8 * kMiB);
  EXPECT_EQ(stream->write(as_bytes(sent)), Flow::congested);
  stream->end_writing();
  std::string got;
  bool ended = false;
  ASSERT_TRUE(run_until(loop, [&] {
    got += read_available(peer.get(), &ended);
    return ended;
  }));
  EXPECT_TRUE(got == sent);
}

TEST_F(StreamFixture, ReportsAResetWhileReading) {
  stream->start_reading();
  peer.reset();
  ASSERT_TRUE(run_until(loop, [&] { return heard.broken(); }));
  EXPECT_EQ(heard.errors[0], Error(Reason::client_reset, -ECONNRESET));
  EXPECT_EQ(heard.ends, 0);
}

TEST_F(StreamFixture, ReportsABrokenSocketFromTheLoopNotFromWrite) {
  peer.reset();
  // The RST is in the socket at once on loopback; nobody reads, so only writing can meet it.
  EXPECT_EQ(stream->write(as_bytes("x")), Flow::ready);
  EXPECT_EQ(stream->write(as_bytes("x")), Flow::ready);
  EXPECT_FALSE(heard.broken());
  ASSERT_TRUE(run_until(loop, [&] { return heard.broken(); }));
  EXPECT_EQ(heard.errors[0].reason, Reason::client_reset);
  EXPECT_EQ(heard.errors[0].at_fault, Party::client);
  EXPECT_EQ(stream->write(as_bytes("x")), Flow::ready);
  EXPECT_EQ(stream->queued_bytes(), 0U);
  stream->end_writing();
}

TEST_F(StreamFixture, DeliversWhatCameBeforeTheBreakThatAWriteMeets) {
  // A server that answers and closes with our upload unread: its answer must not be lost.
  stream->write(as_bytes("upload"));
  send_all(peer.get(), "413 too large");
  stream->start_reading();
  peer.close();  // unread bytes: RST
  stream->write(as_bytes("more"));
  ASSERT_TRUE(run_until(loop, [&] { return heard.broken() || heard.ends > 0; }));
  EXPECT_EQ(heard.data, "413 too large");
}

TEST_F(StreamFixture, TellsAListenerSetAfterTheBreak) {
  auto [far, near] = tcp_pair();
  const std::unique_ptr<Stream> early = adopt(loop, near.release());
  far.reset();
  early->write(as_bytes("x"));
  bool turned = false;
  loop.post([&] { turned = true; });
  ASSERT_TRUE(run_until(loop, [&] { return turned; }));
  Recorder late;
  early->set_listener(late);
  EXPECT_TRUE(run_until(loop, [&] { return late.broken(); }));
}

TEST_F(StreamFixture, CountsPauses) {
  stream->start_reading();
  stream->pause_reading();
  stream->pause_reading();
  send_all(peer.get(), "waiting");
  ::shutdown(peer.get(), SHUT_WR);
  const auto turn = [&] {
    bool turned = false;
    loop.post([&] { turned = true; });
    ASSERT_TRUE(run_until(loop, [&] { return turned; }));
  };
  turn();
  stream->resume_reading();
  turn();
  EXPECT_EQ(heard.data, "");
  EXPECT_EQ(heard.ends, 0);
  stream->resume_reading();
  EXPECT_EQ(heard.data, "") << "from within";
  EXPECT_TRUE(run_until(loop, [&] { return heard.ends == 1; }));
  EXPECT_EQ(heard.data, "waiting");
}

TEST_F(StreamFixture, PausedFromOnDataReadsNoFurther) {
  bool paused = false;
  heard.then_data = [&] {
    EXPECT_FALSE(paused);
    paused = true;
    stream->pause_reading();
  };
  stream->start_reading();
  const std::string sent = pattern(300 * kKiB);
  std::size_t offered = 0;
  ASSERT_TRUE(run_until(loop, [&] {
    const ssize_t count = ::send(peer.get(), sent.data() + offered, sent.size() - offered, MSG_DONTWAIT);
    if (count > 0) offered += static_cast<std::size_t>(count);
    if (std::exchange(paused, false)) stream->resume_reading();
    return heard.data.size() == sent.size();
  }));
  EXPECT_TRUE(heard.data == sent);
  EXPECT_LE(heard.largest_read, 64 * kKiB);
}

TEST_F(StreamFixture, QueuesForASlowReaderAndSaysWhenItHasDrained) {
  const std::string sent = pattern(16 * kMiB);
  std::size_t written = 0;
  int congestions = 0;
  bool congested = false;
  const auto write_on = [&] {
    congested = false;
    while (!congested && written < sent.size()) {
      const std::string_view piece = std::string_view(sent).substr(written, 10000);
      congested = stream->write(as_bytes(piece)) == Flow::congested;
      written += piece.size();
      EXPECT_EQ(congested, stream->queued_bytes() > 64 * kKiB);
      EXPECT_LE(stream->queued_bytes(), 64 * kKiB + 10000);
    }
    congestions += congested ? 1 : 0;
  };
  heard.then_drained = [&] {
    EXPECT_LE(stream->queued_bytes(), 32 * kKiB);
    write_on();
  };
  write_on();
  std::string got;
  ASSERT_TRUE(run_until(
      loop,
      [&] {
        got += read_available(peer.get());
        return got.size() == sent.size();
      },
      60s));
  EXPECT_TRUE(got == sent);
  ASSERT_TRUE(run_until(loop, [&] { return heard.drains == congestions; }));
  EXPECT_GT(congestions, 2);
  EXPECT_EQ(stream->queued_bytes(), 0U);
}

TEST_F(StreamFixture, KeepsTheOrderOfManySmallWritesBehindAFullSocket) {
  std::string expected;
  const std::string filler = pattern(64 * kKiB);
  while (stream->queued_bytes() == 0) {
    stream->write(as_bytes(filler));
    expected += filler;
  }
  for (int i = 0; i < 20000; ++i) {
    const std::string text = std::to_string(i) + ",";
    stream->write(as_bytes(text));
    expected += text;
  }
  stream->end_writing();
  std::string got;
  bool ended = false;
  ASSERT_TRUE(run_until(loop, [&] {
    got += read_available(peer.get(), &ended);
    return ended;
  }));
  EXPECT_TRUE(got == expected);
}

TEST_F(StreamFixture, ReportsAResetThatMeetsQueuedBytes) {
  const std::string much = pattern(8 * kMiB);
  EXPECT_EQ(stream->write(as_bytes(much)), Flow::congested);
  peer.reset();
  EXPECT_TRUE(run_until(loop, [&] { return heard.broken(); }));
  EXPECT_EQ(heard.drains, 0);
}

TEST_F(StreamFixture, DropsUnsentBytesWhenDestroyed) {
  const std::string much = pattern(8 * kMiB);
  EXPECT_EQ(stream->write(as_bytes(much)), Flow::congested);
  stream->write(as_bytes(much));
  stream.reset();
  bool ended = false;
  std::string got;
  ASSERT_TRUE(run_until(loop, [&] {
    got += read_available(peer.get(), &ended);
    loop.post([] {});
    return ended;
  }));
  EXPECT_LT(got.size(), much.size());
}

TEST_F(StreamFixture, SendsFinWhenDestroyed) {
  stream.reset();
  char byte = 0;
  EXPECT_EQ(::recv(peer.get(), &byte, 1, 0), 0);
}

TEST_F(StreamFixture, SendsResetWhenAskedTo) {
  stream->reset_on_close();
  stream.reset();
  char byte = 0;
  EXPECT_EQ(::recv(peer.get(), &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(StreamFixture, SendsResetAfterEndWritingToo) {
  stream->end_writing();
  stream->reset_on_close();
  stream.reset();
  EXPECT_EQ(::send(peer.get(), "x", 1, MSG_NOSIGNAL), -1);
}

TEST_F(StreamFixture, MayDieInOnData) {
  heard.then_data = [&] { stream.reset(); };
  stream->start_reading();
  send_all(peer.get(), pattern(200 * kKiB));
  ASSERT_TRUE(run_until(loop, [&] { return stream == nullptr; }));
  EXPECT_LE(heard.data.size(), 64 * kKiB);
}

TEST_F(StreamFixture, MayDieInOnEnd) {
  heard.then_end = [&] { stream.reset(); };
  stream->start_reading();
  peer.close();
  EXPECT_TRUE(run_until(loop, [&] { return stream == nullptr; }));
}

TEST_F(StreamFixture, MayDieInOnErrorOfARead) {
  heard.then_error = [&] { stream.reset(); };
  stream->start_reading();
  peer.reset();
  EXPECT_TRUE(run_until(loop, [&] { return stream == nullptr; }));
}

TEST_F(StreamFixture, MayDieInOnErrorOfAWrite) {
  heard.then_error = [&] { stream.reset(); };
  peer.reset();
  stream->write(as_bytes("x"));
  stream->write(as_bytes("x"));
  EXPECT_TRUE(run_until(loop, [&] { return stream == nullptr; }));
}

TEST_F(StreamFixture, MayDieInOnDataThatABrokenWriteBroughtForth) {
  heard.then_data = [&] { stream.reset(); };
  send_all(peer.get(), "last words");
  stream->start_reading();
  peer.reset();
  stream->write(as_bytes("x"));
  EXPECT_TRUE(run_until(loop, [&] { return stream == nullptr || heard.broken(); }));
}

TEST_F(StreamFixture, MayDieInOnDrained) {
  const std::string much = pattern(8 * kMiB);
  heard.then_drained = [&] { stream.reset(); };
  EXPECT_EQ(stream->write(as_bytes(much)), Flow::congested);
  EXPECT_TRUE(run_until(loop, [&] {
    read_available(peer.get());
    return stream == nullptr;
  }));
}

TEST_F(StreamFixture, HearsNothingAfterItDiedWithABreakOnItsWay) {
  peer.reset();
  stream->write(as_bytes("x"));
  stream->write(as_bytes("x"));
  stream.reset();
  bool turned = false;
  loop.post([&] { turned = true; });
  ASSERT_TRUE(run_until(loop, [&] { return turned; }));
  EXPECT_FALSE(heard.broken());
}

TEST(Adopt, TakesASocketPair) {
  Loop loop;
  std::array<int, 2> fds{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds.data()), 0);
  Recorder left;
  Recorder right;
  auto one = adopt(loop, fds[0]);
  auto other = adopt(loop, fds[1]);
  one->set_listener(left);
  other->set_listener(right);
  EXPECT_EQ(one->peer(), nullptr);
  EXPECT_EQ(one->peer_port(), 0);
  one->start_reading();
  other->start_reading();
  right.then_data = [&] { other->write(as_bytes(right.data)); };
  one->write(as_bytes("ping"));
  ASSERT_TRUE(run_until(loop, [&] { return left.data == "ping"; }));
  one.reset();
  EXPECT_TRUE(run_until(loop, [&] { return right.ends == 1; }));
}

TEST(Adopt, TakesASocketThatWasResetAlready) {
  Loop loop;
  Recorder heard;
  auto [far, near] = tcp_pair();
  far.reset();
  const auto stream = adopt(loop, near.release());
  stream->set_listener(heard);
  stream->start_reading();
  EXPECT_TRUE(run_until(loop, [&] { return heard.broken(); }));
}

}  // namespace
}  // namespace tidegate::net
