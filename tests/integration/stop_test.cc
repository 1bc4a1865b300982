// The program from its start to its end: signals, exit codes, and what it says.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>

#include "tests/integration/gateway.h"
#include "tests/integration/process.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";
constexpr char kOk[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// The program in front of a scripted upstream, from a file.
struct Program {
  explicit Program(const std::string& more = "")
      : file(dir.write("tidegate.yaml", Gateway::in_front_of(upstream.url(), "workers: 2\n" + more))),
        process({"run", "-c", file}),
        port(process.port("http")) {}

  Peer connect() { return Peer::connect(port); }
  /// A client whose request has reached the upstream, which has not answered.
  struct InFlight {
    Peer client;
    Peer server;
  };
  InFlight ask() {
    Peer client = connect();
    client.send(kGet);
    Peer server = upstream.accept();
    server.read_head();
    return {std::move(client), std::move(server)};
  }
  bool refuses_connections() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const bool refused = result != 0 && errno == ECONNREFUSED;
    ::close(fd);
    return refused;
  }

  TempDir dir;
  ScriptedUpstream upstream;
  std::string file;
  Process process;
  std::uint16_t port;
};

/// A drain with requests in flight, however it was asked for.
void expect_requests_finish_after(int signal) {
  Program program("drain: { window: 10ms, deadline: 20s }\n");
  Peer idle = program.connect();
  idle.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  Peer first = program.upstream.accept();
  first.read_head();
  first.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
  idle.read_message();
  auto [client, server] = program.ask();

  program.process.signal(signal);
  EXPECT_EQ("", idle.read_to_end());
  EXPECT_EQ(Ending::clean, idle.ending());
  EXPECT_TRUE(eventually([&] { return program.refuses_connections(); }));

  server.send(kOk);
  const std::string answer = client.read_to_end();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_EQ(Ending::clean, client.ending());
  client.close();
  idle.close();
  EXPECT_EQ(0, program.process.wait());
  EXPECT_THAT(program.process.errors(), HasSubstr("drained"));
}

TEST(Stop, TermLetsRequestsInFlightFinishAndTakesNothingNew) {
  expect_requests_finish_after(SIGTERM);
}

TEST(Stop, QuitDrainsLikeTerm) {
  expect_requests_finish_after(SIGQUIT);
}

TEST(Stop, TermGivesTunnelsTheirClose) {
  Program program("drain: { window: 10ms, deadline: 20s }\n");
  Peer client = program.connect();
  client.send(handshake_request());
  Peer server = program.upstream.accept();
  server.read_head();
  server.send(handshake_response());
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
  program.process.signal(SIGTERM);
  EXPECT_EQ(close_frame(1001, false), client.read_exactly(4));
  client.send(close_frame(1001, true)).shutdown_write();
  server.read_exactly(8);
  server.send(close_frame(1001, false)).close();
  client.expect_end();
  client.close();
  EXPECT_EQ(0, program.process.wait());
}

TEST(Stop, TheDeadlineCutsARequestThatDoesNotEnd) {
  Program program("drain: { window: 10ms, deadline: 300ms }\n");
  auto [client, server] = program.ask();
  program.process.signal(SIGTERM);
  client.read_to_end();
  EXPECT_EQ(0, program.process.wait());
  EXPECT_THAT(program.process.errors(), HasSubstr("deadline has come with 1 left"));
}

TEST(Stop, ASecondTermStopsAtOnce) {
  Program program("drain: { window: 10ms, deadline: 1h }\n");
  auto [client, server] = program.ask();
  program.process.signal(SIGTERM);
  EXPECT_TRUE(program.process.says("draining"));
  program.process.signal(SIGTERM);
  client.expect_end();
  EXPECT_EQ(0, program.process.wait());
}

TEST(Stop, IntStopsAtOnce) {
  Program program("drain: { window: 10ms, deadline: 1h }\n");
  auto [client, server] = program.ask();
  program.process.signal(SIGINT);
  client.expect_end();
  EXPECT_EQ(0, program.process.wait());
}

TEST(Stop, IntStopsADrainAtOnce) {
  Program program("drain: { window: 10ms, deadline: 1h, delay: 30m }\n");
  auto [client, server] = program.ask();
  program.process.signal(SIGTERM);
  EXPECT_TRUE(program.process.says("draining"));
  program.process.signal(SIGINT);
  client.expect_end();
  EXPECT_EQ(0, program.process.wait());
}

TEST(Stop, DuringTheDelayOfADrainNewConnectionsAreStillAccepted) {
  Program program("drain: { delay: 1h, window: 10ms, deadline: 2h }\n");
  program.process.signal(SIGTERM);
  EXPECT_TRUE(program.process.says("draining"));
  auto [client, server] = program.ask();
  server.send(kOk);
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 200 OK\r\n"));
  program.process.signal(SIGTERM);
  EXPECT_EQ(0, program.process.wait());
}

TEST(Stop, AnyNumberOfTermsIsOneEnd) {
  Program program("drain: { window: 10ms, deadline: 1h }\n");
  auto [client, server] = program.ask();
  EXPECT_TRUE(eventually([&] {
    program.process.signal(SIGTERM);
    return program.process.errors().find("stopped after") != std::string::npos;
  }));
  for (int i = 0; i < 100; ++i) program.process.signal(SIGTERM);
  EXPECT_EQ(0, program.process.wait());
}

TEST(Stop, HupReloadsAndTrafficGoesOn) {
  Program program;
  program.process.signal(SIGHUP);
  EXPECT_TRUE(program.process.says("reloaded"));
  auto [client, server] = program.ask();
  server.send(kOk);
  EXPECT_THAT(client.read_message(), StartsWith("HTTP/1.1 200 OK\r\n"));
}

