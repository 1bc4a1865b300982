#include "gateway/sites/zones.h"

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <utility>

#include "gateway/base/escape.h"
#include "gateway/sites/key_table.h"
#include "gateway/sites/user_files.h"

namespace tidegate::sites {
namespace {

using Entry = KeyTable::Entry;
using Shard = KeyTable::Shard;

constexpr auto kRequests = conf::LimitZone::Kind::requests;
constexpr auto kConnections = conf::LimitZone::Kind::connections;

constexpr std::size_t kLongestRequestKey = 65535;
constexpr std::size_t kLongestConnectionKey = 255;

/// A zone as it is now, and who keeps its keys.
struct Zone {
  conf::LimitZone rules;
  std::shared_ptr<KeyTable> keys;

  /// Thousandths of a request per second, as nginx rounds them.
  std::int64_t rate() const {
    return std::max<std::int64_t>(static_cast<std::int64_t>(rules.per_minute / 60), 1);
  }
};

std::int64_t milliseconds(std::chrono::steady_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// Workers' clocks differ by a little: what was later than now is now.
std::int64_t since(const Entry& entry, std::int64_t now) {
  return std::max<std::int64_t>(now - entry.last_ms, 0);
}

/// What leaked out of the bucket in `ms`.
std::int64_t leaked(std::int64_t rate, std::int64_t ms) {
  return rate * std::min(ms, std::numeric_limits<std::int64_t>::max() / rate) / 1000;
}

/// The bucket's content with one more request.
std::int64_t with_one_more(const Entry& entry, std::int64_t rate, std::int64_t now) {
  if (entry.fresh) return 0;
  return std::max<std::int64_t>(entry.excess - leaked(rate, since(entry, now)) + 1000, 0);
}

void account(Entry& entry, std::int64_t excess, std::int64_t now) {
  entry.excess = excess;
  entry.last_ms = entry.fresh ? now : std::max(entry.last_ms, now);
  entry.fresh = false;
}

/// One limit of a request on its way through Zones::enter().
struct Step {
  const conf::RequestLimit* limit;
  std::shared_ptr<KeyTable> keys;  ///< null: this one does not count
  std::int64_t rate;
  Shard* shard;
  Entry* entry = nullptr;  ///< held by its count
  std::int64_t excess = 0;

  std::uint64_t burst() const { return std::uint64_t{limit->burst} * 1000; }
  std::chrono::milliseconds wait() const {
    const std::int64_t free = limit->delay ? std::int64_t{*limit->delay} * 1000 : excess;
    return std::chrono::milliseconds(excess <= free ? 0 : (excess - free) * 1000 / rate);
  }
};

/// Makes room ahead of need: up to two of the oldest keys whose buckets have been empty for a minute.
void forget_empty(Shard& shard, std::int64_t rate, std::int64_t now) {
  for (int i = 0; i < 2; ++i) {
    const Entry* oldest = shard.oldest();
    if (oldest == nullptr || oldest->count != 0 || since(*oldest, now) < 60000) return;
    if (oldest->excess > leaked(rate, since(*oldest, now))) return;
    shard.forget_oldest();
  }
}

/// Finds or makes the key and holds it. Not passed: refused, or there is no room.
Zones::Outcome look_up(Step& step, std::string_view key, std::int64_t now) {
  const std::lock_guard lock(step.shard->mutex);
  Entry* entry = step.shard->find(key);
  if (entry == nullptr) {
    forget_empty(*step.shard, step.rate, now);
    entry = step.shard->add(key);
    if (entry == nullptr) return Zones::Outcome::full;
  }
  step.excess = with_one_more(*entry, step.rate, now);
  if (static_cast<std::uint64_t>(step.excess) > step.burst()) return Zones::Outcome::refused;
  ++entry->count;
  step.entry = entry;
  return Zones::Outcome::passed;
}

void let_go(Step& step) {
  if (step.entry == nullptr) return;
  const std::lock_guard lock(step.shard->mutex);
  --step.entry->count;
}

void account(Step& step, std::int64_t now) {
  if (step.entry == nullptr) return;
  const std::lock_guard lock(step.shard->mutex);
  step.excess = with_one_more(*step.entry, step.rate, now);
  account(*step.entry, step.excess, now);
  --step.entry->count;
}

}  // namespace

struct Zones::Impl {
  std::shared_mutex mutex;  ///< of `zones`
  std::map<std::string, Zone, std::less<>> zones;
  UserFiles users;

  /// A copy: a reload may replace it meanwhile. Without keys: there is none of that name.
  Zone find(std::string_view name) {
    const std::shared_lock lock(mutex);
    const auto found = zones.find(name);
    return found == zones.end() ? Zone() : found->second;
  }
};

struct Zones::Places::Held {
  std::shared_ptr<KeyTable> keys;
  Shard* shard = nullptr;
  Entry* entry = nullptr;

