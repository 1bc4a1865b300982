#include "gateway/sites/disk.h"

#include <gtest/gtest.h>

#include <cerrno>

#include "gateway/sites/place.h"
#include "tests/unit/sites/folder.h"

namespace tidegate::sites {
namespace {

using Kind = conf::Condition::Kind;

class Disk : public ::testing::Test {
 protected:
  Disk() {
    folder_.write("a.txt", "hello");
    folder_.write("deep/er/b.txt", "b");
    folder_.link("a.txt", "link.txt");
    folder_.link("deep", "linked");
    folder_.link("nowhere", "dangling");
    ::mkfifo((folder_ / "fifo").c_str(), 0600);
    ::chmod((folder_ / "a.txt").c_str(), 0644);
  }
  int error(std::string_view name, bool follow) const {
    const std::string path = folder_ / name;
    const Found opened = open_path(path, follow);
    const Found seen = look_at(path, follow);
    EXPECT_EQ(opened.os_error, seen.os_error) << name;
    return opened.os_error;
  }

  test::Folder folder_;
};

TEST_F(Disk, TellsWhatIsThere) {
  const Found file = open_path(folder_ / "a.txt", true);
  EXPECT_TRUE(file.is_file);
  EXPECT_FALSE(file.is_executable);
  EXPECT_TRUE(file.file.is_open());
  EXPECT_EQ(file.file.size(), 5u);
  EXPECT_GT(file.file.modified_s(), 0);
  const Found directory = open_path(folder_ / "deep", true);
  EXPECT_TRUE(directory.is_directory);
  EXPECT_FALSE(directory.file.is_open());
}

TEST_F(Disk, DoesNotWaitForAWriter) {
  const Found fifo = open_path(folder_ / "fifo", true);
  EXPECT_EQ(fifo.os_error, 0);
  EXPECT_FALSE(fifo.is_file);
  EXPECT_FALSE(fifo.file.is_open());
}

TEST_F(Disk, SaysWhyNot) {
  for (const bool follow : {true, false}) {
    EXPECT_EQ(error("none", follow), ENOENT);
    EXPECT_EQ(error("a.txt/b", follow), ENOTDIR);
    EXPECT_EQ(error("a.txt/", follow), ENOTDIR);
    EXPECT_EQ(error(std::string(300, 'x'), follow), ENAMETOOLONG);
    EXPECT_EQ(open_path("", follow).os_error, ENOENT);
    EXPECT_EQ(open_path((folder_ / "a.txt") + std::string("\0.png", 5), follow).os_error, ENOENT);
    EXPECT_EQ(look_at((folder_ / "a.txt") + std::string("\0.png", 5), follow).os_error, ENOENT);
  }
}

TEST_F(Disk, FollowsLinksOnlyWhereItMay) {
  for (const std::string_view name : {"link.txt", "linked/er/b.txt", "linked/", "linked"})
    EXPECT_EQ(error(name, true), 0);
  EXPECT_EQ(error("link.txt", false), ELOOP);
  EXPECT_EQ(error("linked", false), ELOOP);
  EXPECT_EQ(error("dangling", false), ELOOP);
  EXPECT_EQ(error("dangling", true), ENOENT);
  // As nginx has it: a link on the way is no directory.
  EXPECT_EQ(error("linked/er/b.txt", false), ENOTDIR);
  EXPECT_EQ(error("linked/", false), ENOTDIR);
  EXPECT_EQ(error("deep/er/b.txt", false), 0);
  EXPECT_EQ(error("deep//er/b.txt", false), 0);
  EXPECT_EQ(error("deep/er/", false), 0);
}

TEST_F(Disk, AnswersTests) {
  ::chmod((folder_ / "deep/er/b.txt").c_str(), 0755);
  const struct {
    std::string_view name;
    bool file, directory, exists, executable;
  } cases[] = {
      {"a.txt", true, false, true, false},        {"deep", false, true, true, true},
      {"deep/", false, true, true, true},         {"deep/er/b.txt", true, false, true, true},
      {"link.txt", true, false, true, false},     {"fifo", false, false, false, false},
      {"dangling", false, false, false, false},   {"none", false, false, false, false},
      {"a.txt/none", false, false, false, false},
  };
  for (const auto& [name, file, directory, exists, executable] : cases) {
    EXPECT_EQ(holds(Kind::file, folder_ / name, true), file) << name;
    EXPECT_EQ(holds(Kind::directory, folder_ / name, true), directory) << name;
    EXPECT_EQ(holds(Kind::exists, folder_ / name, true), exists) << name;
    EXPECT_EQ(holds(Kind::executable, folder_ / name, true), executable) << name;
  }
  EXPECT_FALSE(holds(Kind::file, folder_ / "link.txt", false));
}

TEST(Place, IsWhereAUriLeads) {
  const Place root{"/www"}, alias{"/data/", Place::Kind::alias, 5},
      whole{"/data/x.png", Place::Kind::whole_alias};
  EXPECT_EQ(root.path("/a/b"), "/www/a/b");
  EXPECT_EQ(alias.path("/img/a"), "/data/a");
  EXPECT_EQ(alias.path("/img/"), "/data/");
  EXPECT_EQ(alias.path("/i"), "/data/");
  EXPECT_EQ(whole.path("/anything"), "/data/x.png");
  EXPECT_EQ((Place{"/data", Place::Kind::whole_alias, 0, true}.path("/a")), "/data/a");
}

TEST(Place, IsNotLeft) {
  const Place root{"/www"}, slash{"/data/", Place::Kind::alias, 4}, none{"/data", Place::Kind::alias, 4};
  EXPECT_FALSE(root.leads_out("/a/b"));
  EXPECT_FALSE(root.leads_out("/a..b/..c/c../..."));
  EXPECT_TRUE(root.leads_out("/../etc/passwd"));
  EXPECT_TRUE(root.leads_out("/a/../b"));
  EXPECT_TRUE(root.leads_out("/a/.."));
  // location /img { alias /data/; }
  EXPECT_TRUE(slash.leads_out("/img../etc/passwd"));
  EXPECT_TRUE(slash.leads_out("/img.."));
  EXPECT_FALSE(slash.leads_out("/img...png"));
  // location /img { alias /data; }: /data../etc is beside it, and no way up.
  EXPECT_FALSE(none.leads_out("/img../etc/passwd"));
  EXPECT_TRUE(none.leads_out("/img/../etc/passwd"));
  // location ~ ^/img(.*) { alias /data/$1; }
  EXPECT_TRUE((Place{"/data/../etc", Place::Kind::whole_alias}.leads_out("/img../etc")));
  // A configuration may say what it likes.
  EXPECT_FALSE((Place{"/www/../data", Place::Kind::whole_alias}.leads_out("/a")));
  EXPECT_FALSE((Place{"/www/../data"}.leads_out("/a..b")));
}

}  // namespace
}  // namespace tidegate::sites
