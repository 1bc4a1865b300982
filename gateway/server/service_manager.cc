#include "gateway/server/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <utility>

#include "gateway/base/log.h"

namespace tidegate::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetryAfter{100};
constexpr std::chrono::seconds kBetweenStatus{5};
constexpr std::size_t kMostWaiting = 16;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

long long to_number(std::string_view text) {
  long long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : -1;
}

/// systemd compares it with what it has seen of the clock itself.
std::string monotonic_usec() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::to_string(static_cast<long long>(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
}

}  // namespace

ServiceManager::Settings ServiceManager::Settings::from_environment() {
  Settings settings;
  settings.socket = variable("NOTIFY_SOCKET");
  const std::string_view pid = variable("WATCHDOG_PID");
  const long long usec = to_number(variable("WATCHDOG_USEC"));
  if (usec > 0 && (pid.empty() || to_number(pid) == ::getpid())) {
    settings.watchdog = std::chrono::microseconds(usec);
  }
  return settings;
}

ServiceManager::ServiceManager(net::Loop& loop, Settings settings, Hooks hooks)
    : loop_(loop), settings_(std::move(settings)), hooks_(std::move(hooks)) {
  if (settings_.socket.empty()) return;
  const char kind = settings_.socket.front();
  if ((kind != '/' && kind != '@') || settings_.socket.size() >= sizeof sockaddr_un{}.sun_path) {
    log::warning("server", "NOTIFY_SOCKET is neither a path nor an abstract name: " + settings_.socket +
                               "; the service manager will hear nothing");
    return;
  }
  fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

ServiceManager::~ServiceManager() {
  if (fd_ >= 0) ::close(fd_);
}

void ServiceManager::ready() {
  if (fd_ < 0 || stopping_) return;
  told_status_ = hooks_.status();
  tell("READY=1\nSTATUS=" + told_status_ + "\nMAINPID=" + std::to_string(::getpid()));
  if (std::exchange(ready_, true)) return;
  next_status_.arm(loop_.timers(), kBetweenStatus);
  if (settings_.watchdog > std::chrono::microseconds(0)) feed_watchdog();
}

void ServiceManager::reloading() {
  if (fd_ >= 0 && ready_ && !stopping_) tell("RELOADING=1\nMONOTONIC_USEC=" + monotonic_usec());
}

void ServiceManager::stopping() {
  if (fd_ < 0 || std::exchange(stopping_, true)) return;
  tell("STOPPING=1\nSTATUS=" + hooks_.status());
}

void ServiceManager::handed_over(pid_t to) {
  if (fd_ < 0) return;
  tell("MAINPID=" + std::to_string(to));
  stopping_ = true;
  next_status_.disarm();
  next_food_.disarm();
  hungry_ = false;
}

/// What must not be lost, and in this order.
void ServiceManager::tell(std::string message) {
  if (waiting_.size() == kMostWaiting) waiting_.pop_front();
  waiting_.push_back(std::move(message));
  send_waiting();
}

void ServiceManager::send_waiting() {
  while (!waiting_.empty()) {
    if (!send(waiting_.front())) return retry_.arm(loop_.timers(), kRetryAfter);
    waiting_.pop_front();
  }
}

/// False: later it may be taken.
bool ServiceManager::send(const std::string& message) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, settings_.socket.data(), settings_.socket.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + settings_.socket.size());
  const auto sent = ::sendto(fd_, message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
                             reinterpret_cast<const sockaddr*>(&address), size);
  if (sent >= 0) return true;
  if (errno == EAGAIN || errno == ENOBUFS) return false;
  if (!std::exchange(complained_, true)) {
    log::warning("server",
                 "the service manager at " + settings_.socket + " cannot be told: " + std::strerror(errno));
  }
  return true;
}

void ServiceManager::tell_status() {
  next_status_.arm(loop_.timers(), kBetweenStatus);
  std::string status = hooks_.status();
  if (status == told_status_ || !waiting_.empty()) return;
  if (send("STATUS=" + status)) told_status_ = std::move(status);
}

void ServiceManager::feed_watchdog() {
  const auto half = std::chrono::duration_cast<milliseconds>(settings_.watchdog / 2);
  next_food_.arm(loop_.timers(), std::max(half, milliseconds(1)));
  if (!answered_) {
    hungry_ = true;  // the answer brings the food
    return;
  }
  send("WATCHDOG=1");
  answered_ = false;
  hooks_.ask_workers([this] { on_answered(); });
}

void ServiceManager::on_answered() {
  answered_ = true;
  if (hungry_) {
    hungry_ = false;
    feed_watchdog();
  }
}

}  // namespace tidegate::server
