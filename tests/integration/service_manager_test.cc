// What the service manager hears, on a socket of the test's own.

#include "gateway/server/service_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstring>
#include <optional>

#include "tests/integration/gateway.h"
#include "tests/integration/process.h"

namespace tidegate::test {
namespace {

using server::ServiceManager;
using testing::HasSubstr;
using testing::Optional;
using testing::StartsWith;
using namespace std::chrono_literals;

/// The manager's end: a datagram socket at a path, or at an abstract name.
class Manager {
 public:
  explicit Manager(const std::string& name)
      : name_(name), fd_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, name.data(), name.size());
    if (name.front() == '@') address.sun_path[0] = '\0';
    EXPECT_EQ(0, ::bind(fd_, reinterpret_cast<const sockaddr*>(&address),
                        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size())));
  }
  ~Manager() { ::close(fd_); }

  const std::string& name() const { return name_; }
  std::string variable() const { return "NOTIFY_SOCKET=" + name_; }
  /// What has come already.
  std::optional<std::string> next() {
    char text[4096];
    const auto size = ::recv(fd_, text, sizeof text, MSG_DONTWAIT);
    if (size < 0) return std::nullopt;
    return std::string(text, static_cast<std::size_t>(size));
  }
  /// The next message with these words, whatever comes before it.
  std::string wait_for(const std::string& words) {
    std::string found;
    EXPECT_TRUE(eventually([&] {
      for (auto message = next(); message; message = next()) {
        if (message->find(words) != std::string::npos) {
          found = *message;
          return true;
        }
      }
      return false;
    })) << "no "
        << words;
    return found;
  }

 private:
  const std::string name_;
  const int fd_;
};

constexpr char kYaml[] =
    "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - respond: { status: 200 }\n"
    "log: { access: off }\nworkers: 2\n";

TEST(ServiceManager, HearsOfTheWholeLifeOfTheProgram) {
  TempDir dir;
  Manager manager(dir.path() + "/notify");
  const std::string file = dir.write("tidegate.yaml", kYaml);
  Process process({"run", "-c", file}, {.environment = {manager.variable(), "WATCHDOG_USEC=200000"}});
  const std::string ready = manager.wait_for("READY=1");
  EXPECT_THAT(ready, StartsWith("READY=1\nSTATUS=0 tunnels, 0 connections in all\nMAINPID="));
  EXPECT_THAT(ready, HasSubstr("MAINPID=" + std::to_string(process.pid())));
  Peer::connect(process.port("http"));
  for (int i = 0; i < 3; ++i) EXPECT_EQ("WATCHDOG=1", manager.wait_for("WATCHDOG"));
  process.signal(SIGHUP);
  EXPECT_THAT(manager.wait_for("RELOADING=1"), StartsWith("RELOADING=1\nMONOTONIC_USEC="));
  manager.wait_for("READY=1");
  process.signal(SIGTERM);
  EXPECT_THAT(manager.wait_for("STOPPING=1"), HasSubstr("STATUS=Draining: 0 tunnels"));
  EXPECT_EQ(0, process.wait());
}

TEST(ServiceManager, HearsThatARefusedReloadIsOverToo) {
  TempDir dir;
  Manager manager("@tidegate-test-" + std::to_string(::getpid()));
  const std::string file = dir.write("tidegate.yaml", kYaml);
  Process process({"run", "-c", file}, {.environment = {manager.variable()}});
  manager.wait_for("READY=1");
  dir.write("tidegate.yaml", "listeners: []\n");
  process.signal(SIGHUP);
  manager.wait_for("RELOADING=1");
  manager.wait_for("READY=1");
  process.signal(SIGINT);
  manager.wait_for("STOPPING=1");
  EXPECT_EQ(0, process.wait());
}

TEST(ServiceManager, FollowsAHandover) {
  TempDir dir;
  Manager manager(dir.path() + "/notify");
  const std::string file = dir.write("tidegate.yaml", kYaml);
  Process process({"run", "-c", file}, {.environment = {manager.variable()}});
  manager.wait_for("READY=1");
  process.signal(SIGUSR2);
  const std::string words = "MAINPID=";
  const std::string told = manager.wait_for(words);
  const auto next =
      static_cast<pid_t>(std::strtol(told.c_str() + told.find(words) + words.size(), nullptr, 10));
  EXPECT_NE(process.pid(), next);
  EXPECT_EQ(0, process.wait());
  EXPECT_EQ(0, ::kill(next, SIGTERM));
  manager.wait_for("STOPPING=1");
}

