#include "nginx-compat/import/facts.h"

#include <algorithm>
#include <iterator>

#include "gateway/base/text.h"

namespace tidegate::nginx {
namespace {

bool is_name_char(char c) {
  const char lower = ascii_lower(c);
  return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/// A literal, or one variable as it was written.
struct Part {
  std::string_view text;
  std::string_view variable;  ///< empty: a literal
};

std::vector<Part> parts_of(std::string_view text) {
  std::vector<Part> parts;
  std::size_t literal = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '$') {
      ++at;
      continue;
    }
    std::size_t begin = at + 1;
    const bool braces = begin < text.size() && text[begin] == '{';
    if (braces) ++begin;
    std::size_t end = begin;
    if (end < text.size() && text[end] >= '0' && text[end] <= '9') {
      ++end;  // a capture has one digit
    } else {
      while (end < text.size() && is_name_char(text[end])) ++end;
    }
    const std::size_t behind = braces && end < text.size() && text[end] == '}' ? end + 1 : end;
    if (end == begin) {
      ++at;
      continue;
    }
    if (at > literal) parts.push_back({text.substr(literal, at - literal), {}});
    parts.push_back({text.substr(at, behind - at), text.substr(begin, end - begin)});
    at = literal = behind;
  }
  if (literal < text.size()) parts.push_back({text.substr(literal), {}});
  return parts;
}

}  // namespace

std::vector<std::string> variables_in(std::string_view text) {
  std::vector<std::string> names;
  for (const Part& part : parts_of(text)) {
    if (!part.variable.empty()) names.push_back(to_lower(part.variable));
  }
  return names;
}

bool yaml_has_variable(std::string_view name) {
  static constexpr std::string_view kNames[] = {
      "args",        "host",        "hostname",     "is_args",         "query_string", "realip_remote_addr",
      "remote_addr", "remote_port", "request_id",   "request_method",  "request_uri",  "scheme",
      "server_port", "ssl_cipher",  "ssl_protocol", "ssl_server_name", "uri"};
  for (const std::string_view family : {"arg_", "cookie_", "http_"}) {
    if (name.starts_with(family) && name.size() > family.size()) return true;
  }
  return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool yaml_has_variables_of(std::string_view text) {
  const std::vector<std::string> names = variables_in(text);
  return std::all_of(names.begin(), names.end(),
                     [](const std::string& name) { return yaml_has_variable(name); });
}

std::string Facts::fold(std::string_view text) const {
  std::string out;
  for (const Part& part : parts_of(text)) {
    const auto found = part.variable.empty() ? values_.end() : values_.find(to_lower(part.variable));
    if (found != values_.end()) {
      out += found->second;
    } else if (to_lower(part.variable) == "document_uri") {
      out += "$uri";
    } else {
      out += part.text;
    }
  }
  return out;
}

std::optional<bool> Facts::holds(const conf::Condition& condition) const {
  using Kind = conf::Condition::Kind;
  const std::string subject = fold(condition.subject.value);
  const bool known = variables_in(subject).empty();
  if (condition.kind == Kind::truthy && known)
    return (!subject.empty() && subject != "0") != condition.negated;
  if (condition.kind != Kind::equals) return std::nullopt;
  const std::string operand = fold(condition.operand.value);
  if (!variables_in(operand).empty()) return std::nullopt;
  if (known) return (subject == operand) != condition.negated;
  const bool host = subject == "$host" || subject == "${host}" || subject == "$http_host";
  if (host && another_host_) return condition.negated;
  if (!host || hosts_.empty()) return std::nullopt;
  if (hosts_.size() == 1 && hosts_.front() == operand) return !condition.negated;
  const bool possible = std::any_of(hosts_.begin(), hosts_.end(), [&operand](const std::string& one) {
    return one == operand || (one.starts_with("*.") && operand.ends_with(std::string_view(one).substr(1)));
  });
  return possible ? std::nullopt : std::optional<bool>(condition.negated);
}

}  // namespace tidegate::nginx
