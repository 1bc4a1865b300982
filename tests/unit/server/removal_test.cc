#include "gateway/server/removal.h"

#include <gtest/gtest.h>

#include "gateway/server/description.h"
#include "tests/unit/server/load.h"

namespace tidegate::server {
namespace {

using OnRemoval = conf::Upstream::OnRemoval;

constexpr const char* kListener = "listeners: { http: { address: \":80\" } }\n";

conf::Config with(const std::string& routes, const std::string& upstreams) {
  return load(kListener + ("routes:\n" + routes) + "upstreams:\n" + upstreams);
}

/// What becomes of a tunnel that came in under `config`, by its first listener.
std::optional<OnRemoval> fate(const Removals& removals, const conf::Config& config, std::size_t route,
                              std::size_t server) {
  return removals.of({&config, 0, route, &config.upstreams[0], &config.upstreams[0].servers[server]});
}

const std::string kOne = "  - { name: one, path: /one, upstream: app }\n";
const std::string kTwo = "  - { name: two, path: /two, upstream: app }\n";
const std::string kApp = "  app: { servers: [\"http://a\", \"http://b\"], on_removal: close }\n";

TEST(Removals, TouchNobodyWhoseRouteAndServerStay) {
  const conf::Config before = with(kOne + kTwo, kApp);
  const conf::Config after = with(kTwo + kOne, "  app: { servers: [\"http://b\", \"http://a:80\"] }\n");
  const Removals removals(before, after);
  EXPECT_TRUE(removals.empty());
  EXPECT_EQ(std::nullopt, fate(removals, before, 0, 0));
}

TEST(Removals, FollowTheUpstreamAsItWas) {
  const conf::Config before = with(kOne + kTwo, kApp);
  const conf::Config after = with(kOne, "  app: { servers: [\"http://b\"], on_removal: keep }\n");
  const Removals removals(before, after);
  EXPECT_EQ(OnRemoval::close, fate(removals, before, 0, 0)) << "the server went";
  EXPECT_EQ(std::nullopt, fate(removals, before, 0, 1));
  EXPECT_EQ(OnRemoval::close, fate(removals, before, 1, 1)) << "the route went";
}

TEST(Removals, OfAWholeUpstreamAreThoseOfItsServers) {
  const conf::Config before = with(kOne, "  app: { servers: [\"http://a\"], on_removal: drain }\n");
  const conf::Config after = with("  - { name: one, path: /one, upstream: new }\n", "  new: http://a\n");
  EXPECT_EQ(OnRemoval::drain, fate(Removals(before, after), before, 0, 0));
}

TEST(Removals, HappenOnce) {
  const conf::Config first = with(kOne + kTwo, kApp);
  const conf::Config second = with(kOne, kApp);
  const conf::Config third = with("  - { name: one, path: /uno, upstream: app }\n", kApp);
  EXPECT_EQ(OnRemoval::close, fate(Removals(first, second), first, 1, 0));
  EXPECT_EQ(std::nullopt, fate(Removals(second, third), first, 1, 0));
}

TEST(Census, AddsUp) {
  Census sum;
  Census part;
  const conf::Config config = with(kOne, kApp);
  const tunnel::TunnelPlace place{&config, 0, 0, &config.upstreams[0], &config.upstreams[0].servers[1]};
  part.count(place);
  part.count(place);
  sum.add(part);
  sum.add(part);
  EXPECT_EQ(4u, sum.by_listener["http"]);
  EXPECT_EQ(4u, sum.by_route["one"]);
  EXPECT_EQ(4u, sum.by_upstream["app"]);
  EXPECT_EQ(4u, (sum.by_server[{"app", identity(*place.server)}]));
}

}  // namespace
}  // namespace tidegate::server
