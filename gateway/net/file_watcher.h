#pragma once

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "gateway/net/loop.h"

namespace tidegate::net {

/// Tells when something happened to names in directories: made, moved there or away, deleted, written and
/// closed, its rights changed; or to such a directory itself. Not what: whoever hears of it looks.
///
/// It is inotify behind a poll handle rather than uv_fs_event_t: that reports each single write() instead of
/// the close after the last, and passes over a queue that overflowed, which would be a change nobody hears
/// of.
///
/// Owner:  whoever holds it. Thread: its loop's. End: the destructor, also from within `on_event`.
class FileWatcher {
 public:
  struct Name {
    std::string directory;  ///< absolute; a symlink to one is followed
    std::string name;
    auto operator<=>(const Name&) const = default;
  };
  /// A directory that cannot be watched: not there, not readable, or no more watches (ENOSPC).
  struct Trouble {
    std::string directory;
    int os_error = 0;  ///< a negative errno
  };

  /// `on_event` is called from the loop, once for all that happened since.
  FileWatcher(Loop& loop, std::function<void()> on_event);
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

  /// These names from now on, and no others. A directory that went and came back is found by being asked for
  /// again.
  std::vector<Trouble> watch(const std::set<Name>& names);

 private:
  struct Core;
  Core* core_;
};

}  // namespace tidegate::net
