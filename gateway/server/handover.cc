#include "gateway/server/handover.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/net/socket.h"

namespace tidegate::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kFirstDescriptor = 3;  // SD_LISTEN_FDS_START
constexpr char kNoProgram = 'x';     ///< on the channel, with the errno behind it: exec failed
constexpr int kPidDigits = 10;
constexpr milliseconds kBetweenLooks{20};
constexpr milliseconds kLastGrace{1000};  ///< between its closing the channel and its end

/// Everything that the new process needs between fork() and exec(), where nothing may be allocated.
struct Launch {
  std::string path;
  std::vector<std::string> arguments;
  std::vector<std::string> environment;
  std::vector<char*> argument_pointers;
  std::vector<char*> environment_pointers;
  char* pid_digits = nullptr;    ///< in LISTEN_PID, which only the new process knows
  std::vector<int> descriptors;  ///< to become 3, 4, …; each is above those

  void prepare_pointers() {
    for (std::string& word : arguments) argument_pointers.push_back(word.data());
    argument_pointers.push_back(nullptr);
    for (std::string& word : environment) environment_pointers.push_back(word.data());
    environment_pointers.push_back(nullptr);
    pid_digits = environment.back().data() + std::string_view("LISTEN_PID=").size();
  }
};

/// This process's environment, but for what is said anew.
std::vector<std::string> environment_with(const std::vector<ListeningSockets::Bequest>& bequest,
                                          bool with_pid_file) {
  std::vector<std::string> all;
  const std::string pid_file = std::string(Handover::Program::kPidFileVariable) + "=";
  const std::array<std::string, 6> replaced{
      "LISTEN_FDS=",   "LISTEN_PID=", "LISTEN_FDNAMES=",
      "WATCHDOG_PID=", pid_file,      std::string(Inheritance::kAnnounceVariable) + "="};
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view variable = *each;
    bool kept = true;
    for (const std::string& other : replaced) kept &= !variable.starts_with(other);
    if (kept) all.emplace_back(variable);
  }
  std::string names;
  for (const auto& each : bequest) names.append(names.empty() ? "" : ":").append(each.name);
  int channel = kFirstDescriptor + static_cast<int>(bequest.size());
  if (with_pid_file) all.push_back(pid_file + std::to_string(channel++));
  all.push_back("LISTEN_FDS=" + std::to_string(bequest.size()));
  all.push_back("LISTEN_FDNAMES=" + names);
  all.push_back(replaced.back() + std::to_string(channel));
  all.push_back("LISTEN_PID=" +
                std::string(kPidDigits, '\0'));  // the last one, where prepare_pointers() looks for it
  return all;
}

void write_number(pid_t number, char* to) noexcept {
  char digits[kPidDigits];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  while (count > 0) *to++ = digits[--count];
}

/// In the new process: calls that are safe in a signal handler, and nothing else.
[[noreturn]] void become(const Launch& launch, const sigset_t& mask) noexcept {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (signal != SIGKILL && signal != SIGSTOP) ::signal(signal, SIG_DFL);
  }
  int next = kFirstDescriptor;
  for (const int fd : launch.descriptors) ::dup2(fd, next++);
  ::close_range(static_cast<unsigned>(next), ~0u, 0);
  write_number(::getpid(), launch.pid_digits);
  ::sigprocmask(SIG_SETMASK, &mask, nullptr);
  ::execve(launch.path.c_str(), launch.argument_pointers.data(), launch.environment_pointers.data());
  const int error = errno;
  char report[1 + sizeof error] = {kNoProgram};
  std::memcpy(report + 1, &error, sizeof error);
  [[maybe_unused]] const auto written = ::write(next - 1, report, sizeof report);
  ::_exit(127);
}

/// Signals wait meanwhile: the handlers of this process must not run in the other one.
pid_t fork_and_become(const Launch& launch) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t process = ::fork();
  if (process == 0) become(launch, before);
  const int error = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return process;
}

std::string how_it_ended(int status) {
  if (WIFSIGNALED(status)) return "was killed by signal " + std::to_string(WTERMSIG(status));
  return "exited with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Handover::Program Handover::Program::of_this_process() {
  const auto* started_as = reinterpret_cast<const char*>(::getauxval(AT_EXECFN));
  std::error_code failed;
  Program program;
  if (started_as != nullptr) program.path = std::filesystem::absolute(started_as, failed).string();
  std::ifstream in("/proc/self/cmdline");
  for (std::string word; std::getline(in, word, '\0');) program.arguments.push_back(word);
  return program;
}

