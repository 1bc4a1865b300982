#include <algorithm>
#include <array>

#include "nginx-compat/blocks.h"
#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// proxy_pass and what a request is when it goes on.

namespace tidegate::nginx {
namespace {

using L = LocationSettings;

/// $proxy_host and $proxy_port.
void name_host(const Url& url, std::uint16_t usual_port, Target& target) {
  if (!url.unix_path.empty()) {
    target.host = "localhost";
    return;
  }
  target.host = url.host;
  target.port = std::to_string(url.port);
  if (url.has_port && url.port != usual_port) target.host += ':' + target.port;
}

void on_proxy_pass(Work& work, const Directive& directive) {
  auto& slot = work.scope().settings->target;
  if (slot) return work.fail_directive(directive, "is duplicate");
  Target target;
  target.url = Work::text_of(directive, 0);
  const std::string& text = target.url.value;
  target.has_variables = text.find('$') != std::string::npos;
  if (target.has_variables) {
    slot = std::move(target);
    return;
  }
  const bool http = text.size() >= 7 && iequals(std::string_view(text).substr(0, 7), "http://");
  target.https = text.size() >= 8 && iequals(std::string_view(text).substr(0, 8), "https://");
  if (!http && !target.https) return work.fail(directive, "invalid URL prefix");
  const std::uint16_t usual_port = target.https ? 443 : 80;
  Url url;
  const std::string rest = text.substr(target.https ? 8 : 7);
  const std::string problem =
      read_url(rest, {.default_port = usual_port, .listen = false, .uri_part = true}, url);
  if (!problem.empty()) return work.fail(directive, problem + " in upstream " + quoted(rest));
  const auto upstream = work.upstream_for(directive, url);
  if (!upstream) return;
  target.upstream = *upstream;
  name_host(url, usual_port, target);
  const conf::Location::Kind kind = work.scope().location->kind;
  if (!url.uri.empty()) {
    if (kind == conf::Location::Kind::named || kind == conf::Location::Kind::regex ||
        kind == conf::Location::Kind::inner) {
      return work.fail(
          directive,
          "\"proxy_pass\" cannot have URI part in location given by regular expression, or inside "
          "named location, or inside \"if\" statement, or inside \"limit_except\" block");
    }
    target.uri = Text{url.uri, target.url.at};
  }
  slot = std::move(target);
}

void on_proxy_set_header(Work& work, const Directive& directive) {
  own_list(work, &L::proxy_fields).emplace_back(first_arg(directive), Work::text_of(directive, 1));
}

void on_proxy_hide_header(Work& work, const Directive& directive) {
  own_list(work, &L::hide_fields).push_back(first_arg(directive));
}
void on_proxy_pass_header(Work& work, const Directive& directive) {
  own_list(work, &L::show_fields).push_back(first_arg(directive));
}

void on_proxy_http_version(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::proxy_minor_version);
  if (!is_first(work, directive, value)) return;
  const std::string& word = first_arg(directive);
  if (word != "1.0" && word != "1.1") return work.fail(directive, "invalid value " + quoted(word));
  value = word == "1.1" ? 1 : 0;
}

void on_proxy_bind(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::proxy_bind);
  if (!is_first(work, directive, value)) return;
  Text text = Work::text_of(directive, 0);
  if (directive.args.size() == 2) {
    if (directive.args[1].text != "transparent")
      return invalid_parameter(work, directive, directive.args[1].text);
    return work.refused(
        directive, "connections to upstreams come from an address of this machine; leave out `transparent`");
  }
  if (text.value == "off") {
    text.value.clear();
  } else if (text.value.find('$') == std::string::npos) {
    Url url;
    const std::string problem =
        read_url(text.value, {.default_port = 0, .listen = false, .uri_part = false}, url);
    const bool v6 = url.host.starts_with('[');
    const std::string host = v6 ? url.host.substr(1, url.host.size() - 2) : url.host;
    if (!IpAddress::parse(problem.empty() ? host : text.value))
      return work.fail(directive, "invalid address " + quoted(text.value));
  }
  value = std::move(text);
}

/// proxy_redirect's and proxy_cookie_*'s pairs: a prefix, or a regex behind "~" or "~*".
conf::RedirectRule read_rule(const Directive& directive) {
  conf::RedirectRule rule;
  rule.from = Work::text_of(directive, 0);
  rule.to = Work::text_of(directive, 1);
  if (rule.from.value.starts_with('~')) {
    rule.regex = true;
    rule.ignore_case = rule.from.value.starts_with("~*");
    rule.from.value.erase(0, rule.ignore_case ? 2 : 1);
  }
  return rule;
}

