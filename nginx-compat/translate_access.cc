#include <algorithm>

#include "gateway/base/text.h"
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

void on_set_real_ip_from(Work& work, const Directive& directive) {
  const std::string& word = first_arg(directive);
  auto& list = own_list(work, &L::real_ip_from);
  if (word == "unix:") {
    list.emplace_back();
    return;
  }
  if (const auto block = Cidr::parse(word)) {
    list.emplace_back(*block);
    return;
  }
  const auto& found = work.addresses_of(word);
  if (found.empty() && work.options().look_up)
    return work.fail(directive, "host not found in set_real_ip_from " + quoted(word));
  for (const IpAddress& address : found) {
    if (const auto block = Cidr::parse(address.to_string())) list.emplace_back(*block);
  }
}

void on_real_ip_header(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::real_ip_header);
  if (is_first(work, directive, value)) value = first_arg(directive);
}

/// "*.example.com", ".example.com" or "www.example.*", and no star elsewhere (ngx_hash_add_key).
bool is_host_pattern(std::string_view name) {
  if (name.find("..") != std::string_view::npos || name == "." || name == "*") return false;
  if (name.starts_with("*.") || name.starts_with('.')) return name.find('*', 1) == std::string_view::npos;
  const std::size_t star = name.find('*');
  return star == std::string_view::npos || (star + 1 == name.size() && star > 1 && name[star - 1] == '.');
}

void on_valid_referers(Work& work, const Directive& directive) {
  auto& value = slot(work, &L::valid_referers);
  if (!value) value.emplace();
  conf::Referers& referers = value->referers;
  for (std::size_t i = 0; i < directive.args.size(); ++i) {
    Text text = Work::text_of(directive, i);
    const std::string& word = text.value;
    if (word.empty()) return work.fail(directive, "invalid referer \"\"");
    if (word == "none") {
      referers.none = true;
    } else if (word == "blocked") {
      referers.blocked = true;
    } else if (word == "server_names") {
      value->server_names = true;
    } else if (word.starts_with('~')) {
      text.value.erase(0, 1);
      if (text.empty()) return work.fail(directive, "empty regex in \"~\"");
      referers.names.push_back({{std::move(text), true}, {}, true});
    } else {
      const std::size_t slash = std::min(word.find('/'), word.size());
      std::string path = word.substr(slash);
      text.value = to_lower(std::string_view(word).substr(0, slash));
      if (!is_host_pattern(text.value))
        return work.fail(directive, "invalid hostname or wildcard " + quoted(word.substr(0, slash)));
      referers.names.push_back({{std::move(text), false}, std::move(path)});
    }
  }
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
    {"real_ip_recursive", set_flag<&L::real_ip_recursive>},
    {"set_real_ip_from", on_set_real_ip_from},
    {"valid_referers", on_valid_referers},
};

}  // namespace

std::span<const Decision> access_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
