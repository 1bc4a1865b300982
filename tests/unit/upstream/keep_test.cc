#include <gmock/gmock.h>

#include "tests/unit/upstream/connector_fixture.h"

namespace tidegate::upstream {
namespace {

using namespace testing_support;
using Wish = Connector::Wish;
constexpr int kSaidNothing = -1;

class Keep : public ConnectorTest {
 protected:
  Keep() {
    add_server({server.address()});
    upstream.keepalive_idle = 1h;
  }
  LoopbackServer::Peer& peer(std::size_t index) {
    EXPECT_TRUE(run_until([&] { return server.peers().size() > index; }));
    return *server.peers().at(index);
  }
  LoopbackServer server{loop};
};

TEST_F(Keep, HandsAnIdleConnectionOutAgain) {
  Connection connection = connected();
  net::Stream* stream = connection.stream.get();
  connector().keep(std::move(connection), kSaidNothing);
  EXPECT_EQ(connector().idle(), 1u);
  Wish wish;
  auto again = connector().take_idle(wish);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->stream.get(), stream);
  EXPECT_TRUE(again->reused());
  EXPECT_EQ(again->server->index, 0u);
  EXPECT_EQ(connector().idle(), 0u);
  EXPECT_FALSE(connector().take_idle(wish));

  Reader reader;
  again->stream->set_listener(reader);
  again->stream->start_reading();
  again->stream->write(as_bytes("second request"));
  EXPECT_TRUE(run_until([&] { return peer(0).received == "second request"; }));
  peer(0).stream->write(as_bytes("answer"));
  EXPECT_TRUE(run_until([&] { return reader.received == "answer"; })) << "it reads for its taker now";
}

TEST_F(Keep, GivesAFreshWishNothing) {
  connector().keep(connected(), kSaidNothing);
  Wish wish;
  wish.fresh = true;
  EXPECT_FALSE(connector().take_idle(wish));
  EXPECT_EQ(connector().idle(), 1u);
}

TEST_F(Keep, HandsOutTheOneUsedLast) {
  Connection first = connected();
  Connection second = connected();
  net::Stream* last = second.stream.get();
  connector().keep(std::move(first), kSaidNothing);
  connector().keep(std::move(second), kSaidNothing);
  Wish wish;
  EXPECT_EQ(connector().take_idle(wish)->stream.get(), last);
}

TEST_F(Keep, ClosesTheOneIdleLongestBeyondTheLimit) {
  upstream.keepalive_max = 2;
  for (std::size_t i = 0; i < 3; ++i) {
    Connection connection = connected();
    peer(i);
    connector().keep(std::move(connection), kSaidNothing);
  }
  // Three dialled one after the other, each kept before the next: the first had to go.
  EXPECT_EQ(connector().idle(), 2u);
  EXPECT_TRUE(run_until([&] { return peer(0).ended; }));
  EXPECT_FALSE(peer(1).ended);
  EXPECT_FALSE(peer(2).ended);
}

TEST_F(Keep, ALimitOfZeroKeepsNone) {
  upstream.keepalive_max = 0;
  connector().keep(connected(), kSaidNothing);
  EXPECT_EQ(connector().idle(), 0u);
  EXPECT_TRUE(run_until([&] { return peer(0).ended; }));
}

TEST_F(Keep, AnIdleTimeOfZeroKeepsNone) {
  upstream.keepalive_idle = 0ms;
  connector().keep(connected(), 60);
  EXPECT_EQ(connector().idle(), 0u);
}

TEST_F(Keep, ClosesAConnectionIdleTooLong) {
  upstream.keepalive_idle = 20ms;
  connector().keep(connected(), kSaidNothing);
  EXPECT_EQ(connector().idle(), 1u);
  EXPECT_TRUE(run_until([&] { return connector().idle() == 0; }));
  EXPECT_TRUE(run_until([&] { return peer(0).ended; }));
}

TEST_F(Keep, ObeysAnUpstreamThatKeepsItShorter) {
  connector().keep(connected(), 0);
  EXPECT_EQ(connector().idle(), 0u);
  connector().keep(connected(), 1);
  EXPECT_EQ(connector().idle(), 0u) << "one second less is none";
  connector().keep(connected(), 2);
  EXPECT_EQ(connector().idle(), 1u);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(run_until([&] { return connector().idle() == 0; }));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 900ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s) << "an hour was configured";
}

