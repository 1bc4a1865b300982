#include "gateway/routing/variables.h"

#include <limits.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "gateway/base/text.h"

namespace tidegate::routing {
namespace {

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_control(char c) {
  return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
}

/// Appends what came from a request or a peer: see Template::evaluate.
void append_value(std::string& out, std::string_view value) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  if (std::none_of(value.begin(), value.end(), is_control)) {
    out += value;
    return;
  }
  for (const char c : value) {
    if (is_control(c)) {
      out += {'%', kHex[static_cast<unsigned char>(c) >> 4], kHex[static_cast<unsigned char>(c) & 15]};
    } else {
      out += c;
    }
  }
}

/// Is `name` what $http_NAME calls `pattern`? Lower case, with "_" for "-".
bool is_variable_of(std::string_view pattern, std::string_view name) {
  return std::equal(pattern.begin(), pattern.end(), name.begin(), name.end(),
                    [](char p, char n) { return p == (n == '-' ? '_' : ascii_lower(n)); });
}

/// All fields of one name are one list (RFC 9110 §5.3); cookies are joined as RFC 9113 §8.2.3 does.
void append_fields(std::string& out, const http::RequestHead& head, std::string_view pattern) {
  // Host may be the authority of an absolute-form target, which goes before the field (RFC 9112 §3.2.2).
  if (pattern == "host") return append_value(out, head.authority);
  const std::string_view separator = pattern == "cookie" ? "; " : ", ";
  bool first = true;
  for (const http::Field& field : head.fields) {
    if (!is_variable_of(pattern, field.name)) continue;
    if (!first) out += separator;
    append_value(out, field.value);
    first = false;
  }
}

const std::string& hostname() {
  static const std::string name = [] {
    std::array<char, HOST_NAME_MAX + 1> buffer{};
    return ::gethostname(buffer.data(), buffer.size() - 1) == 0 ? to_lower(buffer.data()) : std::string();
  }();
  return name;
}

/// Levenshtein's distance: how many characters to add, drop or change.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t changed = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({changed, row[j] + 1, diagonal + 1});
    }
  }
  return row.back();
}

}  // namespace

const std::vector<Template::Named>& Template::names() {
  static const std::vector<Named> list = {
      {"arg_", Source::arg},
      {"args", Source::args},
      {"cookie_", Source::cookie},
      {"host", Source::host},
      {"hostname", Source::hostname},
      {"http_", Source::http},
      {"is_args", Source::is_args},
      {"query_string", Source::args},
      {"realip_remote_addr", Source::realip_remote_addr},
      {"remote_addr", Source::remote_addr},
      {"remote_port", Source::remote_port},
      {"request_id", Source::request_id},
      {"request_method", Source::request_method},
      {"request_uri", Source::request_uri},
      {"scheme", Source::scheme},
      {"server_port", Source::server_port},
      {"ssl_cipher", Source::ssl_cipher},
      {"ssl_protocol", Source::ssl_protocol},
      {"ssl_server_name", Source::ssl_server_name},
      {"uri", Source::uri},
      {"uri_rest", Source::uri_rest},
  };
  return list;
}

std::optional<Template::Part> Template::find(std::string_view name) {
  for (const Named& known : names()) {
    if (name == known.name && !known.name.ends_with('_')) return Part{known.source, {}};
    if (known.name.ends_with('_') && name.starts_with(known.name) && name.size() > known.name.size()) {
      return Part{known.source, std::string(name.substr(known.name.size()))};
    }
  }
  return std::nullopt;
}

/// The nearest name as a question; empty if none is near.
std::string Template::suggestion(std::string_view name) {
  const Named* nearest = nullptr;
  std::size_t least = 0;
  for (const Named& known : names()) {
    // A family is compared by its beginning: "htp_upgrade" is near "http_".
    const std::size_t underscore = known.name.ends_with('_') ? name.find('_') : std::string_view::npos;
    const bool beginning = underscore != std::string_view::npos;
    const std::size_t steps = distance(beginning ? name.substr(0, underscore + 1) : name, known.name);
    if (nearest != nullptr && steps >= least) continue;
    nearest = &known;
    least = steps;
  }
  if (least > std::max<std::size_t>(2, nearest->name.size() / 3)) return {};
  const std::string_view member = nearest->name.ends_with('_') ? "NAME" : "";
  return "; did you mean \"$" + std::string(nearest->name) + std::string(member) + "\"?";
}

void Template::add_literal(std::string_view text) {
  if (text.empty()) return;
  parts_.push_back({Source::literal, std::string(text)});
}

