// USR2: another process takes over, or does not, and nobody who connects notices.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>

#include "gateway/server/handover.h"
#include "tests/integration/gateway.h"
#include "tests/integration/process.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr char kGetAndClose[] = "GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n";
constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// False as soon as it is gone, or a zombie whose parent is in no hurry.
bool is_alive(pid_t process) {
  const std::string stat = contents_of("/proc/" + std::to_string(process) + "/stat");
  const std::size_t name = stat.rfind(") ");
  return name != std::string::npos && stat[name + 2] != 'Z';
}

/// The program behind a path that can be made to lead to another one.
struct Program {
  explicit Program(const std::string& more = "")
      : yaml(Gateway::in_front_of(upstream.url(), "workers: 2\nlog: { access: off }\n" + more)),
        file(dir.write("tidegate.yaml", yaml)),
        link(dir.path() + "/tidegate"),
        process((std::filesystem::create_symlink(TIDEGATE_BINARY, link),
                 std::vector<std::string>{"run", "-c", file}),
                {.program = link}),
        port(process.port("http")) {}
  /// Those that took over are nobody's children by now.
  ~Program() {
    for (const pid_t each : others) ::kill(each, SIGKILL);
  }

  void put_there(const std::string& script) {
    std::filesystem::remove(link);
    std::ofstream(link) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(link, std::filesystem::perms::owner_all);
  }
  /// USR2, and waits until it is over; the process that serves now.
  pid_t hand_over(pid_t from) {
    const std::string words = "handed over to process ";
    const std::size_t already = count(words);
    EXPECT_EQ(0, ::kill(from, SIGUSR2));
    EXPECT_TRUE(eventually([&] { return count(words) > already; })) << process.errors();
    const std::string said = process.errors();
    const std::size_t at = said.rfind(words);
    if (at == std::string::npos) return 0;
    others.push_back(static_cast<pid_t>(std::strtol(said.c_str() + at + words.size(), nullptr, 10)));
    return others.back();
  }
  std::size_t count(const std::string& words) const {
    const std::string said = process.errors();
    std::size_t times = 0;
    for (std::size_t at = 0; (at = said.find(words, at)) != std::string::npos; ++at) ++times;
    return times;
  }
  void expect_serves() {
    Peer client = Peer::connect(port);
    client.send(kGetAndClose);
    Peer server = upstream.accept();
    server.read_head();
    server.send(kOk);
    EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 200 OK\r\n"));
  }
  void open(Peer& client, Peer& server) {
    client = Peer::connect(port);
    client.send(handshake_request());
    server = upstream.accept();
    server.read_head();
    server.send(handshake_response());
    EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
  }

  TempDir dir;
  ScriptedUpstream upstream;
  std::string yaml;
  std::string file;
  std::string link;
  Process process;
  std::uint16_t port;
  std::vector<pid_t> others;
};

constexpr char kPatient[] = "drain: { delay: 1h, window: 10ms, deadline: 2h }\n";

TEST(Handover, TheNewProcessServesAndTheOldOneGivesItsTunnelsTheirClose) {
  Program program(kPatient);  // the delay is for those who stop, not for those who hand over
  Peer client(-1);
  Peer server(-1);
  program.open(client, server);
  const pid_t next = program.hand_over(program.process.pid());
  EXPECT_EQ(close_frame(1001, false), client.read_exactly(4));
  program.expect_serves();
  client.send(close_frame(1001, true)).shutdown_write();
  server.read_exactly(8);
  server.send(close_frame(1001, false)).close();
  client.expect_end();
  EXPECT_EQ(0, program.process.wait());
  program.expect_serves();
  EXPECT_TRUE(is_alive(next));
  const pid_t last = program.hand_over(next);
  EXPECT_TRUE(eventually([&] { return !is_alive(next); }));
  program.expect_serves();
  EXPECT_EQ(0, ::kill(last, SIGTERM));
}

