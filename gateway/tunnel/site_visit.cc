#include "gateway/tunnel/site_visit.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "gateway/http/grammar.h"
#include "gateway/net/proxy_header.h"
#include "gateway/tunnel/body_pieces.h"
#include "gateway/tunnel/request_counts.h"

namespace tidegate::tunnel {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// The bytes of a head as a client would send it.
std::uint64_t size_of(const http::RequestHead& head) {
  std::uint64_t size =
      head.method.size() + head.target.size() + 14;  // " ", " HTTP/1.1", CRLF and the last one
  for (const http::Field& field : head.fields) size += field.name.size() + field.value.size() + 4;
  return size;
}

bool asks_for_certificates(const conf::Listener& listener) {
  if (!listener.tls) return false;
  return listener.tls->client_auth.has_value() ||
         std::any_of(listener.tls->by_name.begin(), listener.tls->by_name.end(),
                     [](const conf::NamedTls& named) { return named.tls.client_auth.has_value(); });
}

template <typename... Cases>
struct Overloaded : Cases... {
  using Cases::operator()...;
};

}  // namespace

SiteVisit::SiteVisit(ClientConnection& client, Request& request, const sites::Visitor& visitor)
    : client_(client),
      host_(client.host()),
      request_(request),
      certificate_(asks_for_certificates(client.snapshot().config->listeners[visitor.listener])
                       ? client.stream().client_certificate()
                       : nullptr),
      visitor_(complete(visitor)),
      walk_(*client.snapshot().sites, *client.snapshot().zones, visitor_, facts_),
      request_body_(request.head->framing, request.head->content_length, Party::client),
      owes_continue_(request.head->expect_continue) {
  facts_.request_length = size_of(*request.head);
}

SiteVisit::~SiteVisit() = default;

sites::Visitor SiteVisit::complete(sites::Visitor visitor) const {
  const net::Stream& stream = client_.stream();
  visitor.scheme = request_.view.scheme;
  visitor.peer = stream.peer();
  visitor.over_unix = !client_.snapshot().config->listeners[visitor.listener].address.unix_path.empty();
  visitor.peer_port = stream.peer_port();
  if (const net::ProxyHeader* proxied = stream.proxied()) {
    if (proxied->source) visitor.proxied = &*proxied->source;
    visitor.proxied_port = proxied->source_port;
    if (proxied->destination) visitor.proxied_server = &*proxied->destination;
    visitor.proxied_server_port = proxied->destination_port;
  }
  const net::TlsInfo* tls = stream.tls();
  if (tls == nullptr) return visitor;
  visitor.sni = tls->server_name;
  visitor.ssl_protocol = tls->version;
  visitor.ssl_cipher = tls->cipher;
  visitor.ssl_session_reused = tls->resumed;
  visitor.ssl_client_verify = "NONE";
  if (certificate_ == nullptr) return visitor;
  visitor.ssl_client_verify = certificate_->verify;
  visitor.ssl_client_tolerable = certificate_->authority_unknown;
  visitor.ssl_client_subject = certificate_->subject;
  visitor.ssl_client_issuer = certificate_->issuer;
  visitor.ssl_client_serial = certificate_->serial;
  visitor.ssl_client_fingerprint = certificate_->fingerprint;
  visitor.ssl_client_not_before = certificate_->not_before;
  visitor.ssl_client_not_after = certificate_->not_after;
  visitor.ssl_client_certificate = certificate_->pem;
  return visitor;
}

void SiteVisit::begin() {
  act(walk_.begin());
}

void SiteVisit::act(sites::Action action) {
  stage_ = Stage::walking;
  request_.route = &client_.snapshot().routes->routes()[walk_.location().route];
  std::visit(
      Overloaded{[this](sites::Answer& a) { answer(std::move(a)); }, [this](sites::PassOn&) { pass_on(); },
                 [this](sites::SendFile& f) { send_file(std::move(f)); },
                 [this](sites::Ask& a) { ask(a.uri); },
                 [this](sites::Wait& w) {
                   stage_ = Stage::waiting;
                   deadline_.arm(host_.loop().timers(), std::max(w.time, 1ms));
                 },
                 [this](sites::Hangup& h) { hang_up(h.status); },
                 [this](sites::TellCounts& t) { tell_counts(t.status); }},
      action);
}

void SiteVisit::ask(const std::string& uri) {
  stage_ = Stage::waiting;
  subrequest_ =
      std::make_unique<Subrequest>(host_, client_.snapshot(), static_cast<SubrequestListener&>(*this), walk_,
                                   uri, *request_.head, request_.id);
  subrequest_->start();
}

void SiteVisit::on_subrequest_done(int status, const http::ResponseHead* head) {
  asked_.push_back(std::move(subrequest_));
  act(hear(status, head));
}

