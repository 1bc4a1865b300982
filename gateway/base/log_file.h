#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate {

/// A log file that never stops traffic: lines are queued (bounded) and written by a thread of its own; where
/// the queue is full, or the disk is, lines are dropped and counted, and the count is reported.
///
/// Owner:  the server. Thread: write() and reopen() from any; the file is touched by its own thread only.
/// End:    the destructor writes what is queued, for at most a second (a pipe nobody reads; a disk takes its
/// time),
///         then ends the thread.
class LogFile {
 public:
  struct Options {
    std::string path;                    ///< "-" is stdout
    std::size_t queue_bytes = 4u << 20;  ///< beyond it lines are dropped
    /// Words the line, without newline, that tells how many were dropped and why. With it the file tells that
    /// itself, once it can be written again; without it the diagnostics log does.
    std::function<std::string(std::uint64_t dropped, std::string_view why)> report{};
  };
  /// Opens the file for appending (mode 0640) and starts the thread. Null on failure, with the reason in
  /// `error`.
  static std::unique_ptr<LogFile> open(const Options& options, std::string& error);
  /// The same for a descriptor that stays the caller's; `options.path` is what it is called.
  static std::unique_ptr<LogFile> on(int descriptor, const Options& options, std::string& error);
  ~LogFile();

  /// Queues one line (a newline is added). Never blocks on the disk.
  void write(std::string_view line);
  /// USR1: closes and opens the path again, so that logrotate can move the old one away. When that fails the
  /// old file stays in use, and the diagnostics log says why.
  void reopen();
  /// Waits until what was queued so far is written; false when `patience` ran out before.
  bool flush(std::chrono::milliseconds patience);
  /// Lines lost so far.
  std::uint64_t dropped() const;

 private:
  struct State;
  explicit LogFile(std::unique_ptr<State> state);
  static std::unique_ptr<LogFile> start(std::unique_ptr<State> state, std::string& error);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate
