#include "gateway/sites/walk.h"

#include <utility>

#include "gateway/base/text.h"
#include "gateway/routing/uri.h"
#include "gateway/sites/conditions.h"
#include "gateway/sites/forwarded.h"
#include "gateway/sites/static_files.h"
#include "gateway/sites/try_files.h"
#include "gateway/sites/uri_text.h"
#include "gateway/sites/walk_impl.h"

namespace tidegate::sites {
namespace {

constexpr int kCertificateError = 495;
constexpr int kCertificateMissing = 496;

template <typename... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <typename... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace

Walk::Walk(const SiteTable& table, Zones& zones, const Visitor& visitor, Facts& facts)
    : impl_(std::make_unique<Impl>(table.impl(), zones, visitor, facts)) {}
Walk::~Walk() = default;

Action Walk::begin() {
  return impl_->begin();
}

Action Walk::resume() {
  return impl_->proceed(Phase::limit_connections);
}

Action Walk::authorised(int status, const http::ResponseHead* head) {
  return impl_->authorised(status, head);
}

const conf::VirtualServer& Walk::server() const {
  return *impl_->request.server->conf;
}

const conf::Location& Walk::location() const {
  return *impl_->request.location->conf;
}

const std::string& Walk::uri() const {
  return impl_->request.uri;
}

std::string_view Walk::args() const {
  return impl_->request.args;
}

std::string_view Walk::remote_addr() const {
  return impl_->request.remote_addr;
}

bool Walk::ends_connection() const {
  return impl_->request.ends_connection;
}

int Walk::told_status(int status) const {
  return impl_->told(status);
}

/// As ngx_http_subrequest(): the URI is a new one, the variables are the parent's own.
std::unique_ptr<Walk> Walk::subrequest(std::string_view uri, Facts& facts) const {
  const Request& parent = impl_->request;
  std::unique_ptr<Walk> out(
      new Walk(std::make_unique<Impl>(parent.table, impl_->zones, parent.visitor, facts)));
  Request& request = out->impl_->request;
  request.subrequest = true;
  request.internal = true;
  request.valid_unparsed_uri = false;
  request.method = "GET";
  request.server = parent.server;
  request.first_server = parent.first_server;
  request.early_fields = parent.early_fields;
  request.location = &parent.server->locations[0];
  request.slots = parent.slots;
  request.remote_addr = parent.remote_addr;
  request.remote_ip = parent.remote_ip;
  request.remote_port = parent.remote_port;
  request.knows_real_ip = parent.knows_real_ip;
  request.uri = routing::path_of(uri);
  const std::string_view query = routing::query_of(uri);
  request.args = query.substr(query.empty() ? 0 : 1);
  return out;
}

Walk::Walk(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Subject Walk::Impl::subject() const {
  return {request.visitor.head, request.remote_addr, request.server_name(), request.visitor.request_id};
}

Action Walk::Impl::begin() {
  if (const int status = prepare(); status != 0) return error(status);
  return proceed(Phase::server_rewrite);
}

int Walk::Impl::prepare() {
  if (std::exchange(begun, true) || request.subrequest) return 0;
  const int refused = choose_server();
  read_real_ip(request.location->conf->real_ip);
  return refused != 0 ? refused : check_certificate();
}

/// By the listener, the name in the client's hello, then Host. The URI is read by the rules of the server
/// that is known before Host is.
int Walk::Impl::choose_server() {
  Request& r = request;
  const conf::ListenerServers& listener = r.table.sites->by_listener[r.visitor.listener];
  const ServerNames& names = r.table.names[r.visitor.listener];
  const std::string sni = to_lower(r.visitor.sni);
  std::optional<std::size_t> greeted;  // whom the hello named
  if (!sni.empty()) greeted = names.find(sni, r);
  const std::size_t first = greeted.value_or(listener.otherwise);
  r.first_server = r.table.servers[first].conf;
  const std::string& host = r.visitor.head->host;
  r.server = &r.table.servers[names.find(host, r).value_or(listener.otherwise)];
  r.location = &r.server->locations[0];
  const http::RequestHead& head = *r.visitor.head;
  const http::Field* const named = head.target.starts_with('/') ? head.find("Host") : nullptr;
  if (named != nullptr) r.early_fields = static_cast<std::size_t>(named - head.fields.data()) + 1;

  auto uri = routing::normalize_path(head.path, r.first_server->merge_slashes);
  const std::string_view query = routing::query_of(head.path);
  r.args = query.substr(query.empty() ? 0 : 1);
  if (!uri || !head.path.starts_with('/')) return 400;  // "*" is no URI to nginx
  r.uri = std::move(uri).value();
  // Certificates were asked for in the name of another server. nginx does not look at the names of one alone.
  const bool misdirected =
      greeted && listener.servers.size() > 1 && sni != host && r.server->conf->verify_client;
  return misdirected ? 421 : 0;
}

int Walk::Impl::check_certificate() const {
  const auto& verify = request.server->conf->verify_client;
  if (!verify || request.visitor.scheme != "https") return 0;
  const std::string_view found = request.visitor.ssl_client_verify;
  const bool anybody = *verify == conf::ClientAuth::Verify::optional_no_ca;
  if (found.starts_with("FAILED") && !(anybody && request.visitor.ssl_client_tolerable))
    return kCertificateError;
  const bool missing = found.empty() || found == "NONE";
  return missing && *verify == conf::ClientAuth::Verify::required ? kCertificateMissing : 0;
}

/// ngx_http_realip_module, which is asked once the server is known, and again in each location until it has
/// an answer.
void Walk::Impl::read_real_ip(const conf::RealIp& rule) {
  Request& r = request;
  if (r.knows_real_ip) return;
  const IpAddress* const peer = r.visitor.peer;
  const bool trusted =
      r.visitor.over_unix ? rule.from_unix_sockets : peer != nullptr && is_among(*peer, rule.from);
  if (!trusted) return;
  std::optional<Forwarded> found;
  if (rule.header == "proxy_protocol") {
    if (r.visitor.proxied == nullptr) return;
    found = Forwarded{*r.visitor.proxied, r.visitor.proxied_port};
  } else {
    std::string name = to_lower(rule.header);
    for (char& c : name) c = c == '-' ? '_' : c;
    const auto list = r.field(name);
    if (list) found = forwarded_address(*list, rule.from, rule.recursive);
  }
  if (!found) return;
  r.knows_real_ip = true;
  r.remote_ip = found->address;
  r.remote_addr = found->address.to_string();
  r.remote_port = found->port;
}

Action Walk::Impl::proceed(Phase phase) {
  std::optional<Action> action;
  for (;;) {
    switch (phase) {
      case Phase::server_rewrite:
        action = run_script(request.server->locations[0].script);
        phase = Phase::find_location;
        break;
      case Phase::find_location:
        action = find_location();
        phase = Phase::location_rewrite;
        break;
      case Phase::location_rewrite:
        // The server's own program has run already.
        if (request.location->index != 0) action = run_script(request.location->script);
        phase = Phase::limit_requests;
        if (action || !request.uri_changed) break;
        phase = Phase::find_location;
        request.location = &request.server->locations[0];
        if (--request.uri_changes == 0) {
          subject().complain(log::Level::error, "rewrite or internal redirection cycle");
          action = error(500, Reason::internal);
        }
        break;
      case Phase::limit_requests:
        read_real_ip(request.location->conf->real_ip);
        action = limit_requests();
        phase = Phase::limit_connections;
        break;
      case Phase::limit_connections:
        action = limit_connections();
        phase = Phase::access;
        break;
      case Phase::access:
      case Phase::ask:
        action = ask_for_access();
        phase = Phase::precontent;
        break;
      case Phase::precontent:
        action = try_files();
        phase = Phase::content;
        break;
      case Phase::content:
        action = content();
        break;
    }
    if (std::exchange(request.gave_up, false)) {
      // It may be what was to keep this request out.
      subject().complain(log::Level::error, "a regex came to its limits");
      return error(500, Reason::internal);
    }
    if (action) return *std::move(action);
  }
}

std::optional<Action> Walk::Impl::find_location() {
  Request& r = request;
  r.uri_changed = false;
  const LocationTree::Found found = r.server->tree.find(r.uri, r);
  const LocationPart& location = r.server->locations[found.location];
  r.location = &location;
  if (!r.internal && location.conf->internal) return error(404);
  r.enter(found.location);
  if (is_too_large()) return error(413, Reason::body_too_large);
  if (found.how != LocationTree::Found::How::redirect) return std::nullopt;
  std::string to = escape_uri(location.name);
  if (!r.args.empty()) to.append("?").append(r.args);
  return error(301, Reason::none, Answer{.fields = {{"Location", absolute(std::move(to))}}});
}

/// client_max_body_size, where the length is said; the rest is seen as the body comes. Said once: the
/// location of an error page may have a narrower limit.
bool Walk::Impl::is_too_large() {
  const Request& r = request;
  const auto& routes = r.table.config->routes;
  const std::size_t route = r.location->conf->route;
  if (route >= routes.size() || r.error_status != 0 || r.subrequest) return false;
  const std::uint64_t most = routes[route].max_body_bytes;
  return most > 0 && r.visitor.head->framing == http::Framing::length &&
         r.visitor.head->content_length > most;
}

std::optional<Action> Walk::Impl::run_script(const Program& program) {
  if (program.empty()) return std::nullopt;
  Program::Outcome outcome = program.run(request);
  if (!outcome.status) return std::nullopt;
  const int status = *outcome.status;
  if (outcome.to)
    return error(status, Reason::none, Answer{.fields = {{"Location", absolute(*std::move(outcome.to))}}});
  if (!outcome.body) return error(status);
  const conf::FileRules& files = request.location->conf->files;
  return answer({.status = status,
                 .body = std::move(outcome.body),
                 .content_type = with_charset(media_type(files, request.uri), files.charset, told(status))});
}

std::optional<Action> Walk::Impl::try_files() {
  Request& r = request;
  const conf::FileRules& files = r.location->conf->files;
  if (files.candidates.empty()) return std::nullopt;
  const auto evaluate = [this](std::size_t n) {
    const LocationPart& location = *request.location;
    return n < location.candidates.size() ? location.candidates[n].evaluate(request)
                                          : location.fallback.evaluate(request);
  };
  TryOutcome outcome = sites::try_files(files, r.place(), r.uri, evaluate, subject());
  return std::visit(Overloaded{[&](GoOn& go) -> std::optional<Action> {
                                 r.uri = std::move(go.uri);
                                 r.uri_behind_alias = go.uri_behind_alias;
                                 return std::nullopt;
                               },
                               [&](FallBack& back) -> std::optional<Action> {
                                 if (back.uri.starts_with('@')) return go_to_named(back.uri);
                                 return redirect_inside(std::move(back.uri), std::move(back.args));
                               },
                               [&](GiveUp& up) -> std::optional<Action> { return error(up.status); }},
                    outcome);
}

Action Walk::Impl::content() {
  Request& r = request;
  const conf::Location& conf = *r.location->conf;
  if (conf.proxy) return PassOn();
  if (conf.stub_status) {
    if (r.method != "GET" && r.method != "HEAD") return error(405, Reason::method_not_allowed);
    return TellCounts{told(200)};
  }
  std::vector<std::string> index;
  if (r.uri.ends_with('/')) {
    for (const Expression& file : r.location->index_files) index.push_back(file.evaluate(r));
  }
  FileRequest file{.rules = &conf.files,
                   .place = r.place(),
                   .uri = r.uri,
                   .args = r.args,
                   .index = index,
                   .subject = subject(),
                   .method = r.method,
                   .status = told(200),
                   .subrequest = r.subrequest};
  auto served = serve_file(file);
  return std::visit(
      Overloaded{[&](Answer& out) -> Action {
                   for (auto& [name, value] : out.fields) {
                     if (name == "Location") value = absolute(std::move(value));
                   }
                   const int status = out.status;
                   const Reason reason = out.reason;
                   return error(status, reason, std::move(out));
                 },
                 [&](SendFile& out) -> Action {
                   r.modified_s = out.file.modified_s();
                   return std::move(out);
                 },
                 [&](Elsewhere& out) -> Action { return redirect_inside(std::move(out.uri), r.args); }},
      served);
}

Action Walk::Impl::answer(Answer out) {
  out.status = told(out.status);
  if (out.status != 200 || request.subrequest) return out;
  // It has no validators, but `If-None-Match: *` and `If-Match` are judged all the same.
  const auto comparison = request.location->conf->files.if_modified_since;
  out.status = check_conditions(*request.visitor.head, Validators{}, comparison);
  if (out.status == 412) return error(412);
  if (out.status == 304) out.body.reset();
  return out;
}

}  // namespace tidegate::sites
