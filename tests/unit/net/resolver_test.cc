#include "gateway/net/resolver.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>

#include <memory>
#include <optional>
#include <string>

#include "gateway/net/signals.h"
#include "tests/unit/net/net_fixture.h"

namespace tidegate::net {
namespace {

struct Answer {
  std::vector<IpAddress> addresses;
  int error = 0;
};

std::optional<Answer> ask(Loop& loop, Resolver& resolver, const std::string& host) {
  std::optional<Answer> answer;
  bool within = true;
  resolver.resolve(host, [&](std::vector<IpAddress> addresses, int error) {
    EXPECT_FALSE(within);
    answer = Answer{std::move(addresses), error};
  });
  within = false;
  run_until(
      loop, [&] { return answer.has_value(); }, 30s);
  return answer;
}

TEST(Resolver, FindsLocalhost) {
  Loop loop;
  Resolver resolver(loop);
  const auto answer = ask(loop, resolver, "localhost");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->error, 0);
  ASSERT_FALSE(answer->addresses.empty());
  for (std::size_t i = 1; i < answer->addresses.size(); ++i) {
    EXPECT_FALSE(answer->addresses[i] == answer->addresses[i - 1]) << "twice";
  }
}

TEST(Resolver, TakesLiteralAddresses) {
  Loop loop;
  Resolver resolver(loop);
  for (const char* text : {"127.0.0.1", "::1", "192.0.2.7"}) {
    const auto answer = ask(loop, resolver, text);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->addresses.size(), 1U);
    EXPECT_EQ(answer->addresses[0].to_string(), text);
  }
}

TEST(Resolver, ReportsANameThatCannotBeLookedUp) {
  Loop loop;
  Resolver resolver(loop);
  for (const std::string& host : {std::string("no such name"), std::string(3000, 'x')}) {
    const auto answer = ask(loop, resolver, host);
    ASSERT_TRUE(answer);
    EXPECT_LT(answer->error, 0);
    EXPECT_TRUE(answer->addresses.empty());
    EXPECT_FALSE(error_text(answer->error).empty());
  }
}

TEST(Resolver, CallsNobodyOnceItIsGone) {
  Loop loop;
  auto resolver = std::make_unique<Resolver>(loop);
  bool called = false;
  resolver->resolve("localhost", [&](std::vector<IpAddress>, int) { called = true; });
  resolver->resolve(std::string(3000, 'x'), [&](std::vector<IpAddress>, int) { called = true; });
  resolver.reset();
  Resolver other(loop);
  EXPECT_TRUE(ask(loop, other, "127.0.0.1"));
  EXPECT_FALSE(called);
}

TEST(Resolver, MayDieInItsCallback) {
  Loop loop;
  auto resolver = std::make_unique<Resolver>(loop);
  resolver->resolve("127.0.0.1", [&](std::vector<IpAddress>, int) { resolver.reset(); });
  EXPECT_TRUE(run_until(loop, [&] { return resolver == nullptr; }));
}

TEST(Resolver, MayDieWithItsLoopWhileLookingUp) {
  Loop loop;
  Resolver resolver(loop);
  resolver.resolve("localhost", [](std::vector<IpAddress>, int) { FAIL(); });
}

TEST(ErrorText, HasWordsForSystemsAndResolversErrors) {
  EXPECT_EQ(error_text(-ECONNREFUSED), "connection refused");
  EXPECT_EQ(error_text(-3008), "unknown node or service");  // UV_EAI_NONAME
}

TEST(Signals, ArriveOnTheLoop) {
  Loop loop;
  std::vector<int> got;
  const Signals signals(loop, {SIGUSR1, SIGHUP}, [&](int signal) { got.push_back(signal); });
  ::raise(SIGUSR1);
  ASSERT_TRUE(run_until(loop, [&] { return got.size() == 1; }));
  ::raise(SIGHUP);
  ASSERT_TRUE(run_until(loop, [&] { return got.size() == 2; }));
  EXPECT_EQ(got, (std::vector<int>{SIGUSR1, SIGHUP}));
}

TEST(Signals, MayDieInTheirCallback) {
  Loop loop;
  std::unique_ptr<Signals> signals;
  signals =
      std::make_unique<Signals>(loop, std::initializer_list<int>{SIGUSR1}, [&](int) { signals.reset(); });
  ::raise(SIGUSR1);
  EXPECT_TRUE(run_until(loop, [&] { return signals == nullptr; }));
}

TEST(DescriptorLimit, IsRaisedToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(raise_descriptor_limit(), before.rlim_max);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace
}  // namespace tidegate::net
