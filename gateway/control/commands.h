#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gateway/control/client.h"

// The operator's commands. Each asks a running gateway, writes to stdout, its complaints to stderr, and
// answers whether all went well: the program's exit code is 0, or else 1.

namespace tidegate::control {

bool show_status(const Client& client, bool json);

/// `tidegate tunnels`.
struct TunnelOptions {
  std::string route;
  std::string upstream;
  std::string order = "age";
  unsigned limit = 100;
  bool json = false;
};
bool show_tunnels(const Client& client, const TunnelOptions& options);
/// Until q, a signal, or the gateway's end.
bool watch_tunnels(const Client& client, TunnelOptions options);
bool close_tunnel(const Client& client, const std::string& id, std::optional<std::uint16_t> code);
/// Its frames, until it ends.
bool trace_tunnel(const Client& client, const std::string& id, bool json);

bool reload(const Client& client, bool json);
/// `text`: of the file at the absolute path `file`.
bool plan(const Client& client, const std::string& file, const std::string& text, bool json);
/// `wait`: until the gateway has gone, with its progress.
bool drain(const Client& client, bool wait);
/// Until the gateway has gone.
bool stop(const Client& client);

struct ServerOrder {
  std::string upstream;
  std::string server;
  std::optional<std::string> state{};  ///< "drain" or "up"
  std::optional<unsigned> weight{};    ///< 0: as configured
};
bool order_server(const Client& client, const ServerOrder& order);

/// To stderr; answers false.
bool complain(const Failure& failure);

}  // namespace tidegate::control
