#pragma once

#include <chrono>
#include <memory>
#include <string>

namespace tidegate::log {

/// While it lives, the diagnostics log never holds anybody up: lines go to a bounded queue and are written to
/// stderr by a thread of its own (see base/log_file.h), and lines that say the same again and again are
/// counted instead (see base/log_repeats.h). Without it each line is written at once.
///
/// Owner:  main(), around all that has threads. Thread: that one.
/// End:    the destructor tells what was counted and writes what is queued, for at most a second.
class Background {
 public:
  /// Null where no thread is to be had, with the reason in `error`. `window`: in which repeats are counted.
  static std::unique_ptr<Background> start(std::string& error,
                                           std::chrono::milliseconds window = std::chrono::seconds(10));
  ~Background();
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

 private:
  struct State;
  explicit Background(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tidegate::log
