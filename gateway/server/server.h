#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/net/loop.h"
#include "gateway/net/signals.h"
#include "gateway/server/access_logs.h"
#include "gateway/server/blueprint.h"
#include "gateway/server/control.h"
#include "gateway/server/drain.h"
#include "gateway/server/files.h"
#include "gateway/server/handover.h"
#include "gateway/server/inheritance.h"
#include "gateway/server/listening_sockets.h"
#include "gateway/server/service_manager.h"
#include "gateway/server/trace.h"
#include "gateway/server/tunnel_limit.h"
#include "gateway/server/watch.h"
#include "gateway/server/worker.h"
#include "gateway/upstream/directory.h"
#include "metrics/report.h"

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
    bool handle_signals = true;            ///< tests have their own
    bool term_stops_at_once = false;       ///< as in nginx; QUIT alone drains
    std::function<void()> on_reopen{};     ///< USR1; on the main thread, before the access logs are reopened
    std::function<void()> on_accepting{};  ///< every listener accepts; called on the main thread
    /// Reads the configuration again (HUP); null where there is nothing to read again.
    std::function<std::optional<conf::Config>(Diagnostics&)> load{};
    /// Reads one that somebody has sent as text; `file` says where relative paths begin, and may be empty.
    std::function<std::optional<conf::Config>(const std::string& text, const std::string& file, Diagnostics&)>
        parse{};
    /// What `load` reads: when it or a file that it names changes, that is a reload. None: only HUP is.
    std::optional<WatchedFile> watch{};
    Inheritance inheritance{};                   ///< listening sockets that were there before this process
    Handover::Program program{};                 ///< what USR2 starts
    ServiceManager::Settings service_manager{};  ///< who wants to hear of the process's life
  };
  explicit Server(Options options);
  ~Server();

  /// Something beside the workers that follows the configuration, on the main thread: given one that may come
  /// into force, it makes ready (with its complaints) and answers what to do when that happens. An answer
  /// that is dropped uncalled leaves everything as it was. Call before start().
  using Follower = std::function<std::function<void()>(const conf::Config&, Diagnostics&)>;
  void add_follower(Follower follower) { followers_.push_back(std::move(follower)); }

  /// Checks everything, binds, starts the workers; accepting begins within run(), when the names were looked
  /// up once. False with every complaint in `diagnostics`: then nothing was started.
  bool start(std::shared_ptr<const conf::Config> config, Diagnostics& diagnostics);
  /// Until the drain is complete, or stop_now().
  void run();

  /// As TERM does. Any thread.
  void begin_drain();
  /// As INT does. Any thread.
  void stop_now();
  void reopen_logs();
  using ReloadDone = std::function<void(const ReloadResult&)>;
  /// As HUP does: reads the configuration again and switches to it, or, if anything is wrong with it, leaves
  /// everything as it was and says why in the log. One that is asked for while another is under way begins
  /// when that has ended, and serves all who asked meanwhile. Any thread; `done` is called from the main
  /// loop, unless that ends before.
  void reload(ReloadDone done = {});
  /// What a reload with this text would change: checks all that it would check, binding new addresses
  /// included, and lets go of it again. Any thread; `done` as for reload().
  void plan(std::string text, std::string file, ReloadDone done);

  /// Where the listeners accept, as in the configuration; ports are those the system chose. After start().
  const std::vector<net::SocketAddress>& addresses() const { return current_->addresses; }
  Totals totals() const;

  // For what else lives on the main thread.

  net::Loop& loop() { return loop_; }
  /// Every listener accepts, and no drain has been asked for.
  bool ready() const { return accepting_ && !drain_.begun(); }
  /// None: no drain has been asked for.
  std::optional<DrainProgress> drain_progress() const { return drain_.progress(); }
  /// The one in force. After start().
  const conf::Config& config() const { return *current_->blueprint->config; }
  /// Opens listening sockets, inherited ones first; see ListeningSockets::open().
  std::vector<net::ListeningSocket> listen_on(const conf::ListenAddress& address, unsigned wanted,
                                              Diagnostics& diagnostics, net::ListeningSocket::Access access) {
    return sockets_.open(address, wanted, diagnostics, access);
  }
  /// Asks every worker what it has counted; `done` is called from the main loop, unless that ends before.
  void report(std::function<void(metrics::Report)> done);

  /// Finds live tunnels, and closes one. Main thread; `done` likewise, unless the main loop ends before.
  void list_tunnels(TunnelQuery query, std::function<void(TunnelList)> done);
  /// A closing handshake with `code` (one that may be sent) on both sides. Not found: it has ended, or never
  /// was.
  void close_tunnel(std::string id, std::uint16_t code, std::function<void(bool found)> done);
  /// Follows the frame headers of one live tunnel. `sink` is called from the main loop, never from within:
  /// first when the tunnel was found (without frames) or was not, then with each batch of frames, until the
  /// tunnel has ended or the watch is destroyed.
  std::unique_ptr<FrameWatch> trace_tunnel(std::string id, std::function<void(FrameNews)> sink);

  /// Configurations that something still runs under: the one in force, and older ones of open tunnels.
  std::size_t configurations();

  /// An operator's word about one server of the configuration in force, from now on and through reloads,
  /// until the server leaves the configuration. Answers what is wrong with it, or nothing. Main thread.
  std::optional<std::string> order_server(const std::string& upstream, const std::string& server,
                                          const ServerOrder& order);
  /// How many tunnels the process may have at once; 0: no limit. Main thread.
  std::uint64_t max_tunnels() const { return current_->tunnel_limit.most; }

  /// Connections and tunnels right now. Any thread.
  std::size_t residents() const;

 private:
  /// One configuration, from the moment it was found sound: on its way to the workers, or with them.
  struct Generation {
    std::shared_ptr<const Blueprint> blueprint;
    std::shared_ptr<LogFile> access_log;
    std::shared_ptr<const tunnel::SiteLogs> site_logs;  ///< of an nginx configuration; null: it is none
    std::vector<Change> changes;                        ///< by worker, until they went out
    std::vector<net::SocketAddress> addresses;          ///< by listener
    std::vector<std::size_t> fresh;                     ///< listeners whose sockets are new
    std::unique_ptr<upstream::Directory> directory;
    /// What the directory has found so far, by upstream and server.
    std::map<std::pair<std::size_t, std::size_t>, std::vector<net::SocketAddress>> known;
    Contents contents;  ///< of the files it names, from before they were read
    TunnelLimit tunnel_limit;
    /// By upstream and server: what is known and was ordered of them stays while they are configured.
    std::vector<std::vector<std::shared_ptr<upstream::ServerState>>> servers;
    std::vector<std::function<void()>> follow;  ///< the followers' parts
  };

  void on_signal(int signal);
  static void apply_log(const conf::Log& conf);
  /// Everything that can go wrong with a configuration goes wrong here, and then nothing has changed.
  std::unique_ptr<Generation> prepare(std::shared_ptr<const conf::Config> config, unsigned workers,
                                      Purpose purpose, Diagnostics& diagnostics);
  bool find_entrances(Generation& next, unsigned workers, Diagnostics& diagnostics);
  /// Looks its names up, then commit()s it.
  void launch(Generation& generation);
  void inherit_addresses(Generation& generation);
  void commit(Generation& generation);
  void on_worker_switched();
  sites::ConnectionCounts connection_counts() const;
  /// Nothing else begins before the first configuration is in force, or while another is on its way.
  bool switching() const { return !accepting_ || reloading_; }
  void start_reload(ReloadDone done);
  void begin_waiting();
  void begin_reload();
  std::optional<conf::Config> read_again(Diagnostics& diagnostics);
  /// `done` with the live tunnels of all workers.
  void take_census(std::function<void(const Census&)> done);
  void end_reload();
  /// A drain has begun, and the reload under way has not reached the workers.
  void give_up_reload();
  void make_plan(const std::string& text, const std::string& file, const ReloadDone& done);
  void compare_plan(const Generation& next, ReloadResult result, const ReloadDone& done);
  void warn_of_workers(const conf::Config& config, Diagnostics& diagnostics) const;
  void start_drain();
  void on_worker_empty();
  void start_handover();
  void on_handed_over(pid_t to);
  void on_handover_failed(const std::string& why);
  /// In words, for the service manager.
  std::string status() const;
  void ask_workers(std::function<void()> all_answered);
  void follow(Generation& generation);
  void tell_tunnel_limit(const Generation& next) const;
  void hold_servers(Generation& next);
  /// Orders for servers that `next` has no more are forgotten when no worker asks them any more.
  void note_leavers(const Generation& next);
  void forget_leavers();
  /// A configuration came into force: remembers when.
  void note_configuration();
  /// Somebody may ask for a report.
  static bool is_watched(const conf::Config& config);
  void probe_loops();
  metrics::Report begin_report();
  void log_totals() const;

  Options options_;
  std::size_t descriptors_ = 0;  ///< that the process may have open
  std::vector<Follower> followers_;
  net::Loop loop_;
  std::unique_ptr<Generation> current_;
  std::unique_ptr<Generation> next_;  ///< a reload under way
  bool reloading_ = false;
  ReloadResult reload_result_;                        ///< of the reload under way
  std::vector<ReloadDone> reload_asked_;              ///< who asked for it
  std::vector<ReloadDone> reload_waiting_;            ///< who asks for the next one
  std::vector<std::function<void()>> plans_waiting_;  ///< for the end of the reload under way
  unsigned workers_switching_ = 0;
  std::vector<std::shared_ptr<upstream::ServerState>> leavers_;
  bool accepting_ = false;  ///< the first configuration is in force
  /// The access logs in use: one whose path comes back is used again; those that nobody writes to any more
  /// are closed here when a reload has ended, never on a worker.
  AccessLogs access_logs_;
  std::vector<std::weak_ptr<const conf::Config>> configurations_;  ///< those that came into force
  std::unique_ptr<Watch> watch_;                                   ///< null: nothing is watched
  Shared shared_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::unique_ptr<net::Signals> signals_;
  metrics::ReloadSample reloads_;
  net::DeadlineOf<Server, &Server::probe_loops> loop_probe_{*this};
  ListeningSockets sockets_;
  ServiceManager service_;
  Drain drain_;
  Handover handover_;
  bool stop_asked_ = false;       ///< TERM came, or its like
  bool handover_wanted_ = false;  ///< when the reload under way has ended
  unsigned workers_busy_ = 0;
};

}  // namespace tidegate::server
