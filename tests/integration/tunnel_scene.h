#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include <nlohmann/json.hpp>

#include "tests/integration/gateway.h"
#include "tests/integration/tls_peer.h"

namespace tidegate::test {

/// What the client's side of a tunnel travels over.
enum class Wire { plain, tls };
std::string name_of(const testing::TestParamInfo<Wire>& wire);

/// A client, a gateway and an upstream, with a tunnel as soon as open() was called. Peers end before the
/// gateway does, so that what a test leaves open does not wait for the drain's deadline.
class TunnelScene : public testing::Test {
 protected:
  explicit TunnelScene(Wire wire = Wire::plain) : wire_(wire) {}

  /// Starts the gateway; `more` and `route` as for Gateway::in_front_of().
  void start(const std::string& more = "", const std::string& route = "");
  /// A client's connection, TLS shaken hands.
  Peer connect(int receive_buffer = 0) const;
  /// Opens a tunnel; starts the gateway first where that was not done.
  void open(int receive_buffer = 0);
  void open_pair(Peer& client_side, Peer& upstream_side, int receive_buffer = 0);
  /// Both peers close, and nothing is left in the gateway.
  void close();
  /// Waits for the tunnel's last record.
  nlohmann::json last_record();

  /// Bytes from the upstream come to the client, all of them and nothing else; and the other way.
  void expect_to_client(const std::string& bytes);
  void expect_to_upstream(const std::string& bytes);

  ScriptedUpstream scripted;
  std::unique_ptr<Gateway> gateway;
  Peer client{-1};
  Peer upstream{-1};

 private:
  Wire wire_;
};

/// The same over both wires: INSTANTIATE_TEST_SUITE_P(..., kWires, name_of).
class TunnelSceneOverWires : public TunnelScene, public testing::WithParamInterface<Wire> {
 protected:
  TunnelSceneOverWires() : TunnelScene(GetParam()) {}
};

/// Bytes that look random, the same for the same seed; position tells in them, so that order can be checked.
std::string noise(std::size_t size, std::uint32_t seed = 1);

/// A frame as frame() makes, but whose payload is not looked at: its header for that many bytes.
std::string frame_header(int opcode, std::uint64_t size, bool masked);

/// Payload under frame()'s mask, or a received control frame of the gateway's unmasked: "opcode:payload".
std::string unmasked(std::string_view frame);

/// Sends `bytes` until the other side takes no more for a while; answers how many went.
std::size_t send_until_full(Peer& peer, std::string_view bytes);

/// Bytes that the peer's own kernel has still to bring across.
int unsent_bytes(const Peer& peer);

}  // namespace tidegate::test
