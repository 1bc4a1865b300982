#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <functional>
#include <string>

#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"

namespace tidegate::server {

/// What a service manager hears of this process: sd_notify(3) without libsystemd, one datagram per message. A
/// manager that does not listen is a line in the log and no more; nothing here waits.
///
/// The watchdog is fed at half of its time, and only if the main loop and every worker's have answered since
/// it was fed last: a worker that is stuck is as good as a process that is.
///
/// Owner: the server. Thread: the main one.
class ServiceManager {
 public:
  struct Settings {
    std::string socket{};                   ///< a path, or "@" and an abstract name; empty: nobody listens
    std::chrono::microseconds watchdog{0};  ///< zero: none

    /// NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. They stay, for the process that USR2 starts.
    static Settings from_environment();
  };
  struct Hooks {
    std::function<std::string()> status;  ///< what there is to say in words
    /// Calls its argument from the main loop when every worker has answered.
    std::function<void(std::function<void()>)> ask_workers;
  };
  ServiceManager(net::Loop& loop, Settings settings, Hooks hooks);
  ~ServiceManager();
  ServiceManager(const ServiceManager&) = delete;
  ServiceManager& operator=(const ServiceManager&) = delete;

  /// Every listener accepts: for the first time, or after reloading().
  void ready();
  void reloading();
  /// The first call says so, others nothing.
  void stopping();
  /// From now on the other process is the service, and this one is silent.
  void handed_over(pid_t to);

 private:
  void tell(std::string message);
  bool send(const std::string& message);
  void send_waiting();
  void tell_status();
  void feed_watchdog();
  void on_answered();

  net::Loop& loop_;
  const Settings settings_;
  Hooks hooks_;
  int fd_ = -1;
  bool complained_ = false;
  bool ready_ = false;
  bool stopping_ = false;
  std::string told_status_;
  std::deque<std::string> waiting_;  ///< what the manager's full queue did not take
  bool answered_ = true;             ///< by every worker, since they were asked
  bool hungry_ = false;              ///< the watchdog's food is late
  net::DeadlineOf<ServiceManager, &ServiceManager::send_waiting> retry_{*this};
  net::DeadlineOf<ServiceManager, &ServiceManager::tell_status> next_status_{*this};
  net::DeadlineOf<ServiceManager, &ServiceManager::feed_watchdog> next_food_{*this};
};

}  // namespace tidegate::server
