#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "gateway/base/log_file.h"
#include "gateway/net/acceptor.h"
#include "gateway/net/loop.h"
#include "gateway/server/blueprint.h"
#include "gateway/server/control.h"
#include "gateway/server/removal.h"
#include "gateway/sites/zones.h"
#include "gateway/tunnel/client_connection.h"
#include "gateway/tunnel/frame_trace.h"
#include "gateway/tunnel/host.h"
#include "gateway/tunnel/snapshot.h"
#include "gateway/upstream/cluster.h"
#include "metrics/counters.h"
#include "metrics/report.h"

namespace tidegate::server {

/// What the workers share with the server. Outlives them.
struct Shared {
  upstream::ServerStates states;
  LiveCount tunnels;         ///< and handshakes that may become one
  LiveCounts route_tunnels;  ///< the same by route
  std::shared_ptr<tls::TicketKeys> tickets;
  sites::Zones zones;                         ///< of nginx configurations; they outlive reloads
  std::atomic<std::uint64_t> connections{0};  ///< so far, of nginx configurations: $connection
  std::uint64_t id_salt = 0;                  ///< makes ids of one process differ from another's
  /// Of all workers. Any thread.
  std::function<sites::ConnectionCounts()> connection_counts;
  /// Called on a worker's thread when it has switched to another configuration.
  std::function<void()> on_worker_switched;
  /// Called on a worker's thread when it is draining and its last connection has ended.
  std::function<void(unsigned worker)> on_worker_empty;

  /// The worker whose requests and tunnels have ids like this one (the worker need not exist); none if it is
  /// no id.
  std::optional<unsigned> worker_of(std::string_view id) const;
};

/// What a worker switches to: a configuration, and where its listening sockets come from.
struct Change {
  /// One listener of the new configuration: a socket that the worker has already, by its place in the old
  /// one, or a fresh one.
  struct Entrance {
    std::optional<std::size_t> kept;
    std::vector<net::ListeningSocket> fresh;  ///< usually one; several, if more were inherited than there are
                                              ///< workers; none, if another listener's take its connections
  };
  struct Resolved {
    std::size_t upstream;
    std::size_t server;
    std::vector<net::SocketAddress> addresses;
  };
  std::shared_ptr<const Blueprint> blueprint;
  std::vector<Entrance> entrances;                    ///< by listener
  std::vector<Resolved> addresses;                    ///< what is known of the servers' names
  std::shared_ptr<LogFile> access_log;                ///< null: off
  std::shared_ptr<const tunnel::SiteLogs> site_logs;  ///< of an nginx configuration; null: it is none
  std::shared_ptr<const Removals> removals;           ///< what goes with it from under tunnels; null: nothing
  std::uint64_t max_tunnels = 0;                      ///< of the whole process; 0: no limit
};

/// One loop and its thread, with listening sockets, upstream connections, tunnels and counters of its own.
///
/// Owner:  the server. Thread: constructed on the main one; everything on its own; the public functions are
/// the
///         main thread's and post what they ask.
/// End:    join() after stop(): acceptors, connections, reaper, loop, in this order.
class Worker final : public tunnel::Host {
 public:
  Worker(unsigned index, Shared& shared);
  ~Worker();

  /// The first configuration, or another one: sockets that stay are never closed, tunnels keep the snapshot
  /// they were accepted under.
  void switch_to(Change change);
  void set_addresses(std::size_t upstream, std::size_t server, std::vector<net::SocketAddress> addresses);
  /// Stops accepting, when who has connected already is accepted, and asks everything to end as `plan` says.
  void drain(const tunnel::DrainPlan& plan);
  /// Ends at once what is left, then the thread.
  void stop();
  void join();

