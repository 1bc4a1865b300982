#include "tests/integration/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/integration/peer.h"

namespace tidegate::test {
namespace {

constexpr int kFirstListening = 3;

/// What the child does between fork() and exec(). The tests have one thread: anything goes.
[[noreturn]] void become(char* const* arguments, const char* output, const char* errors,
                         const Process::Options& options) {
  ::dup2(::open(output, O_WRONLY | O_CREAT | O_APPEND, 0600), STDOUT_FILENO);
  ::dup2(options.errors >= 0 ? options.errors : ::open(errors, O_WRONLY | O_CREAT | O_APPEND, 0600),
         STDERR_FILENO);
  std::vector<int> raised;
  const int last = kFirstListening + static_cast<int>(options.listening.size());
  for (const int fd : options.listening) raised.push_back(::fcntl(fd, F_DUPFD, last));
  int next = kFirstListening;
  for (const int fd : raised) ::dup2(fd, next++);
  ::close_range(static_cast<unsigned>(next), ~0u, 0);
  if (!raised.empty()) {
    ::setenv("LISTEN_FDS", std::to_string(raised.size()).c_str(), 1);
    ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
  }
  for (const std::string& variable : options.environment) {
    const std::size_t equals = variable.find('=');
    ::setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
  }
  if (options.descriptors > 0) {
    const rlimit limit{options.descriptors, options.descriptors};
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  ::execv(options.program.empty() ? TIDEGATE_BINARY : options.program.c_str(), arguments);
  ::_exit(127);
}

}  // namespace

std::string contents_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

Process::Process(const std::vector<std::string>& arguments, const Options& options) {
  std::vector<std::string> words{"tidegate"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  const std::string output = dir_.write("stdout", "");
  const std::string errors = dir_.write("stderr", "");
  pid_ = ::fork();
  if (pid_ == 0) become(pointers.data(), output.c_str(), errors.c_str(), options);
  EXPECT_GT(pid_, 0);
}

Process::~Process() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) {
  EXPECT_EQ(0, ::kill(pid_, number));
}

int Process::wait() {
  int status = 0;
  if (!eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; })) {
    ADD_FAILURE() << "the program does not end; it said:\n" << errors();
    return -1;
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::uint16_t Process::port(const std::string& listener) {
  const std::string end = " as listener " + listener + "\n";
  if (!says(end)) return 0;
  const std::string said = errors();
  const std::string line = said.substr(0, said.find(end));
  const std::size_t begin = line.rfind("listening on ");
  const std::size_t colon = line.rfind(':');
  if (begin == std::string::npos || colon < begin) return 0;
  return static_cast<std::uint16_t>(std::strtoul(line.c_str() + colon + 1, nullptr, 10));
}

bool Process::says(const std::string& words) const {
  const bool said = eventually([&] { return errors().find(words) != std::string::npos; });
  EXPECT_TRUE(said) << "it never said \"" << words << "\", but:\n" << errors();
  return said;
}

std::string Process::errors() const {
  return contents_of(dir_.path() + "/stderr");
}

std::string Process::output() const {
  return contents_of(dir_.path() + "/stdout");
}

std::chrono::milliseconds Process::cpu_time() const {
  const std::string stat = contents_of("/proc/" + std::to_string(pid_) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 1));
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;  // proc(5): utime is the 14th, stime the 15th
  long user = 0;
  long system = 0;
  fields >> user >> system;
  return std::chrono::milliseconds((user + system) * 1000 / ::sysconf(_SC_CLK_TCK));
}

}  // namespace tidegate::test
