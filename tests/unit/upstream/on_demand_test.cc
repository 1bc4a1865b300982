#include "gateway/upstream/on_demand.h"

#include <gtest/gtest.h>

namespace tidegate::upstream {
namespace {

TEST(ServerFrom, CutsWhatARequestNames) {
  const auto plain = server_from("app", false);
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->host, "app");
  EXPECT_EQ(plain->port, 80);
  const auto https = server_from("app", true);
  ASSERT_TRUE(https);
  EXPECT_EQ(https->port, 443);
  EXPECT_EQ(https->scheme, conf::Server::Scheme::https);
  const auto port = server_from("10.0.0.1:3000", false);
  ASSERT_TRUE(port);
  EXPECT_EQ(port->host, "10.0.0.1");
  EXPECT_EQ(port->port, 3000);
  const auto v6 = server_from("[::1]:3000", false);
  ASSERT_TRUE(v6);
  EXPECT_EQ(v6->host, "::1");
  EXPECT_EQ(v6->port, 3000);
  const auto path = server_from("unix:/run/app.sock", false);
  ASSERT_TRUE(path);
  EXPECT_EQ(path->unix_path, "/run/app.sock");
}

TEST(ServerFrom, RefusesWhatIsNoAddress) {
  for (const char* target : {"", ":80", "app:", "app:0", "app:65536", "app:80x", "app:-1", "[::1", "[app]:80",
                             "[::1]80", "unix:"}) {
    EXPECT_FALSE(server_from(target, false)) << target;
  }
}

}  // namespace
}  // namespace tidegate::upstream