  /// What this worker has counted, its live tunnels' numbers added, and what it has of them. `done` is called
  /// on the worker's thread; not at all if the worker stops before.
  void sample(std::function<void(metrics::WorkerSample)> done);
  /// What Server offers under these names, for this worker's tunnels. `done` as for sample(); the list is
  /// ordered and as long as the query's limit at most.
  void list_tunnels(TunnelQuery query, std::function<void(TunnelList)> done);
  void close_tunnel(std::string id, std::uint16_t code, std::function<void(bool found)> done);
  /// Attaches `trace` to the live tunnel with this id. `done`, called on the worker's thread before anything
  /// is traced, hears whether there is one.
  void trace(std::string id, std::shared_ptr<tunnel::FrameTrace> trace, std::function<void(bool found)> done);
  void untrace(std::string id, std::shared_ptr<tunnel::FrameTrace> trace);
  /// Calls `answer` on the worker's thread.
  void ask(std::function<void()> answer);
  /// Counts its tunnels. `done` as for sample().
  void census(std::function<void(Census)> done);
  /// Times how long a task waits for the worker's loop.
  void probe_lag();

  const metrics::Counters& counters_view() const { return counters_; }
  /// Connections and tunnels right now. Any thread.
  std::size_t residents() const { return resident_count_.load(std::memory_order_relaxed); }

 private:
  struct Gate;  // a listener and where it accepts

  void run();
  std::shared_ptr<tunnel::Snapshot> build_snapshot(const Change& change);
  void add_sites(tunnel::Snapshot& snapshot, const Change& change);
  void carry_out(Change& change);
  /// Tells a tunnel what this step has for it, if anything.
  void apply(const Removals& removals, tunnel::Resident& resident);
  void accept(std::size_t entrance, std::unique_ptr<net::Stream> stream);
  std::size_t listener_of(std::size_t entrance, const net::Stream& stream) const;
  bool leads_past(const conf::Listener& listener, const net::Stream& stream) const;
  bool takes_proxy_header(const conf::Listener& listener, const IpAddress* peer);
  void check_empty();
  TunnelList select_tunnels(const TunnelQuery& query);
  /// Null: no live tunnel has this id. Walks them all.
  tunnel::Tunnel* find_tunnel(std::string_view id);

  net::Loop& loop() override { return *loop_; }
  metrics::Counters& counters() override { return counters_; }
  bool draining() const override { return draining_; }
  bool logs_access() const override { return access_log_ != nullptr; }
  void log_access(const tunnel::AccessRecord& record) override;
  bool refresh(std::shared_ptr<tunnel::Snapshot>& snapshot, std::size_t& listener,
               const net::Stream& stream) override;
  void admit(std::unique_ptr<tunnel::Resident> resident) override;
  void retire(tunnel::Resident& resident) override;
  std::string next_id() override;
  sites::ConnectionCounts connection_counts() override { return shared_.connection_counts(); }
  std::uint64_t next_connection() override { return shared_.connections.fetch_add(1) + 1; }
  std::uint64_t random() override;

  const unsigned index_;
  Shared& shared_;
  std::shared_ptr<LogFile> access_log_;
  metrics::Counters counters_;
  metrics::Tally tally_;
  metrics::SlowHandshakes slow_handshakes_;
  std::array<std::chrono::steady_clock::duration, 16> lags_{};  ///< the last probes
  std::size_t next_lag_ = 0;
  std::unique_ptr<net::Loop> loop_;
  std::unique_ptr<tls::Library> tls_library_;
  std::shared_ptr<tunnel::Snapshot> snapshot_;
  /// From the configuration of a handshake that was in flight during a reload to the one in force.
  std::map<const conf::Config*, Removals> late_removals_;
  std::vector<std::unique_ptr<Gate>> gates_;  ///< by listener of snapshot_
  IntrusiveList<tunnel::Resident, tunnel::ResidentTag> residents_;
  std::atomic<std::size_t> resident_count_{0};
  std::uint64_t next_id_ = 0;
  std::uint64_t random_state_[2];
  tunnel::DrainPlan drain_plan_;
  std::chrono::steady_clock::time_point drain_began_;
  net::DeadlineOf<Worker, &Worker::check_empty> goodbyes_{*this};  ///< draining: looks again soon
  bool draining_ = false;
  bool reported_empty_ = false;
  std::thread thread_;
};

}  // namespace tidegate::server
