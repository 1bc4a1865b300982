#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

namespace tidegate::nginx {

/// What a run of a program wrote to stderr.
inline std::string complaints_of(const std::string& command) {
  const auto close = [](std::FILE* f) { ::pclose(f); };
  const std::unique_ptr<std::FILE, decltype(close)> pipe(::popen((command + " 2>&1").c_str(), "r"), close);
  std::string text;
  std::array<char, 4096> piece{};
  while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe.get()))
    text.append(piece.data(), got);
  return text;
}

/// A folder with a configuration, and what the real nginx says of it. Skipped where there is none.
class NginxReference : public ::testing::Test {
 protected:
  void SetUp() override {
    if (complaints_of("nginx -v").find("nginx version") == std::string::npos)
      GTEST_SKIP() << "there is no nginx here";
    std::string folder = (std::filesystem::temp_directory_path() / "tidegate-nginx-XXXXXX").string();
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
    folder_ = folder;
  }
  void TearDown() override {
    if (!folder_.empty()) std::filesystem::remove_all(folder_);
  }

  std::string path() const { return (folder_ / "nginx.conf").string(); }
  void write(std::string_view text) const { std::ofstream(path(), std::ios::binary) << text; }

  /// Its first complaint about what was written, "" if there is none.
  std::string nginx_says() const {
    const std::string said = complaints_of("nginx -t -q -p " + folder_.string() + " -e stderr -c " + path());
    const std::size_t mark = said.find("[emerg] ");
    if (mark == std::string::npos) return "";
    return first_line(said.substr(mark + 8));
  }
  /// Likewise; but it complains of a wrong word among several known ones as of a warning, and stops.
  std::string nginx_stops_with() const {
    const std::string emergency = nginx_says();
    if (!emergency.empty()) return emergency;
    const std::string said = complaints_of("nginx -t -p " + folder_.string() + " -e stderr -c " + path());
    const std::size_t mark = said.find("[warn] ");
    return said.find("test failed") != std::string::npos && mark != std::string::npos
               ? first_line(said.substr(mark + 7))
               : "";
  }

  std::filesystem::path folder_;

 private:
  static std::string first_line(std::string text) {
    text.erase(std::min(text.find("\nnginx: "), text.size()));
    const std::size_t pid = text.find(": ");  // 4711#4711:
    if (pid != std::string::npos && text.find('#') < pid) text.erase(0, pid + 2);
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }
};

}  // namespace tidegate::nginx
