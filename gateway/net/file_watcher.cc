#include "gateway/net/file_watcher.h"

#include <sys/inotify.h>
#include <unistd.h>
#include <uv.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <map>
#include <utility>

#include "gateway/base/log.h"

namespace tidegate::net {
namespace {

constexpr std::uint32_t kOfNames =
    IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CLOSE_WRITE | IN_ATTRIB;
constexpr std::uint32_t kOfDirectory = IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

/// Owner: its FileWatcher until close(), then libuv; the close callback deletes it.
struct FileWatcher::Core {
  Core(Loop& loop, std::function<void()> callback)
      : on_event(std::move(callback)), fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (fd < 0) {
      failure = -errno;
      return;
    }
    poll.data = this;
    if (uv_poll_init(loop.uv(), &poll, fd) != 0) {
      log::error("net", "can't watch an inotify descriptor");
      std::abort();  // a descriptor that epoll doesn't take: our own mistake
    }
    uv_poll_start(&poll, UV_READABLE,
                  [](uv_poll_t* handle, int, int) noexcept { static_cast<Core*>(handle->data)->read_all(); });
  }

  void close() {
    on_event = nullptr;
    if (fd < 0) {
      delete this;
      return;
    }
    uv_close(reinterpret_cast<uv_handle_t*>(&poll),
             [](uv_handle_t* handle) noexcept { delete static_cast<Core*>(handle->data); });
    ::close(fd);
  }

  void read_all() {
    bool concerns_us = false;
    alignas(inotify_event) std::array<char, 8192> buffer;
    while (true) {
      const ssize_t size = ::read(fd, buffer.data(), buffer.size());
      if (size <= 0) break;
      for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
        inotify_event event;
        std::memcpy(&event, buffer.data() + at, sizeof event);
        const char* name = event.len > 0 ? buffer.data() + at + sizeof event : "";
        concerns_us |= look_at(event, name);
        at += sizeof event + event.len;
      }
    }
    if (!concerns_us) return;
    const auto call = on_event;  // which may destroy the one that is kept
    if (call) call();
  }

  bool look_at(const inotify_event& event, const char* name) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) return true;  // whatever it was, we have not heard of it
    const auto found = names.find(event.wd);
    if (found == names.end()) return false;
    if ((event.mask & IN_IGNORED) != 0) {  // the watch is gone with its directory
      names.erase(found);
      return true;
    }
    if ((event.mask & (kOfDirectory | IN_UNMOUNT)) != 0) return true;
    return found->second.contains(name);
  }

  std::function<void()> on_event;
  int fd;
  int failure = 0;  ///< a negative errno: there is no inotify
  uv_poll_t poll{};
  std::map<int, std::set<std::string>> names;  ///< by watch
};

FileWatcher::FileWatcher(Loop& loop, std::function<void()> on_event)
    : core_(new Core(loop, std::move(on_event))) {}

FileWatcher::~FileWatcher() {
  core_->close();
}

std::vector<FileWatcher::Trouble> FileWatcher::watch(const std::set<Name>& names) {
  std::vector<Trouble> troubles;
  if (core_->fd < 0) return {{"", core_->failure}};
  std::map<std::string, int> watches;  // by directory; negative: an errno
  std::map<int, std::set<std::string>> wanted;
  for (const auto& [directory, name] : names) {
    const auto [place, first] = watches.try_emplace(directory, 0);
    if (first) {
      place->second = ::inotify_add_watch(core_->fd, directory.c_str(), kOfNames | kOfDirectory | IN_ONLYDIR);
      if (place->second < 0) {
        place->second = -errno;
        troubles.push_back({directory, place->second});
      }
    }
    if (place->second >= 0) wanted[place->second].insert(name);  // two paths may lead to one directory
  }
  for (const auto& [watch, unused] : core_->names) {
    if (!wanted.contains(watch)) ::inotify_rm_watch(core_->fd, watch);
  }
  core_->names = std::move(wanted);
  return troubles;
}

}  // namespace tidegate::net
