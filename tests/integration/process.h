#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/certificates.h"

namespace tidegate::test {

/// The built program as a child process, its stdout and stderr in files.
///
/// End: the destructor kills a child that still runs, which a test that expected its end has noticed before.
class Process {
 public:
  struct Options {
    std::size_t descriptors = 0;   ///< RLIMIT_NOFILE, soft and hard; 0: as the test's own
    std::string program{};         ///< another path to the program; empty: the built one
    std::vector<int> listening{};  ///< become 3, 4, … with LISTEN_FDS and LISTEN_PID, as systemd does it
    std::vector<std::string> environment{};  ///< NAME=value, besides the test's own
    int errors = -1;                         ///< a descriptor to be its stderr, rather than the file
  };
  explicit Process(const std::vector<std::string>& arguments) : Process(arguments, Options{}) {}
  Process(const std::vector<std::string>& arguments, const Options& options);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number);
  pid_t pid() const { return pid_; }
  /// Waits for its end; answers the exit code, 128 + n if signal n killed it, -1 (and a failed test) if time
  /// ran out.
  int wait();
  /// The port of a listener, from what the program says at its start.
  std::uint16_t port(const std::string& listener);
  /// Waits until stderr contains `words`; false when time ran out.
  bool says(const std::string& words) const;
  std::string errors() const;  ///< stderr so far
  std::string output() const;  ///< stdout so far
  /// CPU time of all its threads so far.
  std::chrono::milliseconds cpu_time() const;

 private:
  TempDir dir_;
  pid_t pid_ = -1;
};

/// A whole file; empty if it can't be read.
std::string contents_of(const std::string& path);

}  // namespace tidegate::test
