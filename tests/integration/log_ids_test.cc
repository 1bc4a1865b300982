// What fails has a line in the diagnostics log, with the id of its access record.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/integration/captured_log.h"
#include "tests/integration/messages.h"
#include "tests/integration/tunnel_scene.h"

namespace tidegate::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using testing::Not;

constexpr char kDebugHttp[] =
    "log: { access: \"${dir}/access.log\", level: { default: warning, http: debug } }\n";

class LogIds : public TunnelScene {
 protected:
  ~LogIds() override { log::set_level(log::Level::info); }
  std::string last_id() { return json::parse(gateway->access_log(1).back()).value("id", ""); }

  CapturedLog log;
};

TEST_F(LogIds, OfARequestWhoseUpstreamRefusesToConnect) {
  const std::string server = "http://127.0.0.1:" + std::to_string(closed_port());
  gateway = std::make_unique<Gateway>(Gateway::in_front_of(server));
  Peer peer = gateway->connect();
  peer.send(get("/?token=secret"));
  EXPECT_EQ(502, status_of(peer.read_message()));
  const std::string id = last_id();
  ASSERT_EQ(16u, id.size());
  EXPECT_TRUE(log.says(": upstream_unreachable, connection refused, server " + server + " id=" + id + "\n"));
  EXPECT_TRUE(log.says("upstream: server " + server + " of app: upstream_unreachable"));
  EXPECT_THAT(log.text(), Not(HasSubstr("secret")));
}

TEST_F(LogIds, OfARequestWhoseUpstreamBreaksOff) {
  start();
  Peer peer = gateway->connect();
  peer.send(get());
  Peer server = scripted.accept();
  server.read_head();
  server.send(ok_head("Content-Length: 10\r\n") + "half").close();
  peer.read_to_end();
  const std::string id = last_id();
  EXPECT_TRUE(log.says(": upstream_truncated, server " + scripted.url() + " id=" + id + "\n"));
}

TEST_F(LogIds, OfATunnelWhoseUpstreamEndsOrBreaks) {
  open();
  upstream.close();
  const json ended = last_record();
  EXPECT_EQ("upstream_ended", ended["reason"]);
  EXPECT_TRUE(log.says(": upstream_ended, server " + scripted.url() + " id=" + ended.value("id", "") + "\n"));
  client.close();
  EXPECT_TRUE(gateway->empties());

  open();
  upstream.reset();
  EXPECT_TRUE(log.says(": upstream_reset, "));
  EXPECT_TRUE(eventually([&] { return last_record()["reason"] == "upstream_reset"; }));
  EXPECT_TRUE(log.says(", server " + scripted.url() + " id=" + last_record().value("id", "") + "\n"));
  client.close();
}

TEST_F(LogIds, OfWhatAClientDidWrongAreForThoseWhoAsk) {
  start(kDebugHttp);
  Peer wrong = gateway->connect();
  wrong.send("NO\1NSENSE / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(400, status_of(wrong.read_to_end()));
  EXPECT_TRUE(log.says("http: bad_request_line id=" + last_id() + "\n"));
  EXPECT_THAT(log.text(), Not(HasSubstr("server: listening")));  // an info of another area
}

TEST_F(LogIds, AreNotWrittenForWhatEndsAsItShould) {
  open();
  expect_to_upstream(close_frame(1000, true));
  expect_to_client(close_frame(1000, false));
  close();
  Peer unlucky = gateway->connect();
  unlucky.send("NO\1NSENSE / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(400, status_of(unlucky.read_to_end()));
  EXPECT_THAT(log.text(), Not(HasSubstr("id=")));
}

}  // namespace
}  // namespace tidegate::test
