#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "conf/sites.h"

namespace tidegate::sites {

class UserFiles;

/// The state behind limit_req_zone and limit_conn_zone, of the whole process: sharded, behind mutexes,
/// touched once when a request begins and once when it ends. Zones are known by name; a reload keeps their
/// counts.
///
/// A zone's size bounds its keys: the one that was not asked for the longest makes room for a new one, unless
/// its request is not over; where there is no room at all, the request is refused and the log says so.
///
/// Owner: the server. Thread: any.
class Zones {
 public:
  Zones();
  ~Zones();
  Zones(const Zones&) = delete;
  Zones& operator=(const Zones&) = delete;

  /// Makes the zones that are not there yet, or are with another kind, size, key or rate. At load and reload.
  void prepare(const conf::Sites& sites);

  enum class Outcome : std::uint8_t { not_counted, passed, delayed, refused, full };

  /// What ngx_http_limit_req_module or ngx_http_limit_conn_module makes of a request.
  struct Verdict {
    Outcome outcome = Outcome::not_counted;
    conf::LimitZone::Kind kind = conf::LimitZone::Kind::requests;
    std::chrono::milliseconds wait{0};  ///< delayed
    std::uint64_t excess = 0;           ///< delayed and refused requests: in thousandths
    std::string_view zone{};            ///< which decided; the limit's

    bool refused() const { return outcome == Outcome::refused || outcome == Outcome::full; }
    /// As nginx logs it: `limiting requests, excess: 5.120 by zone "one"`; empty where it is silent. The
    /// level is error where it was refused, else warning.
    std::string line(bool dry_run) const;
  };

  /// A limit that a request is under, and the value of its zone's key.
  struct RequestKey {
    const conf::RequestLimit* limit = nullptr;
    std::string key;
  };
  /// The leaky buckets of limit_req: the strictest limit counts, all are accounted; where one refuses, none
  /// is. Before limit_conn; once per request, internal redirects included.
  Verdict enter(std::span<const RequestKey> limits, std::chrono::steady_clock::time_point now);

  struct ConnectionKey {
    const conf::ConnectionLimit* limit = nullptr;
    std::string key;
  };
  /// A place in each zone's count, given back by the destructor.
  class Places {
   public:
    Places();
    Places(Places&&) noexcept;
    Places& operator=(Places&&) noexcept;
    ~Places();

   private:
    friend class Zones;
    struct Held;
    std::vector<Held> held_;
  };
  /// limit_conn: `places` holds one of each where it passed, else nothing. Once per request.
  Verdict take(std::span<const ConnectionKey> limits, Places& places);

  /// auth_basic's.
  UserFiles& users();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::sites
