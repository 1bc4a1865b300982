#include "gateway/net/signals.h"

#include <signal.h>
#include <sys/resource.h>
#include <uv.h>

#include <array>
#include <utility>
#include <vector>

namespace tidegate::net {

/// What the handles need until their close callbacks: the callback may destroy the Signals that called it.
struct Signals::Impl {
  struct Core {
    std::function<void(int)> callback;
    std::vector<std::unique_ptr<uv_signal_t>> handles;
    std::size_t open = 0;
    bool silent = false;
  };

  Core* core = new Core;

  ~Impl() {
    core->silent = true;
    if (core->open == 0) {
      delete core;
      return;
    }
    // uv_close() gives a signal its default back, which is death: it waits until it is ignored.
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (auto& handle : core->handles) {
      const int number = handle->signum;
      uv_close(reinterpret_cast<uv_handle_t*>(handle.get()), on_uv_closed);
      if (number != 0) ::signal(number, SIG_IGN);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  static void on_uv_closed(uv_handle_t* handle) noexcept {
    auto* core = static_cast<Core*>(handle->data);
    if (--core->open == 0) delete core;
  }

  static void on_uv_signal(uv_signal_t* handle, int signal) noexcept {
    auto* core = static_cast<Core*>(handle->data);
    if (!core->silent) core->callback(signal);
  }
};

Signals::Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int signal)> callback)
    : impl_(std::make_unique<Impl>()) {
  Impl::Core& core = *impl_->core;
  core.callback = std::move(callback);
  for (const int signal : signals) {
    core.handles.push_back(std::make_unique<uv_signal_t>());
    uv_signal_t* handle = core.handles.back().get();
    uv_signal_init(loop.uv(), handle);
    handle->data = &core;
    ++core.open;
    uv_signal_start(handle, Impl::on_uv_signal, signal);
  }
}

Signals::~Signals() = default;

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  return limit.rlim_cur;
}

}  // namespace tidegate::net
