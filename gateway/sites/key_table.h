#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "conf/sites.h"

namespace tidegate::sites {

/// The keys of one zone. What a key costs of the zone's size is what it costs in nginx (a slot of its slabs),
/// so that a size means here what it means there.
///
/// Owner: Zones and the places taken. Thread: any.
class KeyTable {
 public:
  struct Entry {
    std::string key;
    std::int64_t excess = 0;   ///< requests above the rate, in thousandths
    std::int64_t last_ms = 0;  ///< when that was so
    bool fresh = true;         ///< nothing is known of it yet
    /// Requests: those that are looked at just now, and hold it here; connections: how many there are.
    unsigned count = 0;
  };
  using Entries = std::list<Entry>;  ///< the one that was asked for last comes first

  /// A part of the keys, by their hash, with a lock of its own.
  class Shard {
   public:
    std::mutex mutex;  ///< of all that follows
    /// Null: not there.
    Entry* find(std::string_view key);
    /// Null: there is no room.
    Entry* add(std::string_view key);
    /// Forgets the one that was asked for the longest ago; false where there is none, or it is held.
    bool forget_oldest();
    const Entry* oldest() const { return entries_.empty() ? nullptr : &entries_.back(); }
    bool has_room(std::string_view key) const;
    void forget(Entry& entry);

   private:
    friend class KeyTable;
    std::size_t cost(std::string_view key) const;

    Entries entries_;
    std::unordered_map<std::string_view, Entries::iterator> by_key_;
    std::size_t bytes_ = 0;
    std::size_t most_ = 0;
    std::size_t overhead_ = 0;
  };

  KeyTable(conf::LimitZone::Kind kind, std::size_t bytes);
  Shard& shard_of(std::string_view key);

 private:
  static constexpr std::size_t kShards = 16;
  std::array<Shard, kShards> shards_;
  std::size_t used_;  ///< of the shards: small zones are not cut up
};

}  // namespace tidegate::sites
