#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace tidegate::routing {

/// A compiled PCRE2 pattern, as nginx's `location ~` has it: case-sensitive, anywhere in the subject, bytes
/// rather than characters unless the pattern begins with (*UTF). Compiled to machine code where the system
/// lets us.
///
/// Immutable; any thread may match. A match that exceeds its limits of steps, depth or memory is no match: a
/// hostile subject costs milliseconds, not minutes.
class Regex {
 public:
  struct Failure {
    std::string message;
    std::size_t offset = 0;  ///< in the pattern, where PCRE2 gave up
  };
  /// Null, and why, if the pattern does not compile.
  static std::unique_ptr<Regex> compile(std::string_view pattern, Failure& failure);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  bool matches(std::string_view subject) const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace tidegate::routing
