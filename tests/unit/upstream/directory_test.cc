#include "gateway/upstream/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/base/log.h"
#include "tests/unit/upstream/loopback.h"

namespace tidegate::upstream {
namespace {

using namespace testing_support;
using testing::Contains;
using testing::HasSubstr;

class DirectoryTest : public testing::Test {
 protected:
  DirectoryTest() {
    log::capture([this](log::Level, std::string_view line) { logged.emplace_back(line); });
  }
  ~DirectoryTest() override { log::capture({}); }

  void add_server(const std::string& host, std::uint16_t port) {
    if (config.upstreams.empty()) config.upstreams.emplace_back();
    conf::Server server;
    server.host = host;
    server.port = port;
    server.text = "http://" + host;
    config.upstreams.back().servers.push_back(server);
  }
  void open() {
    directory = std::make_unique<Directory>(
        loop, config,
        [this](std::size_t upstream, std::size_t server, std::vector<net::SocketAddress> addresses) {
          ++publications;
          published[{upstream, server}] = std::move(addresses);
        },
        [this] { ++first_rounds; });
  }

  std::vector<std::string> logged;
  net::Loop loop;
  conf::Config config;
  std::map<std::pair<std::size_t, std::size_t>, std::vector<net::SocketAddress>> published;
  int publications = 0;
  int first_rounds = 0;
  std::unique_ptr<Directory> directory;
};

TEST_F(DirectoryTest, PublishesLiteralAddressesAtOnce) {
  add_server("10.0.0.1", 3000);
  add_server("::1", 3001);
  config.upstreams.emplace_back();
  add_server("", 80);
  config.upstreams.back().servers.back().unix_path = "/run/app.sock";
  open();
  EXPECT_EQ((published[{0, 0}]),
            (std::vector<net::SocketAddress>{{*IpAddress::parse("10.0.0.1"), 3000, {}}}));
  EXPECT_EQ((published[{0, 1}]), (std::vector<net::SocketAddress>{{*IpAddress::parse("::1"), 3001, {}}}));
  EXPECT_EQ((published[{1, 0}]), (std::vector<net::SocketAddress>{{{}, 0, "/run/app.sock"}}));
  EXPECT_EQ(first_rounds, 0) << "only from the loop";
  EXPECT_TRUE(run_until(loop, [&] { return first_rounds == 1; }));
}

TEST_F(DirectoryTest, OfNothingStillEndsItsFirstRound) {
  open();
  EXPECT_TRUE(run_until(loop, [&] { return first_rounds == 1; }));
}

TEST_F(DirectoryTest, LooksNamesUpAndSaysWhenEachWasAskedOnce) {
  add_server("localhost", 3000);
  add_server("10.0.0.1", 80);
  open();
  EXPECT_FALSE(published.contains({0, 0}));
  ASSERT_TRUE(run_until(loop, [&] { return first_rounds == 1; }));
  ASSERT_FALSE((published[{0, 0}].empty()));
  for (const net::SocketAddress& address : published[{0, 0}]) {
    EXPECT_EQ(address.port, 3000);
    EXPECT_THAT((std::vector<std::string>{"127.0.0.1", "::1"}), Contains(address.ip.to_string()));
  }
}

TEST_F(DirectoryTest, PublishesAgainOnlyWhatChanged) {
  add_server("localhost", 3000);
  config.upstreams[0].resolve = 5ms;
  open();
  ASSERT_TRUE(run_until(loop, [&] { return publications == 1; }));
  // Several intervals go by: the answer stays the same, and is not published again.
  EXPECT_FALSE(testing_support::run_until(
      loop, [&] { return publications > 1; }, 300ms));
  EXPECT_EQ(first_rounds, 1);
}

TEST_F(DirectoryTest, LogsANameThatIsNotFoundOnce) {
  add_server("no-such-host.invalid", 80);  // RFC 6761 §6.4: never exists
  config.upstreams[0].resolve = 5ms;
  open();
  ASSERT_TRUE(run_until(loop, [&] { return first_rounds == 1; }));
  EXPECT_EQ(publications, 0);
  testing_support::run_until(
      loop, [&] { return logged.size() > 1; }, 300ms);
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_THAT(logged[0], HasSubstr("http://no-such-host.invalid"));
}

TEST_F(DirectoryTest, SaysNothingOnceItIsGone) {
  add_server("localhost", 80);
  open();
  directory.reset();
  EXPECT_FALSE(testing_support::run_until(
      loop, [&] { return publications + first_rounds > 0; }, 200ms));
}

TEST_F(DirectoryTest, MayBeDestroyedByItsFirstRound) {
  add_server("localhost", 80);
  bool called = false;
  directory = std::make_unique<Directory>(
      loop, config, [](std::size_t, std::size_t, std::vector<net::SocketAddress>) {},
      [&] {
        called = true;
        directory.reset();
      });
  EXPECT_TRUE(run_until(loop, [&] { return called; }));
}

}  // namespace
}  // namespace tidegate::upstream
