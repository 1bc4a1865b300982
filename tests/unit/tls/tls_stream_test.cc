#include "gateway/tls/tls_stream.h"

#include <sys/socket.h>

#include "tests/unit/tls/harness.h"

namespace tidegate::tls {
namespace {

std::string pattern(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

/// A worker, and a client that speaks one version of TLS.
struct OneVersion {
  explicit OneVersion(int version) {
    setup.add({.names = {"example.com"}});
    ctx = client_ctx(setup.authority.certificate());
    SSL_CTX_set_min_proto_version(ctx.get(), version);
    SSL_CTX_set_max_proto_version(ctx.get(), version);
    worker = std::make_unique<Worker>(setup);
  }

  TestLoop loop;
  ListenerSetup setup;
  CtxPtr ctx;
  std::unique_ptr<Worker> worker;
};

struct Tls12StreamTest : OneVersion, testing::Test {
  Tls12StreamTest() : OneVersion(TLS1_2_VERSION) {}
};
struct Tls13StreamTest : OneVersion, testing::Test {
  Tls13StreamTest() : OneVersion(TLS1_3_VERSION) {}
};
/// Each test runs under both.
struct TlsStreamTest : testing::TestWithParam<int>, OneVersion {
  TlsStreamTest() : OneVersion(GetParam()) {}
};

INSTANTIATE_TEST_SUITE_P(Versions, TlsStreamTest, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) {
                           return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

TEST_P(TlsStreamTest, CarriesBytesBothWays) {
  Conversation talk(loop, *worker, ctx.get());
  EXPECT_EQ(talk.server.stream->tls(), nullptr);
  ASSERT_TRUE(talk.shake_hands()) << talk.peer.error;
  EXPECT_EQ(info_of(talk.server).version, GetParam() == TLS1_2_VERSION ? "TLSv1.2" : "TLSv1.3");
  EXPECT_EQ(info_of(talk.server).cipher, SSL_get_cipher(talk.peer.ssl()));
  talk.peer.write("hello");
  ASSERT_TRUE(talk.until([&] { return talk.server.data == "hello"; }));
  EXPECT_EQ(talk.server.stream->write(as_bytes("welcome")), net::Flow::ready);
  EXPECT_TRUE(talk.until([&] { return talk.peer.data == "welcome"; }));
  EXPECT_TRUE(loop.loop().record_buffer().empty());
}

TEST_P(TlsStreamTest, GivesTheSameBytesHoweverTheyAreCut) {
  for (std::size_t cut : {1u, 2u, 5u, 6u, 100u}) {
    Conversation talk(loop, *worker, ctx.get());
    talk.peer.cut = cut;
    ASSERT_TRUE(talk.shake_hands()) << talk.peer.error << " cut " << cut;
    talk.peer.write("first");
    talk.peer.write(pattern(3000));
    talk.peer.close_notify();
    ASSERT_TRUE(talk.until([&] { return talk.server.end.has_value(); })) << "cut " << cut;
    EXPECT_EQ(talk.server.data, "first" + pattern(3000));
    EXPECT_EQ(talk.server.end, net::End::clean);
  }
}

TEST_P(TlsStreamTest, GathersRecordsThatCameTogether) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.server.data_calls = 0;
  for (int i = 0; i < 20; ++i) talk.peer.write("0123456789");
  ASSERT_TRUE(talk.until([&] { return talk.server.data.size() == 200; }));
  EXPECT_EQ(talk.server.data_calls, 1);
}

TEST_P(TlsStreamTest, GathersSmallPiecesIntoOneRecord) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.until([&] { return true; });
  talk.peer.raw_received.clear();
  const std::string middle = pattern(1000);
  const Bytes pieces[] = {as_bytes("head"), as_bytes(middle), Bytes(), as_bytes("tail")};
  talk.server.stream->write(pieces);
  ASSERT_TRUE(talk.until([&] { return talk.peer.data.size() == 1008; }));
  EXPECT_EQ(talk.peer.data, "head" + middle + "tail");
  const auto at = [&](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(talk.peer.raw_received[i]));
  };
  ASSERT_GT(talk.peer.raw_received.size(), 5u);
  EXPECT_EQ(at(3) * 256 + at(4) + 5, talk.peer.raw_received.size()) << "more than one record";
}

TEST_P(TlsStreamTest, CutsLongWritesIntoFullRecords) {
  const std::size_t kRecord = 16384;
  for (std::size_t size : {kRecord - 1, kRecord, kRecord + 1, 3 * kRecord}) {
    Conversation talk(loop, *worker, ctx.get());
    ASSERT_TRUE(talk.shake_hands());
    const std::string body = pattern(size);
    const Bytes pieces[] = {as_bytes("h"), as_bytes(body), as_bytes("t")};
    talk.server.stream->write(pieces);
    ASSERT_TRUE(talk.until([&] { return talk.peer.data.size() == size + 2; }));
    EXPECT_EQ(talk.peer.data, "h" + body + "t");
  }
}

TEST_P(TlsStreamTest, WaitsForASlowReader) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.peer.paused = true;
  const std::string chunk = pattern(50000);
  std::string sent;
  while (talk.server.stream->write(as_bytes(chunk)) == net::Flow::ready) sent += chunk;
  sent += chunk;
  EXPECT_GT(talk.server.stream->queued_bytes(), 64 * kKiB);
  loop.settle();
  EXPECT_EQ(talk.server.drained, 0);
  talk.peer.paused = false;
  ASSERT_TRUE(talk.until([&] { return talk.peer.data.size() == sent.size(); }));
  EXPECT_EQ(talk.peer.data, sent);
  EXPECT_EQ(talk.server.drained, 1);
}