/// What auth_request_set asks about the upstream is the subrequest's.
sites::Action SiteVisit::hear(int status, const http::ResponseHead* head) {
  const sites::Facts& asked = asked_.back()->facts();
  const auto exchange = [&](auto member) { return std::exchange(facts_.*member, asked.*member); };
  std::string addr = exchange(&sites::Facts::upstream_addr);
  std::string answered = exchange(&sites::Facts::upstream_status);
  std::string time = exchange(&sites::Facts::upstream_response_time);
  sites::Action action = walk_.authorised(status, head);
  facts_.upstream_addr = std::move(addr);
  facts_.upstream_status = std::move(answered);
  facts_.upstream_response_time = std::move(time);
  return action;
}

void SiteVisit::hang_up(int status) {
  facts_.status = status;
  stage_ = Stage::over;
  log();
  client_.on_visit_hangup(record());
}

// ---------------------------------------------------------------------------------------------------------------
// On to an upstream

void SiteVisit::set_out() {
  errand_ = make_errand(client_.snapshot(), walk_, *request_.head, request_.id);
  if (errand_.out.upstream.empty()) return fail(Error(Reason::internal));  // a variable makes no sense
  const std::string& method = errand_.out.method;
  if (method.empty() || http::span_of(method, http::kTokenChar) != method.size()) {
    return fail(Error(Reason::internal));  // proxy_method's variables are no method
  }
  asks_head_ = method == "HEAD" && !request_.is_head();
  errand_.relays_trailers = request_.head->te_trailers;
  const routing::CompiledRoute& route = *request_.route;
  if (errand_.out.handshake && !places_.take(client_.snapshot(), route, request_.id)) {
    return fail(Error(Reason::too_many_tunnels));
  }
  add_body();
  find_upstream();
}

void SiteVisit::find_upstream() {
  stage_ = Stage::waiting;
  auto wait = find_connector(client_.snapshot(), errand_, [this](bool found) {
    if (!found) return fail(Error(Reason::upstream_unresolved));
    begin_passage();
  });
  // Answered at once, and then there may be another already: an error page's.
  if (wait != nullptr) lookup_ = std::move(wait);
}

void SiteVisit::begin_passage() {
  stage_ = Stage::passing;
  passage_ = std::make_unique<Passage>(host_, static_cast<Patron&>(*this), std::move(errand_), facts_);
  passage_->start();
}

// ---------------------------------------------------------------------------------------------------------------
// What the upstream says

Patron::Then SiteVisit::judge(const http::ResponseHead& head) {
  facts_.upstream = &head;
  facts_.status = head.status;
  if (walk_.location().proxy->accel_redirect) accel_redirect_ = head.value("X-Accel-Redirect");
  if (!accel_redirect_.empty()) return Then::drop;
  const bool intercepted =
      head.status >= 300 && walk_.location().proxy->intercept_errors && walk_.intercepts(head.status);
  return intercepted ? Then::drop : Then::relay;
}

void SiteVisit::on_dropped(std::unique_ptr<http::ResponseHead> head) {
  dropped_ = std::move(head);
  facts_.upstream = dropped_.get();
  places_.release();
  deadline_.disarm();
  streams_body_ = false;
  retire_helpers();
  if (!accel_redirect_.empty()) return act(walk_.redirected(std::exchange(accel_redirect_, {})));
  failed(dropped_->status, Reason::none);
}

void SiteVisit::on_informational(const http::ResponseHead& head) {
  // Our own 100 has gone already; nginx relays none, we relay the others (103).
  if (head.status == 100 || request_.head->minor_version == 0) return;
  std::string text;
  http::append_response(text, head, http::ResponseContext{});
  write(std::array{as_bytes(text)});
}

http::Framing SiteVisit::begin_answer(const http::ResponseHead& head, std::string& text) {
  const int minor = request_.head->minor_version;
  http::Framing framing = http::client_framing(head, minor);
  if (framing == http::Framing::chunked && !walk_.location().chunked) framing = http::Framing::until_close;
  if (request_.is_head() && framing != http::Framing::length) framing = http::Framing::none;
  const int told = walk_.told_status(head.status);
  const bool bodiless = told == 204 || told == 304;  // whatever body the page of an error has
  if (bodiless) framing = http::Framing::none;
  places_.release();
  deadline_.disarm();
  keep_alive_ = keeps_alive() && framing != http::Framing::until_close;
  // An answer that comes before the request's body has ended: the rest is never parsed as a request.
  if (!request_body_.complete()) keep_alive_ = false;
  // The upstream was asked for a head alone (proxy_method): the client sees by the end that no body comes.
  if (asks_head_) keep_alive_ = false;
  if (!keep_alive_) client_.forbid_keep_alive();

  const http::FieldRules rules =
      walk_.answer_rules(head.status, {.upstream = &head, .keep_alive = keep_alive_});
  http::ResponseContext context;
  context.status = told;
  context.client_minor_version = minor;
  context.keep_alive = keep_alive_;
  context.framing = framing;
  context.head_request = request_.is_head();
  context.rules = &rules;
  http::append_response(text, head, context);
  name_keep_alive(text);
  facts_.status = context.status;
  head_bytes_ = text.size();
  facts_.sent_head = text;
  // A HEAD may be passed on as something else (proxy_method): then a body comes that the client must not get.
  return request_.is_head() || bodiless ? http::Framing::none : framing;
}

