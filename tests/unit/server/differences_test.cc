#include "gateway/server/differences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "gateway/server/description.h"
#include "tests/unit/server/load.h"

namespace tidegate::server {
namespace {

using testing::ElementsAre;

std::vector<std::string> lines(const std::vector<Difference>& list) {
  std::vector<std::string> out;
  for (const Difference& difference : list) out.push_back(to_string(difference));
  return out;
}

std::vector<std::string> between(const std::string& before, const std::string& after,
                                 const Census& tunnels = {}) {
  return lines(differences(load(before), {}, load(after), {}, tunnels));
}

const std::string kListeners = "listeners:\n  http: { address: \":80\" }\n  https: { address: \":443\" }\n";
const std::string kUpstreams =
    "upstreams:\n  app: { servers: [\"http://a:1\", \"http://b:1\"], on_removal: drain }\n  new: http://c\n";
const std::string kRoutes =
    "routes:\n  - { name: one, path: /one, upstream: app }\n  - { name: two, path: /two, upstream: new }\n";

TEST(Differences, AreNoneWhereOnlyTheTextIsAnother) {
  EXPECT_THAT(
      between(kListeners + kRoutes + kUpstreams,
              "# as before\n" + kUpstreams + "timeouts: { connect: 5000ms }\n" + kRoutes + kListeners),
      ElementsAre());
}

TEST(Differences, NameWhatCameAndWhatWent) {
  const std::string before = kListeners + kRoutes + kUpstreams;
  const std::string after =
      "listeners:\n  http: { address: \":80\" }\n  more: { address: \":81\" }\n"
      "routes:\n  - { name: one, path: /one, upstream: app }\n  - { name: three, path: /3, upstream: app }\n"
      "upstreams:\n  app: { servers: [\"http://a:1\", \"http://d:1\"], on_removal: drain }\n";
  Census tunnels;
  tunnels.by_listener = {{"http", 5}, {"https", 2}};
  tunnels.by_route = {{"one", 4}, {"two", 3}};
  tunnels.by_upstream = {{"app", 4}, {"new", 3}};
  tunnels.by_server = {{{"app", identity(load(before).upstreams[0].servers[1])}, 1}};
  EXPECT_THAT(
      between(before, after, tunnels),
      ElementsAre("listener https removed (:443); 2 tunnels: they go on as they are",
                  "listener more added (:81)", "route two removed; 3 tunnels: they go on as they are",
                  "route three added",
                  "server app http://b:1 removed; 1 tunnel: each is closed with 1001 at a moment of its "
                  "own within 10s",
                  "server app http://d:1 added", "upstream new removed; 3 tunnels: they go on as they are"));
}

TEST(Differences, CountTheTunnelsOfWhatChanged) {
  Census tunnels;
  tunnels.by_route = {{"one", 7}};
  EXPECT_THAT(
      between(kListeners + kRoutes + kUpstreams,
              kListeners +
                  "routes:\n  - { name: one, path: /one, upstream: app, timeouts: { response: 5m } }\n"
                  "  - { name: two, path: /two, upstream: new }\n" +
                  kUpstreams,
              tunnels),
      ElementsAre("route one changed (timeouts.response: 1m -> 5m); 7 tunnels: they go on as they are"));
}

TEST(Differences, KnowAServerHoweverItIsWritten) {
  EXPECT_THAT(between(kListeners + "routes: [{ upstream: app }]\nupstreams: { app: \"http://a:80\" }\n",
                      kListeners + "routes: [{ upstream: app }]\nupstreams: { app: \"http://a\" }\n"),
              ElementsAre());
}

TEST(Differences, SayThatRoutesStandInAnotherOrder) {
  EXPECT_THAT(
      between(kListeners + kRoutes + kUpstreams, kListeners +
                                                     "routes:\n  - { name: two, path: /two, upstream: new }\n"
                                                     "  - { name: one, path: /one, upstream: app }\n" +
                                                     kUpstreams),
      ElementsAre("setting routes changed (they stand in another order)"));
}

TEST(Differences, SayWhichCertificatesHoldSomethingElse) {
  const std::string text =
      "listeners:\n  https:\n    address: \":443\"\n    tls:\n"
      "      certificates: [{ certificate: a.pem, private_key: a.key }, { certificate: b.pem, private_key: "
      "b.key "
      "}]\n"
      "      client_auth: { ca: ca.pem, verify: required }\n"
      "routes: [{ upstream: app }]\n"
      "upstreams: { app: { servers: [\"https://a\"], tls: { ca: up.pem } } }\n";
  const conf::Config config = load(text);
  EXPECT_THAT(files_of(config),
              ElementsAre("/etc/tidegate/a.pem", "/etc/tidegate/a.key", "/etc/tidegate/b.pem",
                          "/etc/tidegate/b.key", "/etc/tidegate/ca.pem", "/etc/tidegate/up.pem"));
  Contents before;
  for (const std::string& path : files_of(config)) before[path] = "1";
  Contents after = before;
  after["/etc/tidegate/a.pem"] = after["/etc/tidegate/a.key"] = "2";
  after["/etc/tidegate/b.key"] = after["/etc/tidegate/ca.pem"] = after["/etc/tidegate/up.pem"] = "2";
  EXPECT_THAT(
      lines(differences(config, before, config, after, {})),
      ElementsAre("certificate /etc/tidegate/a.pem changed (a new certificate of listener https)",
                  "certificate /etc/tidegate/b.pem changed (a new private key of listener https)",
                  "certificate /etc/tidegate/ca.pem changed (other CAs for clients of listener https)",
                  "certificate /etc/tidegate/up.pem changed (other CAs for the servers of upstream app)"));
}

TEST(Differences, ShowLongTextsInPart) {
  const auto body = [](const std::string& text) {
    return kListeners + "routes:\n  - { name: page, respond: { status: 200, body: \"" + text + "\" } }\n";
  };
  EXPECT_THAT(between(body(std::string(100, 'x') + "a"), body(std::string(100, 'x') + "b")),
              ElementsAre("route page changed (respond.body: changed)"));
  EXPECT_THAT(between(body("one\\nline"), body("two")),
              ElementsAre("route page changed (respond.body: one line -> two)"));
}

}  // namespace
}  // namespace tidegate::server
