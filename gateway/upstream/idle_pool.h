#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "gateway/net/loop.h"
#include "gateway/net/stream.h"

namespace tidegate::upstream {

/// Idle connections to one server on one worker. The one used last is taken first: the others age, and a
/// quiet hour leaves none. While idle a connection is read, holds no buffer, and is closed at once by its
/// end, an error, or bytes that nobody asked for.
///
/// Owner: the Connector. Thread: its loop's. End: the destructor closes what is there.
class IdlePool {
 public:
  IdlePool(net::Loop& loop, std::size_t max);
  ~IdlePool();
  IdlePool(const IdlePool&) = delete;
  IdlePool& operator=(const IdlePool&) = delete;

  /// A connection and its past.
  struct Idle {
    std::unique_ptr<net::Stream> stream;  ///< null: there is none
    std::uint32_t uses = 0;               ///< requests so far
    std::uint32_t opened_s = 0;           ///< on the loop's clock
  };
  /// Keeps it for `time`, which is more than zero. A full pool closes the one idle longest.
  void keep(Idle idle, std::chrono::milliseconds time);
  /// The stream needs a listener before the loop turns again.
  Idle take();
  /// Closes those of which `unwanted` says so.
  void drop_if(const std::function<bool(const net::Stream&)>& unwanted);
  std::size_t size() const { return entries_.size(); }

 private:
  class Entry;
  void drop(const Entry& entry);

  net::Loop& loop_;
  std::size_t max_;
  std::vector<std::unique_ptr<Entry>> entries_;  ///< the longest idle first
};

}  // namespace tidegate::upstream
