#include "gateway/sites/request.h"

#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/routing/uri.h"
#include "gateway/sites/compiled.h"

namespace tidegate::sites {
namespace {

/// As nginx's "cycle while evaluating variable".
constexpr int kMostVariablesWithin = 100;

/// Lower case, with "_" for "-", as $http_NAME has it.
bool is_field_of(std::string_view pattern, std::string_view name) {
  return std::equal(pattern.begin(), pattern.end(), name.begin(), name.end(),
                    [](char p, char n) { return p == (n == '-' ? '_' : ascii_lower(n)); });
}

}  // namespace

Request::Request(const SiteTable::Impl& t, const Visitor& v, Facts& f)
    : table(t), visitor(v), facts(f), method(v.head->method) {
  const std::string_view path = routing::path_of(v.head->path);
  quoted_uri = path.find('%') != std::string_view::npos;
  plus_in_uri = path.find('+') != std::string_view::npos;
  slots = std::make_shared<std::vector<Slot>>(t.variables.size());
  if (v.peer != nullptr) {
    remote_ip = *v.peer;
    remote_addr = v.peer->to_string();
    remote_port = v.peer_port;
  } else {
    remote_addr = "unix:";
  }
}

bool Request::append(std::uint32_t variable, std::string& out) {
  // Values that are made of each other: $request_filename within its own root. nginx stops there, too.
  if (variables_within >= kMostVariablesWithin) return false;
  ++variables_within;
  const bool has_one = append_value(variable, out);
  --variables_within;
  return has_one;
}

bool Request::append_value(std::uint32_t variable, std::string& out) {
  const VariableTable::Variable& v = table.variables.at(variable);
  Slot& slot = (*slots)[variable];
  if (slot.state == Slot::State::known) {
    out += slot.value;
    return true;
  }
  if (v.computed != nullptr) {
    // A map that asks for itself, by whatever way, gets nothing.
    if (slot.state == Slot::State::computing) return false;
    slot.state = Slot::State::computing;
    std::string value;
    v.computed->compute(*this, value);
    out += value;
    slot.state = v.computed->cached() ? Slot::State::known : Slot::State::unknown;
    slot.value = v.computed->cached() ? std::move(value) : std::string();
    return true;
  }
  return v.read == nullptr ? v.is_set : v.read(*this, v.rest, out);
}

void Request::set(std::uint32_t variable, std::string value) {
  const VariableTable::Variable& v = table.variables.at(variable);
  if (v.read == nullptr) {
    (*slots)[variable] = {Slot::State::known, std::move(value)};
  } else if (v.name == "args") {
    args = std::move(value);
    valid_unparsed_uri = false;
  } else if (v.name == "limit_rate") {
    limit_rate = std::move(value);
  }
}

bool Request::sees(const http::Field& field) const {
  if (first_server == nullptr) return true;
  const auto index = static_cast<std::size_t>(&field - visitor.head->fields.data());
  const conf::VirtualServer* rules = index < early_fields ? first_server : server->conf;
  if (!rules->ignore_invalid_headers) return true;
  const std::string_view name = field.name;
  return std::all_of(name.begin(), name.end(), [rules](char c) {
    const char lower = ascii_lower(c);
    if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '-') return true;
    return c == '_' && rules->underscores_in_headers;
  });
}

/// Of several fields nginx 1.22 takes the first, but for the two that are lists to it.
std::optional<std::string> Request::field(std::string_view pattern) const {
  const http::RequestHead& head = *visitor.head;
  // Host may be the authority of an absolute-form target, which goes before the field (RFC 9112 §3.2.2).
  if (pattern == "host")
    return head.authority.empty() ? std::nullopt : std::optional<std::string>(head.authority);
  const bool cookies = pattern == "cookie";
  const bool list = cookies || pattern == "x_forwarded_for";
  std::optional<std::string> out;
  for (const http::Field& field : head.fields) {
    if (!is_field_of(pattern, field.name) || !sees(field)) continue;
    if (!out)
      out.emplace(field.value);
    else
      out->append(cookies ? "; " : ", ").append(field.value);
    if (!list) break;
  }
  return out;
}

std::string_view Request::server_name() const {
  return server == nullptr ? std::string_view() : std::string_view(server->conf->first_name);
}

std::string_view Request::host() const {
  return visitor.head->host.empty() ? server_name() : std::string_view(visitor.head->host);
}

void Request::enter(std::size_t index) {
  location = &server->locations[index];
  target.reset();
  const conf::Location& conf = *location->conf;
  if (!conf.except) return;
  const bool admitted =
      std::any_of(conf.except_methods.begin(), conf.except_methods.end(),
                  [this](const std::string& m) { return m == method || (m == "GET" && method == "HEAD"); });
  if (!admitted) location = &server->locations[*conf.except];
}

Place Request::place() {
  Place out;
  out.directory = location->root.evaluate(*this);
  out.uri_behind_alias = uri_behind_alias;
  if (!location->conf->files.alias) return out;
  out.kind = location->by_regex ? Place::Kind::whole_alias : Place::Kind::alias;
  out.matched = location->by_regex ? 0 : std::min(location->name.size(), uri.size());
  return out;
}

}  // namespace tidegate::sites