Handover::Handover(net::Loop& loop, Program program, Hooks hooks)
    : loop_(loop), program_(std::move(program)), hooks_(std::move(hooks)) {}

Handover::~Handover() {
  if (process_ != 0) ::kill(process_, SIGKILL);
}

void Handover::begin(const std::vector<ListeningSockets::Bequest>& bequest) {
  if (program_.path.empty()) return fail("it is not known how this process was started");
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
    return fail(std::string("no channel to a new process: ") + std::strerror(errno));
  }
  net::StreamListener& listener = *this;
  channel_ = net::adopt(loop_, ends[0]);
  channel_->set_listener(listener);
  channel_->start_reading();
  start(bequest, ends[1]);
  ::close(ends[1]);
}

void Handover::start(const std::vector<ListeningSockets::Bequest>& bequest, int channel) {
  Launch launch;
  launch.path = program_.path;
  launch.arguments = program_.arguments;
  const bool with_pid_file = program_.pid_file >= 0;
  launch.environment = environment_with(bequest, with_pid_file);
  launch.prepare_pointers();
  const int above = kFirstDescriptor + static_cast<int>(bequest.size()) + 2;
  const auto raise = [&](int fd) { launch.descriptors.push_back(::fcntl(fd, F_DUPFD_CLOEXEC, above)); };
  for (const ListeningSockets::Bequest& each : bequest) raise(each.socket->fd());
  if (with_pid_file) raise(program_.pid_file);
  raise(channel);
  bool enough = true;
  for (const int fd : launch.descriptors) enough &= fd >= 0;
  if (!enough) errno = EMFILE;
  const pid_t process = enough ? fork_and_become(launch) : -1;
  const std::string error = std::strerror(errno);
  for (const int fd : launch.descriptors) ::close(fd);
  if (process < 0) return fail("no new process: " + error);
  process_ = process;
  heard_.clear();
  why_.clear();
  silent_ = false;
  patience_.arm(loop_.timers(), program_.patience);
  log::info("server", "handing over: started " + program_.path + " as process " + std::to_string(process) +
                          " with " + std::to_string(bequest.size()) + " listening sockets");
}

void Handover::on_data(Bytes bytes) {
  heard_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (heard_.front() != Inheritance::kReady || process_ == 0 || silent_ || !why_.empty()) return;
  patience_.disarm();
  channel_.reset();
  hooks_.succeeded(std::exchange(process_, 0));
}

void Handover::on_end(net::End) {
  on_error(Error(Reason::internal));
}

/// It has closed the channel without a word: it is about to end, or already has.
void Handover::on_error(const Error&) {
  channel_.reset();
  if (process_ == 0) return;
  patience_.disarm();
  if (heard_.size() == 1 + sizeof(int) && heard_.front() == kNoProgram) {
    int error = 0;
    std::memcpy(&error, heard_.data() + 1, sizeof error);
    why_ = program_.path + " cannot be run: " + std::strerror(error);
  }
  kill_at_ = steady_clock::now() + kLastGrace;
  look_for_end();
}

void Handover::on_impatient() {
  why_ = "process " + std::to_string(process_) + " did not accept within " +
         std::to_string(program_.patience.count() / 1000) + " s and was killed";
  ::kill(process_, SIGKILL);  // which ends the channel
}

void Handover::call_off() {
  if (process_ == 0 || silent_) return;
  log::warning("server", "the hand-over is called off: process " + std::to_string(process_) + " is killed");
  ::kill(process_, SIGKILL);
  silent_ = true;
}

void Handover::look_for_end() {
  int status = 0;
  const pid_t ended = ::waitpid(process_, &status, WNOHANG);
  if (ended == 0) {
    if (steady_clock::now() > kill_at_) ::kill(process_, SIGKILL);
    return next_look_.arm(loop_.timers(), kBetweenLooks);
  }
  const std::string process = "process " + std::to_string(std::exchange(process_, 0));
  if (silent_) return;
  fail(why_.empty() ? process + " " + (ended > 0 ? how_it_ended(status) : "is gone") + " before it accepted"
                    : why_);
}

void Handover::fail(std::string why) {
  channel_.reset();
  // From the loop: whoever began may still be in the middle of it.
  loop_.post([this, why = std::move(why)] { hooks_.failed(why); });
}

}  // namespace tidegate::server
