// The program whose stderr takes nothing.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <utility>

#include "tests/integration/gateway.h"
#include "tests/integration/messages.h"
#include "tests/integration/process.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;

/// A pipe that is full before the program begins to write to it.
class FullPipe {
 public:
  FullPipe() {
    EXPECT_EQ(0, ::pipe2(ends_, O_CLOEXEC | O_NONBLOCK));
    const std::string filler(4096, '.');
    while (::write(ends_[1], filler.data(), filler.size()) > 0) {
    }
    ::fcntl(ends_[1], F_SETFL, 0);  // a program's stderr blocks
  }
  ~FullPipe() {
    stop_reading();
    stop_writing();
  }
  FullPipe(const FullPipe&) = delete;
  FullPipe& operator=(const FullPipe&) = delete;

  int writer() const { return ends_[1]; }
  void stop_writing() {
    if (ends_[1] >= 0) ::close(std::exchange(ends_[1], -1));
  }
  void stop_reading() {
    if (ends_[0] >= 0) ::close(std::exchange(ends_[0], -1));
  }
  /// All that comes until nobody can write any more.
  std::string read_to_end() {
    std::string out;
    char buffer[4096];
    pollfd entry{ends_[0], POLLIN, 0};
    while (::poll(&entry, 1, 10000) > 0) {
      const ssize_t n = ::read(ends_[0], buffer, sizeof buffer);
      if (n <= 0) break;
      out.append(buffer, static_cast<std::size_t>(n));
    }
    return out;
  }

 private:
  int ends_[2] = {-1, -1};
};

/// The program on a unix socket, since it can't say which port it has.
struct Mute {
  explicit Mute(int errors)
      : process({"run", "-c",
                 dir.write("tidegate.yaml", "listeners: { http: { address: \"unix:" + dir.path() +
                                                "/socket\" } }\nroutes: [{ respond: { body: ok } }]\n"
                                                "log: { access: \"off\", level: debug }\nworkers: 1\n")},
                {.errors = errors}) {
    struct stat info {};
    EXPECT_TRUE(eventually([&] { return ::stat((dir.path() + "/socket").c_str(), &info) == 0; }));
  }
  /// Each makes a line of the log.
  void serve(int requests) {
    for (int i = 0; i < requests; ++i) {
      Peer peer = Peer::connect_unix(dir.path() + "/socket");
      peer.send(get() + "NO\1NSENSE\r\n\r\n");
      EXPECT_EQ("ok", body_of(peer.read_message()));
      peer.read_to_end();
    }
  }
  TempDir dir;
  Process process;
};

TEST(MuteProgram, ServesWhileNobodyReadsItsStderrAndTellsEverythingToWhoDoesLater) {
  FullPipe pipe;
  Mute gateway(pipe.writer());
  pipe.stop_writing();
  gateway.serve(20);
  gateway.process.signal(SIGTERM);
  const std::string said = pipe.read_to_end();
  EXPECT_EQ(0, gateway.process.wait());
  EXPECT_THAT(said, HasSubstr(" info server: listening on unix:"));
  EXPECT_EQ(5, count_of(said, "http: bad_request_line id="));
  EXPECT_THAT(said, HasSubstr("http: bad_request_line (repeated 15 times in "));
  EXPECT_THAT(said, HasSubstr(" info server: stopped after 20 connections"));
}

TEST(MuteProgram, EndsThoughNobodyReadsItsStderr) {
  FullPipe pipe;
  Mute gateway(pipe.writer());
  gateway.serve(3);
  gateway.process.signal(SIGTERM);
  EXPECT_EQ(0, gateway.process.wait());
}

TEST(MuteProgram, ServesWhenTheReaderOfItsStderrIsGone) {
  FullPipe pipe;
  Mute gateway(pipe.writer());
  pipe.stop_reading();
  gateway.serve(3);
  gateway.process.signal(SIGTERM);
  EXPECT_EQ(0, gateway.process.wait());
}

TEST(MuteProgram, ServesWhereEveryWriteFails) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  Mute gateway(full);
  gateway.serve(3);
  gateway.process.signal(SIGTERM);
  EXPECT_EQ(0, gateway.process.wait());
  ::close(full);
}

}  // namespace
}  // namespace tidegate::test
