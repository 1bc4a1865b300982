// The PROXY protocol on a listener: who is asking is who the header names.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/gateway.h"

namespace tidegate::test {
namespace {

using testing::HasSubstr;

constexpr char kGet[] = "GET / HTTP/1.1\r\nHost: example.com\r\n\r\n";

std::string proxied(const std::string& trusted, const std::string& more = "") {
  return "listeners:\n  web:\n    address: \"127.0.0.1:0\"\n    proxy_protocol: true\n" + more +
         "routes:\n  - respond: { status: 200, body: \"$remote_addr $remote_port $realip_remote_addr\" }\n"
         "trusted_proxies: [" +
         trusted + "]\n";
}

TEST(ProxyProtocol, SaysWhoIsAsking) {
  Gateway gateway(proxied("127.0.0.0/8"));
  Peer peer = gateway.connect();
  peer.send_bytewise("PROXY TCP4 192.0.2.7 192.0.2.8 4711 80\r\n").send(kGet);
  EXPECT_THAT(peer.read_message(), HasSubstr("\r\n\r\n192.0.2.7 4711 127.0.0.1"));
  peer.send("GET / HTTP/1.1\r\nHost: example.com\r\nX-Forwarded-For: 203.0.113.1\r\n\r\n");
  EXPECT_THAT(peer.read_message(), HasSubstr("\r\n\r\n192.0.2.7 ")) << "who asks is no proxy of ours";
  peer.shutdown_write();
}

TEST(ProxyProtocol, LeavesAddressesThatItDoesNotTell) {
  Gateway gateway(proxied("127.0.0.0/8"));
  Peer peer = gateway.connect();
  peer.send(std::string("PROXY UNKNOWN\r\n") + kGet);
  EXPECT_THAT(peer.read_message(), HasSubstr("\r\n\r\n127.0.0.1 "));
  peer.shutdown_write();
}

TEST(ProxyProtocol, ClosesWhoSendsNone) {
  Gateway gateway(proxied("127.0.0.0/8"));
  Peer peer = gateway.connect();
  peer.send(kGet);
  EXPECT_EQ(peer.read_to_end(), "");
  EXPECT_TRUE(gateway.empties());
  EXPECT_EQ(gateway.count(Reason::bad_framing), 1u);
}

TEST(ProxyProtocol, ClosesWhomNobodyTrusts) {
  Gateway gateway(proxied("192.0.2.0/24"));
  Peer peer = gateway.connect();
  peer.send(std::string("PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n") + kGet);
  EXPECT_EQ(peer.read_to_end(), "");
  EXPECT_EQ(gateway.count(Reason::bad_framing), 1u);
}

TEST(ProxyProtocol, WaitsForTheHeaderNoLongerThanForAHead) {
  Gateway gateway(proxied("127.0.0.0/8", "") + "timeouts: { header: 200ms }\n");
  Peer peer = gateway.connect();
  peer.send("PROXY TCP4 192");
  EXPECT_EQ(peer.read_to_end(), "");
  EXPECT_EQ(gateway.count(Reason::header_timeout), 1u);
}

}  // namespace
}  // namespace tidegate::test
