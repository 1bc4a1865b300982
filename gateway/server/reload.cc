// How a configuration comes into force: the first one, another one, or, for a plan, not.

#include <algorithm>
#include <string>
#include <utility>

#include "conf/sites.h"
#include "gateway/base/log.h"
#include "gateway/server/cgroup.h"
#include "gateway/server/description.h"
#include "gateway/server/differences.h"
#include "gateway/server/server.h"

namespace tidegate::server {
namespace {

constexpr const char* kDraining = "the gateway is draining; reload the one that takes over";

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

void log_all(const Diagnostics& diagnostics) {
  for (const Diagnostic& diagnostic : diagnostics.list()) {
    if (diagnostic.severity == Diagnostic::Severity::error) {
      log::error("server", to_string(diagnostic));
    } else {
      log::warning("server", to_string(diagnostic));
    }
  }
}

/// The first ones: a file written anew can differ in all its lines.
void log_all(const std::vector<Difference>& differences) {
  constexpr std::size_t kMost = 20;
  for (std::size_t i = 0; i < std::min(differences.size(), kMost); ++i) {
    log::info("server", "reload: " + to_string(differences[i]));
  }
  if (differences.size() <= kMost) return;
  log::info("server", "reload: and " + std::to_string(differences.size() - kMost) + " more differences");
}

void answer_all(const std::vector<Server::ReloadDone>& all, const ReloadResult& result) {
  for (const Server::ReloadDone& done : all) {
    if (done) done(result);
  }
}

/// Or do another's take its connections?
bool has_sockets(const conf::Config& config, std::size_t listener) {
  return config.sites == nullptr || !config.sites->by_listener[listener].through;
}

}  // namespace

void Server::apply_log(const conf::Log& conf) {
  log::Levels levels{.standard = to_log_level(conf.level)};
  for (const auto& [name, level] : conf.area_levels) {
    if (const auto area = log::Area::find(name)) levels.areas.push_back({*area, to_log_level(level)});
  }
  log::set_levels(levels);
  log::set_format(conf.diagnostics == conf::Log::Diagnostics::json ? log::Format::json : log::Format::text);
}

// ---------------------------------------------------------------------------------------------------------------
// Making ready

std::unique_ptr<Server::Generation> Server::prepare(std::shared_ptr<const conf::Config> config,
                                                    unsigned workers, Purpose purpose,
                                                    Diagnostics& diagnostics) {
  auto next = std::make_unique<Generation>();
  next->contents = contents_of(*config);
  if (watch_ != nullptr && purpose == Purpose::use) watch_->before_loading(*config, next->contents);
  next->blueprint = Blueprint::make(config, diagnostics);
  next->access_log = access_logs_.of(config->log, purpose, diagnostics);
  next->site_logs = access_logs_.of_sites(*config, purpose, diagnostics);
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
  next->tunnel_limit = tunnel_limit(config->limits, {cgroup::memory_limit(), descriptors_});
  hold_servers(*next);
  for (Change& change : next->changes) {
    change.blueprint = next->blueprint;
    change.access_log = next->access_log;
    change.site_logs = next->site_logs;
    change.max_tunnels = next->tunnel_limit.most;
  }
  return next;
}

/// Sockets for every worker and listener: those that are there already stay, the others are bound.
bool Server::find_entrances(Generation& next, unsigned workers, Diagnostics& diagnostics) {
  next.changes.resize(workers);
  bool fine = true;
  std::vector<bool> taken(current_ != nullptr ? current_->addresses.size() : 0);
  const conf::Config& config = *next.blueprint->config;
  for (std::size_t place = 0; place < config.listeners.size(); ++place) {
    const conf::Listener& listener = config.listeners[place];
    if (!has_sockets(config, place)) {
      next.addresses.push_back(socket_address(listener.address));
      for (Change& change : next.changes) change.entrances.emplace_back();
      continue;
    }
    std::optional<std::size_t> kept;
    for (std::size_t i = 0; i < taken.size() && !kept; ++i) {
      const conf::Config& current = *current_->blueprint->config;
      if (!taken[i] && has_sockets(current, i) && current.listeners[i].address == listener.address) kept = i;
    }
    if (kept) {
      taken[*kept] = true;
      if (current_->blueprint->config->listeners[*kept].socket != listener.socket) {
        diagnostics.warning(listener.at, "the options of the socket at " + listener.address.text +
                                             " need a restart; it stays as it was opened");
      }
      next.addresses.push_back(current_->addresses[*kept]);
      for (Change& change : next.changes) change.entrances.push_back({kept, {}});
      continue;
    }
    const auto access = next.blueprint->config->sites != nullptr ? ListeningSockets::Access::everybody
                                                                 : ListeningSockets::Access::as_umask;
    auto sockets = sockets_.open(listener.address, workers, diagnostics, access, listener.socket);
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

// ---------------------------------------------------------------------------------------------------------------
// Coming into force

void Server::launch(Generation& generation) {
  generation.directory = std::make_unique<upstream::Directory>(
      loop_, *generation.blueprint->config,
      [this, &generation](std::size_t upstream, std::size_t server,
                          std::vector<net::SocketAddress> addresses) {
        generation.known[{upstream, server}] = addresses;
        for (Change& change : generation.changes) change.addresses.push_back({upstream, server, addresses});
        if (!generation.changes.empty()) return;  // the workers do not have it yet
        for (auto& worker : workers_) worker->set_addresses(upstream, server, addresses);
      },
      [this, &generation] { commit(generation); });
}

/// A name that cannot be looked up just now keeps the addresses that it has.
void Server::inherit_addresses(Generation& generation) {
  const auto& upstreams = generation.blueprint->config->upstreams;
  const auto& old_upstreams = current_->blueprint->config->upstreams;
  for (const auto& [place, addresses] : current_->known) {
    const conf::Server& old_one = old_upstreams[place.first].servers[place.second];
    for (std::size_t u = 0; u < upstreams.size(); ++u) {
      for (std::size_t s = 0; s < upstreams[u].servers.size(); ++s) {
        if (identity(upstreams[u].servers[s]) != identity(old_one)) continue;
        if (!generation.known.try_emplace({u, s}, addresses).second) continue;
        for (Change& change : generation.changes) change.addresses.push_back({u, s, addresses});
      }
    }
  }
}

void Server::follow(Generation& generation) {
  for (const auto& part : std::exchange(generation.follow, {})) {
    if (part) part();
  }
  if (is_watched(*generation.blueprint->config) && !loop_probe_.armed()) probe_loops();
}

void Server::commit(Generation& generation) {
  if (drain_.begun()) return;
  if (next_ != nullptr) inherit_addresses(generation);
  follow(generation);
  if (const auto& sites = generation.blueprint->config->sites) shared_.zones.prepare(*sites);
  for (std::size_t i = 0; i < workers_.size(); ++i) workers_[i]->switch_to(std::move(generation.changes[i]));
  generation.changes.clear();
  configurations();  // forgets those that are gone
  configurations_.push_back(generation.blueprint->config);
  const conf::Config& config = *generation.blueprint->config;
  apply_log(config.log);
  for (const std::size_t i : generation.fresh) {
    const conf::Listener& listener = config.listeners[i];
    log::info("server", "listening on " + generation.addresses[i].to_string() +
                            (listener.tls ? " (TLS)" : "") + " as listener " + listener.name);
  }
  tell_tunnel_limit(generation);
  note_leavers(generation);
  workers_switching_ = static_cast<unsigned>(workers_.size());
  // This runs inside a callback of the new directory; the old one may go.
  if (next_ != nullptr) current_ = std::move(next_);
}

std::size_t Server::configurations() {
  std::erase_if(configurations_, [](const auto& each) { return each.expired(); });
  return configurations_.size();
}

void Server::on_worker_switched() {
  if (--workers_switching_ > 0) return;
  forget_leavers();
  if (std::exchange(accepting_, true)) return end_reload();
  note_configuration();
  // First, while a process that hands over is still there: its pid file becomes ours, so that it leaves it.
  if (options_.on_accepting) options_.on_accepting();
  sockets_.settle();
  service_.ready();
  begin_waiting();
  if (handover_wanted_) start_handover();
}

// ---------------------------------------------------------------------------------------------------------------
// Reload

void Server::reload(ReloadDone done) {
  loop_.post([this, done = std::move(done)]() mutable { start_reload(std::move(done)); });
}

void Server::start_reload(ReloadDone done) {
  reload_waiting_.push_back(std::move(done));
  begin_waiting();
}

void Server::begin_waiting() {
  if (switching() || handover_.under_way() != 0) return;
  for (const auto& plan : std::exchange(plans_waiting_, {})) plan();
  if (!reload_waiting_.empty()) begin_reload();
}

void Server::begin_reload() {
  reloading_ = true;
  reload_asked_ = std::exchange(reload_waiting_, {});
  reload_result_ = {};
  Diagnostics& diagnostics = reload_result_.diagnostics;
  if (drain_.begun()) {
    diagnostics.error({}, kDraining);
  } else if (!options_.load) {
    diagnostics.error({}, "there is no configuration file to read again; restart to change anything");
  } else if (auto config = read_again(diagnostics)) {
    warn_of_workers(*config, diagnostics);
    next_ = prepare(std::make_shared<const conf::Config>(*std::move(config)),
                    static_cast<unsigned>(workers_.size()), Purpose::use, diagnostics);
  }
  log_all(diagnostics);
  if (next_ == nullptr) return end_reload();
  const conf::Config& before = *current_->blueprint->config;
  const auto removals = std::make_shared<const Removals>(before, *next_->blueprint->config);
  for (Change& change : next_->changes) change.removals = removals;
  take_census([this](const Census& tunnels) {
    if (next_ == nullptr) return;  // given up
    reload_result_.differences = differences(*current_->blueprint->config, current_->contents,
                                             *next_->blueprint->config, next_->contents, tunnels);
    launch(*next_);
  });
}

std::optional<conf::Config> Server::read_again(Diagnostics& diagnostics) {
  service_.reloading();
  if (watch_ != nullptr) watch_->before_reading();
  return options_.load(diagnostics);
}

void Server::take_census(std::function<void(const Census&)> done) {
  struct Pending {
    Census census;
    std::size_t missing;
    std::function<void(const Census&)> done;
  };
  auto pending = std::make_shared<Pending>(Pending{{}, workers_.size(), std::move(done)});
  for (auto& worker : workers_) {
    worker->census([this, pending](const Census& part) {
      loop_.post([pending, part] {
        pending->census.add(part);
        if (--pending->missing == 0) pending->done(pending->census);
      });
    });
  }
}

void Server::end_reload() {
  const Diagnostics& diagnostics = reload_result_.diagnostics;
  reload_result_.applied = !diagnostics.failed();
  reloads_.last_succeeded = reload_result_.applied;
  ++(reloads_.last_succeeded ? reloads_.succeeded : reloads_.failed);
  if (reloads_.last_succeeded) note_configuration();
  if (diagnostics.failed()) {
    log::error("server", "reload refused (errors: " + std::to_string(diagnostics.errors()) +
                             "); the configuration that was in force stays");
  } else {
    if (watch_ != nullptr) watch_->on_applied();
    log_all(reload_result_.differences);
    log::info("server", "reloaded: " + std::to_string(residents()) + " connections and tunnels go on");
  }
  access_logs_.close_unused();  // those of one that was refused, too
  reloading_ = false;
  if (!drain_.begun()) service_.ready();
  answer_all(std::exchange(reload_asked_, {}), reload_result_);
  if (!reload_waiting_.empty() || !plans_waiting_.empty()) loop_.post([this] { begin_waiting(); });
  if (handover_wanted_) start_handover();
}

void Server::give_up_reload() {
  next_.reset();
  reload_result_.diagnostics.error({}, kDraining);
  log::error("server", std::string("reload: ") + kDraining);
  end_reload();
}

void Server::warn_of_workers(const conf::Config& config, Diagnostics& diagnostics) const {
  if (worker_count(config) == workers_.size()) return;
  diagnostics.warning({}, "workers: another number of workers needs a restart; there are still " +
                              std::to_string(workers_.size()));
}

// ---------------------------------------------------------------------------------------------------------------
// Plan

void Server::plan(std::string text, std::string file, ReloadDone done) {
  loop_.post([this, text = std::move(text), file = std::move(file), done = std::move(done)] {
    plans_waiting_.emplace_back([this, text, file, done] { make_plan(text, file, done); });
    begin_waiting();
  });
}

void Server::make_plan(const std::string& text, const std::string& file, const ReloadDone& done) {
  ReloadResult result;
  if (!options_.parse) {
    result.diagnostics.error({}, "this gateway has no configuration file that another could replace");
  } else if (auto config = options_.parse(text, file, result.diagnostics)) {
    warn_of_workers(*config, result.diagnostics);
    auto next = prepare(std::make_shared<const conf::Config>(*std::move(config)),
                        static_cast<unsigned>(workers_.size()), Purpose::trial, result.diagnostics);
    if (next != nullptr) return compare_plan(*next, std::move(result), done);
  }
  done(result);
}

/// `next` may go at once, and its sockets with it.
void Server::compare_plan(const Generation& next, ReloadResult result, const ReloadDone& done) {
  result.applied = true;
  take_census([done, result = std::move(result), before = current_->blueprint,
               old_contents = current_->contents, after = next.blueprint,
               new_contents = next.contents](const Census& tunnels) mutable {
    result.differences = differences(*before->config, old_contents, *after->config, new_contents, tunnels);
    done(result);
  });
}

}  // namespace tidegate::server
