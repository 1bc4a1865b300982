#include "gateway/sites/zones.h"

#include <gtest/gtest.h>

namespace tidegate::sites {
namespace {

using Outcome = Zones::Outcome;
using Kind = conf::LimitZone::Kind;
using namespace std::chrono_literals;
using Time = std::chrono::steady_clock::time_point;

constexpr std::uint64_t per_second(std::uint64_t requests) {
  return requests * 60 * 1000;
}

conf::LimitZone zone(Kind kind, std::string name, std::size_t bytes, std::uint64_t per_minute) {
  conf::LimitZone out;
  out.kind = kind;
  out.name = std::move(name);
  out.key = {"$k", {}};
  out.bytes = bytes;
  out.per_minute = per_minute;
  return out;
}

conf::LimitZone requests(std::string name, std::uint64_t per_minute, std::size_t bytes = 1 << 20) {
  return zone(Kind::requests, std::move(name), bytes, per_minute);
}

conf::LimitZone connections(std::string name, std::size_t bytes = 1 << 20) {
  return zone(Kind::connections, std::move(name), bytes, 0);
}

class Limits : public ::testing::Test {
 protected:
  void prepare(std::vector<conf::LimitZone> zones) {
    conf::Sites sites;
    sites.zones = std::move(zones);
    zones_.prepare(sites);
  }
  Zones::Verdict enter(const conf::RequestLimit& limit, std::string key = "a") {
    const Zones::RequestKey one[] = {{&limit, std::move(key)}};
    return zones_.enter(one, now_);
  }
  Zones::Verdict take(const conf::ConnectionLimit& limit, Zones::Places& places, std::string key = "a") {
    const Zones::ConnectionKey one[] = {{&limit, std::move(key)}};
    return zones_.take(one, places);
  }

