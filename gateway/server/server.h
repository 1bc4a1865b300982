#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/net/loop.h"
#include "gateway/net/signals.h"
#include "gateway/server/blueprint.h"
#include "gateway/server/worker.h"
#include "gateway/upstream/directory.h"

namespace tidegate::server {

/// Sums over all workers, for tests and the last log line.
struct Totals {
  std::uint64_t connections = 0, requests = 0, tunnels_opened = 0, tunnels_closed = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(Reason::kCount)> reasons{};
  std::uint64_t of(Reason reason) const { return reasons[static_cast<std::size_t>(reason)]; }
};

/// The gateway: workers, and on the main thread (which carries no traffic) signals, names and the drain.
///
/// Owner: main(), or a test. Thread: start(), run() and the destructor on one thread; the rest says so.
class Server {
 public:
  struct Options {
    bool handle_signals = true;              ///< tests have their own
    std::function<void()> on_accepting{};    ///< every listener accepts; called on the main thread
  };
  explicit Server(Options options);
  ~Server();

  /// Checks everything, binds, starts the workers; accepting begins within run(), when the names were looked up
  /// once. False with every complaint in `diagnostics`: then nothing was started.
  bool start(std::shared_ptr<const conf::Config> config, Diagnostics& diagnostics);
  /// Until the drain is complete, or stop_now().
  void run();

  /// As TERM does. Any thread.
  void begin_drain();
  /// As INT does. Any thread.
  void stop_now();
  void reopen_logs();

  /// Where the listeners accept, as in the configuration; ports are those the system chose. After start().
  const std::vector<net::SocketAddress>& addresses() const { return addresses_; }
  Totals totals() const;
  /// Connections and tunnels right now. Any thread.
  std::size_t residents() const;

 private:
  void on_signal(int signal);
  void on_first_lookups();
  void start_drain();
  void ask_workers_to_drain();
  void on_worker_empty();
  void on_drain_deadline();
  void stop_workers();
  void log_totals() const;

  Options options_;
  net::Loop loop_;
  std::shared_ptr<const Blueprint> blueprint_;
  Shared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<net::SocketAddress> addresses_;
  std::unique_ptr<net::Signals> signals_;
  std::unique_ptr<upstream::Directory> directory_;
  net::DeadlineOf<Server, &Server::ask_workers_to_drain> drain_delay_{*this};
  net::DeadlineOf<Server, &Server::on_drain_deadline> drain_deadline_{*this};
  unsigned workers_busy_ = 0;
  bool draining_ = false;
};

}  // namespace tidegate::server