TEST_P(TlsStreamTest, DeliversNothingBeforeStartReading) {
  Conversation talk(loop, *worker, ctx.get());
  talk.server.start_at_open = false;
  ASSERT_TRUE(talk.peer.shake_hands(loop));
  talk.peer.write("early");
  talk.peer.pump();
  ASSERT_TRUE(loop.until([&] { return talk.server.opened; }));
  loop.settle();
  EXPECT_EQ(talk.server.data, "");
  talk.server.stream->start_reading();
  EXPECT_EQ(talk.server.data, "") << "delivered from within start_reading()";
  EXPECT_TRUE(talk.until([&] { return talk.server.data == "early"; }));
}

/// The client's last flight and its first bytes are one segment.
TEST_P(TlsStreamTest, KeepsBytesBehindTheHandshakeUntilTheyAreWanted) {
  for (bool wanted_at_once : {true, false}) {
    Conversation talk(loop, *worker, ctx.get());
    talk.server.start_at_open = wanted_at_once;
    bool done = false;
    ASSERT_TRUE(loop.until([&] {
      done = SSL_do_handshake(talk.peer.ssl()) == 1;
      if (done && GetParam() == TLS1_3_VERSION) talk.peer.write("behind");
      talk.peer.pump();
      return done;
    }));
    if (GetParam() == TLS1_2_VERSION) talk.peer.write("behind");
    ASSERT_TRUE(talk.until([&] { return talk.server.opened; }));
    loop.settle();
    if (!wanted_at_once) {
      EXPECT_EQ(talk.server.data, "");
      talk.server.stream->start_reading();
      EXPECT_EQ(talk.server.data, "");
    }
    EXPECT_TRUE(talk.until([&] { return talk.server.data == "behind"; }));
  }
}

TEST_P(TlsStreamTest, HoldsBytesWhilePaused) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.server.at_data = [&] {
    if (talk.server.data_calls == 1) {
      talk.server.stream->pause_reading();
      talk.server.stream->pause_reading();
    }
  };
  const std::string body = pattern(500000);
  for (std::size_t i = 0; i < body.size(); i += 10000) talk.peer.write(body.substr(i, 10000));
  talk.peer.close_notify();
  ASSERT_TRUE(talk.until([&] { return talk.server.data_calls == 1; }));
  for (int i = 0; i < 20; ++i) talk.until([&] { return true; }), loop.settle();
  EXPECT_EQ(talk.server.data_calls, 1);
  talk.server.stream->resume_reading();
  loop.settle();
  EXPECT_EQ(talk.server.data_calls, 1) << "pauses are counted";
  talk.server.stream->resume_reading();
  EXPECT_EQ(talk.server.data_calls, 1) << "called from within resume_reading()";
  ASSERT_TRUE(talk.until([&] { return talk.server.end.has_value(); }));
  EXPECT_EQ(talk.server.data, body);
  EXPECT_EQ(talk.server.end, net::End::clean);
}

