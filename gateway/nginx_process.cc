#include "gateway/nginx_process.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "gateway/server/handover.h"
#include "gateway/server/inheritance.h"

namespace tidegate::nginx_process {
namespace {

constexpr mode_t kLogMode = 0644;
constexpr const char* kStartedAsRoot = "TIDEGATE_STARTED_AS_ROOT";

/// nginx's form: `open() "/x" failed (2: No such file or directory)`.
std::string failed(const std::string& call) {
  return call + " failed (" + std::to_string(errno) + ": " + std::strerror(errno) + ")";
}

int wait_for(int channel) {
  char word = 0;
  ssize_t got = 0;
  do {
    got = ::read(channel, &word, 1);
  } while (got < 0 && errno == EINTR);
  return got == 1 ? 0 : 1;
}

/// Neither a device, nor a second name of somebody else's file.
bool is_plain(const struct stat& file) {
  return S_ISREG(file.st_mode) && file.st_nlink == 1;
}

bool is_same(int fd, const struct stat& named) {
  struct stat opened {};
  return ::fstat(fd, &opened) == 0 && named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

bool keep_capabilities(std::uint32_t mask, std::string& problem) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {{.effective = mask, .permitted = mask, .inheritable = mask}, {}};
  if (::syscall(SYS_capset, &header, data) != 0) {
    problem = failed("capset()");
    return false;
  }
  for (int capability = 0; capability < 32; ++capability) {
    if ((mask >> capability & 1) == 0) continue;
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0);  // for what USR2 starts
  }
  return true;
}

/// Those of `wanted` that the process has.
std::uint32_t permitted_of(std::uint32_t wanted) {
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  __user_cap_data_struct data[2] = {};
  return ::syscall(SYS_capget, &header, data) == 0 ? data[0].permitted & wanted : 0;
}

}  // namespace

ErrorLog::~ErrorLog() {
  if (fd_ >= 0) ::close(fd_);
}

bool ErrorLog::open(const std::string& path, std::string& problem) {
  fd_ = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, kLogMode);
  if (fd_ < 0) problem = failed("open() \"" + path + "\"");
  return fd_ >= 0;
}

void ErrorLog::use() {
  ::dup2(fd_, STDERR_FILENO);
}

bool open_error_log(const std::string& path, std::string& problem) {
  if (path.empty() || path == "stderr") return true;
  ErrorLog log;
  if (!log.open(path, problem)) return false;
  log.use();
  return true;
}

bool Daemon::begin(std::string& problem) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    problem = failed("pipe()");
    return false;
  }
  const pid_t child = ::fork();
  if (child < 0) {
    problem = failed("fork()");
    return false;
  }
  if (child > 0) {
    ::close(ends[1]);
    ::_exit(wait_for(ends[0]));
  }
  ::close(ends[0]);
  parent_ = ends[1];
  ::setsid();
  // A second child is no leader of the session, and so can never get a terminal again.
  const pid_t second = ::fork();
  if (second > 0) ::_exit(0);
  if (second < 0) {
    problem = failed("fork()");
    return false;
  }
  ::umask(0);
  return true;
}

void Daemon::up() {
  if (parent_ < 0) return;
  const int nowhere = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  if (nowhere >= 0) {
    ::dup2(nowhere, STDIN_FILENO);
    ::dup2(nowhere, STDOUT_FILENO);
    ::close(nowhere);
  }
  const char word = 'r';
  while (::write(parent_, &word, 1) < 0 && errno == EINTR) continue;
  ::close(parent_);
  parent_ = -1;
}

Daemon::~Daemon() {
  if (parent_ >= 0) ::close(parent_);
}

bool PidFile::open(const std::string& path, std::string& problem) {
  path_ = path;
  if (inherit()) return true;
  made_ = ::access(path.c_str(), F_OK) != 0;
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
  if (fd_ >= 0) {
    ::flock(fd_, LOCK_SH | LOCK_NB);  // for as long as we may write
    return true;
  }
  problem = failed("open() \"" + path + "\"");
  return false;
}

