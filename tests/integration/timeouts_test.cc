// Time that runs out: the row "limits" of the rules table "Requests", and what a route's timeouts say of
// upstreams.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "tests/integration/gateway.h"
#include "tests/integration/messages.h"

namespace tidegate::test {
namespace {

using namespace std::chrono_literals;

void expect_reason(Gateway& gateway, Reason reason, std::uint64_t times = 1) {
  EXPECT_TRUE(eventually([&] { return gateway.count(reason) == times; }))
      << word(reason) << ": " << gateway.count(reason) << " instead of " << times;
}

/// An answer of the gateway's own for a failure that leaves the client's connection usable.
void expect_failure(Peer& client, int status) {
  const std::string answer = client.read_message();
  EXPECT_EQ(status, status_of(answer)) << answer;
  EXPECT_EQ("", field_of(answer, "Connection"));
}

/// A listening socket whose queue is full: what dials it gets no answer.
class FullUpstream {
 public:
  FullUpstream() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(0, ::bind(fd_, reinterpret_cast<sockaddr*>(&address), size));
    EXPECT_EQ(0, ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size));
    EXPECT_EQ(0, ::listen(fd_, 0));  // room for one
    port_ = ntohs(address.sin_port);
    waiting_ = Peer::connect(port_);
  }
  FullUpstream(const FullUpstream&) = delete;
  FullUpstream& operator=(const FullUpstream&) = delete;
  ~FullUpstream() { ::close(fd_); }
  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port_ = 0;
  Peer waiting_{-1};
};

TEST(Timeouts, ClientThatLeavesWhileTheUpstreamIsDialledIsNotWaitedFor) {
  FullUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { connect: 9s }\n"));
  Peer client = gateway.connect();
  client.send(get());
  EXPECT_TRUE(client.silent_for(20ms));
  client.close();
  EXPECT_TRUE(gateway.empties());
  expect_reason(gateway, Reason::client_gone);
}

TEST(Timeouts, ConnectThatNobodyAnswersIs504) {
  FullUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { connect: 60ms }\n"));
  Peer client = gateway.connect();
  client.send(get());
  expect_failure(client, 504);
  expect_reason(gateway, Reason::upstream_connect_timeout);
}

TEST(Timeouts, SilentUpstreamIs504) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { response: 60ms }\n"));
  Peer client = gateway.connect();
  client.send(get());
  Peer server = upstream.accept();
  server.read_head();
  expect_failure(client, 504);
  server.expect_end();
  expect_reason(gateway, Reason::upstream_timeout);
}

TEST(Timeouts, UpstreamThatStopsInItsHeadIs504) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { response: 60ms }\n"));
  Peer client = gateway.connect();
  client.send(get());
  Peer server = upstream.accept();
  server.read_head();
  server.send("HTTP/1.1 200 OK\r\nContent-Le");
  expect_failure(client, 504);
  server.expect_end();
}

TEST(Timeouts, UpstreamThatWaitsForTheRestOfABodyIsNotSilent) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { response: 60ms, body: 9s }\n"));
  for (const std::string& request : {post("hello"), post_chunked() + chunk("hello") + "0\r\n\r\n"}) {
    Peer client = gateway.connect();
    client.send(request.substr(0, request.size() - 1));
    Peer server = upstream.accept();
    server.read_head();
    EXPECT_TRUE(client.silent_for(120ms)) << "the client's pause was taken for the upstream's";
    client.send(request.substr(request.size() - 1));
    EXPECT_EQ(504, status_of(client.read_message()));
    server.read_to_end();
  }
  expect_reason(gateway, Reason::upstream_timeout, 2);
}

TEST(Timeouts, UpstreamThatDoesNotSayContinueIsSilent) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { response: 60ms, body: 9s }\n"));
  const std::string expecting =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  Peer client = gateway.connect();
  client.send(expecting);
  Peer server = upstream.accept();
  server.read_head();
  EXPECT_EQ(504, status_of(client.read_to_end()));
  server.expect_end();

  Peer told = gateway.connect();
  told.send(expecting);
  server = upstream.accept();
  server.read_head();
  server.send("HTTP/1.1 100 Continue\r\n\r\n");
  told.read_head();
  EXPECT_TRUE(told.silent_for(120ms)) << "it has spoken and waits";
  told.send("hello");
  EXPECT_EQ("hello", server.read_exactly(5));
  server.send(ok("ok"));
  EXPECT_EQ(200, status_of(told.read_message()));
}

TEST(Timeouts, BodyThatStallsUnderItsAnswerCutsIt) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { body: 60ms }\n"));
  Peer client = gateway.connect();
  client.send(post_chunked() + chunk("hello"));
  Peer server = upstream.accept();
  server.read_until("hello");
  server.send(ok_head("Transfer-Encoding: chunked\r\n") + chunk("part"));
  const std::string got = client.read_to_end();
  EXPECT_TRUE(got.ends_with(chunk("part"))) << got;
  server.expect_end();
}