/// A pause at every callback, resumed from the loop: also while the end waits behind bytes.
TEST_P(TlsStreamTest, SurvivesAPauseInEachCallback) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  bool paused = false;
  talk.server.at_data = [&] {
    EXPECT_FALSE(paused);
    talk.server.stream->pause_reading();
    paused = true;
  };
  const std::string body = pattern(300000);
  for (std::size_t i = 0; i < body.size(); i += 7000) talk.peer.write(body.substr(i, 7000));
  talk.peer.close_notify();
  ASSERT_TRUE(talk.until([&] {
    if (paused) {
      EXPECT_FALSE(talk.server.end.has_value());
      paused = false;
      talk.server.stream->resume_reading();
    }
    return talk.server.end.has_value();
  }));
  EXPECT_EQ(talk.server.data, body);
}

TEST_P(TlsStreamTest, MovesMuchBothWaysAtOnce) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  const std::string chunk = pattern(100000);
  std::string from_server;
  for (int i = 0; i < 20; ++i) {
    talk.peer.write(chunk);
    talk.server.stream->write(as_bytes(chunk));
    from_server += chunk;
  }
  ASSERT_TRUE(talk.until([&] {
    return talk.server.data.size() == from_server.size() && talk.peer.data.size() == from_server.size();
  }));
  EXPECT_EQ(talk.server.data, from_server);
  EXPECT_EQ(talk.peer.data, from_server);
}

TEST_P(TlsStreamTest, HalfClosesWithCloseNotify) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.server.stream->write(as_bytes("last words"));
  talk.server.stream->end_writing();
  talk.server.stream->end_writing();
  ASSERT_TRUE(talk.until([&] { return talk.peer.got_close_notify && talk.peer.got_eof; }));
  EXPECT_EQ(talk.peer.data, "last words");
  talk.peer.write("still here");
  talk.peer.close_notify();
  ASSERT_TRUE(talk.until([&] { return talk.server.end.has_value(); }));
  EXPECT_EQ(talk.server.data, "still here");
  EXPECT_EQ(talk.server.end, net::End::clean);
}

TEST_P(TlsStreamTest, StillWritesAfterThePeersCloseNotify) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.peer.close_notify();
  ASSERT_TRUE(talk.until([&] { return talk.server.end.has_value(); }));
  talk.server.stream->write(as_bytes("answer"));
  EXPECT_TRUE(talk.until(
      [&] { return talk.peer.raw_received.size() > 0 && talk.server.stream->queued_bytes() == 0; }));
}

TEST_P(TlsStreamTest, TellsTruncationFromAnEnd) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.peer.write("cut");
  talk.peer.pump();
  talk.peer.shut_down_socket();
  ASSERT_TRUE(loop.until([&] { return talk.server.end.has_value(); }));
  EXPECT_EQ(talk.server.data, "cut");
  EXPECT_EQ(talk.server.end, net::End::truncated);
}

TEST_P(TlsStreamTest, SendsNoCloseNotifyWhenDestroyed) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.server.stream.reset();
  ASSERT_TRUE(talk.until([&] { return talk.peer.got_eof; }));
  EXPECT_FALSE(talk.peer.got_close_notify);
}

TEST_P(TlsStreamTest, MayBeDestroyedInEachCallback) {
  const auto destroy_in = [&](std::function<void()> Recorder::*callback, bool garbage) {
    Conversation talk(loop, *worker, ctx.get());
    talk.server.*callback = [&] { talk.server.stream.reset(); };
    talk.peer.shake_hands(loop);
    if (garbage) {
      talk.peer.pump();
      talk.peer.send_raw(std::string("\x17\x03\x03\x00\x05wrong", 10));
    } else {
      talk.peer.write("bytes");
      talk.peer.write("more");
      talk.peer.close_notify();
    }
    EXPECT_TRUE(talk.until([&] { return talk.server.stream == nullptr; }));
  };
  destroy_in(&Recorder::at_open, false);
  destroy_in(&Recorder::at_data, false);
  destroy_in(&Recorder::at_end, false);
  destroy_in(&Recorder::at_error, true);
  EXPECT_TRUE(loop.until([&] { return loop.loop().lingering() == 0; }));
}

