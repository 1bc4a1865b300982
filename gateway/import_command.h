#pragma once

#include <memory>

namespace CLI {
class App;
}

namespace tidegate {

/// `tidegate import`: nginx's configuration as YAML, with a report.
///
/// Owner: main(), for as long as the App.
class ImportCommand {
 public:
  explicit ImportCommand(CLI::App& app);
  ~ImportCommand();

  /// It stands on the command line.
  bool parsed() const;
  /// Carries it out and answers the exit code.
  int run() const;

 private:
  struct Options;
  std::unique_ptr<Options> options_;
};

}  // namespace tidegate
