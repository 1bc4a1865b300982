#include "gateway/base/log_file.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <climits>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/thread_start.h"

namespace tidegate {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kReportInterval = 10s;
constexpr auto kLastWords = 1s;
/// How long a reader of our pipe may keep us before we look whether the end has come.
constexpr auto kPollInterval = 100ms;
/// A batch buffer that grew beyond this in a storm is given back.
constexpr std::size_t kBufferKept = 256u << 10;

/// O_NONBLOCK: a FIFO without a reader is an error rather than a wait; regular files don't care.
int open_for_append(const std::string& path) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

std::string words(int os_error) {
  return std::strerror(os_error);
}

bool is_regular(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

bool is_empty(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 && info.st_size == 0;
}

/// Signals are the main thread's, and a closed pipe is an error of write() rather than SIGPIPE: whatever is
/// started while this lives has them blocked.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

/// As many whole lines as a pipe takes without blocking and in one piece (PIPE_BUF, pipe(7)); of a longer
/// line a part.
std::string_view next_piece(std::string_view text) {
  if (text.size() <= PIPE_BUF) return text;
  const std::string_view piece = text.substr(0, PIPE_BUF);
  const std::size_t newline = piece.rfind('\n');
  return newline == std::string_view::npos ? piece : piece.substr(0, newline + 1);
}

}  // namespace

struct LogFile::State {
  State(Options o, int file, bool lent)
      : options(std::move(o)), borrowed(lent), fd(file), regular(is_regular(file)) {}
  ~State() {
    if (!borrowed) ::close(fd);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void run();
  void write_batch(std::string_view batch);
  int write_all(std::string_view& rest);
  bool wait_until_writable();
  void open_again();
  void report();
  bool report_here(std::uint64_t lines, std::string_view why);
  bool report_is_due() const;

  const Options options;
  const bool borrowed;  ///< the descriptor is somebody else's: neither closed nor opened again

  std::mutex mutex;  // guards the queue and what the thread is asked for
  std::condition_variable work;
  std::condition_variable idle;  ///< nothing is queued, nothing being written
  std::string queue;             ///< whole lines, each with its newline
  bool writing = false;
  bool reopen_asked = false;
  bool ending = false;

  std::atomic<std::uint64_t> dropped{0};
  /// Set with `ending`: when the thread has to be gone.
  std::atomic<Clock::rep> end_at{Clock::time_point::max().time_since_epoch().count()};

  // The thread's own from here on.
  int fd;
  bool regular;
  bool torn = false;  ///< the file ends in a part of a line
  int cause = 0;      ///< errno of the last write that failed and is not reported; 0: none
  bool failure_reported = false;
  std::uint64_t reported = 0;  ///< of `dropped`
  Clock::time_point last_report = Clock::time_point::min();
  std::thread thread;  ///< started last, joined first
};

void LogFile::State::run() {
  std::string batch;
  std::unique_lock lock(mutex);
  while (true) {
    while (queue.empty() && !reopen_asked && !ending && !report_is_due()) {
      if (reported == dropped.load(std::memory_order_relaxed)) {
        work.wait(lock);
      } else {
        work.wait_until(lock, last_report + kReportInterval);
      }
    }
    batch.swap(queue);
    writing = true;
    const bool reopening = std::exchange(reopen_asked, false);
    const bool last = ending;
    lock.unlock();

    if (reopening) open_again();  // first, so that nothing written after reopen() goes to the old file
    if (!batch.empty()) write_batch(batch);
    batch.clear();
    if (batch.capacity() > kBufferKept) batch = {};
    if (report_is_due() || last) report();
    lock.lock();
    writing = false;
    idle.notify_all();
    if (last) return;
  }
}

/// What can't be written is dropped: traffic goes on, and waiting would only drop younger lines.
void LogFile::State::write_batch(std::string_view batch) {
  // The rest of a torn line is lost; the next one begins on a line of its own.
  std::string_view newline = "\n";
  int error = torn ? write_all(newline) : 0;
  if (error == 0) torn = false;
  std::string_view rest = batch;
  if (error == 0) error = write_all(rest);
  if (rest.size() < batch.size()) torn = batch[batch.size() - rest.size() - 1] != '\n';
  dropped.fetch_add(static_cast<std::uint64_t>(std::count(rest.begin(), rest.end(), '\n')),
                    std::memory_order_relaxed);
  if (error != 0) cause = error;
  if (error == 0 && failure_reported) {
    report();
    failure_reported = false;
    log::info("log", options.path + ": written again");
  }
}

/// Writes as much of `rest` as it can and takes that off its front; the answer is 0 or an errno.
int LogFile::State::write_all(std::string_view& rest) {
  while (!rest.empty()) {
    if (!regular && !wait_until_writable()) return ETIMEDOUT;
    const std::string_view piece = regular ? rest : next_piece(rest);
    const ssize_t written = ::write(fd, piece.data(), piece.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR && errno != EAGAIN) {
      return errno;
    }
  }
  return 0;
}

/// False when the end has come first. A pipe whose reader sleeps keeps only this thread waiting; the queue
/// fills meanwhile, and then lines are dropped.
bool LogFile::State::wait_until_writable() {
  while (Clock::now().time_since_epoch().count() < end_at.load(std::memory_order_relaxed)) {
    pollfd entry{fd, POLLOUT, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::chrono::milliseconds(kPollInterval).count()));
    if (ready > 0) return true;  // also with POLLERR: write() says what it is
    if (!options.report && report_is_due()) report();
  }
  return false;
}

void LogFile::State::open_again() {
  if (borrowed) return;
  const int fresh = open_for_append(options.path);
  if (fresh < 0) {
    log::error("log", options.path + ": cannot be opened again, the old file stays in use: " + words(errno));
    return;
  }
  ::close(fd);
  fd = fresh;
  regular = is_regular(fd);
  torn = torn && !is_empty(fd);
}

bool LogFile::State::report_is_due() const {
  return reported != dropped.load(std::memory_order_relaxed) &&
         (last_report == Clock::time_point::min() || Clock::now() - last_report >= kReportInterval);
}

void LogFile::State::report() {
  const std::uint64_t now = dropped.load(std::memory_order_relaxed);
  if (now == reported) return;
  const std::string why = cause != 0 ? words(cause) : "they came faster than they could be written";
  last_report = Clock::now();
  if (options.report) {
    if (!report_here(now - reported, why)) return;
  } else {
    log::warning("log", options.path + ": " + std::to_string(now - reported) + " lines dropped: " + why);
    failure_reported = failure_reported || cause != 0;
  }
  cause = 0;
  reported = now;
}

/// False: not now, but the count is not lost.
bool LogFile::State::report_here(std::uint64_t lines, std::string_view why) {
  const std::string line = (torn ? "\n" : "") + options.report(lines, why) + "\n";
  std::string_view rest = line;
  const int error = write_all(rest);
  if (rest.size() < line.size()) torn = !rest.empty();
  return error == 0;
}

std::unique_ptr<LogFile> LogFile::open(const Options& options, std::string& error) {
  if (options.path == "-") return on(STDOUT_FILENO, options, error);
  const int fd = open_for_append(options.path);
  if (fd < 0) {
    error = options.path + ": " + words(errno);
    return nullptr;
  }
  return start(std::make_unique<State>(options, fd, false), error);
}

std::unique_ptr<LogFile> LogFile::on(int descriptor, const Options& options, std::string& error) {
  return start(std::make_unique<State>(options, descriptor, true), error);
}

std::unique_ptr<LogFile> LogFile::start(std::unique_ptr<State> state, std::string& error) {
  const std::string path = state->options.path;
  try {
    return std::unique_ptr<LogFile>(new LogFile(std::move(state)));
  } catch (const std::system_error& failure) {  // no thread to be had
    error = path + ": " + failure.what();
    return nullptr;
  }
}

LogFile::LogFile(std::unique_ptr<State> state) : state_(std::move(state)) {
  const SignalsBlocked blocked;
  state_->thread = std::thread([s = state_.get()] {
    thread_started();
    s->run();
  });
}

LogFile::~LogFile() {
  state_->end_at.store((Clock::now() + kLastWords).time_since_epoch().count(), std::memory_order_relaxed);
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->work.notify_one();
  state_->thread.join();
}

void LogFile::write(std::string_view line) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->queue.size() + line.size() + 1 > state_->options.queue_bytes) {
      state_->dropped.fetch_add(1, std::memory_order_relaxed);
    } else {
      state_->queue += line;
      state_->queue += '\n';
    }
  }
  state_->work.notify_one();  // costs no system call unless the thread waits
}

void LogFile::reopen() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->reopen_asked = true;
  }
  state_->work.notify_one();
}

bool LogFile::flush(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  return state_->idle.wait_for(lock, patience, [this] { return state_->queue.empty() && !state_->writing; });
}

std::uint64_t LogFile::dropped() const {
  return state_->dropped.load(std::memory_order_relaxed);
}

}  // namespace tidegate
