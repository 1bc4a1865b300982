#include "gateway/base/log.h"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>

#include <atomic>
#include <cstdio>
#include <deque>
#include <mutex>

#include "gateway/base/escape.h"

namespace tidegate::log {
namespace {

using std::chrono::system_clock;

spdlog::level::level_enum to_spdlog(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// `area: message id=…`
std::string text_of(const Entry& entry) {
  std::string text(entry.area);
  text += ": ";
  text += entry.message;
  if (!entry.id.empty()) text.append(" id=").append(entry.id);
  return text;
}

std::string json_of(const Entry& entry, std::string_view message) {
  std::string out = R"({"time":")";
  append_utc(out, entry.time);
  out.append(R"(","level":")").append(word(entry.level));
  out.append(R"(","area":")").append(entry.area).append(R"(","message":")");
  append_json_text(out, message);
  if (!entry.id.empty()) {
    out += R"(","id":")";
    append_json_text(out, entry.id);
  }
  out += "\"}";
  return out;
}

/// The one log of the process.
class Logger {
 public:
  Logger() { set_levels({}); }
  void set_levels(const Levels& levels) {
    for (auto& level : levels_) level.store(levels.standard, std::memory_order_relaxed);
    for (const auto& [area, level] : levels.areas) {
      levels_[area.index()].store(level, std::memory_order_relaxed);
    }
  }
  bool enabled(Level level, Area area) const {
    return level >= levels_[area.index()].load(std::memory_order_relaxed);
  }
  void set_format(Format format) {
    const std::lock_guard lock(mutex_);
    format_ = format;
  }
  void set_capture(std::function<void(Level, std::string_view)> sink) {
    const std::lock_guard lock(mutex_);
    capture_ = std::move(sink);
  }
  std::vector<Entry> recent() {
    const std::lock_guard lock(mutex_);
    return {recent_.rbegin(), recent_.rend()};
  }
  void write(Level level, Area area, std::string_view message, std::string_view id) {
    Entry entry{system_clock::now(), level, area.name(), {}, std::string(id)};
    append_printable(entry.message, message);
    const std::lock_guard lock(mutex_);
    if (capture_) {
      capture_(level, text_of(entry));
    } else {
      put(line_of(entry, message));
    }
    if (level < Level::warning) return;
    if (recent_.size() == kRecent) recent_.pop_front();
    recent_.push_back(std::move(entry));
  }

 private:
  std::string line_of(const Entry& entry, std::string_view message) {
    if (format_ == Format::json) return json_of(entry, message);
    const std::string text = text_of(entry);
    spdlog::memory_buf_t line;
    formatter_.format({entry.time, {}, {}, to_spdlog(entry.level), text}, line);
    return {line.data(), line.size()};
  }
  static void put(std::string line) {
    line += '\n';
    std::fwrite(line.data(), 1, line.size(), stderr);
  }

  std::array<std::atomic<Level>, kAreas.size()> levels_{};  // by area

  std::mutex mutex_;  // guards all that follows
  std::function<void(Level, std::string_view)> capture_;
  Format format_ = Format::text;
  std::deque<Entry> recent_;
  spdlog::pattern_formatter formatter_{"%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc, ""};
};

Logger& logger() {
  static Logger instance;
  return instance;
}

}  // namespace

std::string_view word(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
  }
  return "error";
}

std::optional<Area> Area::find(std::string_view name) {
  for (std::uint8_t i = 0; i < kAreas.size(); ++i) {
    if (kAreas[i] == name) return Area(i);
  }
  return std::nullopt;
}

void set_levels(const Levels& levels) {
  logger().set_levels(levels);
}

bool enabled(Level level, Area area) {
  return logger().enabled(level, area);
}

void set_format(Format format) {
  logger().set_format(format);
}

void write(Level level, Area area, std::string_view message, std::string_view id) {
  if (enabled(level, area)) logger().write(level, area, message, id);
}

std::vector<Entry> recent() {
  return logger().recent();
}

void capture(std::function<void(Level, std::string_view)> sink) {
  logger().set_capture(std::move(sink));
}

}  // namespace tidegate::log
