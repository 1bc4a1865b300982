#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/diagnostic.h"

/// What makes a Unix daemon of the process, as nginx's directives say. Called by main() before there are
/// threads, unless it says otherwise.
namespace tidegate::nginx_process {

/// An error log that is open, and not in use yet.
class ErrorLog {
 public:
  ErrorLog() = default;
  ~ErrorLog();
  ErrorLog(const ErrorLog&) = delete;
  ErrorLog& operator=(const ErrorLog&) = delete;

  /// False, and why.
  bool open(const std::string& path, std::string& problem);
  /// It becomes stderr, so that whoever writes there writes to it.
  void use();

 private:
  int fd_ = -1;
};

/// Opens the error log and uses it. "stderr", or none, leaves stderr as it is. False, and why.
bool open_error_log(const std::string& path, std::string& problem);

/// Goes on in a child without a terminal, whose parent ends when the child says that it is up, with success,
/// or dies, without.
class Daemon {
 public:
  Daemon() = default;
  ~Daemon();
  Daemon(const Daemon&) = delete;
  Daemon& operator=(const Daemon&) = delete;

  /// Answers in the child. False, and why, if there is no child.
  bool begin(std::string& problem);
  /// The child: stdin and stdout go away, and the parent ends. Any thread.
  void up();

 private:
  int parent_ = -1;
};

/// The file with the process's id, which stays that of who opened it: whoever can write there chooses whom
/// `-s` signals. Any thread.
class PidFile {
 public:
  /// Opens the file, which is made if need be, but leaves what is in it. A process that takes over has it
  /// from the one before, since it may not be who could open it. False, and why.
  bool open(const std::string& path, std::string& problem);
  ~PidFile();
  PidFile() = default;
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

  void write();
  /// -1: none is open.
  int descriptor() const { return fd_; }

 private:
  bool inherit();
  bool is_ours() const;

  std::string path_;
  int fd_ = -1;
  bool made_ = false;
  bool written_ = false;
};

/// Reads it for `-s`. Nothing, and nginx's words, if there is no process id in it.
std::optional<int> read_pid_file(const std::string& path, std::string& problem);

/// Whom the process becomes.
struct User {
  std::string name;
  std::uint32_t id = 0;
  std::uint32_t group = 0;
};
/// Looks both up; `group` may be empty: named as the user. Nothing, and why.
std::optional<User> find_user(const std::string& name, const std::string& group, std::string& problem);
bool is_root();
/// Another process has started this one, to take over from it. Before serving: the environment is cleared
/// then.
bool takes_over();
/// What find_user() found is who the process will become: processes that take over are told that it was root.
void note_start_as_root();
/// Was root when it started, or took over from one that was. nginx's master stays root; what depends on that
/// in a configuration must not change with the first reload.
bool started_as_root();
/// Becomes that user in all threads. Two capabilities stay with the calling thread, and with what it starts:
/// to bind ports below 1024, and to read keys that only root may, at a reload. False, and why.
bool become(const User& user, std::string& problem);

/// The calling thread keeps no capability, unless the process is root: it is to stay so, or become() takes
/// them from the thread. Any thread.
void drop_capabilities();

/// Gives a file to that user, if it is one and has no other name.
void give_file(const std::string& path, std::uint32_t user);

/// worker_rlimit_nofile. False, and why.
bool limit_descriptors(std::uint64_t most, std::string& problem);

/// "2026/11/21 12:00:00 [emerg] 123#123: message"
std::string log_line(const char* level, const std::string& message);

}  // namespace tidegate::nginx_process
