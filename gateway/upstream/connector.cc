#include "gateway/upstream/connector.h"

#include <algorithm>
#include <utility>

#include "gateway/upstream/dialling.h"
#include "gateway/upstream/idle_pool.h"

namespace tidegate::upstream {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

struct Connector::Impl {
  net::Loop& loop;
  std::shared_ptr<tls::ClientContext> tls;
  metrics::UpstreamCounts* counts;  ///< failed attempts; null: nobody counts
  Balancer balancer;
  std::vector<std::unique_ptr<IdlePool>> pools;  ///< by the server's index
  std::unique_ptr<Chooser> chooser{};            ///< null: nobody has asked it yet

  std::int64_t now_ms() const {
    return std::chrono::duration_cast<milliseconds>(loop.now().time_since_epoch()).count();
  }
  std::vector<Server*> order(const Wish& wish) {
    if (!wish.order.empty()) return wish.order;
    return balancer.order(wish.hash, wish.cookie, now_ms());
  }
};

Connector::Connector(net::Loop& loop, const conf::Upstream& upstream, ServerStates& states,
                     std::shared_ptr<tls::ClientContext> tls, metrics::UpstreamCounts* counts)
    : impl_(new Impl{loop, std::move(tls), counts, Balancer(upstream, states), {}}) {
  for (std::size_t i = 0; i < upstream.servers.size(); ++i) {
    impl_->pools.push_back(std::make_unique<IdlePool>(loop, upstream.keepalive_max));
  }
}

Connector::~Connector() = default;

std::optional<Connection> Connector::take_idle(Wish& wish) {
  wish.order = impl_->order(wish);
  if (wish.fresh || wish.order.empty()) return std::nullopt;
  return take_idle(*wish.order.front());
}

std::optional<Connection> Connector::take_idle(Server& server) {
  auto idle = impl_->pools[server.index]->take();
  if (idle.stream == nullptr) return std::nullopt;
  return Connection{std::move(idle.stream), &server, idle.uses, idle.opened_s, {}};
}

std::unique_ptr<Attempt> Connector::connect(const Wish& wish, ConnectListener& listener) {
  return std::make_unique<Dialling>(impl_->loop, conf(), impl_->tls.get(), impl_->order(wish), wish, listener,
                                    impl_->counts);
}

void Connector::keep(Connection connection, int keep_alive_timeout_s) {
  milliseconds time = conf().keepalive_idle;
  if (keep_alive_timeout_s >= 0) {
    // The upstream's clock began to run before ours: give up first, lest a request cross its FIN.
    time = std::min(time, milliseconds(keep_alive_timeout_s * std::int64_t{1000}) - 1s);
  }
  if (time <= 0ms || connection.stream->queued_bytes() > 0) return;
  const std::uint32_t uses = connection.uses + 1;
  if (conf().keepalive_requests > 0 && uses >= conf().keepalive_requests) return;
  if (conf().keepalive_time > 0ms &&
      impl_->now_ms() - connection.opened_s * std::int64_t{1000} >= conf().keepalive_time.count()) {
    return;
  }
  impl_->pools[connection.server->index]->keep({std::move(connection.stream), uses, connection.opened_s},
                                               time);
}

Server* Connector::choose(const Chooser::Question& question, Chooser::Course& course) {
  if (impl_->chooser == nullptr)
    impl_->chooser = std::make_unique<Chooser>(impl_->balancer.servers(), conf());
  return impl_->chooser->choose(question, course, impl_->now_ms());
}

void Connector::failed(Server& server) {
  if (impl_->chooser != nullptr) impl_->chooser->failed(server, impl_->now_ms());
}

void Connector::succeeded(Server& server) {
  if (impl_->chooser != nullptr) impl_->chooser->succeeded(server);
}

void Connector::set_addresses(std::size_t index, std::vector<net::SocketAddress> addresses) {
  if (addresses.empty()) return;
  impl_->pools[index]->drop_if([&](const net::Stream& stream) {
    const IpAddress* peer = stream.peer();
    return peer != nullptr &&
           std::none_of(addresses.begin(), addresses.end(), [&](const net::SocketAddress& a) {
             return a.ip == *peer && a.port == stream.peer_port();
           });
  });
  impl_->balancer.servers()[index].addresses = std::move(addresses);
}

std::string Connector::set_cookie(const Server& server, std::string_view sent, bool secure) const {
  if (!conf().sticky || conf().sticky->cookie.empty() || sent == server.cookie_value) return {};
  std::string out = conf().sticky->cookie + "=" + server.cookie_value + "; Path=/; HttpOnly; SameSite=Lax";
  if (secure) out += "; Secure";
  return out;
}

std::size_t Connector::idle() const {
  std::size_t total = 0;
  for (const auto& pool : impl_->pools) total += pool->size();
  return total;
}

const conf::Upstream& Connector::conf() const {
  return impl_->balancer.conf();
}

}  // namespace tidegate::upstream
