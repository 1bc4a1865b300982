#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "metrics/slow_handshakes.h"
#include "metrics/tally.h"

namespace tidegate::metrics {

/// What one worker says at a scrape. Its own numbers only; with those of its live tunnels added.
struct WorkerSample {
  unsigned worker = 0;
  Tally tally;
  std::uint64_t redirects = 0;
  std::uint64_t tunnels = 0;                      ///< open now
  std::vector<SlowHandshake> slowest_handshakes;  ///< of the last ten minutes, the slowest first
  std::chrono::duration<double> loop_lag{};       ///< the longest that a task waited for its loop lately
};

struct ServerSample {
  std::string upstream;
  std::string server;
  bool up = true;
  std::uint64_t tunnels = 0;
  bool drained = false;  ///< by an operator's order
  unsigned weight = 1;   ///< in force: an operator's, else the configured one
  unsigned configured_weight = 1;
};

struct CertificateSample {
  std::string listener;
  std::string name;
  std::int64_t not_after = 0;  ///< Unix time
};

struct ReloadSample {
  std::uint64_t succeeded = 0;
  std::uint64_t failed = 0;
  bool last_succeeded = true;                    ///< true before the first one: the start was fine
  std::chrono::duration<double> last_success{};  ///< Unix time; the start counts
};

/// Everything that is exposed but for the process's own numbers, at one moment.
struct Report {
  std::vector<WorkerSample> workers;
  std::vector<ServerSample> servers;
  std::vector<CertificateSample> certificates;
  ReloadSample reloads;
  bool draining = false;
  std::uint64_t max_tunnels = 0;  ///< that the process may have at once; 0: no limit
};

}  // namespace tidegate::metrics
