#include "gateway/server/server.h"

#include <csignal>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/log.h"

namespace tidegate::server {
namespace {

log::Level to_log_level(conf::Log::Level level) {
  switch (level) {
    case conf::Log::Level::debug:
      return log::Level::debug;
    case conf::Log::Level::info:
      return log::Level::info;
    case conf::Log::Level::warning:
      return log::Level::warning;
    case conf::Log::Level::error:
      return log::Level::error;
  }
  return log::Level::info;
}

void apply(const conf::Log& conf) {
  log::Levels levels{.standard = to_log_level(conf.level)};
  for (const auto& [name, level] : conf.area_levels) {
    if (const auto area = log::Area::find(name)) levels.areas.push_back({*area, to_log_level(level)});
  }
  log::set_levels(levels);
  log::set_format(conf.diagnostics == conf::Log::Diagnostics::json ? log::Format::json : log::Format::text);
}

}  // namespace

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
  apply(config->log);
  const unsigned count = worker_count(*config);
  current_ = prepare(std::move(config), count, diagnostics);
  if (current_ == nullptr) return false;

  const std::size_t descriptors = net::raise_descriptor_limit();
  log::info("server", "up to " + std::to_string(descriptors) + " descriptors: about " +
                          std::to_string(descriptors > 64 ? (descriptors - 64) / 2 : 0) + " tunnels");
  shared_.tickets = tls::make_ticket_keys();
  shared_.id_salt = random_u64();
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
// Configurations

std::unique_ptr<Server::Generation> Server::prepare(std::shared_ptr<const conf::Config> config,
                                                    unsigned workers, Diagnostics& diagnostics) {
  auto next = std::make_unique<Generation>();
  next->blueprint = Blueprint::make(config, diagnostics);
  next->access_log = access_log_for(config->log, diagnostics);
  if (next->blueprint == nullptr) {
    // Ports in use are told along with everything else.
    auto unsound = std::make_shared<Blueprint>();
    unsound->config = config;
    Generation unused;
    unused.blueprint = std::move(unsound);
    find_entrances(unused, workers, diagnostics);
    for (const Follower& follower : followers_) follower(*config, diagnostics);
    return nullptr;
  }
  const bool entrances = find_entrances(*next, workers, diagnostics);
  for (const Follower& follower : followers_) next->follow.push_back(follower(*config, diagnostics));
  if (!entrances || diagnostics.failed()) return nullptr;
  for (Change& change : next->changes) {
    change.blueprint = next->blueprint;
    change.access_log = next->access_log;
  }
  return next;
}

/// Sockets for every worker and listener: those that are there already stay, the others are bound.
bool Server::find_entrances(Generation& next, unsigned workers, Diagnostics& diagnostics) {
  next.changes.resize(workers);
  bool fine = true;
  std::vector<bool> taken(current_ != nullptr ? current_->addresses.size() : 0);
  for (const conf::Listener& listener : next.blueprint->config->listeners) {
    std::optional<std::size_t> kept;
    for (std::size_t i = 0; i < taken.size() && !kept; ++i) {
      if (!taken[i] && current_->blueprint->config->listeners[i].address == listener.address) kept = i;
    }
    if (kept) {
      taken[*kept] = true;
      next.addresses.push_back(current_->addresses[*kept]);
      for (Change& change : next.changes) change.entrances.push_back({kept, {}});
      continue;
    }
    auto sockets = sockets_.open(listener.address, workers, diagnostics);
    if (sockets.empty()) {
      fine = false;
      continue;
    }
    next.fresh.push_back(next.addresses.size());
    next.addresses.push_back(sockets.front().local());
    for (Change& change : next.changes) change.entrances.push_back({std::nullopt, {}});
    for (std::size_t i = 0; i < sockets.size(); ++i) {
      next.changes[i % workers].entrances.back().fresh.push_back(std::move(sockets[i]));
    }
  }
  return fine;
}

std::shared_ptr<LogFile> Server::access_log_for(const conf::Log& log, Diagnostics& diagnostics) {
  if (log.access == "off") return nullptr;
  for (const auto& [path, file] : access_logs_) {
    if (path == log.access) return file;
  }
  std::string error;
  std::shared_ptr<LogFile> file = LogFile::open({.path = log.access == "stdout" ? "-" : log.access}, error);
  if (file == nullptr) {
    diagnostics.error(log.at, "cannot write the access log " + log.access + ": " + error +
                                  "; create its directory, or set log.access to stdout or off");
    return nullptr;
  }
  access_logs_.emplace_back(log.access, file);
  return file;
}

void Server::launch(Generation& generation) {
  generation.directory = std::make_unique<upstream::Directory>(
      loop_, *generation.blueprint->config,
      [this, &generation](std::size_t upstream, std::size_t server,
                          std::vector<net::SocketAddress> addresses) {
        for (Change& change : generation.changes) change.addresses.push_back({upstream, server, addresses});
        if (!generation.changes.empty()) return;  // the workers do not have it yet
        for (auto& worker : workers_) worker->set_addresses(upstream, server, addresses);
      },
      [this, &generation] { commit(generation); });
}

void Server::follow(Generation& generation) {
  for (const auto& part : std::exchange(generation.follow, {})) {
    if (part) part();
  }
  if (is_watched(*generation.blueprint->config) && !loop_probe_.armed()) probe_loops();
}

void Server::commit(Generation& generation) {
  if (drain_.begun()) return;
  follow(generation);
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->switch_to(std::move(generation.changes[i]));
  generation.changes.clear();
  const conf::Config& config = *generation.blueprint->config;
  apply(config.log);
  for (const std::size_t i : generation.fresh) {
    const conf::Listener& listener = config.listeners[i];
    log::info("server", "listening on " + generation.addresses[i].to_string() +
                            (listener.tls ? " (TLS)" : "") + " as listener " + listener.name);
  }
  workers_switching_ = static_cast<unsigned>(workers_.size());
  // This runs inside a callback of the new directory; the old one may go.
  if (next_ != nullptr) current_ = std::move(next_);
}

void Server::on_worker_switched() {
  if (--workers_switching_ > 0) return;
  if (std::exchange(accepting_, true)) return end_reload({});
  note_configuration();
  sockets_.settle();
  service_.ready();
  if (options_.on_accepting) options_.on_accepting();
  if (reload_again_) start_reload();
  if (handover_wanted_) start_handover();
}

void Server::reload() {
  loop_.post([this] { start_reload(); });
}

void Server::start_reload() {
  if (drain_.begun() || switching() || handover_.under_way() != 0) {
    reload_again_ = !drain_.begun();
    return;
  }
  reload_again_ = false;
  if (!options_.load) return log::warning("server", "reload: there is no configuration file to read again");
  service_.reloading();
  Diagnostics diagnostics;
  auto config = options_.load(diagnostics);
  if (config && worker_count(*config) != workers_.size()) {
    diagnostics.warning({}, "workers: another number of workers needs a restart; there are still " +
                                std::to_string(workers_.size()));
  }
  if (config) {
    next_ = prepare(std::make_shared<const conf::Config>(*std::move(config)),
                    static_cast<unsigned>(workers_.size()), diagnostics);
  }
  if (next_ == nullptr) return end_reload(diagnostics);
  for (const Diagnostic& diagnostic : diagnostics.list()) log::warning("server", to_string(diagnostic));
  launch(*next_);
}

void Server::end_reload(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics.list()) log::error("server", to_string(diagnostic));
  reloads_.last_succeeded = !diagnostics.failed();
  ++(reloads_.last_succeeded ? reloads_.succeeded : reloads_.failed);
  if (reloads_.last_succeeded) note_configuration();
  if (diagnostics.failed()) {
    log::error("server", "reload refused (errors: " + std::to_string(diagnostics.errors()) +
                             "); the configuration that was in force stays");
  } else {
    log::info("server", "reloaded: " + std::to_string(residents()) + " connections and tunnels go on");
  }
  service_.ready();
  if (options_.on_reloaded) options_.on_reloaded(!diagnostics.failed());
  if (reload_again_) start_reload();
  if (handover_wanted_) start_handover();
}

// ---------------------------------------------------------------------------------------------------------------
// Signals and the end

void Server::on_signal(int signal) {
  switch (signal) {
    case SIGUSR1:
      return reopen_logs();
    case SIGHUP:
      return start_reload();
    case SIGUSR2:
      return start_handover();
    case SIGINT:
      log::info("server", "INT: stopping at once");
      return loop_.stop();
    default:
      break;
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
  for (auto& [path, file] : access_logs_) file->reopen();
  log::info("server", "logs reopened");
}

void Server::start_drain() {
  stop_asked_ = true;
  if (drain_.begun()) return log::info("server", "draining already, after a hand-over; once more stops at once");
  handover_.call_off();
  drain_.begin(current_->blueprint->config->drain, Drain::Cause::stop);
  service_.stopping();
  if (next_ == nullptr) return;
  next_.reset();  // a reload that has not reached the workers, and never will
  reload_again_ = false;
  Diagnostics given_up;
  given_up.error({}, "reload: the gateway has begun to drain");
  end_reload(given_up);
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