TEST(Handover, KeepsTheFileOfAUnixSocketForTheNewProcess) {
  TempDir dir;
  const std::string path = dir.path() + "/front.sock";
  const std::string file = dir.write("tidegate.yaml", "listeners:\n  http: { address: \"unix:" + path +
                                                          "\" }\nroutes:\n  - respond: { status: 200 }\n"
                                                          "log: { access: off }\nworkers: 2\n");
  Process process({"run", "-c", file});
  ASSERT_TRUE(process.says("as listener http"));
  process.signal(SIGUSR2);
  ASSERT_TRUE(process.says("handed over to process "));
  EXPECT_EQ(0, process.wait());
  const std::string said = process.errors();
  const std::string words = "handed over to process ";
  const auto next =
      static_cast<pid_t>(std::strtol(said.c_str() + said.find(words) + words.size(), nullptr, 10));
  Peer client = Peer::connect_unix(path);
  client.send(kGetAndClose);
  EXPECT_THAT(client.read_to_end(), StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(0, ::kill(next, SIGTERM));
  EXPECT_TRUE(eventually([&] { return !is_alive(next); }));
  EXPECT_FALSE(std::filesystem::exists(path)) << "the new process has the file to clear away";
}

TEST(Handover, ToAProgramThatEndsChangesNothing) {
  Program program;
  Peer client(-1);
  Peer server(-1);
  program.open(client, server);
  program.put_there("exit 3");
  program.process.signal(SIGUSR2);
  EXPECT_TRUE(program.process.says("exited with code 3 before it accepted; this process goes on as before"));
  program.expect_serves();
  client.send(frame(1, "still here", true));
  EXPECT_EQ(frame(1, "still here", true), server.read_exactly(frame(1, "still here", true).size()));
}

TEST(Handover, ToAProgramThatCannotBeRunChangesNothing) {
  Program program;
  std::filesystem::remove(program.link);
  program.process.signal(SIGUSR2);
  EXPECT_TRUE(
      program.process.says("cannot be run: No such file or directory; this process goes on as before"));
  program.expect_serves();
}

TEST(Handover, ToAConfigurationThatIsRefusedChangesNothing) {
  Program program;
  std::ofstream(program.file) << program.yaml << "colour: green\n";
  program.process.signal(SIGUSR2);
  EXPECT_TRUE(program.process.says("exited with code 1 before it accepted; this process goes on as before"));
  EXPECT_THAT(program.process.errors(), HasSubstr("colour"));
  program.expect_serves();
  std::ofstream(program.file) << program.yaml;
  program.hand_over(program.process.pid());
  EXPECT_EQ(0, program.process.wait());
  program.expect_serves();
}

TEST(Handover, IsOneAtATimeAndARequestedReloadComesAfterIt) {
  Program program;
  const std::string go = program.dir.path() + "/go";
  program.put_there("while [ ! -e " + go + " ]; do sleep 0.02; done; exit 1");
  program.process.signal(SIGUSR2);
  EXPECT_TRUE(program.process.says("handing over: started "));
  program.process.signal(SIGUSR2);
  EXPECT_TRUE(program.process.says("is being started already; nothing happens"));
  program.process.signal(SIGHUP);
  program.expect_serves();
  EXPECT_THAT(program.process.errors(), Not(HasSubstr("reloaded")));
  std::ofstream(go) << "now";
  EXPECT_TRUE(program.process.says("this process goes on as before"));
  EXPECT_TRUE(program.process.says("reloaded"));
}

TEST(Handover, IsCalledOffByTerm) {
  Program program("drain: { window: 10ms, deadline: 20s }\n");
  program.put_there("echo $$ > " + program.dir.path() + "/pid; exec sleep 300");
  program.process.signal(SIGUSR2);
  const std::string pid_file = program.dir.path() + "/pid";
  ASSERT_TRUE(eventually([&] { return !contents_of(pid_file).empty(); }));
  const auto started = static_cast<pid_t>(std::strtol(contents_of(pid_file).c_str(), nullptr, 10));
  program.others.push_back(started);
  program.process.signal(SIGTERM);
  EXPECT_EQ(0, program.process.wait());
  EXPECT_THAT(program.process.errors(), HasSubstr("the hand-over is called off"));
  EXPECT_TRUE(eventually([&] { return !is_alive(started); }));
}

TEST(Handover, WaitsForAProgramThatNeverAcceptsNoLongerThanItsPatience) {
  net::Loop loop;
  std::string why;
  server::Handover handover(loop, {.path = "/bin/sleep", .arguments = {"sleep", "300"}, .patience = 1s},
                            {.succeeded = [](pid_t) { ADD_FAILURE() << "sleep does not accept"; },
                             .failed = [&why](const std::string& told) { why = told; }});
  handover.begin({});
  const pid_t started = handover.under_way();
  ASSERT_NE(0, started);
  EXPECT_TRUE(eventually([&] {
    loop.run_once();
    return !why.empty();
  }));
  EXPECT_EQ("process " + std::to_string(started) + " did not accept within 1 s and was killed", why);
  EXPECT_EQ(0, handover.under_way());
  EXPECT_FALSE(is_alive(started));
}

TEST(Handover, ATermToTheOldProcessAfterItIsNoSecondOne) {
  Program program("drain: { window: 10ms, deadline: 2h }\n");
  Peer client = Peer::connect(program.port);
  client.send(handshake_request());
  Peer server = program.upstream.accept();
  server.read_head();  // a handshake under way holds the old process
  const pid_t next = program.hand_over(program.process.pid());
  program.process.signal(SIGTERM);
  EXPECT_TRUE(program.process.says("draining already, after a hand-over; once more stops at once"));
  server.send(handshake_response());
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
  EXPECT_EQ(close_frame(1001, false), client.read_exactly(4));
  program.process.signal(SIGTERM);
  EXPECT_EQ(0, program.process.wait());
  EXPECT_TRUE(is_alive(next));
}

TEST(Handover, IsNotForAGatewayThatDrains) {
  Program program("drain: { delay: 1h, window: 10ms, deadline: 2h }\n");
  program.process.signal(SIGTERM);
  EXPECT_TRUE(program.process.says("draining"));
  program.process.signal(SIGUSR2);
  EXPECT_TRUE(program.process.says("is draining already; nothing happens"));
}

}  // namespace
}  // namespace tidegate::test