Template Template::compile(const std::string& text, const Position& at, Diagnostics& diagnostics) {
  Template out;
  const std::string_view all = text;
  const auto wrong = [&](std::size_t offset, const std::string& what, const std::string& hint = {}) {
    diagnostics.error(at,
                      what + " at character " + std::to_string(offset + 1) + " of \"" + text + "\"" + hint);
  };
  std::size_t done = 0;
  for (std::size_t dollar = all.find('$'); dollar != std::string_view::npos; dollar = all.find('$', done)) {
    out.add_literal(all.substr(done, dollar - done));
    const bool braces = all.substr(dollar + 1).starts_with('{');
    const std::size_t begin = dollar + (braces ? 2 : 1);
    std::size_t end = begin;
    while (end < all.size() && is_name_character(all[end])) ++end;
    done = end;
    if (end == begin) {
      wrong(dollar, "no variable's name follows the \"$\"");
      continue;
    }
    if (braces && !all.substr(end).starts_with('}')) {
      wrong(dollar, "no \"}\" follows the variable's name");
      continue;
    }
    if (braces) ++done;
    const std::string name = to_lower(all.substr(begin, end - begin));
    if (std::optional<Part> part = find(name)) {
      out.parts_.push_back(*std::move(part));
    } else {
      wrong(dollar, "unknown variable \"$" + name + "\"", suggestion(name));
    }
  }
  out.add_literal(all.substr(done));
  return out;
}

bool Template::constant() const {
  return std::all_of(parts_.begin(), parts_.end(),
                     [](const Part& part) { return part.source == Source::literal; });
}

std::string Template::evaluate(const RequestView& request) const {
  std::string out;
  for (const Part& part : parts_) append(out, part, request);
  return out;
}

void Template::append(std::string& out, const Part& part, const RequestView& request) {
  switch (part.source) {
    case Source::literal:
      out += part.text;
      return;
    case Source::arg:
      return append_value(out, argument(request.args, part.text));
    case Source::args:
      return append_value(out, request.args);
    case Source::cookie:
      return append_value(out, cookie(*request.head, part.text));
    case Source::host:
      return append_value(out, request.head->host);
    case Source::hostname:
      return append_value(out, hostname());
    case Source::http:
      return append_fields(out, *request.head, part.text);
    case Source::is_args:
      if (!request.args.empty()) out += '?';
      return;
    case Source::realip_remote_addr:
      return append_value(out, request.realip_remote_addr);
    case Source::remote_addr:
      return append_value(out, request.remote_addr);
    case Source::remote_port:
      out += std::to_string(request.remote_port);
      return;
    case Source::request_id:
      return append_value(out, request.request_id);
    case Source::request_method:
      return append_value(out, request.head->method);
    case Source::request_uri:
      // OPTIONS * has no path; "https://$host*" would name another host.
      return append_value(out, request.head->path == "*" ? "/" : request.head->path);
    case Source::scheme:
      return append_value(out, request.scheme);
    case Source::server_port:
      out += std::to_string(request.server_port);
      return;
    case Source::ssl_cipher:
      return append_value(out, request.ssl_cipher);
    case Source::ssl_protocol:
      return append_value(out, request.ssl_protocol);
    case Source::ssl_server_name:
      return append_value(out, request.ssl_server_name);
    case Source::uri:
      return append_value(out, request.uri);
    case Source::uri_rest:
      return append_value(out, request.uri_rest);
  }
}

std::optional<std::string_view> find_argument(std::string_view args, std::string_view name) {
  std::optional<std::string_view> bare;
  while (!args.empty()) {
    const std::string_view one = args.substr(0, args.find('&'));
    const std::size_t equals = one.find('=');
    if (iequals(one.substr(0, equals), name)) {
      if (equals != std::string_view::npos) return one.substr(equals + 1);
      if (!bare) bare = one.substr(one.size());
    }
    args.remove_prefix(std::min(one.size() + 1, args.size()));
  }
  return bare;
}

std::string_view argument(std::string_view args, std::string_view name) {
  return find_argument(args, name).value_or(std::string_view());
}

std::string_view cookie(const http::RequestHead& head, std::string_view name) {
  for (const http::Field& field : head.fields) {
    if (!iequals(field.name, "cookie")) continue;
    std::string_view pairs = field.value;
    while (!pairs.empty()) {
      const std::string_view pair = pairs.substr(0, pairs.find(';'));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && iequals(trim_ows(pair.substr(0, equals)), name)) {
        return trim_ows(pair.substr(equals + 1));
      }
      pairs.remove_prefix(std::min(pair.size() + 1, pairs.size()));
    }
  }
  return {};
}

}  // namespace tidegate::routing
