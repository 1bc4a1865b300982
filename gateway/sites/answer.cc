#include <algorithm>
#include <ctime>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/http/date.h"
#include "gateway/sites/expires.h"
#include "gateway/sites/replace.h"
#include "gateway/sites/static_files.h"
#include "gateway/sites/walk_impl.h"

// What a location makes of an answer, an upstream's or one of ours.

namespace tidegate::sites {
namespace {

constexpr std::string_view kServer = "tidegate";

std::string now() {
  char buffer[32];
  return std::string(http::http_date(std::time(nullptr), buffer));
}

/// Where an upstream's own is left out, or there is none, nginx writes these two itself.
void add_own_fields(http::FieldRules& rules, const conf::ProxyPass& proxy, const http::ResponseHead& head) {
  const auto missing = [&](std::string_view name) {
    const bool hidden = std::any_of(proxy.hide_fields.begin(), proxy.hide_fields.end(),
                                    [name](const std::string& h) { return iequals(h, name); });
    return hidden || head.find(name) == nullptr;
  };
  if (missing("Server")) rules.set.emplace_back("Server", kServer);
  if (missing("Date")) rules.set.emplace_back("Date", now());
}

/// `proxy_redirect default`: the upstream's URL becomes the location's path.
std::optional<std::string> default_redirect(std::string_view url, const Request& r) {
  const ProxyPart& proxy = *r.location->proxy;
  if (!proxy.conf->default_redirect || proxy.conf->upstream.empty()) return std::nullopt;
  std::string from = proxy.conf->target.value;
  std::string_view to = r.location->name;
  if (!proxy.conf->uri) {
    from += '/';
    to = "/";
  }
  if (!url.starts_with(from)) return std::nullopt;
  return std::string(to).append(url.substr(from.size()));
}

std::optional<std::string> redirect(std::string_view url, Request& r) {
  if (auto to = replace_redirect(url, r.location->proxy->redirects, r)) return to;
  return default_redirect(url, r);
}

/// The URL within a Refresh: "5; url=http://...".
std::size_t url_in_refresh(std::string_view value) {
  for (std::size_t at = 0; at + 4 <= value.size(); ++at) {
    if (iequals(value.substr(at, 4), "url=")) return at + 4;
  }
  return std::string_view::npos;
}

void rewrite_redirects(http::FieldRules& rules, const http::ResponseHead& head, Request& r,
                       const Walk::Impl& walk) {
  if (const http::Field* location = head.find("Location")) {
    if (auto to = redirect(location->value, r))
      rules.set.emplace_back("Location", walk.absolute(*std::move(to)));
  }
  if (const http::Field* refresh = head.find("Refresh")) {
    const std::size_t url = url_in_refresh(refresh->value);
    const auto to = url == std::string_view::npos ? std::nullopt : redirect(refresh->value.substr(url), r);
    if (to) rules.set.emplace_back("Refresh", std::string(refresh->value.substr(0, url)).append(*to));
  }
}

void rewrite_cookies(http::FieldRules& rules, const http::ResponseHead& head, Request& r) {
  const ProxyPart& proxy = *r.location->proxy;
  if (proxy.cookie_domains.empty() && proxy.cookie_paths.empty() && proxy.cookie_flags.empty()) return;
  const bool hidden = std::any_of(proxy.conf->hide_fields.begin(), proxy.conf->hide_fields.end(),
                                  [](const std::string& name) { return iequals(name, "Set-Cookie"); });
  if (hidden) return;
  rules.remove.emplace_back("Set-Cookie");
  for (const http::Field& field : head.fields) {
    if (!iequals(field.name, "Set-Cookie")) continue;
    rules.add.emplace_back("Set-Cookie",
                           replace_cookie(field.value, proxy, r).value_or(std::string(field.value)));
  }
}

/// What `charset` has put behind a type of ours comes later in nginx than the fields that may ask for it.
std::string_view without_charset(const Draft& draft, const Request& r) {
  const std::string& charset = r.location->conf->files.charset;
  const std::size_t semicolon = draft.content_type.find("; charset=");
  const bool added = !charset.empty() && draft.content_type.ends_with("; charset=" + charset);
  return added ? draft.content_type.substr(0, semicolon) : draft.content_type;
}

/// ngx_http_headers_module: expires first, then add_header.
void add_configured(http::FieldRules& rules, int status, Request& r) {
  const conf::Location& conf = *r.location->conf;
  r.facts.status = status;  // $status in what is added
  if (conf.expires && is_plain_status(status)) {
    const std::string said = r.location->expires.evaluate(r);
    if (auto fresh = freshness(*conf.expires, said, r.modified_s, std::time(nullptr))) {
      rules.set.emplace_back("Expires", std::move(fresh->expires));
      rules.set.emplace_back("Cache-Control", std::move(fresh->cache_control));
    }
  }
  for (std::size_t i = 0; i < conf.added_fields.size(); ++i) {
    const conf::AddedField& field = conf.added_fields[i];
    if (!field.always && !is_plain_status(status)) continue;
    std::string value = r.location->added_fields[i].evaluate(r);
    const bool single = iequals(field.name, "Last-Modified") || iequals(field.name, "ETag");
    if (single)
      rules.set.emplace_back(field.name, std::move(value));
    else if (!value.empty())
      rules.add.emplace_back(field.name, std::move(value));
  }
}

}  // namespace

http::FieldRules Walk::answer_rules(int status, const Draft& draft) const {
  Request& r = impl_->request;
  const http::ResponseHead* const upstream = draft.upstream;
  http::FieldRules rules;
  std::string_view type = upstream != nullptr ? upstream->value("Content-Type") : without_charset(draft, r);
  if (upstream != nullptr && r.location->proxy) {
    const conf::ProxyPass& proxy = *r.location->proxy->conf;
    for (const std::string& name : proxy.hide_fields) rules.remove.emplace_back(name);
    add_own_fields(rules, proxy, *upstream);
    rewrite_redirects(rules, *upstream, r, *impl_);
    rewrite_cookies(rules, *upstream, r);
    if (type.empty() && upstream->find("Content-Type") != nullptr) rules.remove.emplace_back("Content-Type");
    const std::string& charset = r.location->conf->files.charset;
    if (!type.empty() && !charset.empty())
      rules.set.emplace_back("Content-Type", with_charset(type, charset, status));
    status = impl_->told(status);
  }
  for (const auto& [name, value] : r.carried) {
    if (iequals(name, "Content-Type") && upstream != nullptr && !type.empty()) continue;
    if (iequals(name, "Content-Type"))
      rules.set.emplace_back(name, type = value);
    else
      rules.add.emplace_back(name, value);
  }
  const Request::Making making{draft, type, status, rules};
  r.making = &making;
  add_configured(rules, status, r);
  r.making = nullptr;
  return rules;
}

}  // namespace tidegate::sites
