#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/diagnostic.h"
#include "gateway/tunnel/tunnel_info.h"

// What an operator asks of a running server, and what it answers.

namespace tidegate::server {

/// Which live tunnels to tell of.
struct TunnelQuery {
  enum class Order { age, messages, bytes };  ///< the oldest, the busiest first
  std::string route{};                        ///< by name; empty: any
  std::string upstream{};                     ///< likewise
  Order order = Order::age;
  std::size_t limit = 100;
};

struct TunnelList {
  std::uint64_t total = 0;  ///< that fit the query, told or not
  std::vector<tunnel::TunnelInfo> tunnels;
};

/// One way in which two configurations differ.
struct Difference {
  enum class Kind { added, removed, changed };
  enum class Subject { listener, route, upstream, server, certificate, setting };
  Kind kind = Kind::changed;
  Subject subject = Subject::setting;
  std::string name;           ///< of a server: "upstream address"; of a setting: its key
  std::string what;           ///< what changed, in words; may be empty
  std::uint64_t tunnels = 0;  ///< live ones that came in by it (a listener, a route) or go to it
  std::string consequence;    ///< what becomes of those tunnels, in words; empty: nothing, they go on
};

/// How a reload ended, or how one would.
struct ReloadResult {
  bool applied = false;     ///< of a plan: it could be applied
  Diagnostics diagnostics;  ///< errors, where it was refused; warnings
  std::vector<Difference> differences;
};

/// An operator's word about one server, on top of the configuration. It outlives reloads, not the process.
struct ServerOrder {
  enum class State { up, drain };  ///< drain: its tunnels go on, nothing new is sent there
  std::optional<State> state{};
  std::optional<unsigned> weight{};  ///< 0: as configured again
};

/// How far a drain has come.
struct DrainProgress {
  std::chrono::system_clock::time_point began;
  std::chrono::system_clock::time_point deadline;  ///< what is left then is cut
  std::size_t initial =
      0;  ///< connections and tunnels when it began; with those of `delay`, if they were more
  std::size_t remaining = 0;  ///< now
};

}  // namespace tidegate::server
