#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::log {

/// The diagnostics log: one line on stderr for what an operator should know. Thread-safe. Never a secret,
/// never per message. (Access records go elsewhere: see base/log_file.h.)
enum class Level : std::uint8_t { debug, info, warning, error };
std::string_view word(Level level);

/// Who speaks: what comes before a line's message, and what `log.level` may name. The whole list; `tls` is
/// also what a handshake fails of, `http` a request, `tunnel` how one ended, `net` the event loop and
/// sockets, `log` the logs themselves.
inline constexpr std::array<std::string_view, 9> kAreas = {"admin",  "demo", "http",   "log",     "net",
                                                           "server", "tls",  "tunnel", "upstream"};

/// One of kAreas, known when compiling: log::info("server", …) with a word that is not there is an error.
class Area {
 public:
  template <std::size_t N>
  consteval Area(const char (&name)[N]) : index_(require({name, N - 1})) {}  // NOLINT: implicit on purpose
  static std::optional<Area> find(std::string_view name);

  std::string_view name() const { return kAreas[index_]; }
  std::size_t index() const { return index_; }

 private:
  explicit constexpr Area(std::uint8_t index) : index_(index) {}
  static void no_such_area_in_kAreas() {}  // not constexpr: calling it is the error
  static consteval std::uint8_t require(std::string_view name) {
    for (std::uint8_t i = 0; i < kAreas.size(); ++i) {
      if (kAreas[i] == name) return i;
    }
    no_such_area_in_kAreas();
    return 0;
  }
  std::uint8_t index_;
};

/// What is written: from which level on, by area.
struct Levels {
  struct Exception {
    Area area;
    Level level;
  };
  Level standard = Level::info;
  std::vector<Exception> areas{};  ///< that differ
};
void set_levels(const Levels& levels);
inline void set_level(Level level) {
  set_levels({.standard = level});
}
bool enabled(Level level, Area area);

/// `text`: `time level area: message id=…`. `json`: an object with these members, and `repeated` and
/// `repeated_seconds` where one line stands for many (see base/log_repeats.h).
enum class Format { text, json };
void set_format(Format format);

/// Writes one line. Whatever `message` holds, it stays one line of valid UTF-8: what a peer sent cannot forge
/// another. `id`: of the request or tunnel that this is about, as in its access records; empty: of none.
void write(Level level, Area area, std::string_view message, std::string_view id = {});

inline void debug(Area area, std::string_view message, std::string_view id = {}) {
  write(Level::debug, area, message, id);
}
inline void info(Area area, std::string_view message, std::string_view id = {}) {
  write(Level::info, area, message, id);
}
inline void warning(Area area, std::string_view message, std::string_view id = {}) {
  write(Level::warning, area, message, id);
}
inline void error(Area area, std::string_view message, std::string_view id = {}) {
  write(Level::error, area, message, id);
}

/// A line that was written.
struct Entry {
  std::chrono::system_clock::time_point time;
  Level level = Level::info;
  std::string_view area;
  std::string message;  ///< as in the text format: valid UTF-8, controls escaped
  std::string id;       ///< empty: none
};
/// The last warnings and errors, at most kRecent of them, the youngest first. Any thread.
inline constexpr std::size_t kRecent = 100;
std::vector<Entry> recent();

/// Waits for at most a second until all lines are written: for somebody about to end the process.
void flush();

/// For tests: lines go to `sink`, as `area: message id=…`, instead of stderr until it is called with an empty
/// function.
void capture(std::function<void(Level, std::string_view line)> sink);

}  // namespace tidegate::log
