#include "gateway/server/server.h"

#include <csignal>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/log.h"

namespace tidegate::server {
namespace {

using std::chrono::milliseconds;

log::Level to_log_level(conf::Log::Level level) {
  switch (level) {
    case conf::Log::Level::debug: return log::Level::debug;
    case conf::Log::Level::info: return log::Level::info;
    case conf::Log::Level::warning: return log::Level::warning;
    case conf::Log::Level::error: return log::Level::error;
  }
  return log::Level::info;
}

std::unique_ptr<LogFile> open_access_log(const conf::Log& log, Diagnostics& diagnostics) {
  if (log.access == "off") return nullptr;
  std::string error;
  auto file = LogFile::open({.path = log.access == "stdout" ? "-" : log.access}, error);
  if (file == nullptr) {
    diagnostics.error(log.at, "cannot write the access log " + log.access + ": " + error +
                                  "; create its directory, or set log.access to stdout or off");
  }
  return file;
}

}  // namespace

Server::Server(Options options) : options_(std::move(options)) {}

Server::~Server() {
  workers_.clear();
  directory_.reset();
  signals_.reset();
}

bool Server::start(std::shared_ptr<const conf::Config> config, Diagnostics& diagnostics) {
  log::set_level(to_log_level(config->log.level));
  blueprint_ = Blueprint::make(config, diagnostics);
  const unsigned count = worker_count(*config);
  auto sockets = bind_listeners(*config, count, diagnostics);
  shared_.access_log = open_access_log(config->log, diagnostics);
  if (diagnostics.failed()) return false;

  const std::size_t descriptors = net::raise_descriptor_limit();
  log::info("server", "up to " + std::to_string(descriptors) + " descriptors: about " +
                          std::to_string(descriptors > 64 ? (descriptors - 64) / 2 : 0) + " tunnels");
  shared_.tickets = tls::make_ticket_keys();
  shared_.id_salt = random_u64();
  shared_.on_worker_empty = [this](unsigned) { loop_.post([this] { on_worker_empty(); }); };
  for (const net::ListeningSocket& socket : sockets.front()) addresses_.push_back(socket.local());
  for (unsigned i = 0; i < count; ++i) {
    workers_.push_back(std::make_unique<Worker>(i, shared_, blueprint_, std::move(sockets[i])));
  }
  return true;
}

void Server::run() {
  if (options_.handle_signals) {
    signals_ = std::make_unique<net::Signals>(
        loop_, std::initializer_list<int>{SIGTERM, SIGQUIT, SIGINT, SIGUSR1, SIGHUP},
        [this](int signal) { on_signal(signal); });
  }
  directory_ = std::make_unique<upstream::Directory>(
      loop_, *blueprint_->config,
      [this](std::size_t upstream, std::size_t server, std::vector<net::SocketAddress> addresses) {
        for (auto& worker : workers_) worker->set_addresses(upstream, server, addresses);
      },
      [this] { on_first_lookups(); });
  loop_.run();
  directory_.reset();
  signals_.reset();
  for (auto& worker : workers_) worker->stop();
  for (auto& worker : workers_) worker->join();
  log_totals();
}

void Server::on_first_lookups() {
  if (draining_) return;
  for (auto& worker : workers_) worker->start_accepting();
  for (std::size_t i = 0; i < addresses_.size(); ++i) {
    const conf::Listener& listener = blueprint_->config->listeners[i];
    log::info("server", "listening on " + addresses_[i].to_string() + (listener.tls ? " (TLS)" : "") +
                            " as listener " + listener.name);
  }
  if (options_.on_accepting) options_.on_accepting();
}

void Server::on_signal(int signal) {
  switch (signal) {
    case SIGUSR1: return reopen_logs();
    case SIGHUP: return log::warning("server", "HUP: this version cannot reload; restart to apply a new configuration");
    case SIGINT: log::info("server", "INT: stopping at once"); return loop_.stop();
    default: break;
  }
  if (draining_) {
    log::info("server", "a second signal: stopping at once");
    return loop_.stop();
  }
  start_drain();
}

void Server::begin_drain() {
  loop_.post([this] {
    if (!draining_) start_drain();
  });
}

void Server::stop_now() {
  loop_.post([this] { loop_.stop(); });
}

void Server::reopen_logs() {
  if (shared_.access_log != nullptr) shared_.access_log->reopen();
  log::info("server", "logs reopened");
}

void Server::start_drain() {
  const conf::Drain& drain = blueprint_->config->drain;
  draining_ = true;
  log::info("server", "draining: " + std::to_string(residents()) + " connections and tunnels, " +
                          std::to_string(drain.deadline.count()) + " ms at the most");
  // A deadline of zero is not "no limit" here: there is always an end.
  drain_deadline_.arm(loop_.timers(), std::max(drain.deadline, milliseconds(1)));
  if (drain.delay > milliseconds::zero()) {
    drain_delay_.arm(loop_.timers(), drain.delay);
  } else {
    ask_workers_to_drain();
  }
}

void Server::ask_workers_to_drain() {
  const conf::Drain& drain = blueprint_->config->drain;
  workers_busy_ = static_cast<unsigned>(workers_.size());
  // Tunnels are given up a little before the deadline, so that their last bytes and records get out in time.
  const milliseconds left = drain.deadline - drain.delay;
  const milliseconds grace = std::min(milliseconds(500), left / 10);
  for (auto& worker : workers_) worker->drain({drain.window, left - grace, drain.close_code});
}

void Server::on_worker_empty() {
  if (workers_busy_ == 0 || --workers_busy_ > 0) return;
  log::info("server", "drained");
  loop_.stop();
}

void Server::on_drain_deadline() {
  log::warning("server", "drain: the deadline has come with " + std::to_string(residents()) + " left: cut");
  loop_.stop();
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

void Server::log_totals() const {
  const Totals sum = totals();
  std::string line = "stopped after " + std::to_string(sum.connections) + " connections, " +
                     std::to_string(sum.requests) + " requests, " + std::to_string(sum.tunnels_opened) + " tunnels";
  for (std::size_t i = 0; i < sum.reasons.size(); ++i) {
    if (sum.reasons[i] == 0) continue;
    line.append("; ").append(word(static_cast<Reason>(i))).append(" ").append(std::to_string(sum.reasons[i]));
  }
  log::info("server", line);
}

}  // namespace tidegate::server
