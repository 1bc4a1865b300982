#include "gateway/server/files.h"

#include <gtest/gtest.h>

#include "tests/support/certificates.h"

namespace tidegate::server {
namespace {

using test::TempDir;

TEST(Digest, IsThatOfTheContent) {
  const TempDir dir;
  const std::string a = dir.write("a", "one");
  const std::string b = dir.write("b", "one");
  EXPECT_EQ(digest_of(a), digest_of(b));
  const std::string before = digest_of(a);
  dir.write("a", "two");
  EXPECT_NE(before, digest_of(a));
  EXPECT_EQ(std::string::npos, digest_of(a).find("two"));
}

TEST(Digest, TellsAMissingFileFromAnEmptyOne) {
  const TempDir dir;
  EXPECT_NE(digest_of(dir.path() + "/none"), digest_of(dir.write("empty", "")));
  EXPECT_NE(digest_of(dir.path()), digest_of(dir.write("empty", ""))) << "a directory";
}

}  // namespace
}  // namespace tidegate::server