net::Flow SiteVisit::write(std::span<const Bytes> pieces) {
  for (Bytes piece : pieces) facts_.bytes_sent += piece.size();
  return client_.write(pieces);
}

void SiteVisit::on_passage_failed(const Error& error) {
  fail(error);
}

void SiteVisit::on_passage_cut(const Error& error, bool by_framing) {
  AccessRecord ended = record();
  ended.reason = error.reason;
  ended.why = error;
  stage_ = Stage::over;
  facts_.complete = error.at_fault != Party::client;
  log();
  client_.on_exchange_cut(ended, by_framing);
}

void SiteVisit::on_passage_upgraded(std::unique_ptr<http::ResponseHead> head, upstream::Connection upstream,
                                    Bytes behind) {
  facts_.upstream = head.get();
  facts_.status = 101;
  facts_.complete = true;
  const http::FieldRules rules = walk_.answer_rules(101, {.upstream = head.get()});
  http::ResponseContext context;
  context.rules = &rules;
  std::string text;
  http::append_response(text, *head, context);
  write(std::array{as_bytes(text)});
  count_handshake_phases(client_.snapshot(), request_,
                         {client_.tls_time(), passage_->connected_at(), upstream.server->conf});
  const AccessRecord opened = record();
  stage_ = Stage::over;
  logged_ = true;  // at the tunnel's end
  auto tail = std::make_unique<SiteTail>();
  tail->server = passage_->on_demand();
  tail->began = request_.began;
  tail->head_bytes = facts_.bytes_sent;
  tail->upstream_sent = passage_->tries().sent();
  tail->upstream_received = passage_->tries().received() - behind.size();
  facts_.sent_head = text;
  tail->remains = walk_.leave();
  client_.on_upgraded(std::move(upstream), std::move(places_), opened, behind, std::move(tail));
}

// ---------------------------------------------------------------------------------------------------------------
// Ends

void SiteVisit::on_client_drained() {
  if (passage_ != nullptr) return passage_->on_client_drained();
  if (file_ != nullptr) file_->on_client_drained();
}

bool SiteVisit::outlives_client_end() const {
  if (stage_ == Stage::sending_file) return true;
  return stage_ == Stage::passing && walk_.location().proxy->ignore_client_abort;
}

void SiteVisit::retire_helpers() {
  lookup_.reset();
  if (passage_ != nullptr) {
    passage_->abandon();
    host_.loop().retire(std::move(passage_));
  }
  if (file_ != nullptr) {
    file_->cancel();
    host_.loop().retire(std::move(file_));
  }
}

void SiteVisit::fail(const Error& error) {
  if (passage_ != nullptr && passage_->answering()) return passage_->cut(error);
  reason_ = error.reason;
  why_ = error;
  failed(http_status(error), error.reason);
}

void SiteVisit::failed(int status, Reason reason) {
  deadline_.disarm();
  places_.release();
  retire_helpers();
  streams_body_ = false;
  facts_.status = status;
  if (auto action = walk_.failed(status, reason)) return act(std::move(*action));
  answer({.status = status, .reason = reason});
}

void SiteVisit::on_deadline() {
  switch (stage_) {
    case Stage::waiting:
      return act(walk_.resume());
    case Stage::reading_body:
      return fail(Error(Reason::body_timeout));
    case Stage::passing:
      if (wants_body()) return fail(Error(Reason::body_timeout));
      return deadline_.arm(host_.loop().timers(), body_timeout());  // it is the upstream that is slow
    case Stage::discarding_body:
      client_.forbid_keep_alive();
      return end();
    case Stage::walking:
    case Stage::sending_file:
    case Stage::over:
      return;
  }
}

void SiteVisit::end() {
  if (body_broken_) client_.forbid_keep_alive();
  const AccessRecord ended = record();
  stage_ = Stage::over;
  deadline_.disarm();
  client_.on_visit_done(ended, walk_.location().keepalive_timeout);
}

void SiteVisit::cancel() {
  if (stage_ == Stage::over) return;
  const bool in_body = stage_ == Stage::reading_body ||
                       (stage_ == Stage::passing && streams_body_ && !request_body_.complete());
  // nginx calls a body that breaks off a bad request.
  if (facts_.status == 0) facts_.status = in_body ? 400 : info(Reason::client_gone).http_status;
  stage_ = Stage::over;
  deadline_.disarm();
  places_.release();
  if (subrequest_ != nullptr) subrequest_->cancel();
  retire_helpers();
  log();
}

AccessRecord SiteVisit::record() const {
  AccessRecord record;
  record.status = facts_.status;
  record.bytes_sent = facts_.bytes_sent - std::min(head_bytes_, facts_.bytes_sent);
  record.bytes_received = request_body_.payload_bytes();
  record.reason = reason_;
  record.why = why_;
  if (passage_ != nullptr) {
    record.first_byte = passage_->first_byte();
    if (passage_->server() != nullptr) record.server = passage_->server()->conf->text;
  }
  return record;
}

}  // namespace tidegate::tunnel