void on_proxy_redirect(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::redirects);
  const std::string& word = first_arg(directive);
  if (directive.args.size() == 2) {
    if (!value) value.emplace();
    value->rules.push_back(read_rule(directive));
    if (value->use_default) work.approximated(directive, "it counts before the default");
    return;
  }
  if (word == "off") {
    if (is_first(work, directive, value)) value.emplace();
    return;
  }
  if (word != "default") return invalid_parameter(work, directive, word);
  const auto& target = work.scope().settings->target;
  if (target && target->has_variables)
    return work.fail(
        directive, "\"proxy_redirect default\" cannot be used with \"proxy_pass\" directive with variables");
  if (!target)
    return work.fail(directive,
                     "\"proxy_redirect default\" should be placed after the \"proxy_pass\" directive");
  if (!value) value.emplace();
  value->use_default = true;
}

template <auto Member>
void on_cookie_rule(Work& work, const Directive& directive) {
  auto& value = slot(work, Member);
  if (directive.args.size() == 1) {
    const std::string& word = first_arg(directive);
    if (word != "off") return invalid_parameter(work, directive, word);
    if (is_first(work, directive, value)) value.emplace();
    return;
  }
  if (!value) value.emplace();
  value->push_back(read_rule(directive));
}

void on_proxy_cookie_flags(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::cookie_flags);
  if (directive.args.size() == 1) {
    const std::string& word = first_arg(directive);
    if (word != "off") return invalid_parameter(work, directive, word);
    if (is_first(work, directive, value)) value.emplace();
    return;
  }
  conf::CookieFlags flags;
  flags.name = Work::text_of(directive, 0);
  flags.regex = flags.name.value.starts_with('~');
  if (flags.regex) flags.name.value.erase(0, 1);
  for (std::size_t i = 1; i < directive.args.size(); ++i) {
    const std::string& word = directive.args[i].text;
    if (word.find('$') != std::string::npos)
      return work.refused(directive, "the flags are the same for every request; write them out");
    flags.flags.push_back(word);
  }
  if (!value) value.emplace();
  value->push_back(std::move(flags));
}

/// Words of a set (ngx_conf_set_bitmask_slot); `take` answers whether it knows one.
template <typename Take>
bool read_words(Work& work, const Directive& directive, Take take) {
  for (const Word& word : directive.args) {
    if (take(word.text)) continue;
    work.fail(directive, "invalid value " + quoted(word.text));
    return false;
  }
  return true;
}

/// Said again, it adds to what was said before.
void on_proxy_next_upstream(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::next);
  conf::NextServer next;
  next.on_error = next.on_timeout = false;
  if (value) next = *value;
  bool off = false;
  const bool fine = read_words(work, directive, [&next, &off](const std::string& word) {
    constexpr std::array<std::string_view, 7> kStatuses = {"http_500", "http_502", "http_503", "http_504",
                                                           "http_403", "http_404", "http_429"};
    if (word == "error") return next.on_error = true;
    if (word == "timeout") return next.on_timeout = true;
    if (word == "invalid_header") return next.on_invalid_header = true;
    if (word == "non_idempotent") return next.non_idempotent = true;
    if (word == "off") return off = true;
    if (word == "updating") return true;  // of caches
    if (std::find(kStatuses.begin(), kStatuses.end(), word) == kStatuses.end()) return false;
    next.on_status.push_back(std::stoi(word.substr(5)));
    return true;
  });
  if (!fine) return;
  if (off) next = {false, false, false, false, {}, 0, {}};
  value = std::move(next);
}

void on_proxy_ignore_headers(Work& work, const Directive& directive) {
  constexpr std::array<std::string_view, 9> kKnown = {
      "X-Accel-Redirect",  "X-Accel-Expires", "X-Accel-Limit-Rate",
      "X-Accel-Buffering", "X-Accel-Charset", "Expires",
      "Cache-Control",     "Set-Cookie",      "Vary"};
  auto& value = slot(work, &L::ignore_accel_redirect);
  bool redirect = value.value_or(false);
  const bool fine = read_words(work, directive, [&redirect, &kKnown](const std::string& word) {
    redirect |= iequals(word, "X-Accel-Redirect");
    return std::any_of(kKnown.begin(), kKnown.end(),
                       [&word](std::string_view known) { return iequals(known, word); });
  });
  if (fine) value = redirect;
}

