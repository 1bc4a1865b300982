#include "gateway/nginx_main.h"

#include <signal.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "gateway/commands.h"
#include "gateway/nginx_options.h"
#include "gateway/nginx_process.h"
#include "gateway/nginx_run.h"
#include "gateway/nginx_setup.h"
#include "gateway/nginx_voice.h"
#include "gateway/server/access_logs.h"
#include "gateway/server/server.h"
#include "gateway/tls/server_context.h"

namespace tidegate {
namespace {

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
  const nginx::Process& process = setup->translation.process;
  if (!pid.open(process.pid_file, problem)) {
    voice.say("emerg", problem);
    return failed();
  }
  for (const std::string& path : log_paths(setup->translation.config, process)) {
    const int os_error = server::try_to_write(path);
    if (os_error == 0) continue;
    voice.say("emerg", server::cannot_open(path, os_error));
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

/// With all complaints in nginx's words: a reload's go to the log as they are.
std::optional<nginx::Translation> load(const NginxOptions& options, Diagnostics& diagnostics) {
  Diagnostics found;
  auto setup = load_nginx_setup(options, found);
  for (const Diagnostic& each : found.list()) {
    const bool error = each.severity == Diagnostic::Severity::error;
    error ? diagnostics.error({}, nginx_words(each)) : diagnostics.warning({}, nginx_words(each));
  }
  if (!setup) return std::nullopt;
  return std::move(setup->translation);
}

int run(const NginxOptions& options, Voice& voice) {
  NginxRun::Options how;
  how.load = [&options](Diagnostics& diagnostics) { return load(options, diagnostics); };
  how.may_be_daemon = true;
  how.file = options.file;
  how.server.term_stops_at_once = true;
  return NginxRun(std::move(how), voice).run();
}

}  // namespace

int nginx_main(int argc, char** argv) {
  Voice voice(Voice::Manner::nginx);
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
  return run(*options, voice);
}

}  // namespace tidegate
