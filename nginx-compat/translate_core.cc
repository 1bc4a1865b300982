#include <algorithm>
#include <array>

#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// What stands outside of `http`, and the blocks.

namespace tidegate::nginx {
namespace {

/// False, and a complaint, the second time.
bool once(Work& work, const Directive& directive) {
  if (work.seen.insert(directive.name.text).second) return true;
  work.fail_directive(directive, "is duplicate");
  return false;
}

void on_events(Work& work, const Directive& directive) {
  if (!once(work, directive)) return;
  Scope scope;
  scope.context = kEvents;
  work.walk(directive.block, scope);
}

void on_http(Work& work, const Directive& directive) {
  if (!once(work, directive)) return;
  work.http = &directive;
  Scope scope;
  scope.context = kHttp;
  scope.settings = &work.http_settings;
  scope.server_settings = &work.http_server_settings;
  work.walk(directive.block, scope);
}

void on_user(Work& work, const Directive& directive) {
  if (!once(work, directive)) return;
  work.process.user = first_arg(directive);
  work.process.group = directive.args.size() > 1 ? directive.args[1].text : "";
  if (!work.options().is_root) {
    work.warn(
        directive,
        "the \"user\" directive makes sense only if the master process runs with super-user privileges, "
        "ignored");
  }
}

void on_pid(Work& work, const Directive& directive) {
  if (once(work, directive)) work.process.pid_file = work.full_path(first_arg(directive));
}
void on_lock_file(Work& work, const Directive& directive) {
  if (!once(work, directive)) return;
  work.process.lock_file = work.full_path(first_arg(directive));
  work.ignored(directive, "no lock is needed to share a socket");
}
void on_daemon(Work& work, const Directive& directive) {
  if (once(work, directive)) work.process.daemon = is_on(directive);
}
void on_master_process(Work& work, const Directive& directive) {
  if (!once(work, directive)) return;
  work.process.master_process = is_on(directive);
  if (work.process.master_process)
    work.ignored(directive, "one process does what nginx's master and workers do");
}
void on_working_directory(Work& work, const Directive& directive) {
  if (once(work, directive)) work.process.working_directory = first_arg(directive);
}

void on_env(Work& work, const Directive& directive) {
  work.process.environment.push_back(first_arg(directive));
}

void on_worker_processes(Work& work, const Directive& directive) {
  if (!once(work, directive)) return;
  const std::string& value = first_arg(directive);
  if (value == "auto") return;
  const auto number = read_number(value);
  if (!number) return work.fail_directive(directive, "invalid value");
  constexpr std::uint64_t kMost = 256;  // an id has eight bits for its worker
  work.config.workers = static_cast<unsigned>(std::clamp<std::uint64_t>(*number, 1, kMost));
  if (*number > kMost) work.approximated(directive, "there are 256 workers at most");
}

void on_worker_rlimit_nofile(Work& work, const Directive& directive) {
  if (!once(work, directive)) return;
  const auto number = read_number(first_arg(directive));
  if (!number) return work.fail_directive(directive, "invalid number");
  work.process.descriptors = number;
}

void on_worker_shutdown_timeout(Work& work, const Directive& directive) {
  if (!once(work, directive)) return;
  const auto time = read_milliseconds(first_arg(directive));
  if (!time) return work.fail_directive(directive, "invalid value");
  work.config.drain.deadline = *time;
  work.config.drain.window = std::min(work.config.drain.window, *time);
}

void on_error_log(Work& work, const Directive& directive) {
  constexpr std::array<std::string_view, 8> kLevelNames = {"debug", "info", "notice", "warn",
                                                           "error", "crit", "alert",  "emerg"};
  const std::string& where = first_arg(directive);
  std::string level = "error";
  for (std::size_t i = 1; i < directive.args.size(); ++i) {
    const std::string& word = directive.args[i].text;
    const bool debug_part = word.starts_with("debug_");
    if (!debug_part && std::find(kLevelNames.begin(), kLevelNames.end(), word) == kLevelNames.end())
      return work.fail(directive, "invalid log level " + quoted(word));
    level = debug_part ? "debug" : word;
  }
  if (where.starts_with("syslog:"))
    return work.refused(directive, "the error log goes to a file or to stderr, not to syslog", true);
  if (where.starts_with("memory:"))
    return work.refused(directive, "the error log goes to a file or to stderr, not to memory", true);
  if (work.scope().context != kMain)
    return work.approximated(directive, "there is one error log, that of the main context");
  if (!work.seen.insert(directive.name.text).second)
    return work.approximated(directive, "there is one error log, the first");
  work.process.error_log = where == "stderr" ? where : work.full_path(where);
  work.process.error_log_level = level;
}

void on_worker_connections(Work& work, const Directive& directive) {
  if (!once(work, directive)) return;
  if (!read_number(first_arg(directive)))
    return work.fail(directive, "invalid number " + quoted(first_arg(directive)));
  work.ignored(directive, "the limit is that on open files");
}

void on_use(Work& work, const Directive& directive) {
  constexpr std::array<std::string_view, 3> kKnown = {"epoll", "poll", "select"};
  const std::string& value = first_arg(directive);
  if (std::find(kKnown.begin(), kKnown.end(), value) == kKnown.end())
    return work.fail(directive, "invalid event type " + quoted(value));
  work.ignored(directive, "events come by epoll");
}

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;
constexpr std::string_view kOwnWay = "the event loop has its own way of doing this";

constexpr Decision kDecisions[] = {
    {"accept_mutex", nullptr, kIgnored, kOwnWay},
    {"accept_mutex_delay", nullptr, kIgnored, kOwnWay},
    {"daemon", on_daemon},
    {"debug_connection", nullptr, kIgnored, "log levels are by area, not by client"},
    {"debug_points", nullptr, kIgnored, "it is for those who debug nginx"},
    {"env", on_env},
    {"epoll_events", nullptr, kIgnored, kOwnWay},
    {"error_log", on_error_log},
    {"events", on_events},
    {"http", on_http},
    {"load_module", nullptr, kIgnored,
     "nothing is loaded; what the module's directives do is either built in or refused"},
    {"lock_file", on_lock_file},
    {"master_process", on_master_process},
    {"multi_accept", nullptr, kIgnored, kOwnWay},
    {"pcre_jit", nullptr, kIgnored, "regexes are compiled to machine code where that is possible"},
    {"pid", on_pid},
    {"ssl_engine", nullptr, Verdict::Kind::refused, "engines are not supported; use keys in files"},
    {"thread_pool", nullptr, kIgnored, kOwnWay},
    {"timer_resolution", nullptr, kIgnored, kOwnWay},
    {"use", on_use},
    {"user", on_user},
    {"worker_aio_requests", nullptr, kIgnored, kOwnWay},
    {"worker_connections", on_worker_connections},
    {"worker_cpu_affinity", nullptr, kIgnored, "workers are threads, which the system places"},
    {"worker_priority", nullptr, kIgnored, "the process's priority is its service manager's to set"},
    {"worker_processes", on_worker_processes},
    {"worker_rlimit_core", nullptr, kIgnored, "core files are the service manager's to bound"},
    {"worker_rlimit_nofile", on_worker_rlimit_nofile},
    {"worker_shutdown_timeout", on_worker_shutdown_timeout},
    {"working_directory", on_working_directory},
};

}  // namespace

std::span<const Decision> core_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
