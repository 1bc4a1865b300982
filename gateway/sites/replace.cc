#include "gateway/sites/replace.h"

#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/sites/request.h"

namespace tidegate::sites {
namespace {

struct Attribute {
  std::string_view name;
  std::optional<std::string> value;
};

/// "name=value; Path=/; Secure" taken apart; white space around the parts goes.
std::vector<Attribute> parse_cookie(std::string_view text) {
  std::vector<Attribute> out;
  while (true) {
    const std::size_t end = text.find(';');
    const std::string_view part = trim_ows(text.substr(0, end));
    const std::size_t equals = part.find('=');
    Attribute attribute{part.substr(0, equals), std::nullopt};
    if (equals != std::string_view::npos) attribute.value.emplace(part.substr(equals + 1));
    if (out.empty() || !part.empty()) out.push_back(std::move(attribute));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

std::string write_cookie(const std::vector<Attribute>& attributes) {
  std::string out;
  for (const Attribute& attribute : attributes) {
    if (!out.empty()) out += "; ";
    out += attribute.name;
    if (attribute.value) out.append("=").append(*attribute.value);
  }
  return out;
}

/// The first rule that fits. A regex sees all of the value and replaces it; without one, the beginning of a
/// value is replaced, but of a `domain` the whole behind its first dot, which stays.
std::optional<std::string> replace(std::string_view value, const std::vector<ReplaceRule>& rules, bool domain,
                                   Request& request) {
  const std::size_t dot = domain && value.starts_with('.') ? 1 : 0;
  for (const ReplaceRule& rule : rules) {
    if (rule.pattern) {
      if (rule.pattern->matches(value, request)) return rule.to.evaluate(request);
      continue;
    }
    const std::string from = rule.from.evaluate(request);
    if (domain) {
      if (iequals(value.substr(dot), std::string_view(from).substr(from.starts_with('.') ? 1 : 0)))
        return std::string(value.substr(0, dot)).append(rule.to.evaluate(request));
    } else if (value.starts_with(from)) {
      return rule.to.evaluate(request).append(value.substr(from.size()));
    }
  }
  return std::nullopt;
}

bool apply_rules(std::vector<Attribute>& attributes, const ProxyPart& proxy, Request& request) {
  bool changed = false;
  for (std::size_t i = 1; i < attributes.size(); ++i) {
    Attribute& attribute = attributes[i];
    if (!attribute.value) continue;
    std::optional<std::string> made;
    if (iequals(attribute.name, "domain")) {
      made = replace(*attribute.value, proxy.cookie_domains, true, request);
    } else if (iequals(attribute.name, "path")) {
      made = replace(*attribute.value, proxy.cookie_paths, false, request);
    }
    if (!made) continue;
    attribute.value = std::move(made);
    changed = true;
  }
  return changed;
}

/// A flag of proxy_cookie_flags as nginx writes it.
struct CookieFlag {
  std::string_view word;
  std::string_view name;
  std::string_view value{};
  bool removes = false;
};
constexpr CookieFlag kCookieFlags[] = {
    {"secure", "Secure"},
    {"nosecure", "Secure", {}, true},
    {"httponly", "HttpOnly"},
    {"nohttponly", "HttpOnly", {}, true},
    {"samesite=strict", "SameSite", "Strict"},
    {"samesite=lax", "SameSite", "Lax"},
    {"samesite=none", "SameSite", "None"},
    {"nosamesite", "SameSite", {}, true},
};

void apply_flag(std::vector<Attribute>& attributes, std::string_view word) {
  const auto* flag = std::find_if(std::begin(kCookieFlags), std::end(kCookieFlags),
                                  [word](const CookieFlag& f) { return iequals(f.word, word); });
  if (flag == std::end(kCookieFlags)) return;
  const auto found = std::find_if(attributes.begin() + 1, attributes.end(),
                                  [flag](const Attribute& a) { return iequals(a.name, flag->name); });
  if (flag->removes) {
    if (found != attributes.end()) attributes.erase(found);
    return;
  }
  std::optional<std::string> value;
  if (!flag->value.empty()) value.emplace(flag->value);
  if (found == attributes.end())
    attributes.push_back({flag->name, std::move(value)});
  else
    found->value = std::move(value);
}

/// The first set of flags whose cookie this is.
bool apply_flags(std::vector<Attribute>& attributes, const ProxyPart& proxy, Request& request) {
  for (const CookieFlagsPart& part : proxy.cookie_flags) {
    const std::string_view cookie = attributes[0].name;
    const bool fits =
        part.pattern ? part.pattern->matches(cookie, request) : iequals(part.name.evaluate(request), cookie);
    if (!fits) continue;
    for (const std::string& flag : part.conf->flags) apply_flag(attributes, flag);
    return true;
  }
  return false;
}

}  // namespace

std::optional<std::string> replace_redirect(std::string_view url, const std::vector<ReplaceRule>& rules,
                                            Request& request) {
  return replace(url, rules, false, request);
}

std::optional<std::string> replace_cookie(std::string_view cookie, const ProxyPart& proxy, Request& request) {
  std::vector<Attribute> attributes = parse_cookie(cookie);
  bool changed = apply_rules(attributes, proxy, request);
  changed |= apply_flags(attributes, proxy, request);
  return changed ? std::optional(write_cookie(attributes)) : std::nullopt;
}

}  // namespace tidegate::sites
