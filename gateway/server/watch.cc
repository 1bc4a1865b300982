#include "gateway/server/watch.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <sstream>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/net/resolver.h"

namespace tidegate::server {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds kQuiet = 300ms;     // certbot swaps a symlink for each file; editors rename twice
constexpr milliseconds kLongest = 2000ms;  // after the first event we look, quiet or not

std::string mountinfo() {
  std::ifstream in("/proc/self/mountinfo");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

}  // namespace

Watch::Watch(net::Loop& loop, WatchedFile file, std::function<void()> on_change)
    : loop_(loop),
      file_(std::move(file.path)),
      on_change_(std::move(on_change)),
      watcher_(loop, [this] { on_event(); }) {
  seen_[file_] = std::move(file.digest);
}

void Watch::before_reading() {
  seen_[file_] = digest_of(file_);
}

void Watch::before_loading(const conf::Config& config, const Contents& contents) {
  tried_ = files_of(config);
  for (const auto& [path, digest] : contents) seen_[path] = digest;
  look();
  // What changed between that digest and the watch would stay unnoticed: so we look again.
  on_event();
}

void Watch::on_applied() {
  in_force_ = tried_;
  const std::vector<std::string> kept = files();
  std::erase_if(
      seen_, [&](const auto& each) { return std::find(kept.begin(), kept.end(), each.first) == kept.end(); });
  look();
}

std::vector<std::string> Watch::files() const {
  std::vector<std::string> all = {file_};
  for (const auto* list : {&in_force_, &tried_}) {
    for (const std::string& path : *list) {
      if (std::find(all.begin(), all.end(), path) == all.end()) all.push_back(path);
    }
  }
  return all;
}

void Watch::look() {
  const std::set<std::string> mounts = mount_points(mountinfo());
  std::set<net::FileWatcher::Name> names;
  std::set<std::string> deciding;
  for (const std::string& file : files()) {
    const std::vector<Hop> hops = hops_of(file);
    for (const Hop& hop : hops) {
      names.insert({hop.directory, hop.name});
      if (hop.decides) deciding.insert(hop.directory);
    }
    warn_of_mounts(hops, mounts);
  }
  warn_of_troubles(watcher_.watch(names), deciding);
}

/// A directory that is only passed through need not be readable.
void Watch::warn_of_troubles(const std::vector<net::FileWatcher::Trouble>& troubles,
                             const std::set<std::string>& deciding) {
  for (const auto& [directory, os_error] : troubles) {
    const bool none_left = os_error == -ENOSPC || os_error == -EMFILE || os_error == -ENFILE;
    if (!none_left && (os_error == -ENOENT || !deciding.contains(directory))) continue;
    if (!warned_.insert(none_left ? "" : directory).second) continue;
    log::warning("server", (none_left ? "files cannot all be watched: "
                                      : "the directory " + directory + " cannot be watched: ") +
                               net::error_text(os_error) +
                               (none_left ? " (fs.inotify.max_user_watches, max_user_instances)" : "") +
                               "; after changes send HUP");
  }
}

/// What is mounted on a file's own name cannot be replaced by another from within the mount.
void Watch::warn_of_mounts(const std::vector<Hop>& hops, const std::set<std::string>& mounts) {
  for (const Hop& hop : hops) {
    if (!hop.decides || !mounts.contains(hop.path()) || !warned_.insert(hop.path()).second) continue;
    log::warning("server",
                 hop.path() +
                     " is a mount of its own (subPath in Kubernetes, a single file in Docker): a new "
                     "version of it does not arrive here; mount its directory instead");
  }
}

void Watch::on_event() {
  const auto now = loop_.now();
  if (!settled_.armed()) first_event_ = now;
  const auto left = std::chrono::duration_cast<milliseconds>(first_event_ + kLongest - now);
  settled_.arm(loop_.timers(), std::clamp(left, 1ms, kQuiet));
}

void Watch::on_settled() {
  look();  // first, so that what changes from here on is an event again
  std::string changed;
  for (const std::string& file : files()) {
    const std::string digest = digest_of(file);
    if (std::exchange(seen_[file], digest) == digest) continue;
    changed += (changed.empty() ? "" : ", ") + file;
  }
  if (changed.empty()) return;
  log::info("server", "changed: " + changed + "; reloading");
  on_change_();
}

}  // namespace tidegate::server
