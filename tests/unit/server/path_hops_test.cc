#include "gateway/server/path_hops.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "tests/support/certificates.h"

namespace tidegate::server {
namespace {

using test::TempDir;
using testing::ElementsAre;
using testing::IsEmpty;
namespace fs = std::filesystem;

/// What decides, below `root`.
std::vector<std::string> deciding(const std::string& path, const std::string& root) {
  std::vector<std::string> out;
  for (const Hop& hop : hops_of(path)) {
    if (hop.decides) out.push_back(hop.path().substr(root.size()));
  }
  return out;
}

std::string real(const TempDir& dir) {
  return fs::canonical(dir.path()).string();
}

TEST(Hops, OfAPlainFileAreItsDirectories) {
  const TempDir dir;
  const std::string root = real(dir);
  fs::create_directories(root + "/a/b");
  dir.write("a/b/file", "x");
  const auto hops = hops_of(root + "/a/./b//../b/file");
  ASSERT_LE(4u, hops.size());
  EXPECT_EQ((Hop{"/", root.substr(1, root.find('/', 1) - 1), false}), hops.front());
  EXPECT_EQ((Hop{root + "/a/b", "file", true}), hops.back());
  EXPECT_THAT(deciding(root + "/a/b/file", root), ElementsAre("/a/b/file"));
}

TEST(Hops, OfAProjectedVolumeLeadThroughData) {
  const TempDir dir;
  const std::string root = real(dir);
  fs::create_directories(root + "/..2026_1");
  dir.write("..2026_1/tls.crt", "x");
  fs::create_symlink("..2026_1", root + "/..data");
  fs::create_symlink("..data/tls.crt", root + "/tls.crt");
  EXPECT_THAT(deciding(root + "/tls.crt", root), ElementsAre("/tls.crt", "/..data", "/..2026_1/tls.crt"));
}

TEST(Hops, OfALiveCertificateLeadIntoTheArchive) {
  const TempDir dir;
  const std::string root = real(dir);
  fs::create_directories(root + "/live/a");
  fs::create_directories(root + "/archive/a");
  dir.write("archive/a/cert3.pem", "x");
  fs::create_symlink("../../archive/a/cert3.pem", root + "/live/a/cert.pem");
  EXPECT_THAT(deciding(root + "/live/a/cert.pem", root),
              ElementsAre("/live/a/cert.pem", "/archive/a/cert3.pem"));
}

TEST(Hops, EndWhereSomethingIsMissing) {
  const TempDir dir;
  const std::string root = real(dir);
  EXPECT_THAT(deciding(root + "/gone/deeper/file", root), ElementsAre("/gone"));
  fs::create_symlink("/nowhere/at/all", root + "/dangling");
  EXPECT_EQ((Hop{"/", "nowhere", true}), hops_of(root + "/dangling").back());
}

TEST(Hops, DoNotGoRoundForEver) {
  const TempDir dir;
  const std::string root = real(dir);
  fs::create_symlink("b", root + "/a");
  fs::create_symlink("a", root + "/b");
  EXPECT_LT(hops_of(root + "/a").size(), 100u);
}

TEST(MountPoints, AreTheFifthField) {
  EXPECT_THAT(mount_points("36 35 98:0 / / rw,noatime master:1 - ext3 /dev/root rw\n"
                           "37 36 0:5 /x /etc/my\\040dir/tls.crt ro - tmpfs tmpfs rw\n"
                           "broken\n"),
              ElementsAre("/", "/etc/my dir/tls.crt"));
  EXPECT_THAT(mount_points(""), IsEmpty());
  EXPECT_THAT(mount_points("1 2 3 4 /end\\04"), ElementsAre("/end\\04"));
}

}  // namespace
}  // namespace tidegate::server