TEST(ServiceManager, ThatIsNotThereIsALineInTheLog) {
  TempDir dir;
  const std::string file = dir.write("tidegate.yaml", kYaml);
  for (const std::string& name :
       {dir.path() + "/nobody", std::string("vsock:2:1234"), std::string(300, '/')}) {
    Process process({"run", "-c", file},
                    {.environment = {"NOTIFY_SOCKET=" + name, "WATCHDOG_USEC=nonsense"}});
    EXPECT_TRUE(process.says("as listener http"));
    EXPECT_TRUE(process.says("service manager"));
    process.signal(SIGTERM);
    EXPECT_EQ(0, process.wait());
  }
}

/// The class on a loop of the test's own, with workers that answer when the test says so.
struct Watched {
  explicit Watched(ServiceManager::Settings settings)
      : service(loop, std::move(settings),
                {.status = [] { return std::string("fine"); },
                 .ask_workers = [this](std::function<void()> answered) { asked = std::move(answered); }}) {}

  template <typename Condition>
  bool run_until(Condition condition) {
    return eventually([&] {
      loop.run_once();
      return condition();
    });
  }
  /// Lets the loop turn for a while, and collects what was said.
  std::vector<std::string> said_within(std::chrono::milliseconds time, Manager& manager) {
    Pulse pulse(loop);
    std::vector<std::string> all;
    const auto until = std::chrono::steady_clock::now() + time;
    while (std::chrono::steady_clock::now() < until) {
      loop.run_once();
      for (auto message = manager.next(); message; message = manager.next()) all.push_back(*message);
    }
    return all;
  }

  /// Keeps run_once() from waiting long.
  struct Pulse {
    explicit Pulse(net::Loop& l) : loop(l) { beat(); }
    void beat() { next.arm(loop.timers(), 16ms); }
    net::Loop& loop;
    net::DeadlineOf<Pulse, &Pulse::beat> next{*this};
  };

  net::Loop loop;
  std::function<void()> asked;
  ServiceManager service;
};

TEST(ServiceManager, IsNotFedWhileAWorkerIsStuck) {
  TempDir dir;
  Manager manager(dir.path() + "/notify");
  Watched watched({.socket = manager.name(), .watchdog = 200ms});
  watched.service.ready();
  manager.wait_for("READY=1");
  manager.wait_for("WATCHDOG=1");
  ASSERT_TRUE(watched.asked);
  std::exchange(watched.asked, {})();  // in time
  EXPECT_TRUE(watched.run_until([&] { return static_cast<bool>(watched.asked); }));
  manager.wait_for("WATCHDOG=1");
  // Asked again, and no answer.
  EXPECT_THAT(watched.said_within(500ms, manager), testing::IsEmpty());
  std::exchange(watched.asked, {})();  // late, but there: fed at once
  EXPECT_THAT(manager.next(), Optional(std::string("WATCHDOG=1")));
}

TEST(ServiceManager, ThatDoesNotReadHoldsNobodyUpAndHearsWhatMatteredLater) {
  TempDir dir;
  Manager manager(dir.path() + "/notify");
  Watched watched({.socket = manager.name()});
  watched.service.ready();
  // Unix datagram queues are short (net.unix.max_dgram_qlen).
  for (int i = 0; i < 5000; ++i) watched.service.reloading();
  watched.service.ready();
  std::string last;
  Watched::Pulse pulse(watched.loop);
  EXPECT_TRUE(watched.run_until([&] {
    for (auto message = manager.next(); message; message = manager.next()) last = *message;
    return last.starts_with("READY=1") && !manager.next();
  })) << last;
}

TEST(ServiceManager, HearsNothingOfAnotherProcesssWatchdog) {
  ::setenv("WATCHDOG_USEC", "1000", 1);
  ::setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(0us, ServiceManager::Settings::from_environment().watchdog);
  ::setenv("WATCHDOG_PID", std::to_string(::getpid()).c_str(), 1);
  EXPECT_EQ(1000us, ServiceManager::Settings::from_environment().watchdog);
  ::unsetenv("WATCHDOG_PID");
  EXPECT_EQ(1000us, ServiceManager::Settings::from_environment().watchdog);
  ::unsetenv("WATCHDOG_USEC");
  EXPECT_EQ(0us, ServiceManager::Settings::from_environment().watchdog);
}

}  // namespace
}  // namespace tidegate::test
