#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// Who is admitted: addresses, passwords, another's word; and who a client behind a proxy is.

namespace tidegate::nginx {
namespace {

using L = LocationSettings;

void on_allow(Work& work, const Directive& directive) {
  const std::string& word = first_arg(directive);
  conf::AccessRule rule;
  rule.allow = directive.name.text == "allow";
  if (word == "unix:") {
    rule.unix_sockets = true;
  } else if (word != "all") {
    rule.block = Cidr::parse(word);
    if (!rule.block) return invalid_parameter(work, directive, word);
  }
  own_list(work, &L::access_rules).push_back(rule);
}

void on_auth_basic_user_file(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::user_file);
  if (!is_first(work, directive, value)) return;
  value = Work::text_of(directive, 0);
  if (!value->value.starts_with('$')) value->value = work.full_conf_path(value->value);
}

void on_auth_request(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::auth_request);
  if (!is_first(work, directive, value)) return;
  value = Work::text_of(directive, 0);
  if (value->value == "off") value->value.clear();
}

void on_auth_request_set(Work& work, const Directive& directive) {
  const std::string& name = first_arg(directive);
  if (!name.starts_with('$') || name.size() < 2)
    return work.fail(directive, "invalid variable name " + quoted(name));
  own_list(work, &L::auth_request_set)
      .emplace_back(to_lower(std::string_view(name).substr(1)), Work::text_of(directive, 1));
}

bool is_in_location(Work& work, const Directive& directive) {
  if (work.scope().context != kLocation) return false;
  work.refused(directive,
               "who the client is gets decided before its location is known; say it in the server");
  return true;
}

void on_set_real_ip_from(Work& work, const Directive& directive) {
  if (is_in_location(work, directive)) return;
  const std::string& word = first_arg(directive);
  auto& list = own_list(work, &L::real_ip_from);
  if (word == "unix:")
    return work.refused(directive, "a proxy behind a unix socket is not believed; let it connect by TCP");
  if (const auto block = Cidr::parse(word)) {
    list.push_back(*block);
    return;
  }
  const auto& found = work.addresses_of(word);
  if (found.empty() && work.options().look_up)
    return work.fail(directive, "host not found in set_real_ip_from " + quoted(word));
  for (const IpAddress& address : found) {
    if (const auto block = Cidr::parse(address.to_string())) list.push_back(*block);
  }
}

void on_real_ip_header(Work& work, const Directive& directive) {
  if (is_in_location(work, directive)) return;
  auto& value = slot(work, &L::real_ip_header);
  if (is_first(work, directive, value)) value = first_arg(directive);
}

void on_real_ip_recursive(Work& work, const Directive& directive) {
  if (is_in_location(work, directive)) return;
  set_flag<&L::real_ip_recursive>(work, directive);
}

void on_auth_delay(Work& work, const Directive& directive) {
  const auto time = read_milliseconds(first_arg(directive));
  if (!time) return work.fail_directive(directive, "invalid value");
  if (time->count() > 0) work.approximated(directive, "a refusal is not delayed");
}

constexpr Decision kDecisions[] = {
    {"allow", on_allow},
    {"auth_basic", set_text<&L::realm>},
    {"auth_basic_user_file", on_auth_basic_user_file},
    {"auth_delay", on_auth_delay},
    {"auth_request", on_auth_request},
    {"auth_request_set", on_auth_request_set},
    {"deny", on_allow},
    {"real_ip_header", on_real_ip_header},
    {"real_ip_recursive", on_real_ip_recursive},
    {"set_real_ip_from", on_set_real_ip_from},
};

}  // namespace

std::span<const Decision> access_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
