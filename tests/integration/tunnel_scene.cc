#include "tests/integration/tunnel_scene.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace tidegate::test {
namespace {

using namespace std::chrono_literals;

/// One certificate for all tests of the process.
const std::string& certificate_dir() {
  static const TempDir dir;
  static const bool made = [] {
    const Authority authority;
    const Issued issued = authority.issue({.names = {"example.com"}});
    dir.write("cert.pem", issued.certificate);
    dir.write("key.pem", issued.private_key);
    return true;
  }();
  static_cast<void>(made);
  return dir.path();
}

std::string tls_listener() {
  return "listeners:\n  https:\n    address: \"127.0.0.1:0\"\n    tls: { certificates: [{ certificate: " +
         certificate_dir() + "/cert.pem, private_key: " + certificate_dir() + "/key.pem }] }\n";
}

}  // namespace

std::string name_of(const testing::TestParamInfo<Wire>& wire) {
  return wire.param == Wire::plain ? "Plain" : "Tls";
}

void TunnelScene::start(const std::string& more, const std::string& route) {
  std::string yaml = Gateway::in_front_of(scripted.url(), more, route);
  if (wire_ == Wire::tls) yaml.replace(0, yaml.find("routes:\n"), tls_listener());
  gateway = std::make_unique<Gateway>(std::move(yaml));
}

Peer TunnelScene::connect(int receive_buffer) const {
  if (wire_ == Wire::plain) return Peer::connect(gateway->port(), receive_buffer);
  return connect_tls(gateway->port(), {}, nullptr, receive_buffer);
}

void TunnelScene::open(int receive_buffer) {
  if (gateway == nullptr) start();
  open_pair(client, upstream, receive_buffer);
}

void TunnelScene::open_pair(Peer& client_side, Peer& upstream_side, int receive_buffer) {
  client_side = connect(receive_buffer);
  client_side.send(handshake_request());
  upstream_side = scripted.accept(receive_buffer);
  upstream_side.read_head();
  upstream_side.send(handshake_response());
  EXPECT_EQ(0u, client_side.read_head().find("HTTP/1.1 101 "));
}

void TunnelScene::close() {
  client.close();
  upstream.close();
  EXPECT_TRUE(gateway->empties());
}

nlohmann::json TunnelScene::last_record() {
  nlohmann::json last;
  const bool came = eventually([&] {
    last = nlohmann::json::parse(gateway->access_log(1).back(), nullptr, /*allow_exceptions=*/false);
    return last.is_object() && last["event"] == "tunnel_close";
  });
  EXPECT_TRUE(came) << "no tunnel_close: " << last.dump();
  return last;
}

void TunnelScene::expect_to_client(const std::string& bytes) {
  upstream.send(bytes);
  EXPECT_EQ(bytes, client.read_exactly(bytes.size()));
}

void TunnelScene::expect_to_upstream(const std::string& bytes) {
  client.send(bytes);
  EXPECT_EQ(bytes, upstream.read_exactly(bytes.size()));
}

std::string noise(std::size_t size, std::uint32_t seed) {
  std::string bytes(size, '\0');
  std::uint32_t state = seed * 2654435761u + 1;
  for (std::size_t at = 0; at < size; at += sizeof state) {  // xorshift32 (Marsaglia)
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    std::memcpy(bytes.data() + at, &state, std::min(sizeof state, size - at));
  }
  return bytes;
}

std::string frame_header(int opcode, std::uint64_t size, bool masked) {
  std::string header{static_cast<char>(0x80 | opcode), static_cast<char>((masked ? 0x80 : 0) | 127)};
  for (int shift = 56; shift >= 0; shift -= 8) header += static_cast<char>(size >> shift & 0xff);
  if (masked) header += "\x01\x02\x03\x04";
  return header;
}

std::string unmasked(std::string_view bytes) {
  const std::string_view key = bytes.substr(2, 4);
  std::string text = std::to_string(bytes[0] & 0x0f) + ":";
  for (std::size_t i = 6; i < bytes.size(); ++i) text += static_cast<char>(bytes[i] ^ key[(i - 6) % 4]);
  return text;
}

std::size_t send_until_full(Peer& peer, std::string_view bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const std::size_t more = peer.send_until_stalled(bytes.substr(sent), 1, 150ms);
    if (more == 0) break;
    sent += more;
  }
  return sent;
}

int unsent_bytes(const Peer& peer) {
  int bytes = 0;
  ::ioctl(peer.fd(), SIOCOUTQ, &bytes);
  return bytes;
}

}  // namespace tidegate::test
