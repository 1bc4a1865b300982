#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace tidegate::log {

/// The diagnostics log: one line on stderr for what an operator should know. Thread-safe. Never a secret,
/// never per message. (Access records go elsewhere: see base/log_file.h.)
enum class Level { debug, info, warning, error };

void set_level(Level level);
bool enabled(Level level);

/// Writes `time level area: message`. Control characters in `message` are escaped, so that what a peer
/// sent cannot forge a line.
void write(Level level, std::string_view area, std::string_view message);

inline void debug(std::string_view area, std::string_view message) {
  write(Level::debug, area, message);
}
inline void info(std::string_view area, std::string_view message) {
  write(Level::info, area, message);
}
inline void warning(std::string_view area, std::string_view message) {
  write(Level::warning, area, message);
}
inline void error(std::string_view area, std::string_view message) {
  write(Level::error, area, message);
}

/// For tests: lines go to `sink` instead of stderr until it is called with an empty function.
void capture(std::function<void(Level, std::string_view line)> sink);

}  // namespace tidegate::log
