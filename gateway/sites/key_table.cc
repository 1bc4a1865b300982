#include "gateway/sites/key_table.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace tidegate::sites {
namespace {

// A key's bookkeeping in nginx on 64-bit machines (ngx_http_limit_req_node_t, ngx_http_limit_conn_node_t and
// the tree's).
constexpr std::size_t kRequestOverhead = 80;
constexpr std::size_t kConnectionOverhead = 38;
constexpr std::size_t kSmallest = 64;  // of a slot
constexpr std::size_t kShardBytes = std::size_t{64} << 10;

}  // namespace

KeyTable::KeyTable(conf::LimitZone::Kind kind, std::size_t bytes)
    : used_(std::clamp(bytes / kShardBytes, std::size_t{1}, kShards)) {
  for (Shard& shard : shards_) {
    shard.most_ = bytes / used_;
    shard.overhead_ = kind == conf::LimitZone::Kind::requests ? kRequestOverhead : kConnectionOverhead;
  }
}

KeyTable::Shard& KeyTable::shard_of(std::string_view key) {
  return shards_[std::hash<std::string_view>()(key) % used_];
}

std::size_t KeyTable::Shard::cost(std::string_view key) const {
  return std::max(kSmallest, std::bit_ceil(overhead_ + key.size()));
}

bool KeyTable::Shard::has_room(std::string_view key) const {
  return bytes_ + cost(key) <= most_;
}

KeyTable::Entry* KeyTable::Shard::find(std::string_view key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found->second);
  return &*found->second;
}

KeyTable::Entry* KeyTable::Shard::add(std::string_view key) {
  while (!has_room(key)) {
    if (!forget_oldest()) return nullptr;
  }
  entries_.push_front({.key = std::string(key)});
  by_key_.emplace(entries_.front().key, entries_.begin());
  bytes_ += cost(key);
  return &entries_.front();
}

bool KeyTable::Shard::forget_oldest() {
  if (entries_.empty() || entries_.back().count != 0) return false;
  forget(entries_.back());
  return true;
}

void KeyTable::Shard::forget(Entry& entry) {
  bytes_ -= cost(entry.key);
  const auto known = by_key_.find(entry.key);
  const Entries::iterator at = known->second;
  by_key_.erase(known);
  entries_.erase(at);
}

}  // namespace tidegate::sites
