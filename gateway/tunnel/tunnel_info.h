#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tidegate::tunnel {

/// One live tunnel as an operator sees it, at one moment. A copy: it outlives the tunnel.
struct TunnelInfo {
  enum class State { open, closing };
  std::string id;  ///< as in its access records
  State state = State::open;
  std::string listener;
  std::string route;
  std::string upstream;
  std::string server;       ///< as written in the configuration
  std::string remote_addr;  ///< without a port
  std::string host;
  std::string path;  ///< of the request that opened it, without its query, which may hold secrets
  std::chrono::milliseconds age{0};
  std::chrono::milliseconds idle{0};  ///< since the last frame but our own pings and their pongs
  std::uint64_t messages_to_upstream = 0;
  std::uint64_t messages_to_client = 0;
  std::uint64_t bytes_to_upstream = 0;
  std::uint64_t bytes_to_client = 0;

  std::uint64_t messages() const { return messages_to_upstream + messages_to_client; }
  std::uint64_t bytes() const { return bytes_to_upstream + bytes_to_client; }
};

}  // namespace tidegate::tunnel
