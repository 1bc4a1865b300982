#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "conf/sites.h"

namespace tidegate::sites {

/// The state behind limit_req_zone and limit_conn_zone, of the whole process: sharded, behind mutexes,
/// touched once when a request begins and once when it ends. Zones are known by name; a reload keeps their
/// counts.
///
/// Owner: the server. Thread: any.
class Zones {
 public:
  Zones();
  ~Zones();
  Zones(const Zones&) = delete;
  Zones& operator=(const Zones&) = delete;

  /// Makes the zones that are not there yet. At load and reload.
  void prepare(const conf::Sites& sites);

  /// ngx_http_limit_req_module's leaky bucket.
  struct Verdict {
    bool refused = false;
    std::chrono::milliseconds wait{0};
  };
  Verdict enter(std::string_view zone, std::string_view key, const conf::RequestLimit& limit,
                std::chrono::steady_clock::time_point now, bool dry_run);

  /// A place among the `most` of a key, given back by the destructor.
  class Place {
   public:
    Place() = default;
    Place(Place&&) noexcept;
    Place& operator=(Place&&) noexcept;
    ~Place();

   private:
    friend class Zones;
    struct Held;
    std::unique_ptr<Held> held_;
  };
  /// Nothing: all are taken.
  std::optional<Place> take(std::string_view zone, std::string_view key, unsigned most);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::sites
