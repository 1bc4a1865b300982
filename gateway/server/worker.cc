#include "gateway/server/worker.h"

#include <algorithm>
#include <charconv>
#include <list>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/log.h"
#include "gateway/base/thread_start.h"
#include "gateway/net/proxy_header.h"
#include "gateway/tunnel/tunnel.h"

namespace tidegate::server {

struct Worker::Gate final : net::AcceptListener {
  Gate(Worker& w, std::size_t l, std::vector<net::ListeningSocket> sockets) : worker(w), listener(l) {
    net::AcceptListener& accepts = *this;
    for (net::ListeningSocket& socket : sockets) acceptors.emplace_back(*w.loop_, std::move(socket), accepts);
  }

  void turn_away_newcomers() {
    for (net::Acceptor& acceptor : acceptors) acceptor.turn_away_newcomers();
  }
  void accept_waiting() {
    for (net::Acceptor& acceptor : acceptors) acceptor.accept_waiting();
  }

  void on_accept(std::unique_ptr<net::Stream> stream) override { worker.accept(listener, std::move(stream)); }
  void on_descriptors_exhausted(bool exhausted) override {
    const std::string& name = worker.snapshot_->config->listeners[listener].name;
    if (exhausted) {
      worker.counters_.accept_pauses.add();
      log::error("server", "no descriptors left: accepting on listener " + name +
                               " pauses until some are free; raise the limit (ulimit -n, LimitNOFILE=)");
    } else {
      log::info("server", "descriptors are free again: accepting on listener " + name + " goes on");
    }
  }

