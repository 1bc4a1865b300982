#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace tidegate {

/// The commands that speak to a running gateway: status, tunnels, reload, plan, upstream, drain, stop.
///
/// Owner: main(), for as long as the App.
class ControlCommands {
 public:
  explicit ControlCommands(CLI::App& app);
  ~ControlCommands();

  /// One of them stands on the command line.
  bool parsed() const;
  /// Carries it out and answers the exit code.
  int run() const;

 private:
  struct Options;
  std::unique_ptr<Options> options_;
};

}  // namespace tidegate
