#include "gateway/server/access_logs.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "conf/sites.h"
#include "gateway/base/log.h"

namespace tidegate::server {

int try_to_write(const std::string& path) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd >= 0) {
    ::close(fd);
    return 0;
  }
  if (errno == ENXIO) return 0;  // a pipe that nobody reads yet
  if (errno != ENOENT) return errno;
  const std::string dir = path.substr(0, path.rfind('/') + 1);
  return ::faccessat(AT_FDCWD, dir.c_str(), W_OK | X_OK, AT_EACCESS) == 0 ? 0 : errno;
}

std::string cannot_open(const std::string& path, int os_error) {
  return "open() \"" + path + "\" failed (" + std::to_string(os_error) + ": " + std::strerror(os_error) + ")";
}

std::shared_ptr<LogFile> AccessLogs::open(const std::string& path, Purpose purpose, int& os_error) {
  const auto known = std::ranges::find(open_, path, [](const auto& each) { return each.first; });
  if (known != open_.end()) return known->second;
  const std::string target = path == "stdout" ? "-" : path == "stderr" ? "/dev/stderr" : path;
  os_error = target == "-" ? 0 : try_to_write(target);
  if (os_error != 0 || purpose == Purpose::trial) return nullptr;
  std::string error;
  std::shared_ptr<LogFile> file = LogFile::open({.path = target}, error);
  if (file == nullptr) {
    os_error = EAGAIN;  // it can be written: there is no thread, or no descriptor, to be had
    log::error("log", error);
  } else {
    open_.emplace_back(path, file);
  }
  return file;
}

std::shared_ptr<LogFile> AccessLogs::of(const conf::Log& log, Purpose purpose, Diagnostics& diagnostics) {
  if (log.access == "off") return nullptr;
  int os_error = 0;
  auto file = open(log.access, purpose, os_error);
  if (os_error != 0) {
    diagnostics.error(log.at, "cannot write the access log " + log.access + ": " + std::strerror(os_error) +
                                  "; create its directory, or set log.access to stdout or off");
  }
  return file;
}

std::shared_ptr<const tunnel::SiteLogs> AccessLogs::of_sites(const conf::Config& config, Purpose purpose,
                                                             Diagnostics& diagnostics) {
  if (config.sites == nullptr) return nullptr;
  auto logs = std::make_shared<tunnel::SiteLogs>();
  for (const conf::VirtualServer& site : config.sites->servers) {
    for (const conf::Location& location : site.locations) {
      for (const conf::AccessLog& log : location.access_logs) {
        if (logs->contains(log.path)) continue;
        int os_error = 0;
        logs->emplace(log.path, open(log.path, purpose, os_error));
        if (os_error != 0)
          diagnostics.error({}, cannot_open(log.path, os_error));  // as nginx: without a line
      }
    }
  }
  std::erase_if(*logs, [](const auto& log) { return log.second == nullptr; });
  return logs;
}

void AccessLogs::reopen() {
  for (auto& [path, file] : open_) file->reopen();
}

void AccessLogs::close_unused() {
  std::erase_if(open_, [](const auto& each) { return each.second.use_count() == 1; });
}

}  // namespace tidegate::server
