#include "tests/unit/sites/walk/site.h"

#include <span>

#include "gateway/base/text.h"

namespace tidegate::sites::test {
namespace {

template <typename Parser>
void feed(Parser& parser, std::string_view raw) {
  const auto fed = parser.feed(std::as_bytes(std::span(raw.data(), raw.size())));
  ASSERT_TRUE(fed && fed.value().complete) << raw;
}

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

std::size_t Site::server(std::initializer_list<const char*> names) {
  const std::size_t index = sites->servers.size();
  conf::VirtualServer& server = sites->servers.emplace_back();
  for (const std::string name : names) {
    const bool regex = name.starts_with('~');
    server.names.push_back({{regex ? name.substr(1) : name, {}}, regex});
  }
  if (!server.names.empty()) server.first_name = server.names[0].name.value;
  server.locations.emplace_back();
  server.locations[0].files.root = {"/nowhere", {}};
  sites->by_listener[0].servers.push_back(index);
  return index;
}

std::size_t Site::location(std::string_view pattern, std::size_t outer) {
  auto& locations = sites->servers.back().locations;
  const std::size_t index = locations.size();
  conf::Location location = locations[0];
  location.nested.clear();
  location.script.clear();
  location.parent = outer;
  location.kind = Kind::prefix;
  const auto takes = [&pattern](std::string_view sign) {
    if (!pattern.starts_with(sign)) return false;
    pattern.remove_prefix(sign.size());
    return true;
  };
  if (takes("= "))
    location.kind = Kind::exact;
  else if (takes("^~ "))
    location.before_regex = true;
  else if (takes("~* "))
    location.kind = Kind::regex, location.ignore_case = true;
  else if (takes("~ "))
    location.kind = Kind::regex;
  else if (pattern.starts_with('@'))
    location.kind = Kind::named;
  else if (pattern.empty())
    location.kind = Kind::inner;
  location.pattern = {std::string(pattern), {}};
  if (location.kind != Kind::inner) locations[outer].nested.push_back(index);
  locations.push_back(std::move(location));
  return index;
}

conf::ProxyPass& Site::proxy(std::size_t location, const char* uri) {
  conf::ProxyPass proxy;
  proxy.upstream = "app";
  proxy.target = {"http://app:3000" + std::string(uri == nullptr ? "" : uri), {}};
  proxy.host = "app:3000";
  proxy.port = "3000";
  if (uri != nullptr) proxy.uri = {uri, {}};
  return at(location).proxy.emplace(std::move(proxy));
}

conf::ProxyPass& Site::proxy_variable(std::size_t location, const std::string& target) {
  conf::ProxyPass proxy;
  proxy.target = {target, {}};
  return at(location).proxy.emplace(std::move(proxy));
}

void Site::respond(std::size_t location, int status, const std::string& text) {
  at(location).script.push_back(give(status, text));
}

void Site::map(const std::string& source, const std::string& variable,
               std::initializer_list<std::pair<const char*, const char*>> entries) {
  conf::Map map;
  map.source = {source, {}};
  map.variable = variable;
  for (const auto& [key, value] : entries) {
    std::string text = key;
    if (text == "default") {
      map.otherwise = {value, {}};
    } else if (text == "volatile") {
      map.is_volatile = true;
    } else if (text.starts_with("~*")) {
      map.entries.push_back({conf::Map::Entry::Kind::regex_ignore_case, {text.substr(2), {}}, {value, {}}});
    } else if (text.starts_with("~")) {
      map.entries.push_back({conf::Map::Entry::Kind::regex, {text.substr(1), {}}, {value, {}}});
    } else {
      map.entries.push_back({conf::Map::Entry::Kind::exact, {to_lower(text), {}}, {value, {}}});
    }
  }
  sites->maps.push_back(std::move(map));
}

const SiteTable& Site::table() {
  if (table_ == nullptr) {
    Diagnostics diagnostics;
    table_ = SiteTable::compile(config, diagnostics);
    for (const Diagnostic& d : diagnostics.list()) ADD_FAILURE() << d.message;
    zones.prepare(*sites);
  }
  return *table_;
}

std::vector<std::string> Site::complaints() {
  Diagnostics diagnostics;
  EXPECT_EQ(SiteTable::compile(config, diagnostics), nullptr);
  std::vector<std::string> out;
  for (const Diagnostic& d : diagnostics.list()) out.push_back(d.message);
  return out;
}

Site::Step set(const std::string& variable, const std::string& value) {
  Site::Step step;
  step.kind = Site::Step::Kind::set;
  step.variable = variable;
  step.value = {value, {}};
  return step;
}

Site::Step rewrite(const std::string& regex, const std::string& to, Site::Step::Flag flag) {
  Site::Step step;
  step.kind = Site::Step::Kind::rewrite;
  step.regex = {regex, {}};
  step.value = {to, {}};
  step.flag = flag;
  return step;
}

Site::Step give(int status, const std::string& text) {
  Site::Step step;
  step.kind = Site::Step::Kind::respond;
  step.status = status;
  step.value = {text, {}};
  return step;
}

Site::Step stop() {
  Site::Step step;
  step.kind = Site::Step::Kind::stop;
  return step;
}

Site::Step when(const std::string& text, conf::Script then) {
  using Kind = conf::Condition::Kind;
  Site::Step step;
  step.kind = Site::Step::Kind::test;
  step.then = std::move(then);
  conf::Condition& condition = step.condition;
  const std::size_t space = text.find(' ');
  std::string first = text.substr(0, space);
  std::string rest = space == std::string::npos ? "" : text.substr(space + 1);
  if (first.starts_with('$')) {
    condition.subject = {first, {}};
    if (rest.empty()) return step;
    std::string sign = rest.substr(0, rest.find(' '));
    condition.operand = {rest.substr(sign.size() + 1), {}};
    condition.negated = sign.starts_with('!');
    condition.kind = sign.find('~') == std::string::npos ? Kind::equals : Kind::matches;
    condition.ignore_case = sign.ends_with('*');
    return step;
  }
  condition.negated = first.starts_with('!');
  const char letter = first.back();
  condition.kind = letter == 'f'   ? Kind::file
                   : letter == 'd' ? Kind::directory
                   : letter == 'e' ? Kind::exists
                                   : Kind::executable;
  condition.subject = {rest, {}};
  return step;
}

std::unique_ptr<http::RequestHead> request_head(std::string_view raw) {
  http::RequestParser parser({});
  feed(parser, raw);
  return parser.take();
}

std::unique_ptr<http::ResponseHead> response_head(std::string_view raw) {
  http::ResponseParser parser({});
  feed(parser, raw);
  return parser.take(false);
}

Visit::Visit(Site& site, std::string_view raw, std::string_view scheme, std::string_view sni)
    : peer(*IpAddress::parse("192.0.2.1")) {
  const bool whole = raw.find(' ') != std::string_view::npos;
  const std::string text =
      whole ? std::string(raw) : "GET " + std::string(raw) + " HTTP/1.1\r\nHost: example.com\r\n\r\n";
  head = request_head(text);
  visitor.head = head.get();
  visitor.scheme = scheme;
  visitor.sni = sni;
  visitor.peer = &peer;
  visitor.peer_port = 54321;
  visitor.server_addr = "192.0.2.80";
  visitor.server_port = 8080;
  visitor.connection = 7;
  visitor.request_id = "00112233445566778899aabbccddeeff";
  walk = std::make_unique<Walk>(site.table(), site.zones, visitor, facts);
}

std::string Visit::words(const Action& action) {
  return std::visit(
      Overloaded{[](const Answer& a) {
                   std::string out = std::to_string(a.status);
                   for (const auto& [name, value] : a.fields) {
                     if (name == "Location") out += " to " + value;
                   }
                   return a.body && !a.body->starts_with("<html>") ? out + " " + *a.body : out;
                 },
                 [](const PassOn&) { return std::string("pass"); },
                 [](const SendFile& f) { return std::to_string(f.status) + " file"; },
                 [](const Ask& a) { return "ask " + a.uri; }, [](const Wait&) { return std::string("wait"); },
                 [](const Hangup&) { return std::string("hangup"); },
                 [](const TellCounts&) { return std::string("counts"); }},
      action);
}

std::string Visit::outcome() {
  return words(begin());
}

std::string Visit::field(const http::FieldRules& rules, std::string_view name) const {
  std::string out;
  for (const auto* list : {&rules.set, &rules.add}) {
    for (const auto& [field, value] : *list) {
      if (!iequals(field, name)) continue;
      if (!out.empty()) out += " | ";
      out += value;
    }
  }
  return out;
}

}  // namespace tidegate::sites::test
