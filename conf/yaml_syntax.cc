// What is checked before yaml-cpp sees a file, and what is said when it refuses one.
#include <algorithm>

#include "conf/names.h"
#include "conf/yaml_document.h"

namespace tidegate::conf::yaml {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

/// The length of the UTF-8 sequence that `text` begins with, or 0 (RFC 3629 §4: no overlong forms, no
/// surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&text](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const auto tail = [&byte](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    if (lead == 0xe0 && byte(1) < 0xa0) return 0;
    if (lead == 0xed && byte(1) > 0x9f) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    if (lead == 0xf0 && byte(1) < 0x90) return 0;
    if (lead == 0xf4 && byte(1) > 0x8f) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  text = text.substr(0, text.find('\n'));
  if (text.ends_with('\r')) text.remove_suffix(1);
  return text;
}

std::string needs_quotes(std::string_view value, std::string_view why) {
  return std::string(value) + " needs quotes " + std::string(why) + "; write \"" + std::string(value) + "\"";
}

/// The word around `index`: up to white space, and on the right up to what ends a value in [] or {} too.
std::string_view word_at(std::string_view line, std::size_t index) {
  std::size_t begin = line.find_last_of(" \t,", index);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  if (line[index] == '*') begin = index;
  const std::size_t end = std::min(line.find_first_of(" \t,]}", index), line.size());
  return line.substr(begin, std::min<std::size_t>(end - begin, 64));
}

/// "${env:NAME}" without quotes inside [] or {}: the brace after "$" opened a map.
std::string unquoted_variable(std::string_view line, std::size_t brace) {
  std::size_t begin = line.find_last_of(" \t,[{", brace - 1);
  begin = begin == std::string_view::npos ? 0 : begin + 1;
  const std::size_t close = std::min(line.find('}', brace), line.size() - 1);
  const std::size_t end = std::min(line.find_first_of(" \t,]}", close + 1), line.size());
  return needs_quotes(line.substr(begin, std::min<std::size_t>(end - begin, 64)), "inside {} or []");
}

}  // namespace

bool last_quote_closes(std::string_view text, int line, int column) {
  for (int i = 1; i < line; ++i) text.remove_prefix(text.find('\n') + 1);
  if (line == 1 && text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  text.remove_prefix(std::min(static_cast<std::size_t>(column - 1), text.size()));
  while (text.starts_with('&') || text.starts_with('!')) {  // the anchor or tag of the scalar
    text.remove_prefix(std::min(text.find_first_of(" \t\r\n"), text.size()));
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
  }
  if (text.empty() || (text[0] != '"' && text[0] != '\'')) return true;  // a block scalar
  const char quote = text[0];
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (quote == '\'' && text.substr(i, 2) == "''") {
      ++i;
    } else if (text[i] == quote) {
      return true;
    }
  }
  return false;
}

bool check_text(std::string_view text, const std::string& file, Diagnostics& diagnostics) {
  Position at{file, 1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    const char c = text[i];
    if (length == 0) {
      diagnostics.error(at, "invalid UTF-8; save the file as UTF-8");
      return false;
    }
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f) {
      diagnostics.error(at, "a control character; remove it, or is this a binary file?");
      return false;
    }
    if (c == '\n') {
      ++at.line;
      at.column = 1;
    } else {
      at.column += static_cast<int>(length);
    }
    i += length;
  }
  return true;
}

std::string explain_syntax(std::string_view text, int line_number, int column, const std::string& message) {
  const std::string_view line = line_of(text, line_number);
  const std::size_t index = column > 0 ? static_cast<std::size_t>(column - 1) : 0;
  const char here = index < line.size() ? line[index] : '\0';
  const char before = index > 0 && index <= line.size() ? line[index - 1] : '\0';

  if (here == '{' && before == '$') return unquoted_variable(line, index);
  if (here == '*') return needs_quotes(word_at(line, index), "because it begins with \"*\"");
  if (here == ':' && before == ']') return needs_quotes(word_at(line, index), "because it begins with \"[\"");
  if (here == '%' || here == '@' || here == '`') {
    return needs_quotes(word_at(line, index), "because of its first character");
  }
  const std::string_view indentation = line.substr(0, std::min(line.find_first_not_of(" \t"), line.size()));
  if (indentation.find('\t') != std::string_view::npos) {
    return "a tab in the indentation; YAML is indented with spaces";
  }
  if (message == "illegal map value") {
    return "a \":\" where none can stand; put a value that holds \": \" in quotes, else check the "
           "indentation";
  }
  if (message == "end of map not found" || message == "end of sequence not found" ||
      message == "illegal block entry" || message == "illegal map key") {
    return "this does not fit the lines above; check the indentation, and that every key has its colon";
  }
  if (message == "end of sequence flow not found") return "a \"[\" that is not closed; write its \"]\"";
  if (message == "end of map flow not found") return "a \"{\" that is not closed; write its \"}\"";
  if (message == "illegal flow end") return "a \"]\" or \"}\" that nothing opened; remove it";
  if (message == "illegal EOF in scalar") return "a quote that is not closed; write the closing one";
  return "this is not YAML (" + message + "); check quotes and indentation";
}

}  // namespace tidegate::conf::yaml
