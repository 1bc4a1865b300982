// What the program does when it has no descriptors left.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <vector>

#include "tests/integration/gateway.h"
#include "tests/integration/process.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using namespace std::chrono_literals;

/// UBSan's vptr check asks the kernel by a pipe whether memory can be read, and takes a pipe that it can't
/// have for memory that it can't read.
#ifdef TIDEGATE_UBSAN
constexpr bool kSanitizerNeedsDescriptors = true;
#else
constexpr bool kSanitizerNeedsDescriptors = false;
#endif

/// Enough for the program itself and a few dozen connections.
constexpr std::size_t kDescriptors = 64;

class Descriptors : public testing::Test {
 protected:
  void SetUp() override {
    if (kSanitizerNeedsDescriptors) GTEST_SKIP() << "UBSan itself needs descriptors";
  }
};

/// The program with few descriptors, one worker, and one open tunnel.
struct Crowded {
  Crowded()
      : file(dir.write("tidegate.yaml", Gateway::in_front_of(upstream.url(), "workers: 1\n"))),
        process({"run", "-c", file}, {.descriptors = kDescriptors}),
        port(process.port("http")),
        client(Peer::connect(port)),
        server(-1) {
    client.send(handshake_request());
    server = upstream.accept();
    server.read_head();
    server.send(handshake_response());
    EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 101 "));
  }
  /// Connects until the program says that it can't accept any more, and one more that it leaves waiting.
  void crowd() {
    for (std::size_t i = 0; i < kDescriptors; ++i) crowd_of.push_back(Peer::connect(port));
    EXPECT_TRUE(process.says("no descriptors left: accepting on listener http pauses"));
  }
  void expect_tunnel_works() {
    client.send(frame(1, "there", true));
    EXPECT_EQ(frame(1, "there", true), server.read_exactly(frame(1, "there", true).size()));
    server.send(frame(1, "back", false));
    EXPECT_EQ(frame(1, "back", false), client.read_exactly(frame(1, "back", false).size()));
  }

  TempDir dir;
  ScriptedUpstream upstream;
  std::string file;
  Process process;
  std::uint16_t port;
  Peer client, server;
  std::vector<Peer> crowd_of;
};

TEST_F(Descriptors, AcceptingPausesAndResumesAndTunnelsGoOn) {
  Crowded crowded;
  crowded.crowd();
  crowded.expect_tunnel_works();
  crowded.crowd_of.clear();
  EXPECT_TRUE(crowded.process.says("descriptors are free again: accepting on listener http goes on"));
  Peer client = Peer::connect(crowded.port);
  client.send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  Peer server = crowded.upstream.accept();
  server.read_head();
  server.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_THAT(client.read_head(), StartsWith("HTTP/1.1 204 "));
  crowded.expect_tunnel_works();
  crowded.process.signal(SIGINT);
  EXPECT_EQ(0, crowded.process.wait());
}

TEST_F(Descriptors, WaitingForDescriptorsIsNotABusyLoop) {
  Crowded crowded;
  crowded.crowd();
  const auto before = crowded.process.cpu_time();
  EXPECT_TRUE(crowded.client.silent_for(400ms));
  EXPECT_LT(crowded.process.cpu_time() - before, 200ms);
  crowded.expect_tunnel_works();
}

TEST_F(Descriptors, ARequestThatCannotReachItsUpstreamForWantOfThemIs503) {
  Crowded crowded;
  crowded.crowd();
  // Those that were accepted before the last descriptor went have none for their upstream.
  crowded.crowd_of.front().send("GET / HTTP/1.1\r\nHost: example.com\r\n\r\n");
  EXPECT_THAT(crowded.crowd_of.front().read_message(), StartsWith("HTTP/1.1 503 "));
  crowded.expect_tunnel_works();
}

}  // namespace
}  // namespace tidegate::test