TEST(Stop, Usr1OpensTheAccessLogAgainAfterItWasMovedAway) {
  TempDir logs;
  const std::string log = logs.path() + "/access.log";
  Program program("log: { access: " + log + " }\n");
  const auto get = [&program](const std::string& path) {
    Peer client = program.connect();
    client.send("GET " + path + " HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n");
    Peer server = program.upstream.accept();
    server.read_head();
    server.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").close();
    client.read_to_end();
  };
  get("/before");
  EXPECT_TRUE(eventually([&] { return contents_of(log).find("/before") != std::string::npos; }));
  std::filesystem::rename(log, log + ".1");
  program.process.signal(SIGUSR1);
  EXPECT_TRUE(program.process.says("logs reopened"));
  get("/after");
  EXPECT_TRUE(eventually([&] { return contents_of(log).find("/after") != std::string::npos; }));
  EXPECT_THAT(contents_of(log), Not(HasSubstr("/before")));
  EXPECT_THAT(contents_of(log + ".1"), Not(HasSubstr("/after")));
  program.process.signal(SIGTERM);
  EXPECT_EQ(0, program.process.wait());
}

// ---------------------------------------------------------------------------------------------------------------
// Exit codes

TEST(ExitCode, IsOneForAFailedStartWithEveryErrorAtItsPlace) {
  ScriptedUpstream taken;
  TempDir dir;
  const std::string file =
      dir.write("tidegate.yaml",
                "listeners:\n"
                "  http: { address: \"127.0.0.1:" +
                    std::to_string(taken.port()) +
                    "\" }\n"
                    "  https:\n"
                    "    address: \"127.0.0.1:0\"\n"
                    "    tls: { certificates: [{ certificate: no.pem, private_key: no.key }] }\n"
                    "routes:\n"
                    "  - path: { regex: '(' }\n"
                    "    respond: { status: 200 }\n"
                    "log: { access: /nonexistent/access.log }\n");
  Process process({"run", "-c", file});
  EXPECT_EQ(1, process.wait());
  const std::string errors = process.errors();
  EXPECT_THAT(errors, HasSubstr(file + ":2:20: cannot listen on 127.0.0.1:" + std::to_string(taken.port())));
  EXPECT_THAT(errors, HasSubstr(file + ":5:"));
  EXPECT_THAT(errors, HasSubstr("no.pem"));
  EXPECT_THAT(errors, HasSubstr(file + ":7:"));
  EXPECT_THAT(errors, HasSubstr(file + ":9:"));
  EXPECT_THAT(errors, HasSubstr("/nonexistent/access.log"));
  EXPECT_THAT(errors, Not(HasSubstr("listening on")));
}

TEST(ExitCode, IsOneForAFileThatIsMissingOrWrong) {
  TempDir dir;
  EXPECT_EQ(1, Process({"run", "-c", dir.path() + "/none.yaml"}).wait());
  const std::string file = dir.write("tidegate.yaml", "listeners: {}\nrouts: []\n");
  Process process({"run", "-c", file});
  EXPECT_EQ(1, process.wait());
  EXPECT_THAT(process.errors(), HasSubstr(file + ":2:1: "));
}

TEST(ExitCode, IsTwoForABadCommandLine) {
  const std::vector<std::vector<std::string>> lines = {
      {},
      {"flood"},
      {"run", "--no-such-option"},
      {"run", "-c", "a.yaml", "--to", "http://localhost:3000"},
      {"run", "--to", "gopher://localhost"},
      {"run", "--to", "http://localhost:3000", "--http", "nowhere"},
      {"run", "--http", ":8080"},
      {"check", "-c"},
  };
  for (const auto& line : lines) {
    Process process(line);
    EXPECT_EQ(2, process.wait()) << testing::PrintToString(line) << process.errors();
    EXPECT_NE("", process.errors());
  }
}

TEST(ExitCode, IsZeroForHelpAndVersion) {
  Process help({"--help"});
  EXPECT_EQ(0, help.wait());
  EXPECT_THAT(help.output(), HasSubstr("check"));
  Process version({"--version"});
  EXPECT_EQ(0, version.wait());
  EXPECT_THAT(version.output(), StartsWith("tidegate "));
}

TEST(Check, SaysThatAGoodFileIsFineAndOpensNoSocket) {
  ScriptedUpstream taken;
  TempDir dir;
  const std::string file = dir.write(
      "tidegate.yaml", "listeners:\n  http: { address: \"127.0.0.1:" + std::to_string(taken.port()) +
                           "\" }\nroutes:\n  - respond: { status: 200 }\n");
  Process process({"check", "-c", file});
  EXPECT_EQ(0, process.wait()) << process.errors();
  EXPECT_EQ(file + " is fine\n", process.output());
  EXPECT_EQ("", process.errors());
}

TEST(Check, ListsEveryErrorAndCountsThem) {
  TempDir dir;
  const std::string file =
      dir.write("tidegate.yaml",
                "listeners:\n"
                "  https:\n"
                "    address: \"127.0.0.1:0\"\n"
                "    tls: { certificates: [{ certificate: no.pem, private_key: no.key }] }\n"
                "routes:\n"
                "  - path: { regex: '(' }\n"
                "    respond: { status: 200 }\n");
  Process process({"check", "-c", file});
  EXPECT_EQ(1, process.wait());
  EXPECT_THAT(process.errors(), HasSubstr("no.pem"));
  EXPECT_THAT(process.errors(), HasSubstr(file + ":6:"));
  EXPECT_THAT(process.errors(), HasSubstr(" errors\n"));
  EXPECT_EQ("", process.output());
}

}  // namespace
}  // namespace tidegate::test
