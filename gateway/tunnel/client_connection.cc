#include "gateway/tunnel/client_connection.h"

#include <array>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/tunnel/acme.h"
#include "gateway/tunnel/exchange.h"
#include "gateway/tunnel/site_visit.h"
#include "gateway/tunnel/tunnel.h"

namespace tidegate::tunnel {

using std::chrono::milliseconds;

/// For how long what a client still sends is read and thrown away after our last word.
constexpr milliseconds kLingering{2000};
/// How long a drain waits for a connection that has asked for nothing yet: its first request may be on its
/// way.
constexpr milliseconds kFirstRequest{1000};

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
  accepted_at_ = std::chrono::steady_clock::now();
  if (const auto& tls = snapshot_->listeners[listener].tls) {
    state_ = State::tls_handshake;
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
      return serving_->outlives_client_end() ? forbid_keep_alive() : client_gone();
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
  if (state_ == State::exchange) return serving_->on_client_drained();
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
  AccessRecord record = serving_->record();
  serving_->cancel();
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

void ClientConnection::process(Bytes bytes, bool waited) {
  processing_ = true;
  while (!bytes.empty() && (state_ == State::head || state_ == State::exchange)) {
    // A client that does not read its answers gets no more of them made.
    const bool wait = state_ == State::exchange ? !serving_->wants_body() : congested_;
    if (wait) {
      hold(bytes);
      break;
    }
    if (state_ == State::head && !parser_.begun()) pipelined_ = waited;
    bytes = bytes.subspan(state_ == State::head ? read_head(bytes) : serving_->feed_body(bytes));
    waited = true;  // what is left is behind a request
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
  process(as_bytes(held), /*waited=*/true);
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
  keep_alive_ = host_.refresh(snapshot_, listener_, *stream_) && head->keep_alive;
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
  ++requests_;
  if (snapshot_->sites != nullptr) return visit_site();
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

/// An nginx configuration decides about the request; what is done is the visit's.
void ClientConnection::visit_site() {
  if (connection_ == 0) connection_ = host_.next_connection();
  const conf::ListenAddress& address = snapshot_->config->listeners[listener_].address;
  if (requests_ == 1) {
    server_addr_ = address.unix_path.empty() ? stream_->local_address() : "unix:" + address.unix_path;
  }
  sites::Visitor visitor;
  visitor.head = request_->head.get();
  visitor.listener = listener_;
  visitor.server_addr = server_addr_;
  visitor.server_port = address.port;
  visitor.connection = connection_;
  visitor.connection_requests = requests_;
  visitor.accepted = accepted_at_;
  visitor.pipelined = pipelined_;
  visitor.request_id = request_->request_id;
  visitor.began = std::chrono::system_clock::now();
  auto visit = std::make_unique<SiteVisit>(*this, *request_, visitor);
  SiteVisit& begun = *visit;
  serving_ = std::move(visit);
  begun.begin();
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
  auto exchange = std::make_unique<Exchange>(*this, *snapshot_->by_route[route.index], std::move(places));
  Exchange& started = *exchange;
  serving_ = std::move(exchange);
  started.start();
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

// ---------------------------------------------------------------------------------------------------------------
// What the exchange says

void ClientConnection::on_exchange_done(const AccessRecord& record) {
  AccessRecord done = record;
  finish_record(done);
  if (keeps_alive()) return next_request(snapshot_->config->timeouts.keepalive);
  say_goodbye();
}

void ClientConnection::read_on() {
  if (!processing_) release_held();
}

void ClientConnection::on_visit_done(const AccessRecord& record, milliseconds idle) {
  AccessRecord done = record;
  finish_record(done);
  if (keeps_alive()) return next_request(idle);
  say_goodbye();
}

void ClientConnection::on_visit_hangup(const AccessRecord& record) {
  AccessRecord done = record;
  finish_record(done);
  say_goodbye();
}

void ClientConnection::on_exchange_failed(const Error& error, const AccessRecord& record) {
  // After a fault of the upstream's the client's connection goes on, if its request was read to the end.
  if (error.at_fault == Party::client || serving_->wants_body()) return refuse(error, record);
  fail(error, record);
}

void ClientConnection::on_exchange_cut(const AccessRecord& record, bool by_framing) {
  AccessRecord ended = record;
  host_.counters().count(record.reason);
  finish_record(ended);
  if (by_framing) return say_goodbye();
  cut(record.reason);
}

void ClientConnection::on_upgraded(upstream::Connection upstream, Places places, const AccessRecord& record,
                                   Bytes from_upstream, std::unique_ptr<SiteTail> tail) {
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
  origin.tail = std::move(tail);
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
// Ends

void ClientConnection::next_request(milliseconds idle) {
  if (serving_ != nullptr) host_.loop().retire(std::move(serving_));
  request_.reset();
  state_ = State::head;
  served_one_ = true;
  deadline_.arm(host_.loop().timers(), idle);
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
  if (serving_ != nullptr) serving_->cancel();
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
