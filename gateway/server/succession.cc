// The server and those around it: the process that takes over, and the service manager.

#include <algorithm>
#include <csignal>
#include <memory>
#include <string>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/server/server.h"

namespace tidegate::server {

void Server::start_handover() {
  if (drain_.begun()) return log::warning("server", "USR2: the gateway is draining already; nothing happens");
  if (handover_.under_way() != 0) {
    return log::warning("server", "USR2: process " + std::to_string(handover_.under_way()) +
                                      " is being started already; nothing happens");
  }
  if (switching()) {
    handover_wanted_ = true;
    return log::info("server", "USR2: the hand-over begins when the configuration under way is in force");
  }
  handover_wanted_ = false;
  handover_.begin(sockets_.bequest());
}

void Server::on_handed_over(pid_t to) {
  sockets_.give_up();
  service_.handed_over(to);
  // Scrapes and commands reach the new process alone.
  conf::Config without_addresses = *current_->blueprint->config;
  without_addresses.metrics.reset();
  without_addresses.admin.clear();
  Diagnostics unused;
  for (const Follower& follower : followers_) {
    if (const auto part = follower(without_addresses, unused)) part();
  }
  // It may have read its configuration before the change that the reload was for.
  if (!reload_waiting_.empty()) ::kill(to, SIGHUP);
  log::info("server", "handed over to process " + std::to_string(to) + ", which accepts; this one drains");
  drain_.begin(current_->blueprint->config->drain, Drain::Cause::handover);
  begin_waiting();  // to be told so
}

void Server::on_handover_failed(const std::string& why) {
  log::error("server", "hand-over failed: " + why + "; this process goes on as before");
  begin_waiting();
}

std::string Server::status() const {
  const Totals sum = totals();
  const std::string tunnels =
      std::to_string(sum.tunnels_opened - std::min(sum.tunnels_opened, sum.tunnels_closed)) + " tunnels";
  const auto progress = drain_.progress();
  if (!progress) return tunnels + ", " + std::to_string(residents()) + " connections in all";
  return "Draining: " + tunnels + ", " + std::to_string(progress->remaining) + " of " +
         std::to_string(progress->initial) + " connections left";
}

void Server::ask_workers(std::function<void()> all_answered) {
  const auto missing = std::make_shared<std::size_t>(workers_.size());
  for (auto& worker : workers_) {
    worker->ask([this, missing, all_answered] {
      loop_.post([missing, all_answered] {
        if (--*missing == 0) all_answered();
      });
    });
  }
}

}  // namespace tidegate::server
