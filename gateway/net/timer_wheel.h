#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "gateway/base/intrusive_list.h"

namespace tidegate::net {

class TimerWheel;
struct DeadlineTag;

/// A moment at which something is called, once. Its place is its owner's; it disarms itself when it dies.
/// Costs no allocation and no system call to arm.
///
/// Thread: its wheel's loop. on_deadline() may destroy or arm again this very deadline.
class Deadline : public ListHook<DeadlineTag> {
 public:
  virtual ~Deadline() = default;
  /// Armed with `after` zero or less: never fires (a timeout of zero means "no limit").
  void arm(TimerWheel& wheel, std::chrono::milliseconds after);
  void disarm() { unlink(); }
  bool armed() const { return linked(); }
  virtual void on_deadline() = 0;

 private:
  friend class TimerWheel;
  std::uint64_t at_tick_ = 0;
};

/// A Deadline that calls a member function: `DeadlineOf<Tunnel, &Tunnel::on_idle> idle_{*this};`
template <typename Owner, void (Owner::*Function)()>
class DeadlineOf final : public Deadline {
 public:
  explicit DeadlineOf(Owner& owner) : owner_(owner) {}
  void on_deadline() override { (owner_.*Function)(); }

 private:
  Owner& owner_;
};

/// Hashed, hierarchical timer wheel: one per loop, driven by the loop's single uv_timer_t. Knows no clock of
/// its own. Resolution: 16 ms ticks (a deadline fires no earlier than asked, and at most about two ticks
/// later).
class TimerWheel {
 public:
  static constexpr std::chrono::milliseconds kTick{16};

  TimerWheel();
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// Moves the clock to `now_ms` (milliseconds on the loop's clock) and fires what is due.
  void advance(std::uint64_t now_ms);
  /// Milliseconds from now until the wheel wants advance(); kNever when nothing is armed.
  std::uint64_t next_due_ms() const;
  static constexpr std::uint64_t kNever = ~std::uint64_t{0};
  /// Where arm() reads what time it is (milliseconds, the same clock as advance()'s), since the driver sleeps
  /// while nothing is due. Without one it is the time of the last advance().
  void set_clock(std::function<std::uint64_t()> now_ms);
  /// Tells the driver that an earlier deadline was armed than it may be waiting for. Not called during
  /// advance(), after which the driver asks next_due_ms() anyway.
  void set_wake(std::function<void()> wake);
  /// Walks every slot; for tests.
  std::size_t armed() const;

 private:
  friend class Deadline;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tidegate::net
