#include "gateway/server/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "gateway/net/loop.h"
#include "tests/support/certificates.h"

namespace tidegate::server {
namespace {

using namespace std::chrono_literals;
using test::TempDir;
using Clock = std::chrono::steady_clock;
namespace fs = std::filesystem;

/// A watch over a configuration file and one certificate, and what it has told.
class WatchTest : public testing::Test {
 protected:
  WatchTest() : file_(dir_.write("tidegate.yaml", "one")) {}

  void start(const std::string& certificate) {
    conf::Listener listener;
    listener.tls.emplace();
    listener.tls->certificates.push_back({{certificate, {}}, {}});
    config_.listeners.push_back(listener);
    watch_.emplace(loop_, WatchedFile{file_, digest_of(file_)}, [this] {
      ++told_;
      read();
    });
    read();
    settle();
    EXPECT_EQ(0, told_);
  }

  /// What the server does when it is told.
  void read() {
    watch_->before_reading();
    watch_->before_loading(config_, contents_of(config_));
    watch_->on_applied();
  }

  /// Runs the loop until the watch was told of `times` changes in all.
  bool hears(int times) {
    const auto until = Clock::now() + 10s;
    while (told_ < times && Clock::now() < until) loop_.run_once();
    return told_ == times;
  }
  /// Lets everything that has happened so far be noticed: a change that is seen ends the wait.
  void settle() {
    bool over = false;
    struct Alarm final : net::Deadline {
      explicit Alarm(bool& flag) : over(flag) {}
      void on_deadline() override { over = true; }
      bool& over;
    } alarm(over);
    alarm.arm(loop_.timers(), 700ms);  // more than twice the time in which a change settles
    while (!over) loop_.run_once();
  }

  TempDir dir_;
  std::string file_;
  conf::Config config_;
  int told_ = 0;
  net::Loop loop_;
  std::optional<Watch> watch_;
};

TEST_F(WatchTest, HearsOfAPlainRewriteOnce) {
  start(dir_.write("cert.pem", "c1"));
  dir_.write("tidegate.yaml", "two");
  EXPECT_TRUE(hears(1));
  settle();
  EXPECT_EQ(1, told_);
}

TEST_F(WatchTest, HearsNothingWhereTheContentIsTheSame) {
  start(dir_.write("cert.pem", "c1"));
  dir_.write("tidegate.yaml", "one");
  dir_.write("beside", "not ours");
  ::chmod(file_.c_str(), 0600);
  settle();
  EXPECT_EQ(0, told_);
}

TEST_F(WatchTest, HearsOfARenameOverTheFileOnce) {
  start(dir_.write("cert.pem", "c1"));
  for (int i = 1; i <= 2; ++i) {  // the second time it is another inode that must be watched
    fs::rename(file_, file_ + "~");
    dir_.write("tidegate.yaml", "version " + std::to_string(i));
    EXPECT_TRUE(hears(i));
    settle();
    EXPECT_EQ(i, told_);
  }
  const std::string temporary = dir_.write(".new", "version 3");
  fs::rename(temporary, file_);
  EXPECT_TRUE(hears(3));
}

TEST_F(WatchTest, HearsOfEachSwapOfDataOnce) {
  const std::string root = dir_.path() + "/tls";
  const auto swap = [&](const std::string& version) {
    fs::create_directories(root + "/.." + version);
    std::ofstream(root + "/.." + version + "/tls.crt") << version;
    fs::create_symlink(".." + version, root + "/..data_tmp");
    const fs::path old = fs::is_symlink(root + "/..data") ? fs::read_symlink(root + "/..data") : fs::path();
    fs::rename(root + "/..data_tmp", root + "/..data");
    if (!old.empty()) fs::remove_all(fs::path(root) / old);
  };
  swap("1");
  fs::create_symlink("..data/tls.crt", root + "/tls.crt");
  start(root + "/tls.crt");
  for (int i = 1; i <= 3; ++i) {
    swap(std::to_string(i + 1));
    EXPECT_TRUE(hears(i));
    settle();
    EXPECT_EQ(i, told_);
  }
}

TEST_F(WatchTest, HearsOfARenewalThroughLiveAndArchive) {
  const std::string root = dir_.path();
  fs::create_directories(root + "/live/a");
  fs::create_directories(root + "/archive/a");
  dir_.write("archive/a/cert1.pem", "c1");
  fs::create_symlink("../../archive/a/cert1.pem", root + "/live/a/cert.pem");
  start(root + "/live/a/cert.pem");
  dir_.write("archive/a/cert2.pem", "c2");
  fs::remove(root + "/live/a/cert.pem");
  fs::create_symlink("../../archive/a/cert2.pem", root + "/live/a/cert.pem");
  EXPECT_TRUE(hears(1));
  dir_.write("archive/a/cert2.pem", "c2 again");  // the new target is watched too
  EXPECT_TRUE(hears(2));
}

TEST_F(WatchTest, FollowsADirectoryThatGoesAndComesBack) {
  const std::string root = dir_.path() + "/certs";
  fs::create_directories(root);
  std::ofstream(root + "/cert.pem") << "c1";
  start(root + "/cert.pem");
  fs::remove_all(root);
  EXPECT_TRUE(hears(1));
  fs::create_directories(root);
  std::ofstream(root + "/cert.pem") << "c2";
  EXPECT_TRUE(hears(2));
  std::ofstream(root + "/cert.pem") << "c3";
  EXPECT_TRUE(hears(3));
  fs::rename(root, root + ".old");
  fs::create_directories(root);
  std::ofstream(root + "/cert.pem") << "c4";
  EXPECT_TRUE(hears(4));
}

TEST_F(WatchTest, HearsOfAFileThatCanBeReadNow) {
  start(dir_.path() + "/later.pem");
  dir_.write("later.pem", "c1");
  EXPECT_TRUE(hears(1));
}

}  // namespace
}  // namespace tidegate::server
