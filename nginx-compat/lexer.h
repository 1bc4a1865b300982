#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tidegate::nginx {

/// One parameter of a directive, unquoted and unescaped as nginx does it. `$` is not special here: quotes of
/// either kind do not keep variables from being variables.
struct Word {
  std::string text;
  int line = 0;    ///< where it begins; both count from 1
  int column = 0;  ///< in bytes
  bool operator==(const Word& other) const { return text == other.text; }
};

/// What stands up to a `;`, a `{` or a `}`.
struct Statement {
  enum class End { semicolon, opens_block, closes_block, end_of_file };
  End end = End::end_of_file;
  std::vector<Word> words;  ///< never empty before a semicolon or an opening brace, empty before the others
  int line = 0;             ///< of the terminator: the line that nginx names in its complaints
};

/// nginx's own text, without its " in FILE:LINE".
struct SyntaxError {
  std::string message;
  int line = 0;
};

/// Cuts the text of a configuration file into statements, byte for byte as nginx 1.22 does: quotes and
/// escapes, `${`, comments, CRLF, its bound on the length of one parameter, its complaints.
///
/// A plain value on a text that must outlive it. Linear in the text's size. After an error there is nothing
/// more to be had.
class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  /// False: there is an error(). At the end of the file an end_of_file statement, again and again.
  bool next(Statement& out);
  const SyntaxError& error() const { return error_; }

 private:
  enum class Next { more, statement, failed };

  Next skip_space(Statement& out);
  Next after_quote(Statement& out);
  Next read_word(Statement& out);
  Next finish(Statement& out, Statement::End end);
  Next fail(std::string message, int line);
  Next unexpected(char c);
  Next too_long(std::size_t began, char quote, int line);
  char take();

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::size_t line_began_ = 0;
  bool after_quote_ = false;  ///< a quoted word has just ended: something must part it from the next
  SyntaxError error_;
};

}  // namespace tidegate::nginx