  Zones zones_;
  Time now_{1h};
};

TEST_F(Limits, RefuseWhatIsAboveTheRate) {
  prepare({requests("one", per_second(2))});
  const conf::RequestLimit limit{.zone = "one"};
  EXPECT_EQ(enter(limit).outcome, Outcome::passed);
  now_ += 100ms;
  const Zones::Verdict refused = enter(limit);
  EXPECT_EQ(refused.outcome, Outcome::refused);
  EXPECT_EQ(refused.line(false), "limiting requests, excess: 0.800 by zone \"one\"");
  EXPECT_EQ(refused.line(true), "limiting requests, dry run, excess: 0.800 by zone \"one\"");
  // A refusal is not accounted.
  now_ += 400ms;
  EXPECT_EQ(enter(limit).outcome, Outcome::passed);
}

TEST_F(Limits, DelayWhatIsWithinTheBurst) {
  prepare({requests("one", per_second(2))});
  const conf::RequestLimit limit{.zone = "one", .burst = 2};
  EXPECT_EQ(enter(limit).outcome, Outcome::passed);
  const Zones::Verdict second = enter(limit);
  EXPECT_EQ(second.outcome, Outcome::delayed);
  EXPECT_EQ(second.wait, 500ms);
  EXPECT_EQ(second.line(false), "delaying request, excess: 1.000, by zone \"one\"");
  EXPECT_EQ(second.line(true), "delaying request, dry run, excess: 1.000, by zone \"one\"");
  EXPECT_EQ(enter(limit).wait, 1000ms);
  EXPECT_EQ(enter(limit).line(false), "limiting requests, excess: 3.000 by zone \"one\"");
  now_ += 499ms;
  EXPECT_EQ(enter(limit).outcome, Outcome::refused);
  now_ += 1ms;
  EXPECT_EQ(enter(limit).wait, 1000ms);
}

TEST_F(Limits, DelayNothingWithNodelay) {
  prepare({requests("one", per_second(2))});
  const conf::RequestLimit limit{.zone = "one", .burst = 2, .delay = std::nullopt};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(enter(limit).outcome, Outcome::passed);
  EXPECT_EQ(enter(limit).outcome, Outcome::refused);
  EXPECT_EQ(enter(limit).line(false), "limiting requests, excess: 3.000 by zone \"one\"");
  EXPECT_EQ(enter(limit, "b").outcome, Outcome::passed);
}

TEST_F(Limits, DelayBeyondTheFirstOfTheBurst) {
  prepare({requests("one", per_second(10))});
  const conf::RequestLimit limit{.zone = "one", .burst = 4, .delay = 2};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(enter(limit).outcome, Outcome::passed) << i;
  EXPECT_EQ(enter(limit).wait, 100ms);
  EXPECT_EQ(enter(limit).wait, 200ms);
  EXPECT_EQ(enter(limit).outcome, Outcome::refused);
}

TEST_F(Limits, RoundAsNginxDoes) {
  prepare({requests("minute", 1000)});  // 1r/m: 16 thousandths a second
  const conf::RequestLimit limit{.zone = "minute"};
  EXPECT_EQ(enter(limit).outcome, Outcome::passed);
  now_ += 62s;
  EXPECT_EQ(enter(limit).line(false), "limiting requests, excess: 0.008 by zone \"minute\"");
  now_ += 1s;
  EXPECT_EQ(enter(limit).outcome, Outcome::passed);
}

TEST_F(Limits, TakeTheStrictestAndAccountAll) {
  prepare({requests("fast", per_second(10)), requests("slow", per_second(1))});
  const conf::RequestLimit fast{.zone = "fast", .burst = 5}, slow{.zone = "slow", .burst = 2};
  const auto both = [&] {
    const Zones::RequestKey keys[] = {{&fast, "a"}, {&slow, "a"}};
    return zones_.enter(keys, now_);
  };
  EXPECT_EQ(both().outcome, Outcome::passed);
  const Zones::Verdict second = both();
  EXPECT_EQ(second.wait, 1000ms);
  EXPECT_EQ(second.zone, "slow");
  EXPECT_EQ(both().wait, 2000ms);
  // Where one refuses, the other has not counted it.
  EXPECT_EQ(both().outcome, Outcome::refused);
  EXPECT_EQ(both().zone, "slow");
  EXPECT_EQ(enter(fast).wait, 300ms);
  const Zones::RequestKey turned[] = {{&slow, "a"}, {&fast, "b"}};
  EXPECT_EQ(zones_.enter(turned, now_).outcome, Outcome::refused);
  EXPECT_EQ(enter(fast, "b").outcome, Outcome::passed);
}

TEST_F(Limits, DoNotCountEmptyKeys) {
  prepare({requests("one", per_second(1)), connections("conn")});
  const conf::RequestLimit limit{.zone = "one"}, unknown{.zone = "none"};
  const conf::ConnectionLimit place{.zone = "conn", .most = 1};
  Zones::Places places, others;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(enter(limit, "").outcome, Outcome::not_counted);
    EXPECT_EQ(enter(limit, std::string(65536, 'x')).outcome, Outcome::not_counted);
    EXPECT_EQ(enter(unknown).outcome, Outcome::not_counted);
    EXPECT_EQ(take(place, places, "").outcome, Outcome::not_counted);
    EXPECT_EQ(take(place, places, std::string(256, 'x')).outcome, Outcome::not_counted);
  }
  EXPECT_EQ(enter(limit, "").line(false), "");
  EXPECT_EQ(enter(limit, std::string("\0", 1)).outcome, Outcome::passed);
  EXPECT_EQ(enter(limit, std::string("\0", 1)).outcome, Outcome::refused);
}

TEST_F(Limits, SurviveClocksThatDiffer) {
  prepare({requests("one", per_second(2))});
  const conf::RequestLimit limit{.zone = "one", .burst = 1, .delay = std::nullopt};
  EXPECT_EQ(enter(limit).outcome, Outcome::passed);
  now_ -= 20ms;  // another worker's
  EXPECT_EQ(enter(limit).outcome, Outcome::passed);
  EXPECT_EQ(enter(limit).outcome, Outcome::refused);
  now_ += 400 * 24h;
  EXPECT_EQ(enter(limit).outcome, Outcome::passed);
  now_ = Time(0s);
  EXPECT_EQ(enter(limit, "at the beginning").outcome, Outcome::passed);
}

TEST_F(Limits, KeepTheKeysThatWereAskedForLast) {
  // 32 KiB are 256 keys.
  prepare({requests("one", 1000, 32 << 10)});
  const conf::RequestLimit limit{.zone = "one"};
  for (int i = 0; i < 256; ++i) EXPECT_EQ(enter(limit, "key" + std::to_string(i)).outcome, Outcome::passed);
  EXPECT_EQ(enter(limit, "key0").outcome, Outcome::refused);
  EXPECT_EQ(enter(limit, "new").outcome, Outcome::passed);
  EXPECT_EQ(enter(limit, "key0").outcome, Outcome::refused);
  EXPECT_EQ(enter(limit, "key1").outcome, Outcome::passed) << "it made room";
}

TEST_F(Limits, AreRefusedWhereAKeyHasNoRoom) {
  prepare({requests("one", 1000, 32 << 10), connections("conn", 32 << 10)});
  const conf::RequestLimit limit{.zone = "one"};
  const Zones::Verdict full = enter(limit, std::string(40000, 'x'));
  EXPECT_EQ(full.outcome, Outcome::full);
  EXPECT_TRUE(full.refused());
  EXPECT_EQ(full.line(false), "could not allocate node in limit_req zone \"one\"");

  const conf::ConnectionLimit place{.zone = "conn", .most = 1};
  std::vector<Zones::Places> held(512);
  for (int i = 0; i < 512; ++i) {
    EXPECT_EQ(take(place, held[static_cast<std::size_t>(i)], "key" + std::to_string(i)).outcome,
              Outcome::passed)
        << i;
  }
  Zones::Places places;
  const Zones::Verdict none = take(place, places, "new");
  EXPECT_EQ(none.outcome, Outcome::full);
  EXPECT_EQ(none.line(false), "ngx_slab_alloc() failed: no memory in limit_conn_zone \"conn\"");
  held.pop_back();
  EXPECT_EQ(take(place, places, "new").outcome, Outcome::passed);
}

TEST_F(Limits, GiveEachConnectionAPlace) {
  prepare({connections("conn")});
  const conf::ConnectionLimit limit{.zone = "conn", .most = 2};
  Zones::Places one, two, three;
  EXPECT_EQ(take(limit, one).outcome, Outcome::passed);
  EXPECT_EQ(take(limit, two).outcome, Outcome::passed);
  const Zones::Verdict refused = take(limit, three);
  EXPECT_EQ(refused.outcome, Outcome::refused);
  EXPECT_EQ(refused.line(false), "limiting connections by zone \"conn\"");
  EXPECT_EQ(refused.line(true), "limiting connections, dry run by zone \"conn\"");
  EXPECT_EQ(take(limit, three, "b").outcome, Outcome::passed);
  one = Zones::Places();
  EXPECT_EQ(take(limit, three).outcome, Outcome::passed);
  Zones::Places moved(std::move(two));
  EXPECT_EQ(take(limit, one).outcome, Outcome::refused);
}

TEST_F(Limits, TakeAllPlacesOrNone) {
  prepare({connections("per-client"), connections("per-server")});
  const conf::ConnectionLimit client{.zone = "per-client", .most = 1},
      server{.zone = "per-server", .most = 1};
  Zones::Places one, two;
  const Zones::ConnectionKey a[] = {{&client, "a"}, {&server, "s"}}, b[] = {{&client, "b"}, {&server, "s"}};
  EXPECT_EQ(zones_.take(a, one).outcome, Outcome::passed);
  EXPECT_EQ(zones_.take(b, two).zone, "per-server");
  one = Zones::Places();
  EXPECT_EQ(zones_.take(b, two).outcome, Outcome::passed) << "b had been given back";
}

TEST_F(Limits, OutliveAReload) {
  prepare({requests("one", per_second(1)), connections("conn"), connections("gone")});
  const conf::RequestLimit limit{.zone = "one"};
  const conf::ConnectionLimit place{.zone = "conn", .most = 1}, gone{.zone = "gone", .most = 1};
  Zones::Places held, orphan, other;
  EXPECT_EQ(enter(limit).outcome, Outcome::passed);
  EXPECT_EQ(take(place, held).outcome, Outcome::passed);
  EXPECT_EQ(take(gone, orphan).outcome, Outcome::passed);
  prepare({requests("one", per_second(2)), connections("conn")});
  now_ += 500ms;
  EXPECT_EQ(enter(limit).outcome, Outcome::passed) << "at the new rate";
  EXPECT_EQ(enter(limit).outcome, Outcome::refused);
  EXPECT_EQ(take(place, other).outcome, Outcome::refused);
  orphan = Zones::Places();
  prepare({requests("one", per_second(2), 2 << 20), connections("conn")});
  EXPECT_EQ(enter(limit).outcome, Outcome::passed) << "another size is another zone";
}

TEST_F(Limits, ForgetEmptyBuckets) {
  prepare({requests("one", per_second(1), 64 << 10)});
  const conf::RequestLimit limit{.zone = "one"};
  // Far more keys than there is room for, over a long time: nobody is refused.
  for (int i = 0; i < 5000; ++i, now_ += 1s) {
    EXPECT_EQ(enter(limit, "key" + std::to_string(i)).outcome, Outcome::passed);
  }
}

}  // namespace
}  // namespace tidegate::sites