TEST_P(TlsStreamTest, MayBeDestroyedWhileBytesAreKept) {
  Conversation talk(loop, *worker, ctx.get());
  talk.server.start_at_open = false;
  bool done = false;
  loop.until([&] {
    done = done || SSL_do_handshake(talk.peer.ssl()) == 1;
    if (done) talk.peer.write("behind");
    talk.peer.pump();
    return talk.server.opened;
  });
  talk.server.stream->start_reading();
  talk.server.stream.reset();
  loop.settle();
  EXPECT_EQ(talk.server.data, "");
}

TEST_P(TlsStreamTest, BreaksOnARecordThatDoesNotDecrypt) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.peer.write("good");
  talk.peer.pump();
  talk.peer.send_raw(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  ASSERT_TRUE(talk.until([&] { return talk.server.error.has_value(); }));
  EXPECT_EQ(talk.server.data, "good");
  EXPECT_EQ(talk.server.error->reason, Reason::client_reset);
  EXPECT_EQ(talk.server.stream->write(as_bytes("into the void")), net::Flow::ready);
  talk.server.stream.reset();
  EXPECT_EQ(loop.loop().lingering(), 1u);
  EXPECT_TRUE(talk.until([&] { return !talk.peer.error.empty() && talk.peer.got_eof; })) << "no alert came";
}

TEST_P(TlsStreamTest, LeavesNoErrorForTheNextStream) {
  Conversation bad(loop, *worker, ctx.get());
  Conversation good(loop, *worker, ctx.get());
  ASSERT_TRUE(bad.shake_hands());
  ASSERT_TRUE(good.shake_hands());
  bad.peer.send_raw(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  ASSERT_TRUE(bad.until([&] { return bad.server.error.has_value(); }));
  good.peer.write("unharmed");
  EXPECT_TRUE(good.until([&] { return good.server.data == "unharmed"; }));
  EXPECT_FALSE(good.server.error.has_value());
}

TEST_P(TlsStreamTest, ResetsWhenToldTo) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.server.stream->reset_on_close();
  talk.server.stream.reset();
  ASSERT_TRUE(talk.until([&] { return talk.peer.got_eof; }));  // a unix socket knows no RST
  EXPECT_FALSE(talk.peer.got_close_notify);
}

TEST_F(Tls12StreamTest, RefusesRenegotiation) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  ASSERT_EQ(SSL_renegotiate(talk.peer.ssl()), 1);
  SSL_do_handshake(talk.peer.ssl());
  ASSERT_TRUE(loop.until([&] {
    talk.peer.pump();
    talk.peer.read();
    return !talk.peer.error.empty();
  }));
  EXPECT_EQ(talk.peer.error, "no renegotiation");
}

TEST_F(Tls13StreamTest, FollowsKeyUpdates) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(SSL_key_update(talk.peer.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    talk.peer.write("x");
    ASSERT_TRUE(talk.until([&] { return talk.server.data.size() == static_cast<std::size_t>(i + 1); }));
    talk.server.stream->write(as_bytes("y"));
    ASSERT_TRUE(talk.until([&] { return talk.peer.data.size() == static_cast<std::size_t>(i + 1); }));
  }
}

/// A peer that makes us answer and never reads would grow the queue at will.
TEST_F(Tls13StreamTest, StopsReadingFromAPeerThatDoesNotReadAnswers) {
  Conversation talk(loop, *worker, ctx.get());
  ASSERT_TRUE(talk.shake_hands());
  talk.until([&] { return true; });
  talk.peer.paused = true;
  for (int i = 0; i < 12000; ++i) {
    SSL_key_update(talk.peer.ssl(), SSL_KEY_UPDATE_REQUESTED);
    SSL_do_handshake(talk.peer.ssl());
    if (i % 500 == 0) {
      talk.peer.pump();
      loop.loop().run_once();
    }
  }
  for (int i = 0; i < 100; ++i) {
    talk.peer.pump();
    loop.loop().run_once();
  }
  EXPECT_LT(talk.server.stream->queued_bytes(), 200 * kKiB) << "of about 300 KiB of answers";
  talk.peer.paused = false;
  talk.peer.write("on we go");
  EXPECT_TRUE(talk.until([&] { return talk.server.data == "on we go"; }));
}

}  // namespace
}  // namespace tidegate::tls
