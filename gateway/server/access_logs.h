#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/base/log_file.h"
#include "gateway/tunnel/snapshot.h"

namespace tidegate::server {

/// What a configuration is read for: to come into force, or only to hear whether it could.
enum class Purpose { use, trial };

/// Could this file be written, or made? 0, or the errno. Nothing is made.
int try_to_write(const std::string& path);

/// `open() "/var/log/x.log" failed (13: Permission denied)`: nginx's words for it.
std::string cannot_open(const std::string& path, int os_error);

/// The files that access records go to. One file is opened once, whoever names it, and stays open over
/// reloads.
///
/// Owner: Server. Thread: the main one.
class AccessLogs {
 public:
  /// Null: it is off, cannot be written (which is told), or `purpose` does not ask for it.
  std::shared_ptr<LogFile> of(const conf::Log& log, Purpose purpose, Diagnostics& diagnostics);
  /// Those that locations of virtual servers name.
  std::shared_ptr<const tunnel::SiteLogs> of_sites(const conf::Config& config, Purpose purpose,
                                                   Diagnostics& diagnostics);
  /// USR1.
  void reopen();
  /// Those that no configuration in use, and no tunnel of an earlier one, writes to any more.
  void close_unused();

 private:
  /// `os_error` is 0, or says why there is none.
  std::shared_ptr<LogFile> open(const std::string& path, Purpose purpose, int& os_error);

  std::vector<std::pair<std::string, std::shared_ptr<LogFile>>> open_;
};

}  // namespace tidegate::server
