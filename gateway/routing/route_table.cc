#include "gateway/routing/route_table.h"

#include "gateway/base/text.h"
#include "gateway/routing/path_table.h"
#include "gateway/routing/rewrite.h"
#include "gateway/routing/uri.h"

namespace tidegate::routing {
namespace {

using conf::PathMatch;

/// RFC 1035 §3.1. A longer host has no suffix that is worth a look-up for each of its labels.
constexpr std::size_t kMaxHost = 255;

std::vector<std::pair<std::string, Template>> compile_fields(const conf::HeaderRules& rules,
                                                             Diagnostics& diagnostics) {
  std::vector<std::pair<std::string, Template>> out;
  out.reserve(rules.set.size());
  for (const auto& [name, value] : rules.set) {
    out.emplace_back(name, Template::compile(value.value, value.at, diagnostics));
  }
  return out;
}

CompiledRoute compile_route(const conf::Route& route, std::size_t index, Diagnostics& diagnostics) {
  CompiledRoute out;
  out.conf = &route;
  out.index = index;
  out.request_set = compile_fields(route.request_headers, diagnostics);
  out.response_set = compile_fields(route.response_headers, diagnostics);
  out.request_remove = route.request_headers.remove;
  out.response_remove = route.response_headers.remove;
  if (route.redirect) {
    out.redirect_to = Template::compile(route.redirect->to.value, route.redirect->to.at, diagnostics);
  }
  if (route.respond) {
    out.respond_body = Template::compile(route.respond->body.value, route.respond->body.at, diagnostics);
  }
  return out;
}

}  // namespace

struct RouteTable::Impl {
  /// The pattern's regex, compiled when it is met first; null after a complaint.
  const Regex* regex_of(const conf::Text& pattern, Diagnostics& diagnostics);
  void add(const CompiledRoute& route, const Regex* regex);
  void finish();
  const CompiledRoute* find(const RequestView& request, bool named_listener_only) const;
  const CompiledRoute* find_by_suffix(const RequestView& request, bool named_listener_only) const;

  std::vector<CompiledRoute> routes;
  TextMap<std::unique_ptr<Regex>> regexes;  // by pattern
  TextMap<PathTable> exact_hosts;
  TextMap<PathTable> suffix_hosts;  // ".example.com"
  PathTable any_host;
};

const Regex* RouteTable::Impl::regex_of(const conf::Text& pattern, Diagnostics& diagnostics) {
  const auto [at, is_new] = regexes.try_emplace(pattern.value);
  if (is_new) {
    Regex::Failure failure;
    at->second = Regex::compile(pattern.value, failure);
    if (at->second == nullptr) {
      diagnostics.error(pattern.at, "the regex \"" + pattern.value +
                                        "\" does not compile: " + failure.message + ", at character " +
                                        std::to_string(failure.offset + 1));
    }
  }
  return at->second.get();
}

void RouteTable::Impl::add(const CompiledRoute& route, const Regex* regex) {
  if (route.conf->hosts.empty()) any_host.add(route, regex);
  for (const std::string& host : route.conf->hosts) {
    const bool suffix = host.starts_with("*.");
    PathTable& table = suffix ? suffix_hosts[to_lower(host.substr(1))] : exact_hosts[to_lower(host)];
    table.add(route, regex);
  }
}

void RouteTable::Impl::finish() {
  for (auto& [host, table] : exact_hosts) table.finish();
  for (auto& [host, table] : suffix_hosts) table.finish();
  any_host.finish();
}

const CompiledRoute* RouteTable::Impl::find(const RequestView& request, bool named_listener_only) const {
  if (const auto exact = exact_hosts.find(request.head->host); exact != exact_hosts.end()) {
    const CompiledRoute* route = exact->second.find(request, named_listener_only);
    if (route != nullptr) return route;
  }
  if (const CompiledRoute* route = find_by_suffix(request, named_listener_only)) return route;
  return any_host.find(request, named_listener_only);
}

const CompiledRoute* RouteTable::Impl::find_by_suffix(const RequestView& request,
                                                      bool named_listener_only) const {
  const std::string_view host = request.head->host;
  if (suffix_hosts.empty() || host.size() > kMaxHost) return nullptr;
  // From the second character on: "*" stands for at least one.
  for (std::size_t dot = host.find('.', 1); dot != std::string_view::npos; dot = host.find('.', dot + 1)) {
    const auto suffix = suffix_hosts.find(host.substr(dot));
    if (suffix == suffix_hosts.end()) continue;
    const CompiledRoute* route = suffix->second.find(request, named_listener_only);
    if (route != nullptr) return route;
  }
  return nullptr;
}

RouteTable::RouteTable() : impl_(std::make_unique<Impl>()) {}
RouteTable::~RouteTable() = default;

std::unique_ptr<RouteTable> RouteTable::compile(const conf::Config& config, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.errors();
  std::unique_ptr<RouteTable> table(new RouteTable());
  Impl& impl = *table->impl_;
  impl.routes.reserve(config.routes.size());  // the path tables point into it
  for (const conf::Route& route : config.routes) {
    impl.routes.push_back(compile_route(route, impl.routes.size(), diagnostics));
    const bool by_regex = route.path.kind == PathMatch::Kind::regex;
    impl.add(impl.routes.back(), by_regex ? impl.regex_of(route.path.text, diagnostics) : nullptr);
  }
  impl.finish();
  return diagnostics.errors() == errors_before ? std::move(table) : nullptr;
}

RouteTable::Found RouteTable::find(const RequestView& request, bool named_listener_only) const {
  Found found;
  found.route = impl_->find(request, named_listener_only);
  if (found.route == nullptr || found.route->conf->path.kind != PathMatch::Kind::prefix) return found;
  const std::size_t prefix_size = found.route->conf->path.text.value.size();
  found.uri_rest = path_rest(path_of(request.head->path), request.uri, prefix_size);
  return found;
}

const std::vector<CompiledRoute>& RouteTable::routes() const {
  return impl_->routes;
}

}  // namespace tidegate::routing
