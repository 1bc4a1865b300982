#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "conf/model.h"
#include "gateway/base/intrusive_list.h"
#include "gateway/base/reason.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/sites/status_text.h"
#include "gateway/tunnel/access_record.h"
#include "metrics/counters.h"
#include "metrics/tally.h"

namespace tidegate::tunnel {

/// How tunnels are asked to end: each at a moment of its own within `window`, with this close code; whatever
/// is left at `deadline` is cut by the worker.
struct DrainPlan {
  std::chrono::milliseconds window{0};
  std::chrono::milliseconds deadline{0};
  std::uint16_t close_code = 1001;
  Reason reason = Reason::drain;  ///< what records and metrics will say
};

/// Where a tunnel runs, in the words of the configuration that it was accepted under; valid while it lives.
struct TunnelPlace {
  const conf::Config* config = nullptr;
  std::size_t listener = 0;  ///< in config->listeners
  std::size_t route = 0;     ///< in config->routes
  const conf::Upstream* upstream = nullptr;
  const conf::Server* server = nullptr;
};

struct ResidentTag;
struct Snapshot;
class Tunnel;

/// A client's connection on a worker, as HTTP or as a tunnel. Owned by its worker; ends by Host::retire().
class Resident : public net::Retired, public ListHook<ResidentTag> {
 public:
  /// Finish what is in flight, take nothing new.
  virtual void begin_drain(const DrainPlan& plan) = 0;
  /// End now. The object retires itself.
  virtual void stop() = 0;
  /// Nothing, if it is not a tunnel.
  virtual std::optional<TunnelPlace> place() const { return std::nullopt; }
  /// Adds to a copy of the worker's tally what is counted only when this ends.
  virtual void add_to(metrics::Tally&) const {}
  /// Itself, once it is one.
  virtual Tunnel* as_tunnel() { return nullptr; }
};

/// What connections and tunnels know of their worker.
class Host {
 public:
  virtual net::Loop& loop() = 0;
  virtual metrics::Counters& counters() = 0;
  /// Is the worker draining? Then no connection is kept alive.
  virtual bool draining() const = 0;
  /// Is an access log kept at all?
  virtual bool logs_access() const = 0;
  virtual void log_access(const AccessRecord& record) = 0;
  /// Moves a connection that is between requests to the configuration that is in force now: `snapshot` and
  /// `listener` (an index) are updated. False if its listener is gone, asks for another TLS or for a PROXY
  /// header as it did not before, or if the address that `stream` came to leads to another one now: then it
  /// serves what it was accepted for and no more.
  virtual bool refresh(std::shared_ptr<Snapshot>& snapshot, std::size_t& listener,
                       const net::Stream& stream) = 0;
  /// Takes a resident in.
  virtual void admit(std::unique_ptr<Resident> resident) = 0;
  /// Destroys it after the current callback has returned. Unlinked at once.
  virtual void retire(Resident& resident) = 0;
  /// A new id for log lines, unique in this process and hard to meet again in another: 16 hex digits.
  virtual std::string next_id() = 0;
  /// nginx's $connection: a serial number in this process.
  virtual std::uint64_t next_connection() = 0;
  /// Of the whole process, for stub_status.
  virtual sites::ConnectionCounts connection_counts() = 0;
  /// Fast, not for secrets; one generator per worker.
  virtual std::uint64_t random() = 0;

 protected:
  ~Host() = default;
};

}  // namespace tidegate::tunnel
