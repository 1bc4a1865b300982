// Live tunnels as an operator finds them and ends them.

#include <algorithm>
#include <iterator>
#include <utility>

#include "gateway/base/best.h"
#include "gateway/server/server.h"
#include "gateway/tunnel/tunnel.h"

namespace tidegate::server {
namespace {

/// What comes first is greater.
std::int64_t key_of(const tunnel::Tunnel& tunnel, TunnelQuery::Order order) {
  switch (order) {
    case TunnelQuery::Order::age:
      return -tunnel.opened_at().time_since_epoch().count();
    case TunnelQuery::Order::messages:
      return static_cast<std::int64_t>(tunnel.messages());
    case TunnelQuery::Order::bytes:
      return static_cast<std::int64_t>(tunnel.bytes());
  }
  return 0;
}

bool comes_before(const tunnel::TunnelInfo& a, const tunnel::TunnelInfo& b, TunnelQuery::Order order) {
  switch (order) {
    case TunnelQuery::Order::age:
      return a.age > b.age;
    case TunnelQuery::Order::messages:
      return a.messages() > b.messages();
    case TunnelQuery::Order::bytes:
      return a.bytes() > b.bytes();
  }
  return false;
}

bool fits(const conf::Route& route, const TunnelQuery& query) {
  return (query.route.empty() || route.name == query.route) &&
         (query.upstream.empty() || route.upstream.value == query.upstream);
}

/// Lists on their way. Each worker's part is put in on the main thread; the last one completes it.
struct PendingList {
  TunnelQuery query;
  TunnelList list;
  std::size_t missing;
  std::function<void(TunnelList)> done;

  void take(TunnelList part) {
    list.total += part.total;
    list.tunnels.insert(list.tunnels.end(), std::make_move_iterator(part.tunnels.begin()),
                        std::make_move_iterator(part.tunnels.end()));
    if (--missing > 0) return;
    std::stable_sort(list.tunnels.begin(), list.tunnels.end(),
                     [this](const auto& a, const auto& b) { return comes_before(a, b, query.order); });
    if (list.tunnels.size() > query.limit) list.tunnels.resize(query.limit);
    done(std::move(list));
  }
};

}  // namespace

// ---------------------------------------------------------------------------------------------------------------
// On the main thread

void Server::list_tunnels(TunnelQuery query, std::function<void(TunnelList)> done) {
  auto pending = std::make_shared<PendingList>(PendingList{query, {}, workers_.size(), std::move(done)});
  for (auto& worker : workers_) {
    worker->list_tunnels(query, [this, pending](TunnelList part) {
      // A task can be copied, and should not copy this.
      auto carried = std::make_shared<TunnelList>(std::move(part));
      loop_.post([pending, carried] { pending->take(std::move(*carried)); });
    });
  }
}

void Server::close_tunnel(std::string id, std::uint16_t code, std::function<void(bool found)> done) {
  const auto index = shared_.worker_of(id);
  const auto answer = [this, done = std::move(done)](bool found) {
    loop_.post([done, found] { done(found); });
  };
  if (!index || *index >= workers_.size()) return answer(false);
  workers_[*index]->close_tunnel(std::move(id), code, answer);
}

void Worker::list_tunnels(TunnelQuery query, std::function<void(TunnelList)> done) {
  loop_->post([this, query = std::move(query), done = std::move(done)] { done(select_tunnels(query)); });
}

void Worker::close_tunnel(std::string id, std::uint16_t code, std::function<void(bool found)> done) {
  loop_->post([this, id = std::move(id), code, done = std::move(done)] {
    tunnel::Tunnel* tunnel = find_tunnel(id);
    if (tunnel != nullptr) tunnel->close(code);
    done(tunnel != nullptr);
  });
}

// ---------------------------------------------------------------------------------------------------------------
// On the worker's thread

/// All are looked at, for a key; words are made for those alone that will be told.
TunnelList Worker::select_tunnels(const TunnelQuery& query) {
  TunnelList list;
  Best<std::int64_t, const tunnel::Tunnel*> best(query.limit);
  residents_.for_each([&](tunnel::Resident& resident) {
    const tunnel::Tunnel* tunnel = resident.as_tunnel();
    if (tunnel == nullptr || !fits(tunnel->route(), query)) return;
    ++list.total;
    best.offer(key_of(*tunnel, query.order), tunnel);
  });
  for (const auto& [key, tunnel] : best.take()) list.tunnels.push_back(tunnel->tell());
  return list;
}

tunnel::Tunnel* Worker::find_tunnel(std::string_view id) {
  tunnel::Tunnel* found = nullptr;
  residents_.for_each([&](tunnel::Resident& resident) {
    tunnel::Tunnel* tunnel = resident.as_tunnel();
    if (tunnel != nullptr && tunnel->id() == id) found = tunnel;
  });
  return found;
}

}  // namespace tidegate::server
