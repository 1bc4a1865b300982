#include "gateway/nginx_run.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/base/log_nginx.h"
#include "gateway/base/thread_start.h"
#include "gateway/net/pool.h"
#include "gateway/nginx_setup.h"
#include "gateway/serve.h"

namespace tidegate {

int NginxRun::run() {
  Diagnostics diagnostics;
  auto translation = options_.load(diagnostics);
  if (!translation) {
    voice_.say_all(diagnostics);
    return kFailed;
  }
  process_ = translation->process;
  std::string problem;
  if (!begin_process(problem)) {
    voice_.say("emerg", problem);
    return kFailed;
  }
  return serve(std::move(translation->config), std::move(diagnostics));
}

/// What comes before there are threads.
bool NginxRun::begin_process(std::string& problem) {
  for (const std::string& variable : process_.environment) {
    const std::size_t equals = variable.find('=');
    if (equals == std::string::npos) continue;  // it has the value that it has
    ::setenv(variable.substr(0, equals).c_str(), variable.c_str() + equals + 1, 1);
  }
  if (!process_.working_directory.empty() && ::chdir(process_.working_directory.c_str()) != 0) {
    problem = "chdir(\"" + process_.working_directory + "\") failed (" + std::to_string(errno) + ": " +
              std::strerror(errno) + ")";
    return false;
  }
  if (!find_user(problem)) return false;
  if (process_.descriptors && !nginx_process::limit_descriptors(*process_.descriptors, problem)) {
    voice_.say("warn", problem);
    problem.clear();
  }
  if (!voice_.log_to(process_.error_log, problem)) return false;
  if (nginx_process::takes_over()) voice_.leave_terminal();  // it is the other's log
  const bool leaves = options_.may_be_daemon && process_.daemon && !nginx_process::takes_over();
  if (leaves && !daemon_.begin(problem)) return false;
  return process_.pid_file.empty() || pid_.open(process_.pid_file, problem);
}

/// As nginx, which was built for "nobody", where the file names none.
bool NginxRun::find_user(std::string& problem) {
  if (!nginx_process::is_root()) return true;
  const bool named = !process_.user.empty();
  user_ =
      nginx_process::find_user(named ? process_.user : "nobody", named ? process_.group : "nogroup", problem);
  if (user_ && user_->id == 0) {  // `user root`: nothing changes
    user_.reset();
    return true;
  }
  if (user_) nginx_process::note_start_as_root();
  return user_.has_value();
}

/// The logs are this user's to open again, as nginx leaves them.
void NginxRun::give_away(const conf::Config& config) const {
  for (const std::string& path : log_paths(config, process_)) nginx_process::give_file(path, user_->id);
}

bool NginxRun::become_user(const conf::Config& config) {
  if (!user_) return true;
  give_away(config);
  std::string problem;
  if (nginx_process::become(*user_, problem)) return true;
  voice_.say("emerg", problem);
  return false;
}

std::optional<conf::Config> NginxRun::load(Diagnostics& diagnostics) {
  auto translation = options_.load(diagnostics);
  if (!translation) return std::nullopt;
  read_again_ = std::move(translation->process);
  return std::move(translation->config);
}

/// A reload's part in the process: the error log. The rest is as it was when the process started.
std::function<void()> NginxRun::follow(Diagnostics& diagnostics) {
  if (!read_again_) return [] {};
  const nginx::Process next = *std::exchange(read_again_, std::nullopt);
  const auto stays = [&](bool same, const char* directive) {
    if (!same)
      diagnostics.warning({}, std::string("\"") + directive + "\" is another one now: that takes a restart");
  };
  stays(next.user == process_.user && next.group == process_.group, "user");
  stays(next.pid_file == process_.pid_file, "pid");
  stays(next.descriptors == process_.descriptors, "worker_rlimit_nofile");
  stays(next.environment == process_.environment, "env");
  stays(next.working_directory == process_.working_directory, "working_directory");
  auto log = std::make_shared<nginx_process::ErrorLog>();
  const std::string path = next.error_log;
  const bool moves = path != process_.error_log;
  const bool is_file = path.starts_with('/') && process_.error_log.starts_with('/');
  stays(!moves || is_file, "error_log");
  std::string problem;
  if (moves && is_file && !log->open(path, problem)) diagnostics.error({}, problem);
  advise(diagnostics);
  if (!moves || !is_file) return [] {};
  return [this, log, path] {
    log->use();
    process_.error_log = path;
  };
}

/// nginx's master is root for as long as it lives; here it is another user who opens logs.
void NginxRun::advise(Diagnostics& diagnostics) const {
  const auto is_forbidden = [](const Diagnostic& each) {
    return each.message.starts_with("open() ") &&
           each.message.find(std::strerror(EACCES)) != std::string::npos;
  };
  if (!user_ || std::ranges::none_of(diagnostics.list(), is_forbidden)) return;
  diagnostics.warning({},
                      "logs are opened as the user " + user_->name +
                          ", who the gateway has become: let that user write there, or restart the gateway");
}

int NginxRun::serve(conf::Config config, Diagnostics diagnostics) {
  if (!process_.error_log.empty()) log::speak_as_nginx();
  at_thread_start(&nginx_process::drop_capabilities);
  std::thread starter([] {  // the main thread asks for names too, but its helpers keep no capability either
    thread_started();
    net::start_pool();
  });
  starter.join();
  Serving serving;
  const conf::Config copy = config;
  serving.config = std::move(config);
  serving.options = std::move(options_.server);
  serving.options.load = [this](Diagnostics& found) { return load(found); };
  serving.options.on_accepting = [this] { up(); };
  serving.options.on_reopen = [this] { reopen(); };
  serving.diagnostics = std::move(diagnostics);
  serving.file = options_.file;
  serving.tell = [this](const Diagnostics& found) { voice_.say_all(found); };
  serving.when_bound = [this, &copy] { return become_user(copy); };
  serving.follower = [this](const conf::Config&, Diagnostics& found) { return follow(found); };
  serving.options.program.pid_file = pid_.descriptor();
  return tidegate::serve(std::move(serving));
}

/// Every listener accepts.
void NginxRun::up() {
  pid_.write();
  if (!options_.may_be_daemon && process_.error_log.starts_with('/'))
    voice_.tell("every listener accepts; the log is " + process_.error_log);
  voice_.leave_terminal();
  daemon_.up();
}

void NginxRun::reopen() {
  std::string problem;
  if (nginx_process::open_error_log(process_.error_log, problem)) return;
  log::error("log", problem);  // in the old one
}

}  // namespace tidegate
