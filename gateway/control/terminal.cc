#include "gateway/control/terminal.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <string>

namespace tidegate::control {
namespace {

// Autowrap is off, so that a character wider than we think moves no line.
constexpr std::string_view kEnter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr std::string_view kLeave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP, SIGQUIT};

// Known to the signal handler, therefore not a member: what the terminal was, if stdin is one.
termios saved_mode;
bool has_mode = false;

void write_all(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // a terminal that is gone shows nothing
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// Async-signal-safe.
void restore() {
  write_all(kLeave);
  if (has_mode) ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_mode);
}

/// Puts everything back, then lets the signal do what it would have done: SA_RESETHAND has restored that.
void on_signal(int signal) {
  restore();
  ::raise(signal);
}

void handle_signals(bool handled) {
  for (const int signal : kSignals) {
    struct sigaction action {};
    action.sa_handler = handled ? on_signal : SIG_DFL;
    action.sa_flags = handled ? SA_RESETHAND : 0;
    ::sigaction(signal, &action, nullptr);
  }
}

/// Keys without echo and without waiting for a line's end; Ctrl-Z would leave the shell with our screen.
void take_keys() {
  has_mode = ::tcgetattr(STDIN_FILENO, &saved_mode) == 0;
  if (!has_mode) return;
  termios mode = saved_mode;
  mode.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  mode.c_cc[VSUSP] = _POSIX_VDISABLE;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
}

}  // namespace

bool stdout_is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}

WindowSize window_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

LiveScreen::LiveScreen() {
  take_keys();
  handle_signals(true);
  write_all(kEnter);
}

LiveScreen::~LiveScreen() {
  restore();
  handle_signals(false);
}

void LiveScreen::show(std::string_view picture) {
  std::string out = "\x1b[H";
  while (true) {
    const std::size_t end = picture.find('\n');
    out += picture.substr(0, end);
    out += "\x1b[K";
    if (end == std::string_view::npos) break;
    out += "\r\n";
    picture.remove_prefix(end + 1);
  }
  write_all(out + "\x1b[J");
}

char LiveScreen::key(std::chrono::steady_clock::time_point until) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
    pollfd item{STDIN_FILENO, POLLIN, 0};
    const int ready = ::poll(&item, 1, static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000)));
    if (ready == 0) return '\0';
    if (ready < 0 && errno == EINTR) continue;
    char key = 'q';
    const ssize_t got = ready < 0 ? -1 : ::read(STDIN_FILENO, &key, 1);
    if (got < 0 && errno == EINTR) continue;
    return got == 1 ? key : 'q';
  }
}

}  // namespace tidegate::control
