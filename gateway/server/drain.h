#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>

#include "conf/model.h"
#include "gateway/net/loop.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/server/control.h"
#include "gateway/tunnel/host.h"

namespace tidegate::server {

/// The end in good order, as `drain` says: `delay`, in which accepting goes on though the gateway is not
/// ready any more; then the workers stop accepting and end what they have over `window`; at `deadline`, which
/// like all of them is counted from the beginning, whatever is left is cut. Says in the log how far it has
/// come.
///
/// Owner: the server. Thread: the main one. End: with the server; hooks are called from the loop and begin().
class Drain {
 public:
  struct Hooks {
    std::function<std::size_t()> residents;  ///< connections and tunnels that are left
    std::function<void(const tunnel::DrainPlan&)> ask_workers;
    std::function<void()> over;  ///< nothing is left, or the deadline has come
  };
  Drain(net::Loop& loop, Hooks hooks);

  enum class Cause { stop, handover };
  /// The first call begins it, others are ignored. After a hand-over somebody else accepts: there is no
  /// delay.
  void begin(const conf::Drain& conf, Cause cause);
  bool begun() const { return progress_.has_value(); }
  /// Every worker is empty.
  void on_workers_empty();
  std::optional<DrainProgress> progress() const;

 private:
  void stop_accepting();
  void on_deadline();
  void tell();

  net::Loop& loop_;
  Hooks hooks_;
  conf::Drain conf_;
  std::chrono::milliseconds delay_{0};
  std::chrono::steady_clock::time_point cut_at_;
  std::optional<DrainProgress> progress_;
  std::size_t told_ = 0;  ///< what the last line said is left
  net::DeadlineOf<Drain, &Drain::stop_accepting> accepting_{*this};
  net::DeadlineOf<Drain, &Drain::on_deadline> deadline_{*this};
  net::DeadlineOf<Drain, &Drain::tell> next_line_{*this};
};

}  // namespace tidegate::server
