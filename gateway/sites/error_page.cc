#include <algorithm>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/routing/uri.h"
#include "gateway/sites/static_files.h"
#include "gateway/sites/uri_text.h"
#include "gateway/sites/walk_impl.h"

namespace tidegate::sites {
namespace {

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// nginx's own statuses of TLS and of heads that are too large go out as 400.
int public_status(int status) {
  return status >= 494 && status <= 497 ? 400 : status;
}

/// Errors after which nginx closes the connection, whatever page they have
/// (ngx_http_special_response_handler).
bool ends_connections(int status) {
  switch (status) {
    case 400:
    case 413:
    case 414:
    case 495:
    case 496:
    case 497:
    case 500:
    case 501:
      return true;
    default:
      return false;
  }
}

/// Statuses that nginx does not send: it closes the connection, and only the log tells.
bool is_unsaid(int status) {
  return status == 408 || status == 444 || status == 499;
}

/// nginx refuses to leave the tree by an X-Accel-Redirect (ngx_http_parse_unsafe_uri).
bool is_unsafe(std::string_view path) {
  if (path.empty() || path.find('\0') != std::string_view::npos) return true;
  return path.starts_with("../") || path == ".." || path.find("/../") != std::string_view::npos ||
         path.ends_with("/..");
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view digits = text.substr(std::min(i + 1, text.size()), 2);
    const bool hex = digits.size() == 2 && digits.find_first_not_of("0123456789abcdefABCDEF") == digits.npos;
    if (text[i] == '%' && hex) {
      out += static_cast<char>(std::stoi(std::string(digits), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

/// Fields of an upstream's answer that go along with an X-Accel-Redirect (ngx_http_upstream_headers_in).
constexpr std::string_view kCarried[] = {"Content-Type", "Set-Cookie",    "Content-Disposition",
                                         "Expires",      "Cache-Control", "Accept-Ranges"};

}  // namespace

const conf::ErrorPage* Walk::Impl::error_page_for(int status) const {
  if (request.in_error_page || request.uri_changes == 0) return nullptr;
  for (const conf::ErrorPage& page : request.location->conf->error_pages) {
    if (std::find(page.statuses.begin(), page.statuses.end(), status) != page.statuses.end()) return &page;
  }
  return nullptr;
}

/// As ngx_http_special_response_handler().
Action Walk::Impl::error(int status, Reason reason, Answer answer) {
  Request& r = request;
  const LocationPart& location = *r.location;
  if (reason == Reason::none && is_unsaid(status)) return Hangup{status};
  r.error_status = status;
  r.ends_connection = r.ends_connection || ends_connections(status);
  const conf::ErrorPage* const page = error_page_for(status);
  if (!location.conf->error_pages.empty() && !location.conf->recursive_error_pages) r.in_error_page = true;
  if (page != nullptr) {
    for (auto& [name, value] : answer.fields) {
      if (name == "WWW-Authenticate") r.carried.emplace_back(name, value);
    }
    const auto index = static_cast<std::size_t>(page - location.conf->error_pages.data());
    return show_error_page(*page, location.error_pages[index]);
  }
  answer.reason = reason;
  answer.status = public_status(status);
  if (!answer.body) {
    answer.content_type = with_charset("text/html", location.conf->files.charset, answer.status);
    std::string own = page_of(status);
    if (own.empty()) answer.content_type.clear();
    if (own.empty() || answer.status != status) answer.body = std::move(own);
  }
  return answer;
}

Action Walk::Impl::show_error_page(const conf::ErrorPage& page, const Expression& target) {
  Request& r = request;
  if (page.answer_with) r.error_status = *page.answer_with;
  std::string to = target.evaluate(r);
  if (to.starts_with('@')) return go_to_named(to);
  if (to.starts_with('/')) {
    const std::string args(routing::query_of(to));
    to.resize(to.size() - args.size());
    if (r.method != "HEAD") r.method = "GET";
    return redirect_inside(std::move(to), args.empty() ? args : args.substr(1));
  }
  Answer answer{
      .status = r.error_status, .content_type = "text/html", .fields = {{"Location", std::move(to)}}};
  if (!is_redirect(answer.status)) answer.status = 302;
  return answer;
}

Action Walk::Impl::redirect_inside(std::string uri, std::string args) {
  Request& r = request;
  r.location = &r.server->locations[0];
  if (--r.uri_changes <= 0) {
    r.uri_changes = 0;
    subject().complain(log::Level::error, "rewrite or internal redirection cycle");
    return error(500, Reason::internal);
  }
  r.uri = std::move(uri);
  r.args = std::move(args);
  r.internal = true;
  r.valid_unparsed_uri = false;
  r.valid_location = true;
  r.uri_behind_alias = false;
  return proceed(Phase::server_rewrite);
}

/// The URI stays, and may go on as it was sent.
Action Walk::Impl::go_to_named(std::string_view name) {
  Request& r = request;
  const std::size_t location = r.server->tree.named(name);
  if (--r.uri_changes <= 0 || location == 0) {
    r.uri_changes = std::max(r.uri_changes, 0);
    subject().complain(log::Level::error, location == 0
                                              ? "could not find named location \"" + std::string(name) + "\""
                                              : "rewrite or internal redirection cycle");
    return error(500, Reason::internal);
  }
  r.internal = true;
  r.uri_changed = false;
  r.enter(location);
  return proceed(Phase::location_rewrite);
}

std::string Walk::Impl::absolute(std::string to) const {
  const Request& r = request;
  const conf::Location& conf = *r.location->conf;
  if (!to.starts_with('/') || !conf.absolute_redirect) return to;
  std::string_view host = conf.server_name_in_redirect ? r.server_name() : r.visitor.head->host;
  if (host.empty()) host = r.visitor.server_addr;
  std::string out(r.visitor.scheme);
  out.append("://").append(host);
  const std::uint16_t usual = r.visitor.scheme == "https" ? 443 : 80;
  if (conf.port_in_redirect && r.visitor.server_port != 0 && r.visitor.server_port != usual)
    out.append(":").append(std::to_string(r.visitor.server_port));
  return out.append(to);
}

std::optional<Action> Walk::failed(int status, Reason reason) {
  Impl& i = *impl_;
  if (!i.begun) i.prepare();
  if (i.error_page_for(status) == nullptr) {
    i.request.error_status = status;
    i.request.ends_connection = i.request.ends_connection || ends_connections(status);
    return std::nullopt;
  }
  return i.error(status, reason);
}

bool Walk::intercepts(int status) const {
  const auto& proxy = impl_->request.location->conf->proxy;
  return proxy && proxy->intercept_errors && impl_->error_page_for(status) != nullptr;
}

/// As ngx_http_upstream_process_headers() does it.
Action Walk::redirected(std::string_view uri) {
  Impl& i = *impl_;
  Request& r = i.request;
  if (r.facts.upstream != nullptr) {
    for (const http::Field& field : r.facts.upstream->fields) {
      for (const std::string_view name : kCarried) {
        if (iequals(name, field.name)) r.carried.emplace_back(field.name, field.value);
      }
    }
  }
  if (uri.starts_with('@')) return i.go_to_named(uri);
  const std::string_view query = routing::query_of(uri);
  std::string path = percent_decoded(routing::path_of(uri));
  if (is_unsafe(path)) {
    i.subject().complain(log::Level::error, "unsafe URI \"" + path + "\" was detected in X-Accel-Redirect");
    return i.error(404);
  }
  if (r.method != "HEAD") r.method = "GET";
  return i.redirect_inside(std::move(path), std::string(query.substr(query.empty() ? 0 : 1)));
}

}  // namespace tidegate::sites
