#pragma once

#include <string>

#include "conf/sites.h"
#include "gateway/sites/file.h"

namespace tidegate::sites {

/// What stands at a path. `os_error` is errno's value; then nothing else counts.
struct Found {
  int os_error = 0;
  bool is_file = false;
  bool is_directory = false;
  bool is_executable = false;  ///< by its owner
  File file{};                 ///< open_path() alone: a regular file's
};

/// stat(2). Where `follow_symlinks` is false, a link anywhere in the path is ELOOP (disable_symlinks on).
Found look_at(const std::string& path, bool follow_symlinks);
/// Opens for reading without waiting (a FIFO has perhaps no writer) and tells what it is. A path with a NUL
/// is ENOENT.
Found open_path(const std::string& path, bool follow_symlinks);

/// `if (-f PATH)` and its like: file, directory, exists, executable; Condition::negated is the caller's.
bool holds(conf::Condition::Kind test, const std::string& path, bool follow_symlinks);

/// Nothing is there, or nothing that can be: ENOENT, ENOTDIR, ENAMETOOLONG.
bool is_missing(int os_error);

}  // namespace tidegate::sites
