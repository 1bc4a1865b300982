#include "gateway/net/timer_wheel.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace tidegate::net {
namespace {

constexpr unsigned kSlotBits = 6;
constexpr std::size_t kSlots = std::size_t{1} << kSlotBits;
constexpr unsigned kLevels = 8;
constexpr std::uint64_t kMaxTick = (std::uint64_t{1} << (kSlotBits * kLevels)) - 1;
constexpr auto kTickMs = static_cast<std::uint64_t>(TimerWheel::kTick.count());

std::size_t slot_of(std::uint64_t tick, unsigned level) {
  return static_cast<std::size_t>(tick >> (kSlotBits * level)) & (kSlots - 1);
}

}  // namespace

/// Ticks are numbers in base 64, and a deadline lies on the level of the highest digit in which its tick
/// differs from the current one, in the slot of that digit. So every occupied slot is ahead of the current
/// digit of its level, whatever lies on a lower level is due before whatever lies on a higher one, and a
/// deadline moves down only when the clock enters its slot: at most once per level.
struct TimerWheel::Impl {
  using Slot = IntrusiveList<Deadline, DeadlineTag>;
  struct Level {
    std::array<Slot, kSlots> slots;
    std::uint64_t occupied = 0;  ///< a bit per slot; it may be stale, since deadlines unlink themselves
  };

  std::array<Level, kLevels> levels;
  std::uint64_t tick = 0;           ///< the clock's position
  std::uint64_t now_ms = 0;         ///< of the last advance()
  std::uint64_t earliest = kNever;  ///< tick at which the driver was told to come
  bool advancing = false;
  std::function<std::uint64_t()> clock;
  std::function<void()> wake;

  std::uint64_t now() const { return clock ? std::max(clock(), now_ms) : now_ms; }

  void insert(Deadline& deadline, std::uint64_t at) {
    const auto digits = static_cast<unsigned>(std::bit_width(at ^ tick));
    const unsigned level = (digits - 1) / kSlotBits;
    const std::size_t slot = slot_of(at, level);
    levels[level].slots[slot].push_back(deadline);
    levels[level].occupied |= std::uint64_t{1} << slot;
  }

  /// The next tick at which a slot has to be emptied; kNever if all are empty. Clears the stale bits it
  /// meets.
  std::uint64_t next_event() {
    for (unsigned level = 0; level < kLevels; ++level) {
      Level& here = levels[level];
      while (here.occupied != 0) {
        const auto slot = static_cast<std::size_t>(std::countr_zero(here.occupied));
        if (here.slots[slot].empty()) {
          here.occupied &= here.occupied - 1;
          continue;
        }
        const unsigned shift = kSlotBits * level;
        const std::uint64_t above = tick >> (shift + kSlotBits) << (shift + kSlotBits);
        return above | (static_cast<std::uint64_t>(slot) << shift);
      }
    }
    return kNever;
  }

  /// Enters tick `at`, which next_event() named: fires what is due and moves the rest of that slot down.
  void enter(std::uint64_t at) {
    const auto level = static_cast<unsigned>(std::bit_width(at ^ tick) - 1) / kSlotBits;
    tick = at;
    Slot here;
    Slot& slot = levels[level].slots[slot_of(at, level)];
    while (!slot.empty()) here.push_back(slot.front());
    while (!here.empty()) {
      Deadline& deadline = here.front();
      deadline.unlink();
      if (deadline.at_tick_ > tick) {
        insert(deadline, deadline.at_tick_);
      } else {
        deadline.on_deadline();
      }
    }
  }
};

TimerWheel::TimerWheel() : impl_(std::make_unique<Impl>()) {}

TimerWheel::~TimerWheel() = default;

void TimerWheel::advance(std::uint64_t now_ms) {
  Impl& wheel = *impl_;
  if (now_ms < wheel.now_ms) return;
  wheel.now_ms = now_ms;
  const std::uint64_t target = std::min(now_ms / kTickMs, kMaxTick);
  wheel.advancing = true;
  std::uint64_t next = wheel.next_event();
  while (next <= target) {
    wheel.enter(next);
    next = wheel.next_event();
  }
  wheel.tick = target;
  wheel.earliest = next;
  wheel.advancing = false;
}

std::uint64_t TimerWheel::next_due_ms() const {
  if (impl_->earliest == kNever) return kNever;
  const std::uint64_t due = impl_->earliest * kTickMs;
  const std::uint64_t now = impl_->now();
  return due > now ? due - now : 0;
}

void TimerWheel::set_clock(std::function<std::uint64_t()> now_ms) {
  impl_->clock = std::move(now_ms);
}

void TimerWheel::set_wake(std::function<void()> wake) {
  impl_->wake = std::move(wake);
}

std::size_t TimerWheel::armed() const {
  std::size_t count = 0;
  for (Impl::Level& level : impl_->levels) {
    for (Impl::Slot& slot : level.slots) slot.for_each([&](Deadline&) { ++count; });
  }
  return count;
}

void Deadline::arm(TimerWheel& wheel, std::chrono::milliseconds after) {
  unlink();
  if (after.count() <= 0) return;
  TimerWheel::Impl& impl = *wheel.impl_;
  const std::uint64_t now = impl.now();
  const auto wait = std::min(static_cast<std::uint64_t>(after.count()), kMaxTick);
  at_tick_ = std::clamp((now + wait + kTickMs - 1) / kTickMs, impl.tick + 1, kMaxTick);
  impl.insert(*this, at_tick_);
  if (at_tick_ >= impl.earliest || impl.advancing) return;
  impl.earliest = at_tick_;
  if (impl.wake) impl.wake();
}

}  // namespace tidegate::net
