#pragma once

#include <string>
#include <vector>

namespace tidegate {

/// A place in a configuration file; line and column count from 1, 0 means unknown.
struct Position {
  std::string file;
  int line = 0;
  int column = 0;
  bool operator==(const Position&) const { return true; }  // where a value stood does not change what it says
};

/// One complaint about the configuration: what is wrong and what would be right.
struct Diagnostic {
  enum class Severity { error, warning };
  Severity severity = Severity::error;
  Position at;
  std::string message;
};

/// Collects every complaint rather than the first.
class Diagnostics {
 public:
  void error(Position at, std::string message) {
    list_.push_back({Diagnostic::Severity::error, std::move(at), std::move(message)});
    ++errors_;
  }
  void warning(Position at, std::string message) {
    list_.push_back({Diagnostic::Severity::warning, std::move(at), std::move(message)});
  }
  bool failed() const { return errors_ > 0; }
  std::size_t errors() const { return errors_; }
  const std::vector<Diagnostic>& list() const { return list_; }

 private:
  std::vector<Diagnostic> list_;
  std::size_t errors_ = 0;
};

/// `file:line:column: message`, with "warning: " before the message of a warning; parts of the place that
/// are unknown are left out.
std::string to_string(const Diagnostic& diagnostic);

}  // namespace tidegate
