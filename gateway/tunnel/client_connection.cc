#include "gateway/tunnel/client_connection.h"

#include <array>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/tunnel/acme.h"
#include "gateway/tunnel/exchange.h"
#include "gateway/tunnel/failure_line.h"
#include "gateway/tunnel/request_counts.h"
#include "gateway/tunnel/tunnel.h"

namespace tidegate::tunnel {

using std::chrono::milliseconds;

/// For how long what a client still sends is read and thrown away after our last word.
constexpr milliseconds kLingering{2000};
/// How long a drain waits for a connection that has asked for nothing yet: its first request may be on its
/// way.
constexpr milliseconds kFirstRequest{1000};

static std::string body_of(int status, Reason reason) {
  std::string body = std::to_string(status);
  return body.append(" ").append(http::reason_phrase(status)).append(": ").append(word(reason)).append("\n");
}

ClientConnection::ClientConnection(Host& host, std::shared_ptr<Snapshot> snapshot, std::size_t listener,
                                   std::unique_ptr<net::Stream> socket)
    : host_(host),
      snapshot_(std::move(snapshot)),
      listener_(listener),
      parser_({snapshot_->config->limits.head_bytes, snapshot_->config->limits.fields,
               snapshot_->config->limits.uri_bytes}) {
  const conf::Timeouts& timeouts = snapshot_->config->timeouts;
  host_.counters().connections.add();
  entered_ = snapshot_->listeners[listener].counts;
  ++entered_->connections;
  ++entered_->active;
  if (const auto& tls = snapshot_->listeners[listener].tls) {
    state_ = State::tls_handshake;
    accepted_at_ = std::chrono::steady_clock::now();
    stream_ = tls->accept(host_.loop(), std::move(socket), *this);
    deadline_.arm(host_.loop().timers(), timeouts.tls_handshake);
  } else {
    stream_ = std::move(socket);
    stream_->set_listener(*this);
    deadline_.arm(host_.loop().timers(), timeouts.header);
  }
  stream_->start_reading();
}

ClientConnection::~ClientConnection() = default;

// ---------------------------------------------------------------------------------------------------------------
// What the stream says

void ClientConnection::on_open() {
  if (state_ != State::tls_handshake) return;
  state_ = State::head;
  const net::TlsInfo& tls = *stream_->tls();
  ++entered_->tls_completed[tls.version == "TLSv1.2" ? 0 : 1][tls.resumed ? 1 : 0];
  tls_time_ = std::chrono::steady_clock::now() - accepted_at_;
  snapshot_->tally->observe(metrics::Phase::tls, *tls_time_);
  deadline_.arm(host_.loop().timers(), host_.draining() ? kFirstRequest : snapshot_->config->timeouts.header);
}

void ClientConnection::on_data(Bytes bytes) {
  if (state_ == State::closed) return;
  process(bytes);
}

void ClientConnection::on_end(net::End) {
  client_ended_ = true;
  switch (state_) {
    case State::tls_handshake:
      count_tls_failure(Reason::client_gone);
      return close();
    case State::head:
      if (parser_.begun()) {
        host_.counters().count(Reason::client_gone);
        log::debug("http", "client_gone in the middle of a request's head");
      }
      return say_goodbye();
    case State::exchange:
      return client_gone();
    case State::closed:
      return;
  }
}

void ClientConnection::on_error(const Error& error) {
  switch (state_) {
    case State::tls_handshake:
      count_tls_failure(error.reason);
      if (error.reason == Reason::plain_http_on_tls) {
        AccessRecord record = make_record();
        record.status = http_status(error);
        record.reason = error.reason;
        finish_record(record);
      }
      return close();
    case State::head:
      if (error.reason == Reason::bad_framing) broken_proxy_header();
      return close();
    case State::exchange:
      return client_gone();
    case State::closed:
      return;
  }
}

/// Before any request; under TLS it counts as a handshake that failed.
void ClientConnection::broken_proxy_header() {
  host_.counters().count(Reason::bad_framing);
  if (!log::enabled(log::Level::info, "http")) return;
  log::info("http", "client: no PROXY header, or a broken one, on listener " +
                        snapshot_->config->listeners[listener_].name);
}

void ClientConnection::on_drained() {
  congested_ = false;
  if (state_ == State::exchange) return exchange_->on_client_drained();
  if (state_ == State::head) release_held();
}

void ClientConnection::count_tls_failure(Reason reason) {
  host_.counters().count(reason);
  ++entered_->tls_failed[metrics::index_of(reason)];
  // TLS itself has said what failed it.
  if (reason == Reason::tls_handshake_failed || !log::enabled(log::Level::debug, "tls")) return;
  log::debug("tls", "client: no handshake: " + std::string(word(reason)));
}

/// The upstream is cancelled, also before its answer.
void ClientConnection::client_gone() {
  AccessRecord record = exchange_->record();
  exchange_->cancel();
  if (record.status == 0) record.status = info(Reason::client_gone).http_status;
  record.reason = Reason::client_gone;
  host_.counters().count(Reason::client_gone);
  finish_record(record);
  close();
}

net::Flow ClientConnection::write(std::span<const Bytes> pieces) {
  const net::Flow flow = stream_->write(pieces);
  congested_ = congested_ || flow == net::Flow::congested;
  return flow;
}

// ---------------------------------------------------------------------------------------------------------------
// Bytes to requests

void ClientConnection::process(Bytes bytes) {
  processing_ = true;
  while (!bytes.empty() && (state_ == State::head || state_ == State::exchange)) {
    // A client that does not read its answers gets no more of them made.
    const bool wait = state_ == State::exchange ? !exchange_->wants_body() : congested_;
    if (wait) {
      hold(bytes);
      break;
    }
    bytes = bytes.subspan(state_ == State::head ? read_head(bytes) : exchange_->feed_body(bytes));
  }
  processing_ = false;
}

void ClientConnection::hold(Bytes bytes) {
  held_ += as_text(bytes);
  if (held_.size() < kHoldLimit || holding_paused_) return;
  holding_paused_ = true;
  stream_->pause_reading();
}

void ClientConnection::release_held() {
  if (std::exchange(holding_paused_, false)) stream_->resume_reading();
  if (held_.empty()) return;
  const std::string held = std::exchange(held_, {});
  process(as_bytes(held));
}

std::size_t ClientConnection::read_head(Bytes bytes) {
  const bool had_begun = parser_.begun();
  auto fed = parser_.feed(bytes);
  if (!fed) {
    refuse(fed.error(), make_record());
    return bytes.size();
  }
  if (!fed.value().complete) {
    if (!had_begun && parser_.begun() && (served_one_ || host_.draining())) {
      deadline_.arm(host_.loop().timers(), snapshot_->config->timeouts.header);
    }
    return fed.value().consumed;
  }
  deadline_.disarm();
  host_.counters().requests.add();
  state_ = State::exchange;
  auto head = parser_.take();
  keep_alive_ = host_.refresh(snapshot_, listener_) && head->keep_alive;
  auto request = Request::make(std::move(head), *stream_, *snapshot_, listener_, host_);
  if (!request) {
    refuse(request.error(), make_record());
    return bytes.size();
  }
  request_ = std::move(request).value();
  dispatch();
  return fed.value().consumed;
}

// ---------------------------------------------------------------------------------------------------------------
// What happens to a request

void ClientConnection::dispatch() {
  const http::RequestHead& head = *request_->head;
  if (head.upgrade == http::Upgrade::websocket_invalid)
    return refuse(Error(Reason::bad_handshake), make_record());
  if (head.upgrade == http::Upgrade::websocket_version) {
    return refuse(Error(Reason::websocket_version), make_record());
  }
  if (serve_acme_challenge()) return;
  const routing::RouteTable& routes = *snapshot_->routes;
  const auto& redirect = snapshot_->config->listeners[listener_].redirect;
  const bool redirects = redirect && !(snapshot_->config->listeners[listener_].redirect_to_https &&
                                       request_->identity.forwarded_https);
  // Routes that name the listener come before its redirect; the others come only where there is none.
  const auto found = routes.find(request_->view, /*named_listener_only=*/redirects);
  if (found.route == nullptr && redirects) {
    host_.counters().redirects.add();
    return send_redirect(*redirect, snapshot_->listeners[listener_].redirect_to, nullptr);
  }
  if (found.route == nullptr) {
    return answer({.status = 404, .body = "404 Not Found\n", .reason = Reason::no_route});
  }
  request_->route = found.route;
  request_->view.uri_rest = found.uri_rest;
  serve_route();
}

void ClientConnection::serve_route() {
  const routing::CompiledRoute& route = *request_->route;
  const http::RequestHead& head = *request_->head;
  if (route.conf->redirect) {
    host_.counters().redirects.add();
    return send_redirect(*route.conf->redirect, route.redirect_to, &route);
  }
  if (route.conf->respond) {
    return answer({.status = route.conf->respond->status,
                   .content_type = route.conf->respond->content_type,
                   .body = route.respond_body.evaluate(request_->view),
                   .route = &route});
  }
  if (head.upgrade == http::Upgrade::websocket &&
      !routing::origin_allowed(route.conf->websocket.origins, head.value("Origin"))) {
    return answer({.status = http_status(Error(Reason::origin_refused)),
                   .body = "403 Forbidden: this origin may not open a WebSocket here\n",
                   .route = &route,
                   .reason = Reason::origin_refused});
  }
  if (route.conf->max_body_bytes > 0 && head.framing == http::Framing::length &&
      head.content_length > route.conf->max_body_bytes) {
    return refuse(Error(Reason::body_too_large), make_record());
  }
  Places places;
  if (head.upgrade == http::Upgrade::websocket && !places.take(*snapshot_, route, request_->id)) {
    return fail(Error(Reason::too_many_tunnels), {});
  }
  exchange_ = std::make_unique<Exchange>(*this, *snapshot_->by_route[route.index], std::move(places));
  exchange_->start();
}

bool ClientConnection::serve_acme_challenge() {
  const conf::Text& directory = snapshot_->config->listeners[listener_].acme_challenge;
  if (directory.empty() || !is_acme_challenge(request_->uri)) return false;
  auto file = read_acme_challenge(directory.value, request_->uri);
  if (file) {
    answer({.content_type = "text/plain", .body = std::move(*file)});
  } else {
    answer({.status = 404, .body = "404 Not Found\n", .reason = Reason::no_route});
  }
  return true;
}

void ClientConnection::send_redirect(const conf::Redirect& redirect, const routing::Template& to,
                                     const routing::CompiledRoute* route) {
  // A request without Host (HTTP/1.0 only) has no name under which it could be sent on.
  if (request_->head->authority.empty() && !to.constant())
    return refuse(Error(Reason::bad_host), make_record());
  std::string location = to.evaluate(request_->view);
  answer({.status = redirect.status, .fields = {{"Location", std::move(location)}}, .route = route});
}

void ClientConnection::answer(Answer answer) {
  const http::RequestHead& head = *request_->head;
  // A body that nobody will read is never parsed as a request.
  if (head.framing != http::Framing::none &&
      !(head.framing == http::Framing::length && head.content_length == 0)) {
    keep_alive_ = false;
  }
  keep_alive_ = keeps_alive();
  http::FieldRules rules;
  if (answer.route != nullptr) {
    rules = evaluate(answer.route->response_set, answer.route->response_remove, request_->view);
  }
  http::OwnResponse response;
  response.status = answer.status;
  response.content_type = answer.content_type;
  response.body = answer.body;
  response.fields = std::move(answer.fields);
  response.client_minor_version = head.minor_version;
  response.keep_alive = keep_alive_;
  response.head_request = request_->is_head();
  response.rules = &rules;
  std::string text;
  http::append_own_response(text, response);
  write(std::array{as_bytes(text)});

  AccessRecord record = std::move(answer.record);
  record.status = answer.status;
  record.reason = answer.reason;
  record.bytes_sent = request_->is_head() ? 0 : answer.body.size();
  if (answer.reason != Reason::none) host_.counters().count(answer.reason);
  finish_record(record);
  if (keep_alive_) return next_request();
  say_goodbye();
}

void ClientConnection::refuse(const Error& error, AccessRecord record) {
  const int status = http_status(error);
  const std::string body = body_of(status, error.reason);
  http::OwnResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = body;
  if (error.reason == Reason::websocket_version) {  // RFC 6455 §4.4
    response.fields = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  }
  if (error.reason == Reason::method_not_allowed) {  // RFC 9110 §15.5.6
    response.fields = {{"Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}};
  }
  response.head_request = request_ != nullptr && request_->is_head();
  std::string text;
  http::append_own_response(text, response);
  write(std::array{as_bytes(text)});
  host_.counters().count(error.reason);
  record.status = status;
  record.reason = error.reason;
  record.bytes_sent = body.size();
  finish_record(record);
  say_goodbye();
}

// ---------------------------------------------------------------------------------------------------------------
// What the exchange says

void ClientConnection::on_exchange_done(const AccessRecord& record) {
  AccessRecord done = record;
  finish_record(done);
  if (keeps_alive()) return next_request();
  say_goodbye();
}

void ClientConnection::on_exchange_failed(const Error& error, const AccessRecord& record) {
  // After a fault of the upstream's the client's connection goes on, if its request was read to the end.
  if (error.at_fault == Party::client || exchange_->wants_body()) return refuse(error, record);
  fail(error, record);
}

void ClientConnection::fail(const Error& error, const AccessRecord& record) {
  const int status = http_status(error);
  Answer failed;
  failed.status = status;
  failed.body = body_of(status, error.reason);
  failed.route = request_->route;
  // RFC 9110 §10.2.3: when asking again may be worth it.
  if (error.reason == Reason::too_many_tunnels || error.reason == Reason::no_server) {
    failed.fields = {{"Retry-After", "5"}};
  }
  failed.reason = error.reason;
  failed.record = record;
  answer(std::move(failed));
}

void ClientConnection::on_exchange_cut(const AccessRecord& record, bool by_framing) {
  AccessRecord ended = record;
  host_.counters().count(record.reason);
  finish_record(ended);
  if (by_framing) return say_goodbye();
  cut(record.reason);
}

void ClientConnection::on_upgraded(upstream::Connection upstream, Places places, const AccessRecord& record,
                                   Bytes from_upstream) {
  AccessRecord opened = record;
  opened.event = AccessRecord::Event::tunnel_open;
  TunnelOrigin origin;
  origin.id = request_->id;
  origin.remote_addr = request_->identity.remote_addr;
  origin.target = request_->head->target;
  origin.host = request_->head->authority;
  origin.listener = listener_;
  origin.entered = std::exchange(entered_, nullptr);  // the tunnel is that connection from here on
  origin.places = std::move(places);
  finish_record(opened);

  auto tunnel = std::make_unique<Tunnel>(host_, snapshot_, *request_->route, std::move(stream_),
                                         std::move(upstream), std::move(origin));
  const bool paused = std::exchange(holding_paused_, false);
  const std::string held = std::exchange(held_, {});
  Tunnel& running = *tunnel;
  host_.admit(std::move(tunnel));
  close();  // not before: a worker that drains would have found itself empty in between
  running.start(as_bytes(held), from_upstream, paused);
}

// ---------------------------------------------------------------------------------------------------------------
// Records

AccessRecord ClientConnection::make_record() const {
  AccessRecord record;
  if (request_ != nullptr) return record;
  // Refused before it was a request: what is known of its first line.
  const std::string_view line = parser_.partial_line();
  const std::size_t space = line.find(' ');
  record.method = line.substr(0, space);
  if (space != std::string_view::npos) {
    record.target = line.substr(space + 1, line.find(' ', space + 1) - space - 1);
  }
  return record;
}

/// Fills in what the connection and the request know, counts it, and logs it: in the access log always, in
/// the diagnostics log if something went wrong.
void ClientConnection::finish_record(AccessRecord& record) {
  count_request(*snapshot_, listener_, request_.get(), record);
  const std::string fresh = request_ != nullptr ? std::string() : host_.next_id();
  const std::string_view id = request_ != nullptr ? std::string_view(request_->id) : fresh;
  const bool routed = request_ != nullptr && request_->route != nullptr;
  if (record.reason != Reason::none) {
    log_failure("http", record.why.value_or(Error(record.reason)),
                routed ? std::string_view(request_->route->conf->name) : std::string_view(), record.server,
                id);
  }
  if (!host_.logs_access()) return;
  record.time = std::chrono::system_clock::now();
  record.listener = snapshot_->config->listeners[listener_].name;
  std::string peer;
  record.id = id;
  if (request_ != nullptr) {
    const http::RequestHead& head = *request_->head;
    if (routed) record.route = request_->route->conf->name;
    record.remote_addr = request_->identity.remote_addr;
    record.method = head.method;
    record.target = head.target;
    record.minor_version = head.minor_version;
    record.host = head.authority;
    record.user_agent = head.value("User-Agent");
    record.referer = head.value("Referer");
    record.duration = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                            request_->began);
  } else {
    peer = stream_->peer() != nullptr ? stream_->peer()->to_string() : "unix:";
    record.remote_addr = peer;
  }
  host_.log_access(record);
}

// ---------------------------------------------------------------------------------------------------------------
// Ends

void ClientConnection::next_request() {
  if (exchange_ != nullptr) host_.loop().retire(std::move(exchange_));
  request_.reset();
  state_ = State::head;
  served_one_ = true;
  deadline_.arm(host_.loop().timers(), snapshot_->config->timeouts.keepalive);
  // Inside process() its loop goes on; here the bytes that waited do.
  if (!processing_ && !congested_) release_held();
}

void ClientConnection::begin_drain(const DrainPlan&) {
  const bool waits = state_ == State::tls_handshake || (state_ == State::head && !parser_.begun());
  if (!waits) return;
  if (served_one_) return say_goodbye();
  deadline_.arm(host_.loop().timers(), kFirstRequest);
}

/// What is queued is sent, then FIN; what the client still sends is thrown away, so that no reset overtakes
/// the answer.
void ClientConnection::say_goodbye() {
  if (state_ == State::closed) return;
  const net::Patience patience{.end = kLingering, .take = snapshot_->config->timeouts.route.send};
  if (std::exchange(holding_paused_, false)) stream_->resume_reading();
  host_.loop().linger(std::move(stream_), patience, /*wait_for_peer=*/!client_ended_);
  close();
}

/// Ends in the middle of something: the cut must be visible to the client (RFC 9112 §8).
void ClientConnection::cut(Reason reason) {
  if (state_ == State::closed) return;
  if (exchange_ != nullptr) exchange_->cancel();
  if (reason != Reason::stop) stream_->reset_on_close();
  close();
}

void ClientConnection::close() {
  if (std::exchange(state_, State::closed) == State::closed) return;
  deadline_.disarm();
  if (entered_ != nullptr) --entered_->active;
  host_.retire(*this);
}

void ClientConnection::on_deadline() {
  if (state_ == State::tls_handshake) {
    count_tls_failure(host_.draining() ? Reason::drain : Reason::tls_handshake_timeout);
    return close();
  }
  if (parser_.begun()) return refuse(Error(Reason::header_timeout), make_record());
  const Reason idle = served_one_ ? Reason::keepalive_timeout : Reason::header_timeout;
  host_.counters().count(host_.draining() ? Reason::drain : idle);
  say_goodbye();
}

}  // namespace tidegate::tunnel
