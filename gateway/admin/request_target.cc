#include "gateway/admin/request_target.h"

#include <algorithm>

#include "gateway/base/text.h"

namespace tidegate::admin {
namespace {

std::string quoted(std::string_view text) {
  return "\"" + std::string(text) + "\"";
}

/// "a, b or c".
std::string list_of(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

int hex_digit(char c) {
  const char lower = ascii_lower(c);
  if (c >= '0' && c <= '9') return c - '0';
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// `plus_is_space`: as forms write it, in a query alone.
std::optional<std::string> decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

/// Calls visit(piece) for what stands between the separators, false ends it.
template <typename Visit>
bool split(std::string_view text, char separator, Visit visit) {
  while (true) {
    const std::size_t end = text.find(separator);
    if (!visit(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool read_argument(std::string_view text, RequestTarget& out, std::string& problem) {
  if (text.empty()) return true;
  const std::size_t equals = text.find('=');
  auto name = decode(text.substr(0, equals), true);
  auto value = decode(equals != std::string_view::npos ? text.substr(equals + 1) : "", true);
  if (!name || !value) {
    problem = quoted(text) + " has a broken escape; write a percent sign as %25";
    return false;
  }
  for (const auto& [other, unused] : out.query) {
    if (other != *name) continue;
    problem = quoted(*name) + " stands twice in the query; keep one";
    return false;
  }
  out.query.emplace_back(*std::move(name), *std::move(value));
  return true;
}

}  // namespace

std::optional<RequestTarget> RequestTarget::parse(std::string_view target, std::string& problem) {
  RequestTarget out;
  const std::size_t mark = target.find('?');
  std::string_view path = target.substr(0, mark);
  if (path.starts_with('/')) path.remove_prefix(1);
  const bool path_fits = split(path, '/', [&](std::string_view segment) {
    auto decoded = decode(segment, false);
    if (decoded) out.path.push_back(*std::move(decoded));
    return decoded.has_value();
  });
  if (!path_fits) {
    problem = "the path has a broken escape; write a percent sign as %25";
    return std::nullopt;
  }
  if (mark == std::string_view::npos) return out;
  const bool query_fits = split(target.substr(mark + 1), '&', [&](std::string_view argument) {
    return read_argument(argument, out, problem);
  });
  if (!query_fits) return std::nullopt;
  return out;
}

const std::string* QueryReader::find(std::string_view name) {
  asked_.push_back(name);
  for (const auto& [key, value] : query_) {
    if (key == name) return &value;
  }
  return nullptr;
}

void QueryReader::complain(std::string problem) {
  if (!problem_) problem_ = std::move(problem);
}

std::string QueryReader::text(std::string_view name) {
  const std::string* value = find(name);
  return value != nullptr ? *value : std::string();
}

std::uint64_t QueryReader::number(std::string_view name, std::uint64_t otherwise, std::uint64_t least,
                                  std::uint64_t most) {
  const std::string* value = find(name);
  if (value == nullptr) return otherwise;
  const auto number = parse_decimal(*value);
  if (number && *number >= least && *number <= most) return *number;
  complain(quoted(*value) + " does not fit " + quoted(name) + "; write a number from " +
           std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

std::size_t QueryReader::choice(std::string_view name, std::initializer_list<std::string_view> words) {
  const std::string* value = find(name);
  if (value == nullptr) return 0;
  const auto* const found = std::find(words.begin(), words.end(), *value);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  complain(quoted(*value) + " does not fit " + quoted(name) + "; write " + list_of(words));
  return 0;
}

std::optional<std::string> QueryReader::problem() {
  for (const auto& [name, value] : query_) {
    if (std::find(asked_.begin(), asked_.end(), name) != asked_.end()) continue;
    complain(quoted(name) + " is not known in this query; " +
             (asked_.empty() ? "nothing stands in it" : "write " + list_of(asked_)));
  }
  return problem_;
}

}  // namespace tidegate::admin
