#include "nginx-compat/lexer.h"

#include <utility>

namespace tidegate::nginx {
namespace {

/// NGX_CONF_BUFFER: nginx reads a file through a buffer of this size, which bounds a parameter, quotes and
/// backslashes included, and a comment too.
constexpr std::size_t kMostBytes = 4096;

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// A backslash quotes quotes and itself and makes \t, \r and \n; before anything else it stays.
std::string unescape(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && i + 1 < raw.size()) {
      switch (raw[i + 1]) {
        case '"':
        case '\'':
        case '\\':
          text += raw[++i];
          continue;
        case 't':
          text += '\t';
          ++i;
          continue;
        case 'r':
          text += '\r';
          ++i;
          continue;
        case 'n':
          text += '\n';
          ++i;
          continue;
        default:
          break;
      }
    }
    text += raw[i];
  }
  return text;
}

}  // namespace

char Lexer::take() {
  const char c = text_[at_++];
  if (c == '\n') {
    ++line_;
    line_began_ = at_;
  }
  return c;
}

bool Lexer::next(Statement& out) {
  out.words.clear();
  for (;;) {
    Next next = after_quote_ ? after_quote(out) : skip_space(out);
    if (next == Next::more && !after_quote_) next = read_word(out);
    if (next == Next::statement) return true;
    if (next == Next::failed) return false;
  }
}

Lexer::Next Lexer::finish(Statement& out, Statement::End end) {
  out.end = end;
  out.line = line_;
  return Next::statement;
}

Lexer::Next Lexer::fail(std::string message, int line) {
  error_ = {std::move(message), line};
  return Next::failed;
}

Lexer::Next Lexer::unexpected(char c) {
  return fail(std::string("unexpected \"") + c + '"', line_);
}

/// White space and comments up to a word, or the end of a statement.
Lexer::Next Lexer::skip_space(Statement& out) {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (is_space(c)) {
      take();
      continue;
    }
    switch (c) {
      case ';':
      case '{':
        take();
        if (out.words.empty()) return unexpected(c);
        return finish(out, c == ';' ? Statement::End::semicolon : Statement::End::opens_block);
      case '}':
        take();
        return out.words.empty() ? finish(out, Statement::End::closes_block) : unexpected(c);
      case '#':
        for (const std::size_t began = at_; at_ < text_.size() && text_[at_] != '\n'; take()) {
          if (at_ - began >= kMostBytes) return too_long(began, '\0', line_);
        }
        continue;
      default:
        return Next::more;
    }
  }
  if (out.words.empty()) return finish(out, Statement::End::end_of_file);
  return fail("unexpected end of file, expecting \";\" or \"}\"", line_);
}

/// Behind a quoted word only white space, the end of the statement or `)` (of an `if`) may stand.
Lexer::Next Lexer::after_quote(Statement& out) {
  if (at_ == text_.size()) return fail("unexpected end of file, expecting \";\" or \"}\"", line_);
  after_quote_ = false;
  const char c = text_[at_];
  if (c == ')') return Next::more;  // begins the next word
  take();
  if (is_space(c)) return skip_space(out);
  if (c == ';') return finish(out, Statement::End::semicolon);
  if (c == '{') return finish(out, Statement::End::opens_block);
  return unexpected(c);
}

Lexer::Next Lexer::read_word(Statement& out) {
  const int line = line_;
  const int column = static_cast<int>(at_ - line_began_) + 1;
  const char first = text_[at_];
  const char quote = first == '"' || first == '\'' ? first : '\0';
  if (quote != '\0') take();
  const std::size_t began = at_;
  bool dollar = false;  // the byte before was a `$`: a `{` belongs to the word
  while (at_ < text_.size()) {
    if (at_ - began >= kMostBytes) return too_long(began, quote, line);
    const char c = text_[at_];
    const bool ends = quote != '\0' ? c == quote : is_space(c) || c == ';' || (c == '{' && !dollar);
    if (ends) {
      out.words.push_back({unescape(text_.substr(began, at_ - began)), line, column});
      if (quote != '\0') {
        take();
        after_quote_ = true;
      }
      return Next::more;
    }
    take();
    dollar = c == '$';
    if (c == '\\' && at_ < text_.size()) take();
  }
  return fail("unexpected end of file, expecting \";\" or \"}\"", line_);
}

/// nginx complains when its buffer is full and the file goes on; it names the line where the word began.
Lexer::Next Lexer::too_long(std::size_t began, char quote, int line) {
  if (quote != '\0') {
    return fail(std::string("too long parameter, probably missing terminating \"") + quote + "\" character",
                line);
  }
  return fail("too long parameter \"" + std::string(text_.substr(began, 10)) + "...\" started", line);
}

}  // namespace tidegate::nginx
