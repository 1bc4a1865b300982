#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gateway/base/diagnostic.h"
#include "gateway/nginx_process.h"
#include "gateway/nginx_voice.h"
#include "gateway/server/server.h"
#include "nginx-compat/translator.h"

namespace tidegate {

/// One run from nginx's configuration, to the end: the process becomes what the main context says (user, pid
/// file, error log, environment), then serves.
///
/// Owner: main(). Thread: the main one, before there are others.
class NginxRun {
 public:
  struct Options {
    /// Reads the configuration: at the start, and at each reload.
    std::function<std::optional<nginx::Translation>(Diagnostics&)> load;
    bool may_be_daemon = false;  ///< else the process stays in the foreground, whatever `daemon` says
    std::string file{};          ///< for the admin API
    server::Server::Options server{};
  };
  NginxRun(Options options, Voice& voice) : options_(std::move(options)), voice_(voice) {}

  /// An exit code.
  int run();

 private:
  bool begin_process(std::string& problem);
  bool find_user(std::string& problem);
  bool become_user(const conf::Config& config);
  void give_away(const conf::Config& config) const;
  std::optional<conf::Config> load(Diagnostics& diagnostics);
  std::function<void()> follow(Diagnostics& diagnostics);
  void advise(Diagnostics& diagnostics) const;
  int serve(conf::Config config, Diagnostics diagnostics);
  void up();
  void reopen();

  Options options_;
  Voice& voice_;
  nginx::Process process_;                    ///< in force
  std::optional<nginx::Process> read_again_;  ///< by a reload that is under way
  std::optional<nginx_process::User> user_;
  nginx_process::Daemon daemon_;
  nginx_process::PidFile pid_;
};

}  // namespace tidegate
