// The admin API as a client sees it: what it answers, to whom, and to whom not.

#include "tests/integration/control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/messages.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;

std::string responding(const std::string& more = kAdmin) {
  return "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - respond: { status: 200 }\n" + more;
}

TEST(Control, TellsItsStatus) {
  Gateway gateway(responding());
  const auto status = admin_json(gateway, "/status");
  EXPECT_EQ(status["version"], "test");
  EXPECT_EQ(status["state"], "running");
  EXPECT_EQ(status["listeners"][0]["address"], "127.0.0.1:" + std::to_string(gateway.port()));
  EXPECT_EQ(status["workers"].size(), 2u);
}

TEST(Control, LetsNobodyElseInByItsSocket) {
  Gateway gateway(responding());
  struct stat file {};
  ASSERT_EQ(::stat((gateway.dir() + "/admin.sock").c_str(), &file), 0);
  EXPECT_EQ(file.st_mode & 0777, 0600u);
  EXPECT_EQ(file.st_uid, ::geteuid());
}

}  // namespace
}  // namespace tidegate::test
