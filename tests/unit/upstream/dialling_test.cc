#include <gmock/gmock.h>
#include <sys/resource.h>

#include <array>
#include <filesystem>

#include "tests/unit/upstream/connector_fixture.h"

namespace tidegate::upstream {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using namespace testing_support;
using Wish = Connector::Wish;

net::SocketAddress v6_loopback() {
  return {*IpAddress::parse("::1"), 0, {}};
}

class Dialling : public ConnectorTest {
 protected:
  LoopbackServer server{loop};
  DeadPort refused{DeadPort::Kind::refused};
};

TEST_F(Dialling, ConnectsToTheServer) {
  add_server({server.address()});
  Outcome outcome;
  connect(outcome);
  ASSERT_TRUE(outcome.connection);
  EXPECT_FALSE(outcome.connection->reused());
  EXPECT_EQ(outcome.connection->server->index, 0u);
  EXPECT_EQ(attempt->server(), outcome.connection->server);
  Reader reader;
  outcome.connection->stream->set_listener(reader);
  outcome.connection->stream->start_reading();
  outcome.connection->stream->write(as_bytes("hello"));
  ASSERT_TRUE(run_until([&] { return !server.peers().empty() && server.peers()[0]->received == "hello"; }));
  server.peers()[0]->stream->write(as_bytes("hi"));
  EXPECT_TRUE(run_until([&] { return reader.received == "hi"; }));
  EXPECT_TRUE(logged.empty());
}

TEST_F(Dialling, ConnectsToAUnixSocket) {
  std::string directory = (std::filesystem::temp_directory_path() / "tidegate-dial-XXXXXX").string();
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  {
    LoopbackServer local(loop, {{}, 0, directory + "/app.sock"});
    ASSERT_TRUE(local.listening());
    conf::Server conf;
    conf.unix_path = directory + "/app.sock";
    conf.text = "unix:" + conf.unix_path;
    upstream.servers.push_back(conf);
    Outcome outcome;
    connect(outcome);
    EXPECT_TRUE(outcome.connection);
    EXPECT_TRUE(run_until([&] { return local.peers().size() == 1; }));
  }
  std::filesystem::remove_all(directory);
}

TEST_F(Dialling, TriesEveryAddressOfAServer) {
  LoopbackServer v6(loop, v6_loopback());
  if (!v6.listening()) GTEST_SKIP() << "no IPv6 here";
  // `localhost`, as Node listens on it: 127.0.0.1 first by the hosts file, but only ::1 answers.
  add_server({refused.address(), v6.address()});
  Outcome outcome;
  connect(outcome);
  EXPECT_TRUE(outcome.connection);
  EXPECT_FALSE(avoided(0)) << "one address is enough";
  EXPECT_TRUE(logged.empty());
}

TEST_F(Dialling, GoesOnToTheNextServerAndAvoidsTheFirst) {
  add_server({refused.address()});
  add_server({server.address()});
  Outcome outcome;
  connect(outcome);
  ASSERT_TRUE(outcome.connection);
  EXPECT_EQ(outcome.connection->server->index, 1u);
  EXPECT_TRUE(avoided(0));
  EXPECT_FALSE(avoided(1));
  EXPECT_THAT(logged, ElementsAre(AllOf(HasSubstr("server http://server-0 of app"), HasSubstr("refused"),
                                        HasSubstr("avoided for 10 s"))));
}

TEST_F(Dialling, LogsAServerThatCannotBeReachedOnceUntilItCan) {
  add_server({refused.address()});
  for (int i = 0; i < 3; ++i) {
    Outcome outcome;
    connect(outcome);
    ASSERT_TRUE(outcome.error);
    EXPECT_EQ(outcome.error->reason, Reason::upstream_unreachable);
  }
  EXPECT_EQ(logged.size(), 1u);
  connector().set_addresses(0, {server.address()});
  Outcome outcome;
  connect(outcome);
  EXPECT_TRUE(outcome.connection);
  ASSERT_EQ(logged.size(), 2u);
  EXPECT_THAT(logged[1], HasSubstr("reachable again"));
}

TEST_F(Dialling, NeverAvoidsTheOnlyServer) {
  add_server({refused.address()});
  Outcome outcome;
  connect(outcome);
  ASSERT_TRUE(outcome.error);
  EXPECT_FALSE(avoided(0));
}

TEST_F(Dialling, StopsAvoidingAServerThatAccepts) {
  add_server({refused.address()});
  add_server({server.address()});
  connector();
  state(0)->avoid_until_ms = INT64_MAX;
  state(1)->avoid_until_ms = INT64_MAX;
  for (int i = 0; i < 2; ++i) {
    Outcome outcome;
    connect(outcome);
    EXPECT_TRUE(outcome.connection);
  }
  EXPECT_FALSE(avoided(1));
}

TEST_F(Dialling, FailsWithTheLastErrorWhenAllFail) {
  DeadPort other(DeadPort::Kind::refused);
  add_server({refused.address(), other.address()});
  add_server({other.address()});
  Outcome outcome;
  connect(outcome);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->reason, Reason::upstream_unreachable);
  EXPECT_EQ(outcome.error->os_error, -ECONNREFUSED);
  EXPECT_TRUE(avoided(0));
  EXPECT_TRUE(avoided(1));
}

