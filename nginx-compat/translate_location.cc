#include <algorithm>
#include <array>

#include "nginx-compat/blocks.h"
#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// `location`, `limit_except`, and what is said of answers in general.

namespace tidegate::nginx {
namespace {

using Kind = conf::Location::Kind;
using L = LocationSettings;

/// What stands before the `{`: modifier and pattern. False, and a complaint, where the modifier is none.
bool read_pattern(Work& work, const Directive& directive, LocationBlock& block) {
  std::string modifier;
  block.pattern = Work::text_of(directive, directive.args.size() - 1);
  std::string& pattern = block.pattern.value;
  if (directive.args.size() == 2) {
    modifier = directive.args[0].text;
  } else {
    for (const std::string_view known : {"=", "^~", "~*", "~"}) {
      if (!pattern.starts_with(known)) continue;
      modifier = known;
      pattern.erase(0, known.size());
      break;
    }
  }
  block.kind = Kind::prefix;
  if (modifier == "=") {
    block.kind = Kind::exact;
  } else if (modifier == "^~") {
    block.before_regex = true;
  } else if (modifier == "~" || modifier == "~*") {
    block.kind = Kind::regex;
    block.ignore_case = modifier == "~*";
  } else if (!modifier.empty()) {
    work.fail(directive, "invalid location modifier " + quoted(modifier));
    return false;
  } else if (pattern.starts_with('@') && directive.args.size() == 1) {
    block.kind = Kind::named;
  }
  return true;
}

bool fits_in(Work& work, const Directive& directive, const LocationBlock& block,
             const LocationBlock& around) {
  if (around.kind == Kind::server) return true;
  const std::string name = "location " + quoted(block.pattern.value);
  const std::string within = quoted(around.pattern.value);
  if (around.kind == Kind::exact) {
    work.fail(directive, name + " cannot be inside the exact location " + within);
  } else if (around.kind == Kind::named) {
    work.fail(directive, name + " cannot be inside the named location " + within);
  } else if (block.kind == Kind::named) {
    work.fail(directive, "named " + name + " can be on the server level only");
  } else if (block.kind != Kind::regex && !block.pattern.value.starts_with(around.pattern.value)) {
    work.fail(directive, name + " is outside location " + within);
  } else {
    return true;
  }
  return false;
}

std::string title_of(const LocationBlock& block, const LocationBlock& around) {
  const std::string pattern = shortened(block.pattern.value);
  switch (block.kind) {
    case Kind::exact:
      return "= " + pattern;
    case Kind::regex:
      return (block.ignore_case ? "~* " : "~ ") + pattern;
    case Kind::inner:
      return around.title + (around.title.empty() ? "" : " ") + pattern;
    case Kind::prefix:
    case Kind::named:
    case Kind::server:
      break;
  }
  return pattern;
}

void on_location(Work& work, const Directive& directive) {
  LocationBlock probe;
  if (!read_pattern(work, directive, probe) || !fits_in(work, directive, probe, *work.scope().location))
    return;
  const LocationBlock& around = *work.scope().location;
  const std::size_t index = add_location(work, directive, probe.kind);
  LocationBlock& block = *work.scope().server->locations[index];
  block.pattern = std::move(probe.pattern);
  block.before_regex = probe.before_regex;
  block.ignore_case = probe.ignore_case;
  block.title = title_of(block, around);
  work.scope().location->nested.push_back(index);
  walk_location(work, directive, index, kLocation, &block.script);
}

void on_limit_except(Work& work, const Directive& directive) {
  constexpr std::array<std::string_view, 14> kMethods = {"GET",       "HEAD", "POST",   "PUT",     "DELETE",
                                                         "MKCOL",     "COPY", "MOVE",   "OPTIONS", "PROPFIND",
                                                         "PROPPATCH", "LOCK", "UNLOCK", "PATCH"};
  LocationBlock& around = *work.scope().location;
  std::vector<std::string> methods;
  for (const Word& word : directive.args) {
    const auto found = std::find_if(kMethods.begin(), kMethods.end(),
                                    [&word](std::string_view known) { return iequals(known, word.text); });
    if (found == kMethods.end()) return work.fail(directive, "invalid method " + quoted(word.text));
    methods.emplace_back(*found);
  }
  if (around.except) return work.fail_directive(directive, "is duplicate");
  const std::size_t index = add_location(work, directive, Kind::inner);
  LocationBlock& block = *work.scope().server->locations[index];
  block.pattern = {"limit_except", directive.at()};
  block.title = title_of(block, around);
  around.except_methods = std::move(methods);
  around.except = index;
  walk_location(work, directive, index, kLimitExcept, nullptr);
}

void on_internal(Work& work, const Directive&) {
  work.scope().settings->internal = true;
}

void on_error_page(Work& work, const Directive& directive) {
  conf::ErrorPage page;
  std::size_t last = directive.args.size() - 1;
  page.target = Work::text_of(directive, last);
  const std::string& before = directive.args[last - 1].text;
  if (before.starts_with('=')) {
    if (last == 1) return work.fail(directive, "invalid value " + quoted(before));
    page.answer_with = 0;
    if (before.size() > 1) {
      const auto status = read_number(std::string_view(before).substr(1));
      if (!status) return work.fail(directive, "invalid value " + quoted(before));
      page.answer_with = static_cast<int>(std::min<std::uint64_t>(*status, 999));
    }
    --last;
  }
  // 494 to 497 are nginx's own, for which clients are told 400.
  conf::ErrorPage of_nginx = page;
  if (!page.answer_with) of_nginx.answer_with = 400;
  for (std::size_t i = 0; i < last; ++i) {
    const std::string& word = directive.args[i].text;
    const auto status = read_number(word);
    if (!status || *status == 499) return work.fail(directive, "invalid value " + quoted(word));
    if (*status < 300 || *status > 599)
      return work.fail(directive, "value " + quoted(word) + " must be between 300 and 599");
    (*status >= 494 && *status <= 497 ? of_nginx : page).statuses.push_back(static_cast<int>(*status));
  }
  auto& pages = own_list(work, &L::error_pages);
  if (!page.statuses.empty()) pages.push_back(std::move(page));
  if (!of_nginx.statuses.empty()) pages.push_back(std::move(of_nginx));
}

void on_keepalive_timeout(Work& work, const Directive& directive) {
  if (work.scope().upstream != nullptr) return set_upstream_keepalive(work, directive);
  set_milliseconds<&L::keepalive_timeout>(work, directive);
  if (directive.args.size() < 2) return;
  if (!read_seconds(directive.args[1].text)) return work.fail_directive(directive, "invalid value");
  work.approximated(directive, "no Keep-Alive field tells clients of it");
}

void on_keepalive_requests(Work& work, const Directive& directive) {
  if (work.scope().upstream != nullptr) return set_upstream_keepalive(work, directive);
  set_number<&L::keepalive_requests>(work, directive);
}

void on_keepalive_time(Work& work, const Directive& directive) {
  if (work.scope().upstream != nullptr) return set_upstream_keepalive(work, directive);
  if (!read_milliseconds(first_arg(directive))) return work.fail_directive(directive, "invalid value");
  work.approximated(directive,
                    "a connection may be of any age; keepalive_timeout and keepalive_requests end it");
}

void on_server_tokens(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::server_tokens);
  if (!is_first(work, directive, value)) return;
  const std::string& word = first_arg(directive);
  if (word != "on" && word != "off" && word != "build")
    return work.fail(directive, "invalid value " + quoted(word));
  value = word != "off";
  if (*value) work.ignored(directive, "the version is never told");
}

void on_satisfy(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::satisfy_any);
  if (!is_first(work, directive, value)) return;
  const std::string& word = first_arg(directive);
  if (word != "all" && word != "any") return work.fail(directive, "invalid value " + quoted(word));
  value = word == "any";
}

