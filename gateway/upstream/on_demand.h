#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "conf/model.h"
#include "gateway/net/loop.h"
#include "gateway/net/resolver.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/upstream/connector.h"

namespace tidegate::upstream {

/// Connectors to servers that only a request names (`proxy_pass http://$backend`): made when one is first
/// asked for, the name looked up then and again once the answer is old, dropped when nobody has asked for a
/// while. There are at most kMost.
///
/// Owner: the worker's snapshot. Thread: its loop's. End: the destructor; nobody who waits hears anything
/// then.
class OnDemand {
 public:
  OnDemand(net::Loop& loop, ServerStates& states);
  ~OnDemand();

  static constexpr std::size_t kMost = 256;

  /// One such server. Whoever uses its connections holds it.
  struct Entry {
    std::unique_ptr<conf::Upstream> conf;
    std::unique_ptr<Connector> connector;
    std::chrono::steady_clock::time_point used;
    std::chrono::steady_clock::time_point resolved{};  ///< never: the name was not found yet
    bool literal = false;                              ///< an address: nothing to look up
    bool looking_up = false;
    std::list<std::function<void()>> waiting{};
  };
  /// Null: no such address. Called at once, or from the loop; not at all once its Wait is gone.
  using Done = std::function<void(std::shared_ptr<Entry>)>;
  class Wait {
   public:
    virtual ~Wait() = default;
  };
  /// `target` is host, host:port, [v6]:port or unix:/path; `tls` is null for plain HTTP, and no two of them
  /// share a connection. Null: `done` was called from within.
  std::unique_ptr<Wait> ask(std::string_view target, std::shared_ptr<tls::ClientContext> tls, Done done);

 private:
  struct Waiting;
  std::shared_ptr<Entry> find(std::string_view target, std::shared_ptr<tls::ClientContext> tls);
  void look_up(const std::shared_ptr<Entry>& entry);
  bool make_room();
  void sweep();

  net::Loop& loop_;
  ServerStates& states_;
  /// By TLS (an entry's connector holds it) and target.
  std::map<std::pair<const tls::ClientContext*, std::string>, std::shared_ptr<Entry>> entries_;
  net::DeadlineOf<OnDemand, &OnDemand::sweep> sweep_{*this};
  net::Resolver resolver_;  // the first to go
};

/// Cuts `host:port` (the port may be missing); nothing: that is no address.
std::optional<conf::Server> server_from(std::string_view target, bool https);

}  // namespace tidegate::upstream