TEST_F(Dialling, FailsWhenNoServerHasAnAddress) {
  add_server({});
  add_server({});
  Outcome outcome;
  connect(outcome);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->reason, Reason::upstream_unresolved);
  EXPECT_EQ(attempt->server(), nullptr);
  EXPECT_FALSE(avoided(0));
}

TEST_F(Dialling, PassesOverAServerWithoutAddress) {
  add_server({});
  add_server({server.address()});
  for (int i = 0; i < 2; ++i) {
    Outcome outcome;
    connect(outcome);
    ASSERT_TRUE(outcome.connection);
    EXPECT_EQ(outcome.connection->server->index, 1u);
  }
}

TEST_F(Dialling, NamesTheErrorOfTheResolvedOnesWhenSomeAreNot) {
  add_server({refused.address()});
  add_server({});
  Outcome outcome;
  connect(outcome);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->reason, Reason::upstream_unreachable);
}

TEST_F(Dialling, TimesOutWhenNobodyAnswers) {
  const DeadPort silent(DeadPort::Kind::silent);
  add_server({silent.address()});
  Outcome outcome;
  Wish wish;
  wish.timeout = 100ms;
  const auto begin = std::chrono::steady_clock::now();
  connect(outcome, wish);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->reason, Reason::upstream_connect_timeout);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 100ms);
}

TEST_F(Dialling, LeavesTimeForTheNextWhenTheFirstIsSilent) {
  const DeadPort silent(DeadPort::Kind::silent);
  add_server({silent.address()});
  add_server({server.address()});
  Outcome outcome;
  Wish wish;
  wish.timeout = 600ms;
  connect(outcome, wish);
  ASSERT_TRUE(outcome.connection);
  EXPECT_EQ(outcome.connection->server->index, 1u);
  EXPECT_TRUE(avoided(0));
}

TEST_F(Dialling, KeepsTheWholeAttemptWithinItsTime) {
  const DeadPort silent(DeadPort::Kind::silent);
  for (int i = 0; i < 20; ++i) add_server({silent.address()});
  Outcome outcome;
  Wish wish;
  wish.timeout = 400ms;
  const auto begin = std::chrono::steady_clock::now();
  connect(outcome, wish);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->reason, Reason::upstream_connect_timeout);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 400ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 3s) << "not 20 times 250 ms";
  EXPECT_TRUE(avoided(0));
  EXPECT_FALSE(avoided(19)) << "its turn never came";
}

TEST_F(Dialling, WithoutLimitStillConnects) {
  add_server({refused.address()});
  add_server({server.address()});
  Outcome outcome;
  Wish wish;
  wish.timeout = 0ms;
  connect(outcome, wish);
  EXPECT_TRUE(outcome.connection);
}

TEST_F(Dialling, ManyAttemptsAtOnceDoNotDisturbEachOther) {
  add_server({server.address()});
  constexpr std::size_t kMany = 20;
  std::array<Outcome, kMany> outcomes;
  std::vector<std::unique_ptr<Attempt>> attempts;
  for (Outcome& outcome : outcomes) attempts.push_back(connector().connect({}, outcome));
  EXPECT_TRUE(run_until([&] { return server.peers().size() == kMany; }));
  for (Outcome& outcome : outcomes) EXPECT_TRUE(run_until([&] { return outcome.connection.has_value(); }));
}

TEST_F(Dialling, IsCancelledBeforeTheFirstTurn) {
  add_server({server.address()});
  Outcome outcome;
  attempt = connector().connect({}, outcome);
  attempt.reset();
  ASSERT_TRUE(run_until([&] { return server.peers().empty() || server.peers()[0]->ended; }));
  EXPECT_EQ(outcome.calls, 0);
}

TEST_F(Dialling, IsCancelledWhileWaitingForAnAnswer) {
  const DeadPort silent(DeadPort::Kind::silent);
  add_server({silent.address()});
  Outcome outcome;
  attempt = connector().connect({}, outcome);
  for (int i = 0; i < 3; ++i) {
    bool turned = false;
    loop.post([&] { turned = true; });
    ASSERT_TRUE(run_until([&] { return turned; }));
  }
  EXPECT_EQ(attempt->server()->index, 0u);
  attempt.reset();
  EXPECT_EQ(outcome.calls, 0);
}

TEST_F(Dialling, IsCancelledAtTheSecondServer) {
  const DeadPort silent(DeadPort::Kind::silent);
  add_server({refused.address()});
  add_server({silent.address()});
  Outcome outcome;
  attempt = connector().connect({}, outcome);
  ASSERT_TRUE(run_until([&] { return attempt->server()->index == 1; }));
  attempt.reset();
  EXPECT_EQ(outcome.calls, 0);
}