  Worker& worker;
  std::size_t listener;  ///< in the worker's snapshot
  std::list<net::Acceptor> acceptors;
};

Worker::Worker(unsigned index, Shared& shared)
    : index_(index),
      shared_(shared),
      loop_(std::make_unique<net::Loop>()),
      random_state_{random_u64(), random_u64() | 1} {
  thread_ = std::thread([this] { run(); });
}

Worker::~Worker() {
  if (!thread_.joinable()) return;
  stop();
  join();
}

std::shared_ptr<tunnel::Snapshot> Worker::build_snapshot(const Change& change) {
  const auto& blueprint = change.blueprint;
  auto snapshot = std::make_shared<tunnel::Snapshot>();
  const conf::Config& config = *blueprint->config;
  snapshot->config = blueprint->config;
  snapshot->routes = blueprint->routes;
  snapshot->tally = &tally_;
  snapshot->slow_handshakes = &slow_handshakes_;
  snapshot->tunnels = &shared_.tunnels;
  snapshot->max_tunnels = change.max_tunnels;
  for (std::size_t i = 0; i < config.listeners.size(); ++i) {
    snapshot->listeners.push_back(
        {&config.listeners[i],
         blueprint->tls[i] ? tls::ServerContext::make(*tls_library_, blueprint->tls[i], shared_.tickets)
                           : nullptr,
         blueprint->redirects[i], &tally_.listener(config.listeners[i].name)});
  }
  for (std::size_t i = 0; i < config.upstreams.size(); ++i) {
    const conf::Upstream& upstream = config.upstreams[i];
    const auto& material = blueprint->upstream_tls[i];
    auto tls = material != nullptr ? tls::ClientContext::make(*tls_library_, material) : nullptr;
    snapshot->upstreams.push_back(
        {std::make_unique<upstream::Connector>(*loop_, upstream, shared_.states, std::move(tls),
                                               &tally_.upstream(upstream.name)),
         blueprint->sticky_hashes[i]});
  }
  for (const conf::Route& route : config.routes) {
    tunnel::UpstreamSite* site = nullptr;
    for (tunnel::UpstreamSite& candidate : snapshot->upstreams) {
      if (candidate.connector->conf().name == route.upstream.value) site = &candidate;
    }
    snapshot->by_route.push_back(site);
    snapshot->route_tunnels.push_back(shared_.route_tunnels.get(route.name));
    snapshot->route_counts.push_back(&tally_.route(route.name, route.upstream.value));
  }
  if (blueprint->sites != nullptr) add_sites(*snapshot, change);
  return snapshot;
}

void Worker::add_sites(tunnel::Snapshot& snapshot, const Change& change) {
  snapshot.sites = change.blueprint->sites;
  snapshot.zones = &shared_.zones;
  snapshot.site_logs = change.site_logs;
  const auto& listeners = snapshot.config->sites->by_listener;
  for (std::size_t i = 0; i < listeners.size(); ++i) {
    const auto address = IpAddress::parse(snapshot.config->listeners[i].address.host);
    if (listeners[i].through && address)
      snapshot.listeners[*listeners[i].through].guests.emplace_back(*address, i);
  }
  for (tunnel::UpstreamSite& site : snapshot.upstreams) {
    snapshot.by_name.emplace(site.connector->conf().name, &site);
  }
  snapshot.on_demand = std::make_unique<upstream::OnDemand>(*loop_, shared_.states);
  std::vector<std::shared_ptr<tls::ClientContext>> contexts;
  for (const auto& material : change.blueprint->variable_tls)
    contexts.push_back(tls::ClientContext::make(*tls_library_, material));
  for (const auto& [proxy, index] : change.blueprint->variable_tls_of)
    snapshot.variable_tls.emplace(proxy, contexts[index]);
}

void Worker::run() {
  thread_started();
  tls_library_ = std::make_unique<tls::Library>();  // here, since an OSSL_LIB_CTX must die where it was used
  loop_->run();
  // The order of a worker's end: listeners, connections, reaper, upstream connections, loop.
  goodbyes_.disarm();
  gates_.clear();
  residents_.for_each([](tunnel::Resident& resident) { resident.stop(); });
  while (resident_count_.load(std::memory_order_relaxed) > 0) loop_->run_once();
  snapshot_.reset();
  loop_.reset();
  tls_library_.reset();
}

// ---------------------------------------------------------------------------------------------------------------
// From the main thread

void Worker::switch_to(Change change) {
  // A task can be copied, a listening socket cannot.
  auto carried = std::make_shared<Change>(std::move(change));
  loop_->post([this, carried] {
    carry_out(*carried);
    shared_.on_worker_switched();
  });
}

void Worker::set_addresses(std::size_t upstream, std::size_t server,
                           std::vector<net::SocketAddress> addresses) {
  loop_->post([this, upstream, server, addresses = std::move(addresses)]() mutable {
    snapshot_->upstreams[upstream].connector->set_addresses(server, std::move(addresses));
  });
}

void Worker::drain(const tunnel::DrainPlan& plan) {
  loop_->post([this, plan] {
    for (auto& gate : gates_) gate->turn_away_newcomers();
    draining_ = true;
    drain_plan_ = plan;
    drain_began_ = loop_->now();
    residents_.for_each([&plan](tunnel::Resident& resident) { resident.begin_drain(plan); });
    for (auto& gate : gates_) gate->accept_waiting();
    gates_.clear();
    check_empty();
  });
}

void Worker::sample(std::function<void(metrics::WorkerSample)> done) {
  loop_->post([this, done = std::move(done)] {
    metrics::WorkerSample sample;
    sample.worker = index_;
    sample.tally = tally_;
    sample.redirects = counters_.redirects.value();
    for (const metrics::RouteCounts& counts : tally_.routes()) sample.tunnels += counts.tunnels_active;
    sample.slowest_handshakes = slow_handshakes_.list(std::chrono::steady_clock::now());
    sample.loop_lag = *std::max_element(lags_.begin(), lags_.end());
    residents_.for_each([&sample](tunnel::Resident& resident) { resident.add_to(sample.tally); });
    done(std::move(sample));
  });
}

void Worker::ask(std::function<void()> answer) {
  loop_->post(std::move(answer));
}

void Worker::census(std::function<void(Census)> done) {
  loop_->post([this, done = std::move(done)] {
    Census census;
    residents_.for_each([&census](const tunnel::Resident& resident) {
      if (const auto place = resident.place()) census.count(*place);
    });
    done(std::move(census));
  });
}

void Worker::probe_lag() {
  loop_->post([this, posted = std::chrono::steady_clock::now()] {
    lags_[next_lag_] = std::chrono::steady_clock::now() - posted;
    next_lag_ = (next_lag_ + 1) % lags_.size();
  });
}

void Worker::trace(std::string id, std::shared_ptr<tunnel::FrameTrace> trace,
                   std::function<void(bool)> done) {
  loop_->post([this, id = std::move(id), trace = std::move(trace), done = std::move(done)] {
    tunnel::Tunnel* found = find_tunnel(id);
    done(found != nullptr);
    if (found != nullptr) found->trace(trace);
  });
}

void Worker::untrace(std::string id, std::shared_ptr<tunnel::FrameTrace> trace) {
  if (!thread_.joinable()) return;  // it has ended, and its tunnels with it
  loop_->post([this, id = std::move(id), trace = std::move(trace)] {
    if (tunnel::Tunnel* found = find_tunnel(id)) found->untrace(trace);
  });
}

void Worker::stop() {
  loop_->post([this] { loop_->stop(); });
}

void Worker::join() {
  thread_.join();
}

// ---------------------------------------------------------------------------------------------------------------
// On the worker's thread

void Worker::carry_out(Change& change) {
  if (draining_) return;  // the change's sockets are closed with it
  std::vector<bool> kept(gates_.size());
  for (const Change::Entrance& entrance : change.entrances) {
    if (entrance.kept) kept[*entrance.kept] = true;
  }
  for (std::size_t i = 0; i < gates_.size(); ++i) {
    if (kept[i]) continue;
    gates_[i]->turn_away_newcomers();
    gates_[i]->accept_waiting();  // while its listener still has a meaning
  }
  snapshot_ = build_snapshot(change);
  late_removals_.clear();
  access_log_ = std::move(change.access_log);
  for (Change::Resolved& known : change.addresses) {
    snapshot_->upstreams[known.upstream].connector->set_addresses(known.server, std::move(known.addresses));
  }
  std::vector<std::unique_ptr<Gate>> gates;
  for (std::size_t i = 0; i < change.entrances.size(); ++i) {
    Change::Entrance& entrance = change.entrances[i];
    if (entrance.kept) {
      gates.push_back(std::move(gates_[*entrance.kept]));
      gates.back()->listener = i;
    } else {
      gates.push_back(std::make_unique<Gate>(*this, i, std::move(entrance.fresh)));
    }
  }
  gates_ = std::move(gates);  // what nobody kept stops accepting here
  if (change.removals == nullptr || change.removals->empty()) return;
  residents_.for_each([&](tunnel::Resident& resident) { apply(*change.removals, resident); });
}

void Worker::apply(const Removals& removals, tunnel::Resident& resident) {
  const auto place = resident.place();
  if (!place) return;
  const auto fate = removals.of(*place);
  if (!fate || *fate == conf::Upstream::OnRemoval::keep) return;
  tunnel::DrainPlan plan;
  plan.reason = Reason::removed;
  plan.close_code = info(Reason::removed).close_code;
  if (*fate == conf::Upstream::OnRemoval::drain) plan.window = snapshot_->config->drain.window;
  plan.deadline = plan.window + snapshot_->config->timeouts.close;
  resident.begin_drain(plan);
}

bool Worker::refresh(std::shared_ptr<tunnel::Snapshot>& snapshot, std::size_t& listener,
                     const net::Stream& stream) {
  if (snapshot == snapshot_) return true;
  const conf::Listener& old = snapshot->config->listeners[listener];
  const std::vector<conf::Listener>& now = snapshot_->config->listeners;
  const auto same = std::find_if(now.begin(), now.end(), [&old](const conf::Listener& one) {
    return one.address == old.address && one.tls == old.tls && one.proxy_protocol == old.proxy_protocol &&
           one.proxy_protocol_from_all == old.proxy_protocol_from_all;
  });
  if (same == now.end() || leads_past(*same, stream)) return false;
  snapshot = snapshot_;
  listener = static_cast<std::size_t>(same - now.begin());
  return true;
}

/// Does the address that was come to lead to another listener than to this one, a wildcard? Whether that one
/// has sockets of its own or is a guest.
bool Worker::leads_past(const conf::Listener& listener, const net::Stream& stream) const {
  const auto come_to = IpAddress::parse(stream.local_address());
  if (!come_to || IpAddress::parse(listener.address.host) == come_to) return false;
  const std::vector<conf::Listener>& all = snapshot_->config->listeners;
  return std::any_of(all.begin(), all.end(), [&](const conf::Listener& other) {
    return other.address.port == listener.address.port && IpAddress::parse(other.address.host) == come_to;
  });
}

void Worker::accept(std::size_t entrance, std::unique_ptr<net::Stream> stream) {
  const std::size_t listener = listener_of(entrance, *stream);
  const conf::Listener& conf = snapshot_->config->listeners[listener];
  if (conf.proxy_protocol) {
    if (!takes_proxy_header(conf, stream->peer())) return;
    stream = net::expect_proxy_header(std::move(stream));
  }
  admit(std::make_unique<tunnel::ClientConnection>(*this, snapshot_, listener, std::move(stream)));
}

/// Behind one socket there may be several listeners: then the address that was come to says which one.
std::size_t Worker::listener_of(std::size_t entrance, const net::Stream& stream) const {
  const auto& guests = snapshot_->listeners[entrance].guests;
  if (guests.empty()) return entrance;
  const auto address = IpAddress::parse(stream.local_address());
  const auto found = std::find_if(guests.begin(), guests.end(), [&address](const auto& guest) {
    return address && guest.first == *address;
  });
  return found != guests.end() ? found->second : entrance;
}

/// May who connects say whom it connects for? Who reaches a unix socket may: its file says who does.
bool Worker::takes_proxy_header(const conf::Listener& listener, const IpAddress* peer) {
  if (listener.proxy_protocol_from_all || !listener.address.unix_path.empty()) return true;
  for (const Cidr& block : snapshot_->config->trusted_proxies) {
    if (peer != nullptr && block.contains(*peer)) return true;
  }
  counters_.count(Reason::bad_framing);
  if (log::enabled(log::Level::info, "net")) {
    log::info("net", "listener " + listener.name + ": closed " +
                         (peer != nullptr ? peer->to_string() : "somebody without an address") +
                         ", which is not among trusted_proxies, and only they may send a PROXY header");
  }
  return false;
}

void Worker::admit(std::unique_ptr<tunnel::Resident> resident) {
  tunnel::Resident* admitted = resident.release();  // owned by residents_; retire() takes it back
  residents_.push_back(*admitted);
  resident_count_.fetch_add(1, std::memory_order_relaxed);
  if (const auto place = admitted->place(); place && place->config != snapshot_->config.get()) {
    // A tunnel whose handshake was in flight during a reload.
    apply(late_removals_.try_emplace(place->config, *place->config, *snapshot_->config).first->second,
          *admitted);
  }
  if (!draining_) return;
  // A tunnel whose handshake was in flight: its plan is what is left of the others'.
  tunnel::DrainPlan late = drain_plan_;
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(loop_->now() - drain_began_);
  late.window = std::max(late.window - passed, std::chrono::milliseconds(0));
  late.deadline -= passed;
  admitted->begin_drain(late);
}

void Worker::retire(tunnel::Resident& resident) {
  if (!resident.linked()) return;
  resident.unlink();
  resident_count_.fetch_sub(1, std::memory_order_relaxed);
  loop_->retire(std::unique_ptr<net::Retired>(&resident));
  check_empty();
}

/// Empty once the goodbyes are said too: a Close frame that is on its way must not be overtaken by the end.
void Worker::check_empty() {
  if (!draining_ || reported_empty_ || !gates_.empty() || !residents_.empty()) return;
  if (loop_->lingering() > 0) return goodbyes_.arm(loop_->timers(), net::TimerWheel::kTick);
  reported_empty_ = true;
  shared_.on_worker_empty(index_);
}

void Worker::log_access(const tunnel::AccessRecord& record) {
  access_log_->write(tunnel::format(record, snapshot_->config->log));
}

std::string Worker::next_id() {
  static constexpr char kDigits[] = "0123456789abcdef";
  const std::uint64_t id = (std::uint64_t{index_} << 56 | ++next_id_) ^ shared_.id_salt;
  std::string text(16, '0');
  for (std::size_t i = 0; i < 16; ++i) text[15 - i] = kDigits[id >> (4 * i) & 15];
  return text;
}

std::optional<unsigned> Shared::worker_of(std::string_view id) const {
  std::uint64_t number = 0;
  const char* end = id.data() + id.size();
  const auto [stopped, error] = std::from_chars(id.data(), end, number, 16);
  if (id.size() != 16 || error != std::errc() || stopped != end) return std::nullopt;
  return static_cast<unsigned>((number ^ id_salt) >> 56);
}

/// xorshift128+ (Vigna).
std::uint64_t Worker::random() {
  std::uint64_t x = random_state_[0];
  const std::uint64_t y = random_state_[1];
  random_state_[0] = y;
  x ^= x << 23;
  random_state_[1] = x ^ y ^ (x >> 17) ^ (y >> 26);
  return random_state_[1] + y;
}

}  // namespace tidegate::server
