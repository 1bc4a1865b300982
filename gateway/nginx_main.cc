#include "gateway/nginx_main.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include "conf/sites.h"
#include "gateway/base/log.h"
#include "gateway/base/log_background.h"
#include "gateway/base/log_nginx.h"
#include "gateway/base/thread_start.h"
#include "gateway/commands.h"
#include "gateway/net/pool.h"
#include "gateway/nginx_options.h"
#include "gateway/nginx_process.h"
#include "gateway/nginx_setup.h"
#include "gateway/server/server.h"

namespace tidegate {
namespace {

/// Says what went wrong where nginx would: in the error log with the time, and to who typed the command,
/// unless that is the same place.
class Voice {
 public:
  Voice() = default;
  ~Voice() { leave_terminal(); }
  Voice(const Voice&) = delete;
  Voice& operator=(const Voice&) = delete;

  /// stderr is the log from now on.
  bool log_to(const std::string& path, std::string& problem) {
    if (path == "stderr") return true;
    const int terminal =
        terminal_ < 0 ? ::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : terminal_;
    if (!nginx_process::open_error_log(path, problem)) {
      if (terminal_ < 0) ::close(terminal);
      return false;
    }
    terminal_ = terminal;
    return true;
  }
  void leave_terminal() {
    if (terminal_ >= 0) ::close(std::exchange(terminal_, -1));
  }

  void say(const char* level, const std::string& message, bool to_terminal = true) const {
    write(STDERR_FILENO, nginx_process::log_line(level, message));
    if (terminal_ >= 0 && to_terminal) write(terminal_, std::string("nginx: [") + level + "] " + message);
  }
  void say_all(const Diagnostics& diagnostics) const {
    for (const Diagnostic& diagnostic : diagnostics.list()) {
      const bool error = diagnostic.severity == Diagnostic::Severity::error;
      say(error ? "emerg" : "warn", nginx_words(diagnostic));
    }
  }
  /// Never in the log.
  void tell(const std::string& message) const {
    write(terminal_ >= 0 ? terminal_ : STDERR_FILENO, "nginx: " + message);
  }

 private:
  static void write(int fd, const std::string& line) {
    const std::string whole = line + '\n';
    if (::write(fd, whole.data(), whole.size()) < 0) return;  // there is nobody else to tell
  }
  int terminal_ = -1;  ///< what stderr was, if it is the log now
};

void print_version(const NginxOptions& options) {
  std::fprintf(stderr, "nginx version: tidegate/%s\n", TIDEGATE_VERSION);
  if (options.help) std::fprintf(stderr, "%s\n", kNginxUsage);
  if (!options.everything) return;
  const tls::OpensslVersion openssl = tls::openssl_version();
#ifdef __clang__
  std::fprintf(stderr, "built by clang %s\n", __clang_version__);
#else
  std::fprintf(stderr, "built by gcc %s\n", __VERSION__);
#endif
  if (openssl.built == openssl.running) {
    std::fprintf(stderr, "built with %s\n", openssl.built.c_str());
  } else {
    std::fprintf(stderr, "built with %s (running with %s)\n", openssl.built.c_str(), openssl.running.c_str());
  }
  std::fprintf(stderr,
               "TLS SNI support enabled\n"
               "configure arguments: --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf "
               "--http-log-path=/var/log/nginx/access.log --error-log-path=stderr --pid-path=/run/nginx.pid "
               "--with-threads --with-pcre-jit --with-http_ssl_module --with-http_realip_module "
               "--with-http_auth_request_module --with-http_stub_status_module\n");
}

/// Each file once, in the order in which they were read.
void dump(const NginxSetup& setup) {
  std::set<std::string> seen;
  for (const auto& [name, text] : setup.files) {
    if (!seen.insert(name).second) continue;
    std::printf("# configuration file %s:\n%s\n", name.c_str(), text.c_str());
  }
  std::fflush(stdout);
}

int test(const NginxOptions& options, const Voice& voice) {
  const auto failed = [&] {
    voice.tell("configuration file " + options.file + " test failed");
    return kFailed;
  };
  Diagnostics diagnostics;
  auto setup = load_nginx_setup(options, diagnostics);
  if (setup) {
    server::Blueprint::make(std::make_shared<const conf::Config>(setup->translation.config), diagnostics);
  }
  voice.say_all(diagnostics);
  if (diagnostics.failed()) return failed();
  if (!options.quiet) voice.tell("the configuration file " + options.file + " syntax is ok");
  std::string problem;
  nginx_process::PidFile pid;
  if (!pid.open(setup->translation.process.pid_file, problem)) {
    voice.say("emerg", problem);
    return failed();
  }
  if (options.dump) dump(*setup);
  if (!options.quiet) voice.tell("configuration file " + options.file + " test is successful");
  return kFine;
}

int send_signal(const NginxOptions& options, const Voice& voice) {
  Diagnostics diagnostics;
  const auto setup = load_nginx_setup(options, diagnostics);
  voice.say_all(diagnostics);
  if (!setup) return kFailed;
  voice.say("notice", "signal process started", false);
  std::string problem;
  const auto pid = nginx_process::read_pid_file(setup->translation.process.pid_file, problem);
  if (!pid) {
    voice.say("error", problem);
    return kFailed;
  }
  const int number = options.signal == "stop"     ? SIGTERM
                     : options.signal == "quit"   ? SIGQUIT
                     : options.signal == "reopen" ? SIGUSR1
                                                  : SIGHUP;
  if (::kill(*pid, number) == 0) return kFine;
  voice.say("alert", "kill(" + std::to_string(*pid) + ", " + std::to_string(number) + ") failed (" +
                         std::to_string(errno) + ": " + std::strerror(errno) + ")");
  return kFailed;
}

/// Another process has started this one, to take over from it.
bool takes_over() {
  return std::getenv(server::Inheritance::kAnnounceVariable) != nullptr;
}

/// One run, from the configuration to the end.
class Run {
 public:
  Run(const NginxOptions& options, Voice& voice) : options_(options), voice_(voice) {}