TEST_F(Dialling, IsCancelledWithNowhereToGo) {
  add_server({});
  Outcome outcome;
  attempt = connector().connect({}, outcome);
  attempt.reset();
  Outcome other;
  connect(other);
  EXPECT_EQ(outcome.calls, 0);
}

TEST_F(Dialling, MayBeDestroyedByWhomItTells) {
  add_server({server.address()});
  Outcome good;
  good.then = [this] { attempt.reset(); };
  connect(good);
  EXPECT_TRUE(good.connection);

  connector().set_addresses(0, {refused.address()});
  Outcome bad;
  bad.then = [this] { attempt.reset(); };
  connect(bad);
  EXPECT_TRUE(bad.error);
}

TEST_F(Dialling, SurvivesNewAddressesUnderItsHands) {
  const DeadPort silent(DeadPort::Kind::silent);
  add_server({silent.address(), refused.address(), server.address()});
  Outcome outcome;
  Wish wish;
  wish.timeout = 600ms;
  attempt = connector().connect(wish, outcome);
  connector().set_addresses(0, {refused.address()});
  ASSERT_TRUE(run_until([&] { return outcome.calls > 0; }));
  EXPECT_TRUE(outcome.connection) << "it goes on with the addresses it began with";
}

TEST_F(Dialling, OutOfDescriptorsIsNoServersFault) {
  add_server({server.address()});
  add_server({server.address()});
  connector();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  Outcome outcome;
  connect(outcome);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(outcome.error->reason, Reason::out_of_descriptors);
  EXPECT_EQ(outcome.error->at_fault, Party::gateway);
  EXPECT_FALSE(avoided(0));
  EXPECT_FALSE(avoided(1));
}

// ---------------------------------------------------------------------------------------------------------------
// Limits and orders

Wish for_tunnel() {
  Wish wish;
  wish.for_tunnel = true;
  return wish;
}

TEST_F(Dialling, PassesOverAServerThatHasItsTunnels) {
  add_server({server.address()});
  add_server({server.address()});
  upstream.servers[0].max_tunnels = 1;
  std::vector<Outcome> outcomes(3);
  std::vector<std::size_t> served;
  for (Outcome& outcome : outcomes) {
    connect(outcome, for_tunnel());
    ASSERT_TRUE(outcome.connection);
    EXPECT_TRUE(outcome.connection->claim);
    served.push_back(outcome.connection->server->index);
  }
  EXPECT_EQ(1, std::count(served.begin(), served.end(), 0u));
  EXPECT_EQ(1u, state(0)->claims.value());
  EXPECT_EQ(2u, state(1)->claims.value()) << "counted without a limit too";
  outcomes.clear();
  EXPECT_EQ(0u, state(0)->claims.value());
  EXPECT_EQ(0u, state(1)->claims.value());
}

TEST_F(Dialling, SaysThatEveryServerIsFull) {
  add_server({server.address()});
  upstream.servers[0].max_tunnels = 1;
  Outcome first;
  connect(first, for_tunnel());
  ASSERT_TRUE(first.connection);
  Outcome second;
  connect(second, for_tunnel());
  ASSERT_TRUE(second.error);
  EXPECT_EQ(Reason::too_many_tunnels, second.error->reason);
  EXPECT_LE(server.peers().size(), 1u) << "nothing was dialled";
  Outcome request;
  connect(request);
  EXPECT_TRUE(request.connection) << "a request is no tunnel";
  EXPECT_FALSE(request.connection->claim);
  first.connection.reset();
  Outcome third;
  connect(third, for_tunnel());
  EXPECT_TRUE(third.connection) << "there is room again";
}

TEST_F(Dialling, GivesAPlaceBackWhenAServerCannotBeReached) {
  add_server({refused.address()});
  add_server({refused.address()});
  upstream.servers[0].max_tunnels = 5;
  Outcome outcome;
  connect(outcome, for_tunnel());
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(Reason::upstream_unreachable, outcome.error->reason);
  attempt.reset();
  EXPECT_EQ(0u, state(0)->claims.value());
  EXPECT_EQ(0u, state(1)->claims.value());
}

TEST_F(Dialling, GivesAPlaceBackWhenItIsCancelled) {
  DeadPort silent{DeadPort::Kind::silent};
  add_server({silent.address()});
  Outcome outcome;
  attempt = connector().connect(for_tunnel(), outcome);
  EXPECT_EQ(1u, state(0)->claims.value()) << "from the handshake's beginning";
  attempt.reset();
  EXPECT_EQ(0u, state(0)->claims.value());
}

TEST_F(Dialling, SaysThatAnOperatorHasDrainedEveryServer) {
  add_server({server.address()});
  connector();
  state(0)->drained = true;
  Outcome outcome;
  connect(outcome);
  ASSERT_TRUE(outcome.error);
  EXPECT_EQ(Reason::no_server, outcome.error->reason);
  EXPECT_TRUE(server.peers().empty());
}

}  // namespace
}  // namespace tidegate::upstream
