#include "gateway/net/file_watcher.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <memory>

#include "tests/unit/net/net_fixture.h"

namespace tidegate::net {
namespace {

namespace fs = std::filesystem;

class FileWatcherTest : public testing::Test {
 protected:
  FileWatcherTest() {
    std::string name = (fs::temp_directory_path() / "tidegate-watch-XXXXXX").string();
    root_ = ::mkdtemp(name.data());
  }
  ~FileWatcherTest() override { fs::remove_all(root_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(root_ + '/' + name) << text; }
  bool hears(int times) {
    return run_until(loop_, [&] { return heard_ >= times; });
  }

  std::string root_;
  Loop loop_;
  int heard_ = 0;
  std::unique_ptr<FileWatcher> watcher_ = std::make_unique<FileWatcher>(loop_, [this] { ++heard_; });
};

TEST_F(FileWatcherTest, HearsOfItsNamesAlone) {
  EXPECT_TRUE(watcher_->watch({{root_, "wanted"}}).empty());
  write("other", "x");
  write("wanted", "x");
  EXPECT_TRUE(hears(1));
  const int before = heard_;
  write("other", "y");
  fs::rename(root_ + "/other", root_ + "/another");
  EXPECT_FALSE(run_until(
      loop_, [&] { return heard_ > before; }, 100ms));
  fs::rename(root_ + "/another", root_ + "/wanted");
  EXPECT_TRUE(hears(before + 1));
}

TEST_F(FileWatcherTest, SaysWhichDirectoryCannotBeWatched) {
  const auto troubles = watcher_->watch({{root_, "a"}, {root_ + "/none", "b"}});
  ASSERT_EQ(1u, troubles.size());
  EXPECT_EQ(root_ + "/none", troubles[0].directory);
  EXPECT_EQ(-ENOENT, troubles[0].os_error);
  write("file", "x");
  EXPECT_EQ(-ENOTDIR, watcher_->watch({{root_ + "/file", "b"}}).at(0).os_error);
}

TEST_F(FileWatcherTest, HearsThatADirectoryWentAndOfOneInItsPlace) {
  const std::string inner = root_ + "/inner";
  fs::create_directory(inner);
  watcher_->watch({{inner, "file"}});
  fs::remove(inner);
  EXPECT_TRUE(hears(1));
  fs::create_directory(inner);
  EXPECT_TRUE(watcher_->watch({{inner, "file"}}).empty());
  const int before = heard_;
  write("inner/file", "x");
  EXPECT_TRUE(hears(before + 1));
}

TEST_F(FileWatcherTest, ForgetsWhatIsNotAskedForAgain) {
  const std::string inner = root_ + "/inner";
  fs::create_directory(inner);
  watcher_->watch({{inner, "file"}, {root_, "mark"}});
  watcher_->watch({{root_, "mark"}});
  write("inner/file", "x");
  EXPECT_FALSE(run_until(
      loop_, [&] { return heard_ > 0; }, 100ms));
  write("mark", "x");
  EXPECT_TRUE(hears(1));
}

TEST_F(FileWatcherTest, KnowsADirectoryByTwoPaths) {
  fs::create_directory_symlink(root_, root_ + "/again");
  watcher_->watch({{root_, "a"}, {root_ + "/again", "b"}});
  write("a", "x");
  EXPECT_TRUE(hears(1));
  const int before = heard_;
  write("b", "x");
  EXPECT_TRUE(hears(before + 1));
}

TEST_F(FileWatcherTest, MayBeDestroyedInItsCallback) {
  bool heard = false;
  watcher_ = std::make_unique<FileWatcher>(loop_, [&] {
    heard = true;
    watcher_.reset();
  });
  watcher_->watch({{root_, "a"}});
  write("a", "x");
  EXPECT_TRUE(run_until(loop_, [&] { return heard; }));
}

}  // namespace
}  // namespace tidegate::net
