#pragma once

#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "conf/model.h"
#include "gateway/net/file_watcher.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/server/files.h"
#include "gateway/server/path_hops.h"

namespace tidegate::server {

/// The configuration file, with what it held when it was read.
struct WatchedFile {
  std::string path;    ///< absolute
  std::string digest;  ///< digest_of(path) from before it was read
};

/// Notices when the configuration file, or a certificate, key or CA that it names, has become another: by
/// whichever way its path leads, through symlinks that are swapped (Kubernetes' `..data`, certbot's `live`),
/// files renamed over it, or plain rewrites. What changes in several steps is told once, and what holds the
/// same as before not at all.
///
/// Owner: the server. Thread: the main loop's. End: the destructor.
class Watch {
 public:
  /// `on_change` is called when something else is there than was read last.
  Watch(net::Loop& loop, WatchedFile file, std::function<void()> on_change);

  /// The configuration file is about to be read.
  void before_reading();
  /// A configuration was read, and its files are about to be; they are watched from here on, besides those of
  /// the one in force.
  void before_loading(const conf::Config& config, const Contents& contents);
  /// The one that was read last is in force: no file of an older one is watched any more.
  void on_applied();

 private:
  std::vector<std::string> files() const;
  /// Follows each path to where it leads now.
  void look();
  void warn_of_troubles(const std::vector<net::FileWatcher::Trouble>& troubles,
                        const std::set<std::string>& deciding);
  void warn_of_mounts(const std::vector<Hop>& hops, const std::set<std::string>& mounts);
  void on_event();
  void on_settled();

  net::Loop& loop_;
  const std::string file_;
  std::function<void()> on_change_;
  std::vector<std::string> in_force_;  ///< files of the configuration in force
  std::vector<std::string> tried_;     ///< of the one that was read last
  Contents seen_;                      ///< what was read last
  std::set<std::string> warned_;       ///< paths that the log has told of
  std::chrono::steady_clock::time_point first_event_{};
  net::FileWatcher watcher_;
  net::DeadlineOf<Watch, &Watch::on_settled> settled_{*this};
};

}  // namespace tidegate::server
