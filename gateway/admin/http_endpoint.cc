#include "gateway/admin/http_endpoint.h"

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/net/acceptor.h"

namespace tidegate::admin {
namespace {

/// A few operators, scrapers and probes; more is a mistake or worse, and is closed at once. Counted by
/// address, so that nobody who reaches a port shuts out who reaches the unix socket.
constexpr std::size_t kMostConnections = 64;

/// However it is written.
bool same_place(const conf::ListenAddress& a, const conf::ListenAddress& b) {
  return a.host == b.host && a.port == b.port && a.unix_path == b.unix_path;
}

}  // namespace

class HttpEndpoint::Door final : net::AcceptListener, HttpOwner {
 public:
  Door(HttpEndpoint& endpoint, conf::ListenAddress conf, net::ListeningSocket socket)
      : endpoint_(endpoint), conf_(std::move(conf)), address_(socket.local()) {
    net::AcceptListener& accepts = *this;
    acceptor_.emplace(endpoint_.server_.loop(), std::move(socket), accepts);
  }

  const conf::ListenAddress& conf() const { return conf_; }
  const net::SocketAddress& address() const { return address_; }
  bool empty() const { return connections_.empty(); }

  void close() {
    acceptor_.reset();
    std::vector<HttpConnection*> all;
    for (const auto& [connection, owned] : connections_) all.push_back(connection);
    for (HttpConnection* connection : all) connection->wind_down();
  }

 private:
  void on_accept(std::unique_ptr<net::Stream> stream) override {
    if (connections_.size() >= kMostConnections) {
      if (!std::exchange(told_full_, true)) {
        log::warning("admin", std::string(endpoint_.options_.name) + " at " + address_.to_string() + ": " +
                                  std::to_string(kMostConnections) +
                                  " connections are open; more are closed at once");
      }
      return;
    }
    told_full_ = false;
    HttpOwner& owner = *this;
    auto connection = std::make_unique<HttpConnection>(endpoint_.server_.loop(), std::move(stream), owner,
                                                       endpoint_.handler_);
    HttpConnection& accepted = *connection;
    connections_.emplace(&accepted, std::move(connection));
    accepted.start(endpoint_.by_id_.insert(accepted));
  }

  void on_descriptors_exhausted(bool exhausted) override {
    const std::string name(endpoint_.options_.name);
    log::warning("admin", exhausted ? "no descriptors left: " + name + " waits until some are free"
                                    : "descriptors are free again: " + name + " goes on");
  }

  void on_finished(HttpConnection& connection) override {
    endpoint_.by_id_.erase(connection.id());
    endpoint_.handler_.on_gone(connection.id());
    const auto place = connections_.find(&connection);
    std::unique_ptr<HttpConnection> owned = std::move(place->second);
    connections_.erase(place);
    endpoint_.server_.loop().retire(std::move(owned));
  }

  HttpEndpoint& endpoint_;
  const conf::ListenAddress conf_;
  const net::SocketAddress address_;
  std::optional<net::Acceptor> acceptor_;
  bool told_full_ = false;
  std::unordered_map<HttpConnection*, std::unique_ptr<HttpConnection>> connections_;
};

/// What one configuration makes of the doors.
struct HttpEndpoint::Change {
  struct Entry {
    conf::ListenAddress conf;
    std::size_t kept;  ///< by its place in doors_, unless it is
    std::optional<net::ListeningSocket> fresh;
  };
  std::vector<Entry> entries;
};

HttpEndpoint::HttpEndpoint(server::Server& server, HttpHandler& handler, const Options& options)
    : server_(server), handler_(handler), options_(options) {
  server_.add_follower(
      [this](const conf::Config& config, Diagnostics& diagnostics) { return prepare(config, diagnostics); });
}

HttpEndpoint::~HttpEndpoint() = default;

std::vector<net::SocketAddress> HttpEndpoint::addresses() const {
  std::vector<net::SocketAddress> all;
  for (const auto& door : doors_) all.push_back(door->address());
  return all;
}

std::function<void()> HttpEndpoint::prepare(const conf::Config& config, Diagnostics& diagnostics) {
  auto change = std::make_shared<Change>();  // a function can be copied, a listening socket cannot
  std::vector<bool> taken(doors_.size());
  for (conf::ListenAddress& address : options_.addresses(config)) {
    std::size_t door = 0;
    while (door < taken.size() && (taken[door] || !same_place(doors_[door]->conf(), address))) ++door;
    Change::Entry entry{std::move(address), door, std::nullopt};
    if (door < taken.size()) {
      taken[door] = true;
    } else {
      auto sockets = server_.listen_on(entry.conf, 1, diagnostics, options_.access);
      if (sockets.empty()) continue;  // an error: what is prepared here will not come into force
      entry.fresh = std::move(sockets.front());
    }
    change->entries.push_back(std::move(entry));
  }
  return [this, change] { commit(*change); };
}

void HttpEndpoint::commit(Change& change) {
  std::erase_if(leaving_, [](const auto& door) { return door->empty(); });
  std::vector<std::unique_ptr<Door>> doors;
  for (Change::Entry& entry : change.entries) {
    if (!entry.fresh) {
      doors.push_back(std::move(doors_[entry.kept]));
      continue;
    }
    doors.push_back(std::make_unique<Door>(*this, entry.conf, *std::move(entry.fresh)));
    log::info("admin", std::string(options_.name) + " at " + doors.back()->address().to_string());
  }
  std::swap(doors, doors_);
  for (std::unique_ptr<Door>& left : doors) {
    if (left == nullptr) continue;
    left->close();
    leaving_.push_back(std::move(left));
  }
}

}  // namespace tidegate::admin
