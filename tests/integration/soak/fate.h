#pragma once

#include <cstdint>

namespace tidegate::test {

/// How a connection of the soak test is to end. The client draws it and says it in the target ("/3/5000": the
/// fate's number, and after how many bytes the upstream acts on it), so that both sides know.
enum class Fate : std::uint8_t {
  close,       ///< the client's Close, answered
  client_fin,  ///< the client ends without a Close
  client_reset,
  client_mid_frame,  ///< the client ends in the middle of a frame
  abort_handshake,   ///< the client ends (FIN or RST) in the middle of its handshake
  abort_waiting,     ///< ... while it waits for the answer
  upstream_close,    ///< the upstream's Close, then its FIN
  upstream_fin,
  upstream_reset,
  upstream_mid_frame,  ///< the upstream ends in the middle of a frame
  upstream_refuses,    ///< 403 instead of 101
  upstream_vanishes,   ///< a reset instead of 101
  kCount,
};

constexpr bool is_upstreams(Fate fate) {
  return fate >= Fate::upstream_close;
}

}  // namespace tidegate::test
