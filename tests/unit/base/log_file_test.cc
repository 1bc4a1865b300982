#include "gateway/base/log_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>
#include <vector>

#include "gateway/base/log.h"

namespace tidegate {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

class LogFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tidegate-log-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
    log::capture([this](log::Level, std::string_view line) {
      const std::lock_guard lock(mutex_);
      reports_.emplace_back(line);
    });
  }
  void TearDown() override {
    log::capture({});
    fs::remove_all(dir_);
  }

  std::unique_ptr<LogFile> open(const fs::path& path, std::size_t queue_bytes = 1 << 20) {
    std::string error;
    auto file = LogFile::open({path.string(), queue_bytes}, error);
    EXPECT_NE(file, nullptr) << error;
    return file;
  }
  std::vector<std::string> reports() {
    const std::lock_guard lock(mutex_);
    return reports_;
  }
  bool reported(const std::string& what) {
    for (const std::string& line : reports()) {
      if (line.find(what) != std::string::npos) return true;
    }
    return false;
  }

  fs::path dir_;

 private:
  std::mutex mutex_;
  std::vector<std::string> reports_;
};

TEST_F(LogFileTest, WritesLinesInOrderAndFlushesAtTheEnd) {
  auto file = open(dir_ / "access.log");
  for (int i = 0; i < 1000; ++i) file->write("line " + std::to_string(i));
  file.reset();
  const auto lines = lines_of(read_file(dir_ / "access.log"));
  ASSERT_EQ(lines.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(lines[static_cast<std::size_t>(i)], "line " + std::to_string(i));
  EXPECT_TRUE(reports().empty());
}

TEST_F(LogFileTest, WritesWithoutBeingAskedTwice) {
  const auto file = open(dir_ / "access.log");
  file->write("now");
  EXPECT_TRUE(eventually([&] { return read_file(dir_ / "access.log") == "now\n"; }));
}

TEST_F(LogFileTest, AppendsToWhatIsThere) {
  std::ofstream(dir_ / "access.log") << "old\n";
  open(dir_ / "access.log")->write("new");
  EXPECT_EQ(read_file(dir_ / "access.log"), "old\nnew\n");
}

TEST_F(LogFileTest, IsNotReadableByAll) {
  const auto file = open(dir_ / "access.log");
  struct stat info {};
  ASSERT_EQ(::stat((dir_ / "access.log").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0137, 0u) << "0640 at most, whatever the umask";
}

TEST_F(LogFileTest, SaysWhyAPathCannotBeOpened) {
  std::string error;
  EXPECT_EQ(LogFile::open({(dir_ / "missing" / "access.log").string()}, error), nullptr);
  EXPECT_THAT(error, HasSubstr("missing/access.log: No such file or directory"));
  EXPECT_EQ(LogFile::open({dir_.string()}, error), nullptr);
  EXPECT_THAT(error, HasSubstr("Is a directory"));
}

TEST_F(LogFileTest, RefusesAFifoNobodyReadsRatherThanWait) {
  const fs::path path = dir_ / "fifo";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  std::string error;
  EXPECT_EQ(LogFile::open({path.string()}, error), nullptr);
  EXPECT_FALSE(error.empty());
}

TEST_F(LogFileTest, NeverInterleavesLinesOfManyThreads) {
  auto file = open(dir_ / "access.log", 64u << 20);
  constexpr int kThreads = 4;
  constexpr int kLines = 2000;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&file, t] {
      for (int i = 0; i < kLines; ++i)
        file->write(std::string(40, static_cast<char>('a' + t)) + std::to_string(i));
    });
  }
  for (std::thread& thread : threads) thread.join();
  file.reset();
  std::map<char, int> next;
  for (const std::string& line : lines_of(read_file(dir_ / "access.log"))) {
    ASSERT_GT(line.size(), 40u);
    const char writer = line[0];
    EXPECT_EQ(line, std::string(40, writer) + std::to_string(next[writer]++)) << "torn, lost or out of order";
  }
  for (int t = 0; t < kThreads; ++t) EXPECT_EQ(next[static_cast<char>('a' + t)], kLines);
}

TEST_F(LogFileTest, LeavesTheOldFileToLogrotate) {
  const auto file = open(dir_ / "access.log");
  file->write("before");
  ASSERT_TRUE(eventually([&] { return read_file(dir_ / "access.log") == "before\n"; }));
  fs::rename(dir_ / "access.log", dir_ / "access.log.1");
  file->write("between");
  ASSERT_TRUE(eventually([&] { return read_file(dir_ / "access.log.1") == "before\nbetween\n"; }));
  file->reopen();
  ASSERT_TRUE(eventually([&] { return fs::exists(dir_ / "access.log"); }));
  file->write("after");
  EXPECT_TRUE(eventually([&] { return read_file(dir_ / "access.log") == "after\n"; }));
  EXPECT_EQ(read_file(dir_ / "access.log.1"), "before\nbetween\n");
}

TEST_F(LogFileTest, StaysWithTheOldFileWhenThePathCannotBeOpenedAgain) {
  fs::create_directory(dir_ / "log");
  const auto file = open(dir_ / "log" / "access.log");
  fs::rename(dir_ / "log", dir_ / "moved");
  file->reopen();
  ASSERT_TRUE(eventually([&] { return reported("cannot be opened again"); }));
  file->write("still here");
  EXPECT_TRUE(eventually([&] { return read_file(dir_ / "moved" / "access.log") == "still here\n"; }));
}

