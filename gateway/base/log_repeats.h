#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gateway/base/log.h"

namespace tidegate::log {

/// Counts lines of the diagnostics log that say the same again and again, instead of writing them: of each
/// area and message (whatever its id) the first few of a window are written, the others counted, and the
/// count is told when the window ends. Pure logic; the clock is given.
///
/// Owner: the log, under its lock. What it keeps is bounded: where it has no room for another message, or
/// that is long, the line is written, as it was before there was a limit.
class Repeats {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr unsigned kWritten = 5;  ///< of one message in one window
  static constexpr std::chrono::seconds kWindow{10};
  static constexpr std::size_t kMessages = 256;      ///< followed at the same time
  static constexpr std::size_t kLongest = 1u << 10;  ///< message that is followed, in bytes

  explicit Repeats(Clock::duration window = kWindow) : window_(window) {}

  /// One line that stands for those that were not written.
  struct Told {
    Level level;
    Area area;
    std::string message;
    std::uint64_t times;
    std::chrono::seconds in;  ///< since the first of the window, rounded up
  };

  /// Is this line to be written? False: it was counted.
  bool admit(Clock::time_point now, Level level, Area area, std::string_view message);
  /// What is to be told of windows that have ended by now, the oldest first.
  std::vector<Told> take_ended(Clock::time_point now);
  /// The same of all windows: nothing is counted any more.
  std::vector<Told> take_all(Clock::time_point now);
  /// When the oldest window ends; Clock::time_point::max() if there is none.
  Clock::time_point next() const;

 private:
  struct Window {
    Clock::time_point began;
    Level level;
    Area area;
    std::uint64_t lines = 0;
  };
  using Windows = std::unordered_map<std::string, Window>;

  void end_oldest(Clock::time_point now, std::vector<Told>& told);

  Clock::duration window_;
  Windows windows_;                         ///< by area and message
  std::deque<Windows::value_type*> order_;  ///< by beginning, which is also by end
};

}  // namespace tidegate::log
