#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tidegate::routing {

/// A compiled PCRE2 pattern, as nginx's `location ~` has it: anywhere in the subject, bytes rather than
/// characters unless the pattern begins with (*UTF), case-sensitive unless asked otherwise. Compiled to
/// machine code where the system lets us.
///
/// Immutable; any thread may match. A match that exceeds its limits of steps, depth or memory is no match: a
/// hostile subject costs milliseconds, not minutes. `gave_up` tells it from a subject that does not match.
class Regex {
 public:
  struct Failure {
    std::string message;
    std::size_t offset = 0;  ///< in the pattern, where PCRE2 gave up
  };
  /// Where a group matched, as offsets into the subject: its first byte and the one behind its last.
  using Group = std::pair<std::size_t, std::size_t>;

  /// Null, and why, if the pattern does not compile.
  static std::unique_ptr<Regex> compile(std::string_view pattern, Failure& failure, bool ignore_case = false);
  ~Regex();
  Regex(const Regex&) = delete;
  Regex& operator=(const Regex&) = delete;

  bool matches(std::string_view subject) const;
  /// The same, and where the groups are: `groups` has the whole match and then each group of the pattern; one
  /// that took no part is empty. Without a match `groups` stays as it was.
  bool matches(std::string_view subject, std::vector<Group>& groups, bool* gave_up = nullptr) const;
  /// The pattern's named groups with their numbers.
  std::vector<std::pair<std::string, std::size_t>> names() const;

 private:
  struct Code;
  explicit Regex(std::unique_ptr<Code> code);
  std::unique_ptr<Code> code_;
};

}  // namespace tidegate::routing