/// Only if that is what the configuration names.
bool PidFile::inherit() {
  constexpr const char* kVariable = server::Handover::Program::kPidFileVariable;
  const char* const number = takes_over() ? std::getenv(kVariable) : nullptr;
  if (number == nullptr) return false;
  const int fd = std::atoi(number);
  ::unsetenv(kVariable);
  struct stat named {};
  if (fd <= STDERR_FILENO || ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return false;
  if (::stat(path_.c_str(), &named) == 0 && is_same(fd, named)) {
    fd_ = fd;
    return true;
  }
  ::close(fd);
  return false;
}

void PidFile::write() {
  const std::string text = std::to_string(::getpid()) + '\n';
  written_ = ::ftruncate(fd_, 0) == 0 &&
             ::pwrite(fd_, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size());
}

/// Another process may have taken the file over, or be about to: it holds the lock then.
bool PidFile::is_ours() const {
  std::string unused;
  if (written_) return read_pid_file(path_, unused) == ::getpid();
  struct stat there {};
  return made_ && ::flock(fd_, LOCK_EX | LOCK_NB) == 0 && ::stat(path_.c_str(), &there) == 0 &&
         there.st_size == 0 && is_same(fd_, there);
}

/// Where we may not remove it, it is left empty, which says the same.
PidFile::~PidFile() {
  if (fd_ < 0) return;
  if (is_ours() && ::unlink(path_.c_str()) != 0) written_ = ::ftruncate(fd_, 0) != 0;
  ::close(fd_);
}

std::optional<int> read_pid_file(const std::string& path, std::string& problem) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    problem = failed("open() \"" + path + "\"");
    return std::nullopt;
  }
  char text[64];
  const ssize_t size = ::read(fd, text, sizeof text);
  ::close(fd);
  std::size_t end = size > 0 ? static_cast<std::size_t>(size) : 0;
  if (end == 0) {  // left behind by a process that might not remove it
    errno = ENOENT;
    problem = failed("open() \"" + path + "\"");
    return std::nullopt;
  }
  while (end > 0 && (text[end - 1] == '\n' || text[end - 1] == '\r')) --end;
  int pid = 0;
  const auto [last, error] = std::from_chars(text, text + end, pid);
  if (error == std::errc() && last == text + end && pid > 0) return pid;
  problem = "invalid PID number \"" + std::string(text, end) + "\" in \"" + path + "\"";
  return std::nullopt;
}

std::optional<User> find_user(const std::string& name, const std::string& group, std::string& problem) {
  errno = 0;
  const passwd* account = ::getpwnam(name.c_str());
  if (account == nullptr) {
    problem = "getpwnam(\"" + name + "\") failed";
    return std::nullopt;
  }
  User user{name, account->pw_uid, account->pw_gid};
  const std::string& wanted = group.empty() ? name : group;
  const struct group* found = ::getgrnam(wanted.c_str());
  if (found == nullptr) {
    problem = "getgrnam(\"" + wanted + "\") failed";
    return std::nullopt;
  }
  user.group = found->gr_gid;
  return user;
}

bool is_root() {
  return ::geteuid() == 0;
}

bool takes_over() {
  return std::getenv(server::Inheritance::kAnnounceVariable) != nullptr;
}

void note_start_as_root() {
  ::setenv(kStartedAsRoot, "1", 1);
}

bool started_as_root() {
  // From the first call on, which is before become().
  static const bool so = is_root() || (takes_over() && std::getenv(kStartedAsRoot) != nullptr);
  return so;
}

bool become(const User& user, std::string& problem) {
  // As systemd would give them to a service that is not root.
  const std::uint32_t kept = permitted_of(1u << CAP_NET_BIND_SERVICE | 1u << CAP_DAC_READ_SEARCH);
  ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
  // glibc makes these three calls in every thread. The others keep no capability.
  const char* call = nullptr;
  if (::initgroups(user.name.c_str(), user.group) != 0) {
    call = "initgroups()";
  } else if (::setgid(user.group) != 0) {
    call = "setgid()";
  } else if (::setuid(user.id) != 0) {
    call = "setuid()";
  }
  if (call != nullptr) {
    problem = failed(call);
    return false;
  }
  ::prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
  return keep_capabilities(kept, problem);
}

void drop_capabilities() {
  if (is_root()) return;
  __user_cap_header_struct header{.version = _LINUX_CAPABILITY_VERSION_3, .pid = 0};
  const __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return;  // to have fewer is always allowed
}

void give_file(const std::string& path, std::uint32_t user) {
  const int fd = ::open(path.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC);  // a device does not notice
  if (fd < 0) return;
  struct stat file {};
  const bool wanted = ::fstat(fd, &file) == 0 && is_plain(file) && file.st_uid != user;
  if (wanted && ::fchownat(fd, "", user, static_cast<gid_t>(-1), AT_EMPTY_PATH) != 0) {
    ::close(fd);  // it can be written, but not opened again
    return;
  }
  ::close(fd);
}

bool limit_descriptors(std::uint64_t most, std::string& problem) {
  const rlimit limit{.rlim_cur = most, .rlim_max = most};
  if (::setrlimit(RLIMIT_NOFILE, &limit) == 0) return true;
  problem = failed("setrlimit(RLIMIT_NOFILE, " + std::to_string(most) + ")");
  return false;
}

std::string log_line(const char* level, const std::string& message) {
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  char time[32];
  std::strftime(time, sizeof time, "%Y/%m/%d %H:%M:%S", &local);
  const std::string pid = std::to_string(::getpid());
  return std::string(time) + " [" + level + "] " + pid + '#' + pid + ": " + message;
}

}  // namespace tidegate::nginx_process
