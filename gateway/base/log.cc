#include "gateway/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

namespace tidegate::log {
namespace {

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

/// The one logger of the process. Its sink hands over to stderr or to a test.
struct Logger {
  std::mutex mutex;
  std::function<void(Level, std::string_view)> capture;
  std::shared_ptr<spdlog::logger> out;

  Logger() {
    out = std::make_shared<spdlog::logger>("tidegate", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    out->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    out->set_level(spdlog::level::info);
  }
};

Logger& logger() {
  static Logger instance;
  return instance;
}

std::string escape(std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

void set_level(Level level) {
  logger().out->set_level(to_spdlog(level));
}

bool enabled(Level level) {
  return logger().out->should_log(to_spdlog(level));
}

void write(Level level, std::string_view area, std::string_view message) {
  if (!enabled(level)) return;
  std::string line(area);
  line += ": ";
  line += escape(message);
  Logger& l = logger();
  {
    const std::lock_guard lock(l.mutex);
    if (l.capture) return l.capture(level, line);
  }
  l.out->log(to_spdlog(level), "{}", line);
}

void capture(std::function<void(Level, std::string_view)> sink) {
  const std::lock_guard lock(logger().mutex);
  logger().capture = std::move(sink);
}

}  // namespace tidegate::log
