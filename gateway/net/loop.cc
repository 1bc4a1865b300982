#include "gateway/net/loop.h"

#include <uv.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <utility>
#include <vector>

#include "gateway/base/bytes.h"
#include "gateway/base/log.h"
#include "gateway/net/linger.h"

namespace tidegate::net {
namespace {

constexpr std::size_t kBufferBytes = 64 * kKiB;

template <typename Handle>
uv_handle_t* as_handle(Handle& handle) {
  return reinterpret_cast<uv_handle_t*>(&handle);
}

/// A loop that can't be made, or that doesn't close, is a bug or an exhausted machine: nothing can go on.
[[noreturn]] void die(const std::string& what) {
  log::error("net", what);
  log::flush();
  std::abort();
}

void check(int result, const char* what) {
  if (result != 0) die(std::string(what) + ": " + uv_strerror(result));
}

}  // namespace

/// The handles live here, and the destructor of Loop runs the loop until their close callbacks have been
/// called.
struct Loop::Impl {
  uv_loop_t uv{};
  uv_async_t posted{};  ///< post(); also what keeps the loop alive while no stream does
  uv_timer_t timer{};   ///< drives the wheel
  uv_prepare_t before_wait{};
  uv_check_t after_wait{};
  uv_idle_t no_wait{};  ///< active only while something is left to do before the next wait
  bool running = false;
  bool single_turn = false;

  std::unique_ptr<std::byte[]> read_buffer = std::make_unique<std::byte[]>(kBufferBytes);
  std::unique_ptr<std::byte[]> plaintext_buffer = std::make_unique<std::byte[]>(kBufferBytes);
  std::string record_buffer;

  TimerWheel wheel;
  IntrusiveList<Deferred, DeferredTag> deferred;
  std::vector<std::unique_ptr<Retired>> retired;
  std::vector<std::unique_ptr<Retired>>
      reaping;  ///< the other of two that swap roles, so that capacity is kept
  IntrusiveList<Lingering, LingeringTag> lingering;
  std::size_t lingering_count = 0;

  std::mutex mutex;
  std::vector<std::function<void()>> tasks;  ///< guarded by mutex

  static Impl& of(void* handle) { return *static_cast<Impl*>(static_cast<uv_handle_t*>(handle)->data); }