  Held(std::shared_ptr<KeyTable> table, Shard& part, Entry& one)
      : keys(std::move(table)), shard(&part), entry(&one) {}
  Held(Held&& other) noexcept
      : keys(std::move(other.keys)), shard(other.shard), entry(std::exchange(other.entry, nullptr)) {}
  Held& operator=(Held&&) = delete;
  ~Held() {
    if (entry == nullptr) return;
    const std::lock_guard lock(shard->mutex);
    if (--entry->count == 0) shard->forget(*entry);
  }
};

Zones::Zones() : impl_(std::make_unique<Impl>()) {}
Zones::~Zones() = default;
Zones::Places::Places() = default;
Zones::Places::Places(Places&&) noexcept = default;
Zones::Places& Zones::Places::operator=(Places&&) noexcept = default;
Zones::Places::~Places() = default;

UserFiles& Zones::users() {
  return impl_->users;
}

void Zones::prepare(const conf::Sites& sites) {
  const std::unique_lock lock(impl_->mutex);
  std::map<std::string, Zone, std::less<>> zones;
  for (const conf::LimitZone& rules : sites.zones) {
    Zone zone{rules, nullptr};
    const auto known = impl_->zones.find(rules.name);
    if (known != impl_->zones.end()) {
      const conf::LimitZone& before = known->second.rules;
      const bool same =
          before.kind == rules.kind && before.bytes == rules.bytes && before.key.value == rules.key.value;
      if (same) zone.keys = known->second.keys;
    }
    if (zone.keys == nullptr) zone.keys = std::make_shared<KeyTable>(rules.kind, rules.bytes);
    zones.emplace(rules.name, std::move(zone));
  }
  impl_->zones = std::move(zones);
}

Zones::Verdict Zones::enter(std::span<const RequestKey> limits, std::chrono::steady_clock::time_point time) {
  const std::int64_t now = milliseconds(time);
  std::vector<Step> steps;
  steps.reserve(limits.size());
  for (const RequestKey& one : limits) {
    if (one.key.empty() || one.key.size() > kLongestRequestKey) continue;
    Zone zone = impl_->find(one.limit->zone);
    if (zone.keys == nullptr) continue;
    Shard& shard = zone.keys->shard_of(one.key);
    steps.push_back({one.limit, std::move(zone.keys), zone.rate(), &shard});
    Step& step = steps.back();
    const Outcome outcome = look_up(step, one.key, now);
    if (outcome == Outcome::passed) continue;
    for (Step& before : steps) let_go(before);
    return {outcome, kRequests, {}, static_cast<std::uint64_t>(step.excess), one.limit->zone};
  }
  if (steps.empty()) return {};
  for (Step& step : steps) account(step, now);
  // Of equals the last one.
  const auto strictest = std::max_element(steps.rbegin(), steps.rend(),
                                          [](const Step& a, const Step& b) { return a.wait() < b.wait(); });
  const std::chrono::milliseconds wait = strictest->wait();
  if (wait == std::chrono::milliseconds(0)) return {.outcome = Outcome::passed};
  return {Outcome::delayed, kRequests, wait, static_cast<std::uint64_t>(strictest->excess),
          strictest->limit->zone};
}

Zones::Verdict Zones::take(std::span<const ConnectionKey> limits, Places& places) {
  Places taken;
  for (const ConnectionKey& one : limits) {
    if (one.key.empty() || one.key.size() > kLongestConnectionKey) continue;
    const Zone zone = impl_->find(one.limit->zone);
    if (zone.keys == nullptr) continue;
    Shard& shard = zone.keys->shard_of(one.key);
    const std::lock_guard lock(shard.mutex);
    Entry* entry = shard.find(one.key);
    if (entry != nullptr && entry->count >= one.limit->most)
      return {Outcome::refused, kConnections, {}, 0, one.limit->zone};
    if (entry == nullptr) entry = shard.add(one.key);
    if (entry == nullptr) return {Outcome::full, kConnections, {}, 0, one.limit->zone};
    ++entry->count;
    taken.held_.emplace_back(zone.keys, shard, *entry);
  }
  if (taken.held_.empty()) return {.kind = kConnections};
  places = std::move(taken);
  return {.outcome = Outcome::passed, .kind = kConnections};
}

std::string Zones::Verdict::line(bool dry_run) const {
  const std::string by_zone = " by zone \"" + std::string(zone) + '"';
  std::string said = dry_run ? ", dry run" : "";
  if (outcome == Outcome::full) {
    return kind == kRequests
               ? "could not allocate node in limit_req zone \"" + std::string(zone) + '"'
               : "ngx_slab_alloc() failed: no memory in limit_conn_zone \"" + std::string(zone) + '"';
  }
  if (kind == kConnections) return refused() ? "limiting connections" + said + by_zone : std::string();
  said.append(", excess: ").append(std::to_string(excess / 1000)).append(".");
  append_padded(said, excess % 1000, 3);
  if (outcome == Outcome::refused) return "limiting requests" + said + by_zone;
  if (outcome == Outcome::delayed) return "delaying request" + said + "," + by_zone;
  return {};
}

}  // namespace tidegate::sites
