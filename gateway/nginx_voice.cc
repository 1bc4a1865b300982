#include "gateway/nginx_voice.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "gateway/nginx_process.h"
#include "gateway/nginx_setup.h"

namespace tidegate {
namespace {

void write_line(int fd, const std::string& line) {
  const std::string whole = line + '\n';
  if (::write(fd, whole.data(), whole.size()) < 0) return;  // there is nobody else to tell
}

}  // namespace

bool Voice::log_to(const std::string& path, std::string& problem) {
  if (path.empty() || path == "stderr") return true;
  const int terminal = is_apart() ? terminal_ : ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  if (!nginx_process::open_error_log(path, problem)) {
    if (!is_apart()) ::close(terminal);
    return false;
  }
  terminal_ = terminal;
  return true;
}

void Voice::leave_terminal() {
  if (is_apart()) ::close(std::exchange(terminal_, -1));
}

void Voice::say(const char* level, const std::string& message, bool to_terminal) const {
  const bool plain = manner_ == Manner::tidegate;
  if (plain && !is_apart()) return write_line(STDERR_FILENO, message);
  write_line(STDERR_FILENO, nginx_process::log_line(level, message));
  if (!is_apart() || !to_terminal) return;
  write_line(terminal_, plain ? message : std::string("nginx: [") + level + "] " + message);
}

void Voice::say_all(const Diagnostics& diagnostics) const {
  for (const Diagnostic& diagnostic : diagnostics.list()) {
    const bool error = diagnostic.severity == Diagnostic::Severity::error;
    const char* const level = error ? "emerg" : "warn";
    if (manner_ == Manner::nginx) {
      say(level, nginx_words(diagnostic));
      continue;
    }
    if (is_apart()) write_line(STDERR_FILENO, nginx_process::log_line(level, nginx_words(diagnostic)));
    write_line(is_apart() ? terminal_ : STDERR_FILENO, to_string(diagnostic));
  }
}

void Voice::tell(const std::string& message) const {
  const std::string line = manner_ == Manner::nginx ? "nginx: " + message : message;
  write_line(is_apart() ? terminal_ : STDERR_FILENO, line);
}

}  // namespace tidegate
