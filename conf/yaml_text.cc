#include "conf/yaml_text.h"

#include <algorithm>
#include <cstdio>

#include "gateway/base/text.h"

namespace tidegate::conf::yaml {
namespace {

/// Beyond this a list or map is not written in one line, and a comment is broken.
constexpr std::size_t kWidth = 120;

/// Words that some reader of YAML, 1.1's among them, takes for null, a boolean or a number.
bool is_word_of_yaml(std::string_view value) {
  static constexpr std::string_view kWords[] = {"~",  "null", "true", "false", "yes",  "no",
                                                "on", "off",  "y",    "n",     ".inf", ".nan"};
  return std::find(std::begin(kWords), std::end(kWords), to_lower(value)) != std::end(kWords);
}

/// Numbers in any of YAML's forms, sexagesimal ones and dates among them: what begins like one and has none
/// but these characters.
bool looks_like_a_number(std::string_view value) {
  if (value.find_first_of("0123456789") == std::string_view::npos) return false;
  const std::size_t first = value.find_first_not_of("+-.");
  if (first == std::string_view::npos || value[first] < '0' || value[first] > '9') return false;
  if (value.find_first_not_of("0123456789+-.:_eE") == std::string_view::npos) return true;
  const std::string_view rest = value.substr(first);
  return rest.size() > 1 && rest[0] == '0' &&
         std::string_view("xXoObB").find(rest[1]) != std::string_view::npos &&
         rest.substr(2).find_first_not_of("0123456789abcdefABCDEF_") == std::string_view::npos;
}

bool is_plain(std::string_view value, bool in_flow) {
  if (value.empty() || is_word_of_yaml(value) || looks_like_a_number(value)) return false;
  const bool printable =
      std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  if (!printable || value.front() == ' ' || value.back() == ' ') return false;
  if (std::string_view("-?:,[]{}#&*!|>'\"%@`=<").find(value.front()) != std::string_view::npos) return false;
  if (value.find(": ") != std::string_view::npos || value.find(" #") != std::string_view::npos) return false;
  if (value.back() == ':' || value.find('\\') != std::string_view::npos) return false;
  return !in_flow || value.find_first_of(",[]{}\"'?") == std::string_view::npos;
}

std::string in_double_quotes(std::string_view value) {
  std::string out = "\"";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte < 0x20 || byte == 0x7f) {
      char escape[5];
      std::snprintf(escape, sizeof escape, "\\x%02x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// Where backslashes would be doubled, as in regexes.
bool prefers_single_quotes(std::string_view value) {
  return value.find_first_of("\\\"") != std::string_view::npos &&
         value.find('\'') == std::string_view::npos &&
         std::all_of(value.begin(), value.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

void write_lines(std::string& out, std::string_view line, std::size_t indent) {
  const std::size_t most = kWidth - 2 - std::min(indent, kWidth / 2);
  do {
    std::size_t end = line.size();
    if (end > most) {
      end = line.rfind(' ', most);
      if (end == std::string_view::npos || end == 0) end = std::min(line.find(' '), line.size());
    }
    out.append(indent, ' ');
    out += "# ";
    out += line.substr(0, end);
    out += '\n';
    line.remove_prefix(std::min(end + 1, line.size()));
  } while (!line.empty());
}

}  // namespace

std::string scalar(std::string_view value, bool in_flow) {
  if (is_plain(value, in_flow)) return std::string(value);
  return prefers_single_quotes(value) ? "'" + std::string(value) + "'" : in_double_quotes(value);
}

Writing Writing::text(std::string value) {
  Writing out(Kind::text);
  out.text_ = std::move(value);
  return out;
}

Writing Writing::word(std::string value) {
  Writing out(Kind::word);
  out.text_ = std::move(value);
  return out;
}

Writing Writing::list() {
  return Writing(Kind::list);
}

Writing Writing::map() {
  return Writing(Kind::map);
}

Writing& Writing::add(std::string key, Writing value) {
  entries_.emplace_back(std::move(key), std::move(value));
  return *this;
}

Writing& Writing::add(Writing item) {
  entries_.emplace_back(std::string(), std::move(item));
  return *this;
}

Writing& Writing::spread() {
  spread_ = true;
  return *this;
}

Writing& Writing::comment(std::vector<std::string> lines) {
  comment_ = std::move(lines);
  return *this;
}

Writing& Writing::apart() {
  apart_ = true;
  return *this;
}

Writing& Writing::end_comment(std::vector<std::string> lines) {
  end_comment_ = std::move(lines);
  return *this;
}

Writing& Writing::append(Writing map) {
  for (auto& entry : map.entries_) entries_.push_back(std::move(entry));
  return *this;
}

void Writing::first_apart() {
  if (!entries_.empty()) entries_.front().second.apart();
}

std::string Writing::in_line() const {
  if (kind_ == Kind::word) return text_;
  if (kind_ == Kind::text) return scalar(text_, true);
  if (spread_) return {};
  const bool map = kind_ == Kind::map;
  if (entries_.empty()) return map ? "{}" : "[]";
  std::string out = map ? "{ " : "[";
  for (const auto& [key, value] : entries_) {
    const std::string inner = value.in_line();
    if (inner.empty() || !value.comment_.empty()) return {};
    if (&key != &entries_.front().first) out += ", ";
    if (map) out += scalar(key, true) + ": ";
    out += inner;
  }
  return out + (map ? " }" : "]");
}

void Writing::write_comment(std::string& out, std::size_t indent) const {
  if (apart_ && !out.empty()) out += '\n';
  for (const std::string& line : comment_) write_lines(out, line, indent);
}

/// Behind "key:" or "-", which end at `column`.
void Writing::write_value(std::string& out, std::size_t indent, std::size_t column) const {
  if (kind_ == Kind::word || kind_ == Kind::text) {
    out += " " + (kind_ == Kind::word ? text_ : scalar(text_, false)) + "\n";
    return;
  }
  const std::string line = in_line();
  if (!line.empty() && (column + 1 + line.size() <= kWidth || entries_.empty())) {
    out += " " + line + "\n";
    return;
  }
  out += '\n';
  write_block(out, indent + 2);
}

void Writing::write_block(std::string& out, std::size_t indent) const {
  for (const auto& [key, value] : entries_) {
    value.write_comment(out, indent);
    if (kind_ == Kind::map) {
      const std::string name = scalar(key, false);
      out.append(indent, ' ');
      out += name + ":";
      value.write_value(out, indent, indent + name.size() + 1);
      continue;
    }
    std::string item;
    value.write_value(item, indent, indent + 1);
    if (item.starts_with('\n')) item.erase(0, 1 + indent + 1);  // the first key follows the dash
    out.append(indent, ' ');
    out += "-" + item;
  }
  for (const std::string& line : end_comment_) write_lines(out, line, indent);
}

std::string Writing::document() const {
  std::string out;
  write_comment(out, 0);
  write_block(out, 0);
  return out;
}

}  // namespace tidegate::conf::yaml