TEST(Timeouts, HeadThatDoesNotEndIs408) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { header: 60ms }\n"));
  for (const std::string begun : {"G", "GET / HTTP/1.1", "GET / HTTP/1.1\r\nHost: a\r\n"}) {
    Peer client = gateway.connect();
    client.send(begun);
    const std::string answer = client.read_to_end();
    EXPECT_EQ(408, status_of(answer)) << begun;
    EXPECT_EQ("close", field_of(answer, "Connection"));
    EXPECT_EQ(Ending::clean, client.ending());
  }
  expect_reason(gateway, Reason::header_timeout, 3);
  EXPECT_TRUE(upstream.nobody_for(10ms));
}

TEST(Timeouts, HeadMayNotBeStretchedByteByByte) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { header: 100ms }\n"));
  Peer client = gateway.connect();
  client.send("GET / HTTP/1.1\r\nHost: a\r\nX: ");
  EXPECT_TRUE(eventually([&] {
    client.send("x");
    return !client.silent_for(5ms);
  })) << "each byte gave it more time";
  EXPECT_EQ(408, status_of(client.read_to_end()));
}

TEST(Timeouts, ConnectionThatSaysNothingIsClosedWithoutAnAnswer) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { header: 60ms }\n"));
  Peer client = gateway.connect();
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
  expect_reason(gateway, Reason::header_timeout);
}

TEST(Timeouts, SecondHeadHasItsOwnDeadline) {
  Gateway gateway(
      "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - { path: /, respond: { body: ok } }\n"
      "timeouts: { header: 60ms, keepalive: 9s }\n");
  Peer client = gateway.connect();
  client.send(get());
  EXPECT_EQ(200, status_of(client.read_message()));
  EXPECT_TRUE(client.silent_for(100ms)) << "between requests there is no head to wait for";
  client.send("GET / HTTP/1.1\r\nHo");
  EXPECT_EQ(408, status_of(client.read_to_end()));
}

TEST(Timeouts, IdleConnectionIsClosedQuietly) {
  Gateway gateway(
      "listeners:\n  http: { address: \"127.0.0.1:0\" }\nroutes:\n  - { path: /, respond: { body: ok } }\n"
      "timeouts: { keepalive: 60ms }\n");
  Peer client = gateway.connect();
  client.send(get());
  EXPECT_EQ(200, status_of(client.read_message()));
  EXPECT_EQ("", client.read_to_end());
  EXPECT_EQ(Ending::clean, client.ending());
  expect_reason(gateway, Reason::keepalive_timeout);
}

TEST(Timeouts, BodyThatStallsIs408) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { body: 60ms }\n"));
  for (const std::string& request :
       {post("hello").substr(0, post("hello").size() - 1), post_chunked() + "5\r\nhel",
        post_chunked() + chunk("hello"), post_chunked() + "0\r\nX: y\r\n"}) {
    Peer client = gateway.connect();
    client.send(request);
    Peer server = upstream.accept();
    const std::string answer = client.read_to_end();
    EXPECT_EQ(408, status_of(answer)) << request;
    EXPECT_EQ(Ending::clean, client.ending());
    EXPECT_FALSE(server.read_to_end().ends_with(kLastChunk)) << "an upload that was cut looks whole";
  }
  expect_reason(gateway, Reason::body_timeout, 4);
}

TEST(Timeouts, ClientThatDoesNotReadIsCutAndItsUpstreamCancelled) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { send: 80ms }\n"));
  Peer client = Peer::connect(gateway.port(), 4096);
  client.send(get());
  Peer server = upstream.accept();
  server.read_head();
  server.send(ok_head("Content-Length: 1000000000\r\n"));
  server.send_until_stalled(std::string(64 * 1024, 'x'), 256 * 1024 * 1024, 30ms);
  server.expect_end();
  client.read_to_end();
  EXPECT_EQ(Ending::reset, client.ending());
  expect_reason(gateway, Reason::send_timeout);
}

TEST(Timeouts, UpstreamThatDoesNotReadIs502) {
  ScriptedUpstream upstream;
  Gateway gateway(Gateway::in_front_of(upstream.url(), "timeouts: { send: 80ms }\n"));
  Peer client = gateway.connect();
  client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n");
  Peer server = upstream.accept();
  server.read_head();
  client.send_until_stalled(std::string(64 * 1024, 'x'), 64 * 1024 * 1024, 30ms);
  EXPECT_EQ(502, status_of(client.read_message()));
  expect_reason(gateway, Reason::send_timeout);
}

}  // namespace
}  // namespace tidegate::test
