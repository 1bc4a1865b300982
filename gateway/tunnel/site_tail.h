#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "gateway/sites/remains.h"
#include "gateway/upstream/on_demand.h"

namespace tidegate::tunnel {

struct Snapshot;

/// What only a tunnel of an nginx configuration has, in place of its request.
struct SiteTail {
  std::shared_ptr<upstream::OnDemand::Entry> server;  ///< whose it is; null: a configured one
  std::unique_ptr<sites::Remains> remains;
  std::chrono::steady_clock::time_point began;  ///< the request
  std::uint64_t head_bytes = 0;                 ///< of the 101, to the client
  std::uint64_t upstream_sent = 0;              ///< before the tunnel
  std::uint64_t upstream_received = 0;

  /// The tunnel has ended: its lines for access_log, as nginx writes them.
  void log(const Snapshot& snapshot, std::uint64_t bytes_to_upstream, std::uint64_t bytes_to_client) const;
};

/// Queues lines for the access logs of a site, each for its file.
void write_site_logs(const Snapshot& snapshot,
                     const std::vector<std::pair<std::string_view, std::string>>& lines);

}  // namespace tidegate::tunnel