  void start();
  void close_own_handles();
  void turn(uv_run_mode mode);
  void run_tasks();
  void set_timer();
  bool reap();
  bool run_deferred();
  /// Does everything that waited for the current callback to return; true if there was anything.
  bool settle();
};

void Loop::Impl::start() {
  check(uv_loop_init(&uv), "uv_loop_init");
  check(uv_async_init(&uv, &posted, [](uv_async_t* handle) noexcept { of(handle).run_tasks(); }),
        "uv_async_init");
  check(uv_timer_init(&uv, &timer), "uv_timer_init");
  check(uv_prepare_init(&uv, &before_wait), "uv_prepare_init");
  check(uv_check_init(&uv, &after_wait), "uv_check_init");
  check(uv_idle_init(&uv, &no_wait), "uv_idle_init");
  posted.data = timer.data = before_wait.data = after_wait.data = no_wait.data = this;

  const auto before = [](uv_prepare_t* handle) noexcept {
    Impl& self = of(handle);
    const bool worked = self.settle();
    if (!self.deferred.empty() || (worked && self.single_turn))
      uv_idle_start(&self.no_wait, [](uv_idle_t*) {});
  };
  const auto after = [](uv_check_t* handle) noexcept {
    Impl& self = of(handle);
    uv_idle_stop(&self.no_wait);
    self.settle();
  };
  check(uv_prepare_start(&before_wait, before), "uv_prepare_start");
  check(uv_check_start(&after_wait, after), "uv_check_start");

  wheel.set_clock([this] {
    if (!running) uv_update_time(&uv);
    return uv_now(&uv);
  });
  wheel.set_wake([this] { set_timer(); });
  wheel.advance(uv_now(&uv));
}

void Loop::Impl::close_own_handles() {
  for (uv_handle_t* handle :
       std::array<uv_handle_t*, 5>{as_handle(posted), as_handle(timer), as_handle(before_wait),
                                   as_handle(after_wait), as_handle(no_wait)}) {
    uv_close(handle, nullptr);
  }
}

void Loop::Impl::turn(uv_run_mode mode) {
  running = true;
  uv_run(&uv, mode);
  running = false;
}

void Loop::Impl::run_tasks() {
  std::vector<std::function<void()>> ready;
  {
    const std::lock_guard lock(mutex);
    ready.swap(tasks);
  }
  for (std::function<void()>& task : ready) {
    task();
    task = nullptr;  // what it holds dies in order, too
  }
}

void Loop::Impl::set_timer() {
  const std::uint64_t due_ms = wheel.next_due_ms();
  if (due_ms == TimerWheel::kNever) {
    uv_timer_stop(&timer);
    return;
  }
  const auto on_timer = [](uv_timer_t* handle) noexcept {
    Impl& self = of(handle);
    self.wheel.advance(uv_now(&self.uv));
    self.set_timer();
  };
  uv_timer_start(&timer, on_timer, due_ms, 0);
}

bool Loop::Impl::reap() {
  if (retired.empty()) return false;
  while (!retired.empty()) {  // a destructor may retire something else
    reaping.swap(retired);
    for (std::unique_ptr<Retired>& object : reaping) object.reset();
    reaping.clear();
  }
  return true;
}

bool Loop::Impl::run_deferred() {
  if (deferred.empty()) return false;
  IntrusiveList<Deferred, DeferredTag> now;  // what is deferred meanwhile waits for the next turn
  while (!deferred.empty()) now.push_back(deferred.front());
  while (!now.empty()) {
    Deferred& item = now.front();
    item.unlink();
    item.on_deferred();
  }
  return true;
}

bool Loop::Impl::settle() {
  // The retired go first: to those nothing more should be said.
  bool worked = reap();
  worked |= run_deferred();
  worked |= reap();
  return worked;
}

Loop::Loop() : impl_(std::make_unique<Impl>()) {
  std::signal(SIGPIPE, SIG_IGN);
  impl_->start();
  impl_->uv.data = this;
}

Loop::~Loop() {
  Impl& self = *impl_;
  {
    std::vector<std::function<void()>> never_run;
    const std::lock_guard lock(self.mutex);
    never_run.swap(self.tasks);
  }
  self.lingering.for_each([](Lingering& stream) { stream.leave(); });
  self.reap();  // by hand: without handles to wait for, the loop might return before it comes to that
  self.close_own_handles();
  uv_walk(
      &self.uv,
      [](uv_handle_t* handle, void*) {
        if (uv_is_closing(handle)) return;
        die(std::string("a ") + uv_handle_type_name(handle->type) + " handle has outlived its loop");
      },
      nullptr);
  do {
    self.turn(UV_RUN_DEFAULT);
  } while (self.reap());
  check(uv_loop_close(&self.uv), "uv_loop_close");
}

void Loop::run() {
  impl_->turn(UV_RUN_DEFAULT);
}

void Loop::stop() {
  uv_stop(&impl_->uv);
}

void Loop::run_once() {
  impl_->single_turn = true;
  impl_->turn(UV_RUN_ONCE);
  impl_->single_turn = false;
}

void Loop::post(std::function<void()> task) {
  // The wake-up is sent under the lock: the task may be one that ends the loop, which must find us gone.
  const std::lock_guard lock(impl_->mutex);
  impl_->tasks.push_back(std::move(task));
  uv_async_send(&impl_->posted);
}

void Loop::retire(std::unique_ptr<Retired> object) {
  impl_->retired.push_back(std::move(object));
}

void Loop::defer(Deferred& item) {
  if (!item.linked()) impl_->deferred.push_back(item);
}

void Loop::linger(std::unique_ptr<Stream> stream, Patience patience, bool wait_for_peer) {
  if (!wait_for_peer) {
    // The kernel sends what it has taken, and FIN, after the close too; of TLS's last word it knows nothing.
    if (stream->tls() != nullptr) stream->end_writing();
    if (stream->queued_bytes() == 0) return;
  }
  auto* lingering = new Lingering(*this, impl_->lingering_count, std::move(stream), wait_for_peer);
  impl_->lingering.push_back(*lingering);  // it deletes itself by retiring
  lingering->begin(patience);
}

std::size_t Loop::lingering() const {
  return impl_->lingering_count;
}

TimerWheel& Loop::timers() {
  return impl_->wheel;
}

std::chrono::steady_clock::time_point Loop::now() const {
  // Both count CLOCK_MONOTONIC.
  return std::chrono::steady_clock::time_point(std::chrono::milliseconds(uv_now(&impl_->uv)));
}

std::span<std::byte> Loop::read_buffer() {
  return {impl_->read_buffer.get(), kBufferBytes};
}

std::span<std::byte> Loop::plaintext_buffer() {
  return {impl_->plaintext_buffer.get(), kBufferBytes};
}

std::string& Loop::record_buffer() {
  return impl_->record_buffer;
}

uv_loop_s* Loop::uv() {
  return &impl_->uv;
}

}  // namespace tidegate::net
