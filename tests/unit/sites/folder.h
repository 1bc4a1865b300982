#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "gateway/base/log.h"

namespace tidegate::sites::test {

/// A temporary directory; the destructor removes it and what is in it.
class Folder {
 public:
  Folder() {
    std::string name = std::filesystem::temp_directory_path() / "tidegate-sites-XXXXXX";
    path_ = std::filesystem::canonical(::mkdtemp(name.data()));
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  const std::string& path() const { return path_; }
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  /// Folders on the way are made.
  std::string write(std::string_view name, std::string_view content) const {
    const std::string file = *this / name;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file, std::ios::binary) << content;
    return file;
  }
  void make(std::string_view name) const { std::filesystem::create_directories(*this / name); }
  void link(const std::string& to, std::string_view name) const {
    std::filesystem::create_symlink(to, *this / name);
  }

 private:
  std::string path_;
};

/// What `log` has been told, since it was made.
class LogLines {
 public:
  LogLines() {
    log::capture([this](log::Level, std::string_view line) { lines_.append(line).append("\n"); });
  }
  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  ~LogLines() { log::capture({}); }
  std::string text() {
    log::flush();
    return lines_;
  }

 private:
  std::string lines_;
};

}  // namespace tidegate::sites::test
