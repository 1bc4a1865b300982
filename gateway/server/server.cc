#include "gateway/server/server.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/log.h"

namespace tidegate::server {

Server::Server(Options options)
    : options_(std::move(options)),
      sockets_(std::move(options_.inheritance)),
      service_(loop_, options_.service_manager,
               {.status = [this] { return status(); },
                .ask_workers = [this](std::function<void()> answered) { ask_workers(std::move(answered)); }}),
      drain_(loop_, {.residents = [this] { return residents(); },
                     .ask_workers =
                         [this](const tunnel::DrainPlan& plan) {
                           workers_busy_ = static_cast<unsigned>(workers_.size());
                           for (auto& worker : workers_) worker->drain(plan);
                         },
                     .over = [this] { loop_.stop(); }}),
      handover_(loop_, options_.program,
                {.succeeded = [this](pid_t to) { on_handed_over(to); },
                 .failed = [this](const std::string& why) { on_handover_failed(why); }}) {}

Server::~Server() {
  workers_.clear();
  signals_.reset();
}

bool Server::start(std::shared_ptr<const conf::Config> config, Diagnostics& diagnostics) {
  apply_log(config->log);
  if (options_.watch) {
    watch_ = std::make_unique<Watch>(loop_, *options_.watch, [this] {
      if (!drain_.begun()) start_reload({});
    });
  }
  const unsigned count = worker_count(*config);
  descriptors_ = net::raise_descriptor_limit();
  current_ = prepare(std::move(config), count, Purpose::use, diagnostics);
  if (current_ == nullptr) return false;
  if (watch_ != nullptr) watch_->on_applied();

  log::info("server", "up to " + std::to_string(descriptors_) + " descriptors: about " +
                          std::to_string(tunnels_for_descriptors(descriptors_)) + " tunnels");
  shared_.tickets = tls::make_ticket_keys();
  shared_.id_salt = random_u64();
  shared_.connection_counts = [this] { return connection_counts(); };
  shared_.on_worker_switched = [this] { loop_.post([this] { on_worker_switched(); }); };
  shared_.on_worker_empty = [this](unsigned) { loop_.post([this] { on_worker_empty(); }); };
  for (unsigned i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(i, shared_));
  follow(*current_);  // the follower may say that there is no readiness yet
  return true;
}

void Server::run() {
  if (options_.handle_signals) {
    signals_ = std::make_unique<net::Signals>(
        loop_, std::initializer_list<int>{SIGTERM, SIGQUIT, SIGINT, SIGUSR1, SIGUSR2, SIGHUP},
        [this](int signal) { on_signal(signal); });
  }
  launch(*current_);
  loop_.run();
  service_.stopping();
  handover_.call_off();
  next_.reset();
  current_->directory.reset();
  for (auto& worker : workers_) worker->stop();
  for (auto& worker : workers_) worker->join();
  log_totals();
}

// ---------------------------------------------------------------------------------------------------------------
// Signals and the end

void Server::on_signal(int signal) {
  switch (signal) {
    case SIGUSR1:
      return reopen_logs();
    case SIGHUP:
      return start_reload({});
    case SIGUSR2:
      return start_handover();
    case SIGINT:
      log::info("server", "INT: stopping at once");
      return loop_.stop();
    default:
      break;
  }
  if (signal == SIGTERM && options_.term_stops_at_once) {
    log::info("server", "TERM: stopping at once");
    return loop_.stop();
  }
  if (stop_asked_) {
    log::info("server", "a second signal: stopping at once");
    return loop_.stop();
  }
  start_drain();
}

void Server::begin_drain() {
  loop_.post([this] {
    if (!stop_asked_) start_drain();
  });
}

void Server::stop_now() {
  loop_.post([this] { loop_.stop(); });
}

void Server::reopen_logs() {
  if (options_.on_reopen) options_.on_reopen();
  access_logs_.reopen();
  log::info("server", "logs reopened");
}

void Server::start_drain() {
  stop_asked_ = true;
  if (drain_.begun())
    return log::info("server", "draining already, after a hand-over; once more stops at once");
  handover_.call_off();
  if (!accepting_ && workers_switching_ == 0) return loop_.stop();  // nobody has been let in yet
  drain_.begin(current_->blueprint->config->drain, Drain::Cause::stop);
  service_.stopping();
  if (next_ != nullptr) give_up_reload();
  begin_waiting();  // who waited for a hand-over hears that there is none
}

void Server::on_worker_empty() {
  if (workers_busy_ == 0 || --workers_busy_ > 0) return;
  drain_.on_workers_empty();
}

std::size_t Server::residents() const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->residents();
  return sum;
}

Totals Server::totals() const {
  Totals totals;
  for (const auto& worker : workers_) {
    const metrics::Counters& counters = worker->counters_view();
    totals.connections += counters.connections.value();
    totals.requests += counters.requests.value();
    totals.tunnels_opened += counters.tunnels_opened.value();
    totals.tunnels_closed += counters.tunnels_closed.value();
    for (std::size_t i = 0; i < totals.reasons.size(); ++i) totals.reasons[i] += counters.reasons[i].value();
  }
  return totals;
}

/// A connection that asks is being written to; who of the others only waits is not counted apart.
sites::ConnectionCounts Server::connection_counts() const {
  const Totals sum = totals();
  sites::ConnectionCounts counts;
  counts.active = residents();
  counts.accepted = counts.handled = sum.connections;
  counts.requests = sum.requests;
  counts.writing = std::min<std::uint64_t>(counts.active, 1);
  counts.waiting = counts.active - counts.writing;
  return counts;
}

void Server::log_totals() const {
  const Totals sum = totals();
  std::string line = "stopped after " + std::to_string(sum.connections) + " connections, " +
                     std::to_string(sum.requests) + " requests, " + std::to_string(sum.tunnels_opened) +
                     " tunnels";
  for (std::size_t i = 0; i < sum.reasons.size(); ++i) {
    if (sum.reasons[i] == 0) continue;
    line.append("; ").append(word(static_cast<Reason>(i))).append(" ").append(std::to_string(sum.reasons[i]));
  }
  log::info("server", line);
}

}  // namespace tidegate::server