void on_proxy_force_ranges(Work& work, const Directive& directive) {
  if (is_on(directive)) work.refused(directive, "parts of an answer come from the upstream alone");
}

void on_proxy_buffering(Work& work, const Directive& directive) {
  if (is_on(directive))
    work.ignored(directive, "answers pass as they come: a slow client keeps its upstream's connection");
}

void on_proxy_send_timeout(Work& work, const Directive& directive) {
  set_milliseconds<&L::proxy_send_timeout>(work, directive);
  work.approximated(directive, "the longer of it and send_timeout holds for both sides");
}

void on_proxy_limit_rate(Work& work, const Directive& directive) {
  const auto rate = read_size(first_arg(directive));
  if (!rate) return work.fail_directive(directive, "invalid value");
  if (*rate > 0) work.refused(directive, "the rate of answers is not limited", true);
}

void on_proxy_store(Work& work, const Directive& directive) {
  if (first_arg(directive) != "off") work.refused(directive, "answers are not stored; leave it out");
}

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;
constexpr std::string_view kStreams = "answers and bodies pass through without being kept";
constexpr std::string_view kMemory = "memory is taken as it is needed";

constexpr Decision kDecisions[] = {
    {"proxy_bind", on_proxy_bind},
    {"proxy_buffer_size", nullptr, kIgnored, kStreams},
    {"proxy_buffering", on_proxy_buffering},
    {"proxy_buffers", nullptr, kIgnored, kStreams},
    {"proxy_busy_buffers_size", nullptr, kIgnored, kStreams},
    {"proxy_connect_timeout", set_milliseconds<&L::proxy_connect_timeout>},
    {"proxy_cookie_domain", on_cookie_rule<&L::cookie_domains>},
    {"proxy_cookie_flags", on_proxy_cookie_flags},
    {"proxy_cookie_path", on_cookie_rule<&L::cookie_paths>},
    {"proxy_force_ranges", on_proxy_force_ranges},
    {"proxy_headers_hash_bucket_size", nullptr, kIgnored, kMemory},
    {"proxy_headers_hash_max_size", nullptr, kIgnored, kMemory},
    {"proxy_hide_header", on_proxy_hide_header},
    {"proxy_http_version", on_proxy_http_version},
    {"proxy_ignore_client_abort", set_flag<&L::ignore_client_abort>},
    {"proxy_ignore_headers", on_proxy_ignore_headers},
    {"proxy_intercept_errors", set_flag<&L::intercept_errors>},
    {"proxy_limit_rate", on_proxy_limit_rate},
    {"proxy_max_temp_file_size", nullptr, kIgnored, kStreams},
    {"proxy_method", set_text<&L::proxy_method>},
    {"proxy_next_upstream", on_proxy_next_upstream},
    {"proxy_next_upstream_timeout", set_milliseconds<&L::next_timeout>},
    {"proxy_next_upstream_tries", set_number<&L::next_tries>},
    {"proxy_pass", on_proxy_pass},
    {"proxy_pass_header", on_proxy_pass_header},
    {"proxy_pass_request_body", set_flag<&L::pass_body>},
    {"proxy_pass_request_headers", set_flag<&L::pass_fields>},
    {"proxy_read_timeout", set_milliseconds<&L::proxy_read_timeout>},
    {"proxy_redirect", on_proxy_redirect},
    {"proxy_request_buffering", set_flag<&L::buffer_body>},
    {"proxy_send_lowat", nullptr, kIgnored, "it has no effect on Linux"},
    {"proxy_send_timeout", on_proxy_send_timeout},
    {"proxy_set_body", set_text<&L::proxy_body>},
    {"proxy_set_header", on_proxy_set_header},
    {"proxy_socket_keepalive", nullptr, kIgnored, "TCP keepalive is always on"},
    {"proxy_store", on_proxy_store},
    {"proxy_store_access", nullptr, kIgnored, "answers are not stored"},
    {"proxy_temp_file_write_size", nullptr, kIgnored, kStreams},
    {"proxy_temp_path", nullptr, kIgnored, kStreams},
};

}  // namespace

std::span<const Decision> proxy_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
