#include "gateway/base/log.h"

#include <spdlog/details/log_msg.h>
#include <spdlog/pattern_formatter.h>

#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "gateway/base/escape.h"
#include "gateway/base/log_background.h"
#include "gateway/base/log_file.h"
#include "gateway/base/log_nginx.h"
#include "gateway/base/log_repeats.h"
#include "gateway/base/thread_start.h"

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

/// How often a line was not written, and in what time; 0: it stands for itself.
struct Repeated {
  std::uint64_t times = 0;
  std::chrono::seconds in{0};
};

std::string json_of(const Entry& entry, std::string_view message, const Repeated& repeated) {
  std::string out = R"({"time":")";
  append_utc(out, entry.time);
  out.append(R"(","level":")").append(word(entry.level));
  out.append(R"(","area":")").append(entry.area).append(R"(","message":")");
  append_json_text(out, message);
  if (!entry.id.empty()) {
    out += R"(","id":")";
    append_json_text(out, entry.id);
  }
  out += '"';
  if (repeated.times > 0) {
    out.append(R"(,"repeated":)").append(std::to_string(repeated.times));
    out.append(R"(,"repeated_seconds":)").append(std::to_string(repeated.in.count()));
  }
  out += '}';
  return out;
}

std::string_view nginx_level(const Entry& entry) {
  const bool server = entry.area == "server";
  switch (entry.level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return server ? "notice" : "info";
    case Level::warning:
      return "warn";
    case Level::error:
      return server ? "emerg" : "error";
  }
  return "error";
}

/// In local time, as nginx writes it. What `server` says stands by itself.
std::string nginx_text(const Entry& entry) {
  const std::time_t time = system_clock::to_time_t(entry.time);
  std::tm local{};
  ::localtime_r(&time, &local);
  char text[32];
  std::string out(text, std::strftime(text, sizeof text, "%Y/%m/%d %H:%M:%S", &local));
  const std::string process = std::to_string(::getpid());
  out.append(" [").append(nginx_level(entry)).append("] ");
  out.append(process).append("#").append(process).append(": ");
  if (entry.area != "server") return out + text_of(entry);
  out += entry.message;
  if (!entry.id.empty()) out.append(" id=").append(entry.id);
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
  void speak_as_nginx() {
    const std::lock_guard lock(mutex_);
    nginx_ = true;
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
    const std::lock_guard lock(mutex_);
    if (file_ != nullptr) {
      const auto now = Repeats::Clock::now();
      tell(repeats_.take_ended(now));
      const bool write_it = repeats_.admit(now, level, area, message);
      if (std::exchange(ticker_rests_, false)) windows_.notify_one();
      if (!write_it) return;
    }
    put(level, area, message, id, {});
  }

  void begin_background(LogFile& file, std::chrono::milliseconds window) {
    const std::lock_guard lock(mutex_);
    file_ = &file;
    repeats_ = Repeats(window);
    ending_ = false;
  }
  /// The background thread: tells what was counted when a window ends.
  void tick() {
    std::unique_lock lock(mutex_);
    while (!ending_) {
      const auto next = repeats_.next();
      if (next == Repeats::Clock::time_point::max()) {
        ticker_rests_ = true;
        windows_.wait(lock);
      } else {
        windows_.wait_until(lock, next);
      }
      tell(repeats_.take_ended(Repeats::Clock::now()));
    }
    ticker_rests_ = false;
  }
  void end_background() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    windows_.notify_one();
    tell(repeats_.take_all(Repeats::Clock::now()));
    file_ = nullptr;
  }
  void flush() {
    LogFile* file = nullptr;
    {
      const std::lock_guard lock(mutex_);
      file = file_;
    }
    if (file != nullptr) file->flush(std::chrono::seconds(1));
  }
  /// The log's own word about lines of its own that were dropped, as a line that its file writes.
  std::string report(std::uint64_t dropped, std::string_view why) {
    const std::lock_guard lock(mutex_);
    const std::string message = "stderr: " + std::to_string(dropped) + " lines dropped: " + std::string(why);
    return line_of({system_clock::now(), Level::warning, "log", message, {}}, message, {});
  }

 private:
  void tell(const std::vector<Repeats::Told>& told) {
    for (const Repeats::Told& line : told) {
      put(line.level, line.area, line.message, {}, {line.times, line.in});
    }
  }
  void put(Level level, Area area, std::string_view message, std::string_view id, const Repeated& repeated) {
    Entry entry{system_clock::now(), level, area.name(), {}, std::string(id)};
    append_printable(entry.message, message);
    if (repeated.times > 0) {
      entry.message.append(" (repeated ").append(std::to_string(repeated.times)).append(" times in ");
      entry.message.append(std::to_string(repeated.in.count())).append(" s)");
    }
    if (capture_) {
      capture_(level, text_of(entry));
    } else if (file_ != nullptr) {
      file_->write(line_of(entry, message, repeated));
    } else {
      const std::string line = line_of(entry, message, repeated) + '\n';
      std::fwrite(line.data(), 1, line.size(), stderr);
    }
    if (level < Level::warning) return;
    if (recent_.size() == kRecent) recent_.pop_front();
    recent_.push_back(std::move(entry));
  }
  std::string line_of(const Entry& entry, std::string_view message, const Repeated& repeated) {
    if (nginx_) return nginx_text(entry);
    if (format_ == Format::json) return json_of(entry, message, repeated);
    const std::string text = text_of(entry);
    spdlog::memory_buf_t line;
    formatter_.format({entry.time, {}, {}, to_spdlog(entry.level), text}, line);
    return {line.data(), line.size()};
  }
  std::array<std::atomic<Level>, kAreas.size()> levels_{};  // by area

  std::mutex mutex_;  // guards all that follows
  std::function<void(Level, std::string_view)> capture_;
  Format format_ = Format::text;
  bool nginx_ = false;
  std::deque<Entry> recent_;
  LogFile* file_ = nullptr;  ///< null: nothing is in the background
  Repeats repeats_;
  std::condition_variable windows_;  ///< the ticker's
  bool ticker_rests_ = false;        ///< no window is open; whoever opens one wakes it
  bool ending_ = false;
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

void speak_as_nginx() {
  logger().speak_as_nginx();
}

void write(Level level, Area area, std::string_view message, std::string_view id) {
  if (enabled(level, area)) logger().write(level, area, message, id);
}

std::vector<Entry> recent() {
  return logger().recent();
}

void flush() {
  logger().flush();
}

void capture(std::function<void(Level, std::string_view)> sink) {
  logger().set_capture(std::move(sink));
}

struct Background::State {
  std::unique_ptr<LogFile> file;
  std::thread ticker;
};

std::unique_ptr<Background> Background::start(std::string& error, std::chrono::milliseconds window) {
  auto state = std::make_unique<State>();
  const auto report = [](std::uint64_t dropped, std::string_view why) {
    return logger().report(dropped, why);
  };
  state->file =
      LogFile::on(STDERR_FILENO, {.path = "stderr", .queue_bytes = 1u << 20, .report = report}, error);
  if (state->file == nullptr) return nullptr;
  logger().begin_background(*state->file, window);
  try {
    state->ticker = std::thread([] {
      thread_started();
      logger().tick();
    });
  } catch (const std::system_error& failure) {  // no thread to be had
    logger().end_background();
    error = failure.what();
    return nullptr;
  }
  return std::unique_ptr<Background>(new Background(std::move(state)));
}

Background::Background(std::unique_ptr<State> state) : state_(std::move(state)) {}

Background::~Background() {
  logger().end_background();
  state_->ticker.join();
}

}  // namespace tidegate::log