  int run() {
    Diagnostics diagnostics;
    auto setup = load_nginx_setup(options_, diagnostics);
    if (!setup) {
      voice_.say_all(diagnostics);
      return kFailed;
    }
    process_ = setup->translation.process;
    std::string problem;
    if (!begin_process(problem)) {
      voice_.say("emerg", problem);
      return kFailed;
    }
    return serve(std::move(setup->translation.config), std::move(diagnostics));
  }

 private:
  /// What comes before there are threads.
  bool begin_process(std::string& problem) {
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
    if (takes_over()) voice_.leave_terminal();  // it is the other's log
    if (process_.daemon && !takes_over() && !daemon_.begin(problem)) return false;
    return pid_.open(process_.pid_file, problem);
  }

  /// As nginx, which was built for "nobody", where the file names none.
  bool find_user(std::string& problem) {
    if (!nginx_process::is_root()) return true;
    const bool named = !process_.user.empty();
    user_ = nginx_process::find_user(named ? process_.user : "nobody", named ? process_.group : "nogroup",
                                     problem);
    if (user_ && user_->id == 0) {  // `user root`: nothing changes
      user_.reset();
      return true;
    }
    return user_.has_value();
  }

  /// The logs are this user's to open again, as nginx leaves them.
  void give_away(const conf::Config& config) const {
    std::set<std::string> logs{config.log.access};
    if (config.sites != nullptr) {
      for (const conf::VirtualServer& server : config.sites->servers) {
        for (const conf::Location& location : server.locations) {
          for (const conf::AccessLog& log : location.access_logs) logs.insert(log.path);
        }
      }
    }
    if (process_.error_log != "stderr") logs.insert(process_.error_log);
    for (const std::string& path : logs) {
      if (path.starts_with('/')) nginx_process::give_file(path, user_->id);
    }
    pid_.give_to(user_->id);
  }

  std::optional<conf::Config> load(Diagnostics& diagnostics) {
    Diagnostics found;
    auto setup = load_nginx_setup(options_, found);
    for (const Diagnostic& each : found.list()) {
      const bool error = each.severity == Diagnostic::Severity::error;
      error ? diagnostics.error({}, nginx_words(each)) : diagnostics.warning({}, nginx_words(each));
    }
    if (!setup) return std::nullopt;
    std::string problem;
    if (!nginx_process::open_error_log(setup->translation.process.error_log, problem)) {
      diagnostics.error({}, problem);
      return std::nullopt;
    }
    process_.error_log = setup->translation.process.error_log;
    return std::move(setup->translation.config);
  }

  int serve(conf::Config config, Diagnostics diagnostics) {
    log::speak_as_nginx();
    server::Server::Options options;
    options.term_stops_at_once = true;
    options.inheritance = server::Inheritance::from_environment();
    options.program = server::Handover::Program::of_this_process();
    options.service_manager = server::ServiceManager::Settings::from_environment();
    options.load = [this](Diagnostics& found) { return load(found); };
    options.on_accepting = [this] { up(); };
    options.on_reopen = [this] { reopen(); };
    std::string problem;
    at_thread_start(&nginx_process::drop_capabilities);
    std::thread starter([] {  // the main thread asks for names too, but its helpers keep no capability either
      thread_started();
      net::start_pool();
    });
    starter.join();
    const auto background = log::Background::start(problem);
    if (background == nullptr) {
      voice_.say("emerg", "the log cannot start: " + problem);
      return kFailed;
    }
    server::Server server(std::move(options));
    const conf::Config copy = config;
    const bool started = server.start(std::make_shared<const conf::Config>(std::move(config)), diagnostics);
    voice_.say_all(diagnostics);
    if (!started) return kFailed;
    if (user_) {
      give_away(copy);
      if (!nginx_process::become(*user_, problem)) {
        voice_.say("emerg", problem);
        return kFailed;
      }
    }
    server.run();
    return kFine;
  }

  /// Every listener accepts.
  void up() {
    pid_.write();
    voice_.leave_terminal();
    daemon_.up();
  }

  void reopen() {
    std::string problem;
    if (nginx_process::open_error_log(process_.error_log, problem)) return;
    log::error("log", problem);  // in the old one
  }

  const NginxOptions& options_;
  Voice& voice_;
  nginx::Process process_;
  std::optional<nginx_process::User> user_;
  nginx_process::Daemon daemon_;
  nginx_process::PidFile pid_;
};

}  // namespace

int nginx_main(int argc, char** argv) {
  Voice voice;
  std::string problem;
  const auto options = parse_nginx_options(argc, argv, problem);
  if (!options) {
    voice.tell(problem);
    return kFailed;
  }
  if (options->version) {
    print_version(*options);
    if (!options->test) return kFine;
  }
  if (!voice.log_to(options->error_log, problem)) {
    voice.tell("[warn] could not open error log file: " + problem);
  }
  if (options->test) return test(*options, voice);
  if (!options->signal.empty()) return send_signal(*options, voice);
  return Run(*options, voice).run();
}

}  // namespace tidegate