TEST_F(Keep, OwnLimitHoldsWhereTheUpstreamKeepsItLonger) {
  upstream.keepalive_idle = 20ms;
  connector().keep(connected(), 2147483647);
  EXPECT_TRUE(run_until([&] { return connector().idle() == 0; }));
}

TEST_F(Keep, ClosesWhatTheUpstreamEnds) {
  connector().keep(connected(), kSaidNothing);
  peer(0).stream->end_writing();
  EXPECT_TRUE(run_until([&] { return connector().idle() == 0; }));
  EXPECT_TRUE(run_until([&] { return peer(0).ended; }));
}

TEST_F(Keep, ClosesWhatTheUpstreamResets) {
  connector().keep(connected(), kSaidNothing);
  peer(0).stream->reset_on_close();
  server.peers().clear();
  EXPECT_TRUE(run_until([&] { return connector().idle() == 0; }));
}

TEST_F(Keep, ClosesAConnectionWithSurplusBytes) {
  connector().keep(connected(), kSaidNothing);
  peer(0).stream->write(as_bytes("H"));
  EXPECT_TRUE(run_until([&] { return connector().idle() == 0; }));
  EXPECT_TRUE(run_until([&] { return peer(0).ended; }));
}

TEST_F(Keep, TakesOnlyFromTheChosenServer) {
  LoopbackServer other(loop);
  add_server({other.address()});
  connector().keep(connected(), kSaidNothing);  // the first turn is server 0's
  Wish wish;
  EXPECT_FALSE(connector().take_idle(wish)) << "the second is server 1's, which has none";
  Outcome outcome;
  connect(outcome, wish);
  ASSERT_TRUE(outcome.connection);
  EXPECT_EQ(outcome.connection->server->index, 1u) << "the same wish goes on to the same server";
  Wish third;
  EXPECT_TRUE(connector().take_idle(third));
}

TEST_F(Keep, ClosesIdleConnectionsToAddressesThatAreGone) {
  LoopbackServer other(loop);
  connector().keep(connected(), kSaidNothing);
  connector().set_addresses(0, {other.address(), server.address()});
  EXPECT_EQ(connector().idle(), 1u);
  connector().set_addresses(0, {});
  EXPECT_EQ(connector().idle(), 1u) << "no answer is no news";
  connector().set_addresses(0, {other.address()});
  EXPECT_EQ(connector().idle(), 0u);
  EXPECT_TRUE(run_until([&] { return peer(0).ended; }));
}

TEST_F(Keep, ClosesTheRestAtTheEnd) {
  connector().keep(connected(), kSaidNothing);
  attempt.reset();
  connector_.reset();
  EXPECT_TRUE(run_until([&] { return peer(0).ended; }));
}

TEST_F(Keep, StickyCookieNamesTheServerUnlessTheClientKnows) {
  upstream.sticky = conf::Sticky{"tidegate", {}};
  const Connection connection = connected();
  const Server& chosen = *connection.server;
  EXPECT_EQ(connector().set_cookie(chosen, "", false),
            "tidegate=" + chosen.cookie_value + "; Path=/; HttpOnly; SameSite=Lax");
  EXPECT_EQ(connector().set_cookie(chosen, "something else", true),
            "tidegate=" + chosen.cookie_value + "; Path=/; HttpOnly; SameSite=Lax; Secure");
  EXPECT_EQ(connector().set_cookie(chosen, chosen.cookie_value, true), "");
}

TEST_F(Keep, NoCookieWithoutStickiness) {
  const Connection connection = connected();
  EXPECT_EQ(connector().set_cookie(*connection.server, "", true), "");
  upstream.sticky = conf::Sticky{{}, {"$remote_addr", {}}};
  EXPECT_EQ(connector().set_cookie(*connection.server, "", true), "");
}

}  // namespace
}  // namespace tidegate::upstream