TEST_F(LogFileTest, DropsAndCountsOnAFullDiskAndSaysSoOnce) {
  auto file = open("/dev/full");
  for (int i = 0; i < 100; ++i) file->write("line");
  ASSERT_TRUE(eventually([&] { return file->dropped() == 100; }));
  ASSERT_TRUE(eventually([&] { return reported("No space left on device"); }));
  const std::size_t said = reports().size();
  for (int i = 0; i < 100; ++i) file->write("line");
  ASSERT_TRUE(eventually([&] { return file->dropped() == 200; }));
  EXPECT_EQ(reports().size(), said) << "not again within ten seconds";
  file.reset();
  EXPECT_THAT(reports().back(), HasSubstr("lines dropped")) << "the rest is reported at the end";
}

TEST_F(LogFileTest, SaysWhenWritingWorksAgain) {
  fs::create_symlink("/dev/full", dir_ / "access.log");
  auto file = open(dir_ / "access.log");
  file->write("lost");
  ASSERT_TRUE(eventually([&] { return reported("No space left on device"); }));
  fs::remove(dir_ / "access.log");
  file->reopen();
  file->write("kept");
  ASSERT_TRUE(eventually([&] { return reported("written again"); }));
  file.reset();
  EXPECT_EQ(read_file(dir_ / "access.log"), "kept\n");
  EXPECT_THAT(reports(),
              ElementsAre(HasSubstr("1 lines dropped: No space left on device"), HasSubstr("written again")));
}

TEST_F(LogFileTest, DropsALineThatNoQueueWouldHoldAndReportsIt) {
  auto file = open(dir_ / "access.log", 10);
  file->write("123456789");  // with its newline just as long as the queue
  ASSERT_TRUE(eventually([&] { return read_file(dir_ / "access.log") == "123456789\n"; }));
  file->write("1234567890");
  EXPECT_EQ(file->dropped(), 1u);
  EXPECT_TRUE(eventually([&] { return reported("1 lines dropped"); }));
}

/// A FIFO with its reading end in the test's hands, as stdout is under a supervisor.
class LogPipe : public LogFileTest {
 protected:
  void SetUp() override {
    LogFileTest::SetUp();
    ASSERT_EQ(mkfifo((dir_ / "fifo").c_str(), 0600), 0);
    reader_ = ::open((dir_ / "fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    ASSERT_GE(reader_, 0);
  }
  void TearDown() override {
    close_reader();
    LogFileTest::TearDown();
  }
  void close_reader() {
    if (reader_ >= 0) ::close(std::exchange(reader_, -1));
  }
  /// Reads until `enough` says so or the writer is gone.
  std::string read_until(const std::function<bool(const std::string&)>& enough) {
    std::string out;
    char buffer[4096];
    pollfd entry{reader_, POLLIN, 0};
    while (!enough(out) && ::poll(&entry, 1, 20000) > 0) {
      const ssize_t n = ::read(reader_, buffer, sizeof buffer);
      if (n <= 0) break;
      out.append(buffer, static_cast<std::size_t>(n));
    }
    return out;
  }

  int reader_ = -1;
};

TEST_F(LogPipe, KeepsLinesWholeWhenTheReaderIsSlow) {
  auto file = open(dir_ / "fifo", 4u << 20);
  std::string expected;
  for (int i = 0; i < 500; ++i) {
    const std::string line = std::to_string(i) + std::string(static_cast<std::size_t>(i * 37 % 9000), 'x');
    file->write(line);
    expected += line + '\n';
  }
  EXPECT_EQ(read_until([&](const std::string& text) { return text.size() >= expected.size(); }), expected);
  EXPECT_EQ(file->dropped(), 0u);
}

TEST_F(LogPipe, NeitherBlocksNorHangsAtTheEndWhenNobodyReads) {
  auto file = open(dir_ / "fifo", 128 << 10);
  const std::string line(1000, 'x');
  for (int i = 0; i < 1000; ++i) file->write(line);
  EXPECT_GT(file->dropped(), 0u);
  EXPECT_TRUE(eventually([&] { return reported("faster than they could be written"); }))
      << "a writer that is stuck still reports";
  const auto begin = std::chrono::steady_clock::now();
  file.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 10s);
}

TEST_F(LogPipe, EndsNoProcessWhenTheReaderIsGone) {
  ASSERT_EQ(std::signal(SIGPIPE, SIG_DFL), SIG_DFL) << "the test needs the deadly default";
  auto file = open(dir_ / "fifo");
  close_reader();
  file->write("lost");
  EXPECT_TRUE(eventually([&] { return file->dropped() == 1; }));
  EXPECT_TRUE(eventually([&] { return reported("Broken pipe"); }));
}

TEST_F(LogPipe, BeginsANewLineAfterATornOne) {
  // The pipe takes the first half of a long line, then breaks; another reader sees what follows.
  auto file = open(dir_ / "fifo", 4u << 20);
  file->write(std::string(1u << 20, 'x'));
  read_until([](const std::string& text) { return text.size() >= 4096; });
  close_reader();
  ASSERT_TRUE(eventually([&] { return file->dropped() == 1; }));
  reader_ = ::open((dir_ / "fifo").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader_, 0);
  file->write("whole");
  const std::string rest = read_until([](const std::string& text) { return text.ends_with("whole\n"); });
  EXPECT_TRUE(rest.ends_with("x\nwhole\n"))
      << rest.substr(rest.size() - std::min<std::size_t>(rest.size(), 20));
}

TEST_F(LogFileTest, WritesToStdoutByTheNameOfADash) {
  testing::internal::CaptureStdout();
  open("-")->write("to stdout");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "to stdout\n");
}

}  // namespace
}  // namespace tidegate
