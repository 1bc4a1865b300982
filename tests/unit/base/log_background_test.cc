#include "gateway/base/log_background.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <functional>
#include <thread>
#include <vector>

#include "gateway/base/log.h"

namespace tidegate {
namespace {

using namespace std::chrono_literals;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

/// stderr is a pipe while a test runs.
class LogBackground : public testing::Test {
 protected:
  void SetUp() override {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    reader_ = ends[0];
    stderr_ = ::dup(STDERR_FILENO);
    ASSERT_EQ(::dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    ::close(ends[1]);
    start(10s);
  }
  void TearDown() override {
    background_.reset();
    ::dup2(stderr_, STDERR_FILENO);
    ::close(stderr_);
    close_reader();
    log::set_format(log::Format::text);
  }
  void start(std::chrono::milliseconds window) {
    background_.reset();
    std::string error;
    background_ = log::Background::start(error, window);
    ASSERT_NE(background_, nullptr) << error;
  }
  void close_reader() {
    if (reader_ >= 0) ::close(std::exchange(reader_, -1));
  }
  /// What stderr says, until that contains `words`.
  std::string read_until(const std::string& words) {
    std::string out;
    char buffer[4096];
    pollfd entry{reader_, POLLIN, 0};
    while (out.find(words) == std::string::npos && ::poll(&entry, 1, 20000) > 0) {
      const ssize_t n = ::read(reader_, buffer, sizeof buffer);
      if (n <= 0) break;
      out.append(buffer, static_cast<std::size_t>(n));
    }
    EXPECT_THAT(out, HasSubstr(words));
    return out;
  }
  static std::size_t count(const std::string& text, const std::string& what) {
    std::size_t found = 0;
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++found;
    return found;
  }

  std::unique_ptr<log::Background> background_;
  int reader_ = -1;
  int stderr_ = -1;
};

TEST_F(LogBackground, WritesTimeLevelAreaMessageAndId) {
  log::warning("upstream", "it is gone", "0123456789abcdef");
  EXPECT_THAT(
      read_until("\n"),
      testing::MatchesRegex("....-..-..T..:..:..\\....Z warning upstream: it is gone id=0123456789abcdef\n"));
}

TEST_F(LogBackground, WritesJsonOfWhateverPeersSent) {
  log::set_format(log::Format::json);
  log::error("tls", "\"a\\b\"\n\xff gr\xc3\xbc\xc3\x9f", "0123456789abcdef");
  log::info("server", "plain");
  const std::string text = read_until("plain\"}\n");
  EXPECT_THAT(text, HasSubstr(R"(Z","level":"error","area":"tls","message":"\"a\\b\"\u000A)"
                              "\xef\xbf\xbd gr\xc3\xbc\xc3\x9f"
                              R"(","id":"0123456789abcdef"})"
                              "\n{\"time\":\""));
  EXPECT_THAT(text, EndsWith(R"(,"level":"info","area":"server","message":"plain"})"
                             "\n"));
}

TEST_F(LogBackground, CountsRepeatsWhateverTheirIds) {
  for (int i = 0; i < 100; ++i) log::warning("upstream", "it is gone", std::to_string(i));
  log::info("server", "something else");
  std::string text = read_until("something else\n");
  EXPECT_EQ(count(text, "it is gone"), 5u);
  EXPECT_THAT(text, Not(HasSubstr("repeated")));
  background_.reset();  // at the end all is told
  text = read_until("repeated");
  EXPECT_THAT(text, HasSubstr(" warning upstream: it is gone (repeated 95 times in "));
  EXPECT_EQ(log::recent().front().message.find("it is gone (repeated 95 times in "), 0u);
  EXPECT_EQ(log::recent().front().id, "");
}

TEST_F(LogBackground, TellsRepeatsWhenTheirWindowEndsThoughNothingElseIsLogged) {
  start(50ms);
  for (int i = 0; i < 7; ++i) log::warning("upstream", "it is gone");
  EXPECT_THAT(read_until(" s)\n"), EndsWith("it is gone (repeated 2 times in 1 s)\n"));
  log::set_format(log::Format::json);
  for (int i = 0; i < 7; ++i) log::warning("upstream", "again");
  EXPECT_THAT(read_until("repeated_seconds"),
              HasSubstr(R"("message":"again","repeated":2,"repeated_seconds":1)"));
}

TEST_F(LogBackground, HoldsNobodyUpWhenNobodyReads) {
  const std::string filler(900, 'x');
  for (int i = 0; i < 5000; ++i)
    log::info("http", std::to_string(i) + filler);  // far more than pipe and queue
  const std::string text = read_until("lines dropped: they came faster than they could be written\n");
  EXPECT_THAT(text, HasSubstr("http: 0x"));
  EXPECT_THAT(text, HasSubstr(" warning log: stderr: "));
  log::info("http", "heard again");
  read_until("http: heard again\n");
}

TEST_F(LogBackground, EndsThoughNobodyReads) {
  for (int i = 0; i < 300; ++i) log::info("http", std::to_string(i) + std::string(900, 'x'));
  const auto began = std::chrono::steady_clock::now();
  background_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

TEST_F(LogBackground, SurvivesAClosedStderr) {
  const auto before = std::signal(SIGPIPE, SIG_DFL);
  close_reader();
  for (int i = 0; i < 100; ++i) log::info("http", std::to_string(i));
  log::flush();
  background_.reset();
  std::signal(SIGPIPE, before);
}

TEST_F(LogBackground, IsWrittenByManyThreadsWholeLinesOnly) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([t] {
      for (int i = 0; i < 50; ++i) log::info("net", std::to_string(t) + "-" + std::to_string(i) + " whole");
    });
  }
  for (auto& thread : threads) thread.join();
  log::info("net", "last");
  const std::string text = read_until("net: last\n");
  EXPECT_EQ(count(text, " whole\n"), 200u);
  EXPECT_EQ(count(text, "\n"), 201u);
}

TEST_F(LogBackground, FlushesBeforeTheProcessDies) {
  log::error("net", "the last word");
  log::flush();
  pollfd entry{reader_, POLLIN, 0};
  EXPECT_EQ(::poll(&entry, 1, 0), 1);
  read_until("the last word\n");
}

}  // namespace
}  // namespace tidegate
