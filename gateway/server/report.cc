// What the server says of itself to a scrape.

#include <chrono>
#include <utility>

#include "gateway/server/server.h"

namespace tidegate::server {
namespace {

/// A report on its way. Each worker's part is put in on the main thread; the last one completes it.
struct Pending {
  metrics::Report report;
  std::size_t missing;
  std::function<void(metrics::Report)> done;

  void take(std::size_t worker, metrics::WorkerSample sample) {
    report.workers[worker] = std::move(sample);
    if (--missing == 0) done(std::move(report));
  }
};

metrics::ServerSample sample_of(const conf::Upstream& upstream, const conf::Server& server,
                                const upstream::ServerState& state) {
  metrics::ServerSample sample;
  sample.upstream = upstream.name;
  sample.server = server.text;
  sample.up = !state.unreachable.load(std::memory_order_relaxed);
  sample.tunnels = state.tunnels.load(std::memory_order_relaxed);
  sample.drained = state.drained.load(std::memory_order_relaxed);
  sample.weight = state.weight(server.weight);
  sample.configured_weight = server.weight;
  return sample;
}

}  // namespace

void Server::report(std::function<void(metrics::Report)> done) {
  auto pending = std::make_shared<Pending>(Pending{begin_report(), workers_.size(), std::move(done)});
  pending->report.workers.resize(workers_.size());
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    workers_[i]->sample([this, pending, i](metrics::WorkerSample sample) {
      // A task can be copied, and should not copy this.
      auto carried = std::make_shared<metrics::WorkerSample>(std::move(sample));
      loop_.post([pending, carried, i] { pending->take(i, std::move(*carried)); });
    });
  }
}

metrics::Report Server::begin_report() {
  metrics::Report report;
  const Blueprint& blueprint = *current_->blueprint;
  const auto& upstreams = blueprint.config->upstreams;
  for (std::size_t u = 0; u < upstreams.size(); ++u) {
    for (std::size_t s = 0; s < upstreams[u].servers.size(); ++s) {
      report.servers.push_back(sample_of(upstreams[u], upstreams[u].servers[s], *current_->servers[u][s]));
    }
  }
  for (std::size_t i = 0; i < blueprint.tls.size(); ++i) {
    if (blueprint.tls[i] == nullptr) continue;
    for (const auto& [name, not_after] : blueprint.tls[i]->watched()) {
      report.certificates.push_back({blueprint.config->listeners[i].name, name, not_after});
    }
  }
  report.max_tunnels = max_tunnels();
  report.reloads = reloads_;
  report.draining = drain_.begun();
  return report;
}

void Server::note_configuration() {
  reloads_.last_success = std::chrono::system_clock::now().time_since_epoch();
}

bool Server::is_watched(const conf::Config& config) {
  return config.metrics || !config.admin.empty();
}

/// As long as somebody may ask.
void Server::probe_loops() {
  if (!is_watched(*current_->blueprint->config) && next_ == nullptr) return;
  for (auto& worker : workers_) worker->probe_lag();
  loop_probe_.arm(loop_.timers(), std::chrono::seconds(1));
}

}  // namespace tidegate::server