void on_send_timeout(Work& work, const Directive& directive) {
  set_milliseconds<&L::send_timeout>(work, directive);
  work.approximated(
      directive, "where something is proxied, the longer of it and proxy_send_timeout holds for both sides");
}

void on_resolver(Work& work, const Directive& directive) {
  work.approximated(directive, "names are looked up by the system's resolver, again every 10 s");
}

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;

constexpr Decision kDecisions[] = {
    {"absolute_redirect", set_flag<&L::absolute_redirect>},
    {"chunked_transfer_encoding", set_flag<&L::chunked>},
    {"client_body_timeout", set_milliseconds<&L::body_timeout>},
    {"client_max_body_size", set_offset<&L::max_body_bytes>},
    {"error_page", on_error_page},
    {"internal", on_internal},
    {"keepalive_disable", nullptr, kIgnored, "it is for browsers of long ago"},
    {"keepalive_requests", on_keepalive_requests},
    {"keepalive_time", on_keepalive_time},
    {"keepalive_timeout", on_keepalive_timeout},
    {"limit_except", on_limit_except},
    {"location", on_location},
    {"port_in_redirect", set_flag<&L::port_in_redirect>},
    {"recursive_error_pages", set_flag<&L::recursive_error_pages>},
    {"resolver", on_resolver},
    {"resolver_timeout", nullptr, kIgnored, "names are looked up by the system's resolver"},
    {"satisfy", on_satisfy},
    {"send_timeout", on_send_timeout},
    {"server_name_in_redirect", set_flag<&L::server_name_in_redirect>},
    {"server_tokens", on_server_tokens},
};

}  // namespace

std::size_t add_location(Work& work, const Directive& directive, Kind kind) {
  ServerBlock& server = *work.scope().server;
  const std::size_t index = server.locations.size();
  auto block = std::make_unique<LocationBlock>();
  block->kind = kind;
  block->directive = &directive;
  block->index = index;
  block->parent = work.scope().location->index;
  server.locations.push_back(std::move(block));
  return index;
}

void walk_location(Work& work, const Directive& directive, std::size_t index, Context context,
                   conf::Script* script) {
  Scope scope = work.scope();
  LocationBlock& block = *scope.server->locations[index];
  scope.context = context;
  scope.location = &block;
  scope.settings = &block.settings;
  scope.server_settings = nullptr;
  scope.script = script;
  work.walk(directive.block, scope);
}

std::span<const Decision> location_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
