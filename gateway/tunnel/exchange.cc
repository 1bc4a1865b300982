#include "gateway/tunnel/exchange.h"

#include <array>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/routing/rewrite.h"
#include "gateway/routing/variables.h"
#include "gateway/tunnel/body_pieces.h"
#include "gateway/tunnel/request_counts.h"

namespace tidegate::tunnel {
namespace {

/// More than this many 1xx before an answer is an upstream that plays tricks.
constexpr int kMaxInformational = 20;
constexpr http::HeadLimits kResponseLimits{64 * kKiB, 500, 8 * kKiB};
}  // namespace

Exchange::Exchange(ClientConnection& client, UpstreamSite& site, Places places)
    : client_(client),
      host_(client.host()),
      site_(site),
      request_(client.request()),
      route_(*client.request().route->conf),
      places_(std::move(places)),
      request_body_(request_.head->framing, request_.head->content_length, Party::client),
      parser_(kResponseLimits),
      owes_continue_(request_.head->expect_continue) {}

Exchange::~Exchange() = default;

// ---------------------------------------------------------------------------------------------------------------
// Towards the upstream

void Exchange::start() {
  const conf::Upstream& upstream = site_.connector->conf();
  if (upstream.sticky) {
    if (!site_.sticky_hash.empty()) wish_.hash = site_.sticky_hash.evaluate(request_.view);
    if (!upstream.sticky->cookie.empty()) {
      wish_.cookie = routing::cookie(*request_.head, upstream.sticky->cookie);
    }
  }
  wish_.timeout = route_.timeouts.connect;
  wish_.log_id = request_.id;
  wish_.for_tunnel = request_.head->upgrade == http::Upgrade::websocket;
  make_head();
  // A client that waits for the upstream's 100 is not slow.
  if (wants_body() && !request_.head->expect_continue) {
    body_deadline_.arm(host_.loop().timers(), route_.timeouts.body);
  }
  if (!wish_.for_tunnel) {
    if (auto idle = site_.connector->take_idle(wish_)) return on_connected(std::move(*idle));
  }
  attempt_ = site_.connector->connect(wish_, *this);
}

void Exchange::make_head() {
  const http::FieldRules rules =
      evaluate(request_.route->request_set, request_.route->request_remove, request_.view);
  const std::string path = routing::rewritten_path(route_, *request_.head, request_.uri);
  const conf::Server& first = site_.connector->conf().servers.front();
  const std::string host = first.unix_path.empty() ? first.host : "localhost";
  http::RequestContext context;
  context.path = path;
  context.client_address = request_.identity.remote_addr;
  context.peer_address = request_.peer_addr;
  context.scheme = request_.view.scheme;
  context.upstream_host = host;
  context.peer_trusted = request_.identity.peer_trusted;
  context.allow_underscores = route_.allow_underscores;
  context.rules = &rules;
  http::append_request(head_bytes_, *request_.head, context);
}

void Exchange::on_connected(upstream::Connection connection) {
  attempt_.reset();
  upstream_ = std::move(connection);
  last_server_ = upstream_.server;
  if (request_.head->upgrade == http::Upgrade::websocket) connected_at_ = std::chrono::steady_clock::now();
  upstream_.stream->set_listener(*this);
  upstream_.stream->start_reading();
  heard_upstream_ = false;
  send_request();
}

void Exchange::on_connect_failed(const Error& error) {
  last_server_ = attempt_ != nullptr ? attempt_->server() : last_server_;
  attempt_.reset();
  fail(error);
}

void Exchange::send_request() {
  const std::string body = std::move(pending_body_);
  pending_body_.clear();
  if (!body.empty()) body_sent_ = true;
  const std::array pieces{as_bytes(head_bytes_), as_bytes(body)};
  await_response();
  send_body(std::span(pieces).first(body.empty() ? 1 : 2));
  update_client_pause();
}

/// An upstream is silent once it has the whole request, or has to say 100 first; until then it may well wait.
void Exchange::await_response() {
  if (response_ != nullptr) return;
  if (wants_body() && !owes_continue_) return response_deadline_.disarm();
  response_deadline_.arm(host_.loop().timers(), route_.timeouts.response);
}

std::size_t Exchange::feed_body(Bytes bytes) {
  owes_continue_ = false;  // the client did not wait for it
  auto taken = take_payload(request_body_, bytes);
  if (!taken) {
    fail(taken.error());
    return bytes.size();
  }
  if (route_.max_body_bytes > 0 && request_body_.payload_bytes() > route_.max_body_bytes) {
    fail(Error(Reason::body_too_large));
    return bytes.size();
  }
  if (wants_body()) {
    body_deadline_.arm(host_.loop().timers(), route_.timeouts.body);
  } else {
    body_deadline_.disarm();
  }

  std::vector<Bytes> pieces;
  char header[24];
  if (request_.head->framing == http::Framing::chunked) {
    frame_as_chunk(pieces, taken.value().payload, header);
    if (!wants_body()) pieces.push_back(as_bytes(http::kLastChunk));
  } else {
    pieces = std::move(taken.value().payload);
  }
  if (pieces.empty()) return taken.value().consumed;
  if (upstream_.stream == nullptr) {
    for (Bytes piece : pieces) pending_body_ += as_text(piece);
  } else {
    body_sent_ = true;
    await_response();
    send_body(pieces);
  }
  update_client_pause();
  return taken.value().consumed;
}

void Exchange::send_body(std::span<const Bytes> pieces) {
  const Gathered gathered(pieces);
  if (upstream_.stream->write(gathered.pieces()) == net::Flow::congested && !upstream_congested_) {
    upstream_congested_ = true;
    upstream_stall_bytes_ = upstream_.stream->queued_bytes();
    upstream_stall_.arm(host_.loop().timers(), route_.timeouts.send);
  }
}

/// The client is read only as fast as the upstream takes its body, or the little that waits for a connection.
void Exchange::update_client_pause() {
  const bool pause =
      !over_ && (upstream_congested_ ||
                 (upstream_.stream == nullptr && pending_body_.size() >= ClientConnection::kHoldLimit));
  if (pause == client_paused_) return;
  client_paused_ = pause;
  if (pause) {
    body_deadline_.disarm();
    client_.stream().pause_reading();
  } else {
    if (!over_ && wants_body()) body_deadline_.arm(host_.loop().timers(), route_.timeouts.body);
    client_.stream().resume_reading();
  }
}

void Exchange::on_drained() {
  if (over_) return;
  upstream_congested_ = false;
  upstream_stall_.disarm();
  update_client_pause();
}

void Exchange::on_upstream_stall() {
  const std::size_t queued = upstream_.stream->queued_bytes();
  if (queued < std::exchange(upstream_stall_bytes_, queued)) {
    return upstream_stall_.arm(host_.loop().timers(), route_.timeouts.send);
  }
  fail(Error(Reason::send_timeout, Party::upstream));
}

// ---------------------------------------------------------------------------------------------------------------
// Towards the client

void Exchange::on_data(Bytes bytes) {
  if (over_) return;
  if (!std::exchange(heard_upstream_, true) && !first_byte_) {
    first_byte_ = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                        request_.began);
  }
  while (!bytes.empty() && !over_) {
    if (response_ != nullptr) return relay_body({}, bytes);
    bytes = read_head(bytes);
  }
}

Bytes Exchange::read_head(Bytes bytes) {
  auto fed = parser_.feed(bytes);
  if (!fed) {
    fail(Error(Reason::upstream_bad_response));
    return {};
  }
  bytes = bytes.subspan(fed.value().consumed);
  if (!fed.value().complete) return {};
  auto head = parser_.take(request_.is_head());
  if (head->status == 101) {
    upgrade(*head, bytes);
    return {};
  }
  if (head->informational()) {
    if (++informational_ > kMaxInformational) {
      fail(Error(Reason::upstream_bad_response));
      return {};
    }
    relay_informational(*head);
    return bytes;
  }
  std::string text;
  begin_response(std::move(head), text);
  relay_body(text, bytes);
  return {};
}

void Exchange::relay_informational(const http::ResponseHead& head) {
  if (head.status == 100) {
    owes_continue_ = false;
    await_response();
  }
  if (head.status == 100 && wants_body() && !client_paused_) {
    body_deadline_.arm(host_.loop().timers(), route_.timeouts.body);
  }
  if (request_.head->minor_version == 0) return;  // RFC 9110 §15.2: not to HTTP/1.0
  std::string text;
  http::append_response(text, head, http::ResponseContext{});
  write_to_client(std::array{as_bytes(text)});
}

void Exchange::begin_response(std::unique_ptr<http::ResponseHead> head, std::string& text) {
  response_ = std::move(head);
  status_ = response_->status;
  give_up_places();  // no tunnel comes of it
  response_deadline_.disarm();
  response_body_.emplace(response_->framing, response_->content_length, Party::upstream);
  const int minor = request_.head->minor_version;
  client_framing_ = http::client_framing(*response_, minor);
  // An answer that comes before the request's body has ended: the rest is never parsed as a request.
  if (wants_body() || client_framing_ == http::Framing::until_close) client_.forbid_keep_alive();
  if (!client_.keeps_alive()) client_.forbid_keep_alive();

  const http::FieldRules rules =
      evaluate(request_.route->response_set, request_.route->response_remove, request_.view);
  const std::string cookie =
      site_.connector->set_cookie(*upstream_.server, wish_.cookie, request_.view.scheme == "https");
  http::ResponseContext context;
  context.client_minor_version = minor;
  context.keep_alive = client_.keeps_alive();
  context.framing = client_framing_;
  context.head_request = request_.is_head();
  context.rules = &rules;
  context.set_cookie = cookie;
  http::append_response(text, *response_, context);
}

/// Passes on what `bytes` hold of the response's body, behind `head` if that was not sent yet, in one write.
void Exchange::relay_body(std::string_view head, Bytes bytes) {
  auto taken = take_payload(*response_body_, bytes);
  if (!taken) {
    if (!head.empty()) write_to_client(std::array{as_bytes(head)});
    return fail(Error(Reason::upstream_bad_response));
  }
  surplus_ = surplus_ || taken.value().consumed < bytes.size();
  for (Bytes part : taken.value().payload) body_bytes_to_client_ += part.size();

  std::vector<Bytes> pieces;
  char header[24];
  std::string trailers;
  if (!head.empty()) pieces.push_back(as_bytes(head));
  if (client_framing_ == http::Framing::chunked) {
    frame_as_chunk(pieces, taken.value().payload, header);
    if (response_body_->complete()) {
      if (request_.head->te_trailers) {
        http::append_trailers(trailers, response_body_->trailers());
      } else {
        trailers = http::kLastChunk;
      }
      pieces.push_back(as_bytes(trailers));
    }
  } else {
    pieces.insert(pieces.end(), taken.value().payload.begin(), taken.value().payload.end());
  }
  if (!pieces.empty()) write_to_client(pieces);
  if (response_body_->complete()) complete();
}

void Exchange::write_to_client(std::span<const Bytes> pieces) {
  const Gathered gathered(pieces);
  if (client_.write(gathered.pieces()) == net::Flow::ready || upstream_paused_) return;
  upstream_paused_ = true;
  upstream_.stream->pause_reading();
  client_stall_bytes_ = client_.stream().queued_bytes();
  client_stall_.arm(host_.loop().timers(), route_.timeouts.send);
}

void Exchange::on_client_drained() {
  if (over_ || !std::exchange(upstream_paused_, false)) return;
  client_stall_.disarm();
  upstream_.stream->resume_reading();
}

void Exchange::on_client_stall() {
  const std::size_t queued = client_.stream().queued_bytes();
  if (queued < std::exchange(client_stall_bytes_, queued)) {
    return client_stall_.arm(host_.loop().timers(), route_.timeouts.send);
  }
  AccessRecord ended = record();
  ended.reason = Reason::send_timeout;
  release();
  client_.on_exchange_cut(ended, /*by_framing=*/false);
}

void Exchange::upgrade(const http::ResponseHead& head, Bytes behind) {
  if (request_.head->upgrade != http::Upgrade::websocket || !http::accepts_handshake(head, *request_.head)) {
    return fail(Error(Reason::upstream_bad_upgrade));
  }
  if (http::answers_unoffered(head, *request_.head)) host_.counters().unoffered_answers.add();
  const http::FieldRules rules =
      evaluate(request_.route->response_set, request_.route->response_remove, request_.view);
  const std::string cookie =
      site_.connector->set_cookie(*upstream_.server, wish_.cookie, request_.view.scheme == "https");
  http::ResponseContext context;
  context.rules = &rules;
  context.set_cookie = cookie;
  std::string text;
  http::append_response(text, head, context);
  write_to_client(std::array{as_bytes(text)});
  status_ = 101;
  count_handshake_phases(client_.snapshot(), request_,
                         {client_.tls_time(), connected_at_, upstream_.server->conf});
  if (std::exchange(upstream_paused_, false)) upstream_.stream->resume_reading();
  const AccessRecord opened = record();
  upstream::Connection upstream = std::move(upstream_);
  Places places = std::move(places_);
  release();
  client_.on_upgraded(std::move(upstream), std::move(places), opened, behind);
}

// ---------------------------------------------------------------------------------------------------------------
// Ends

void Exchange::on_end(net::End end) {
  if (over_) return;
  if (response_ == nullptr) return upstream_lost(Error(Reason::upstream_closed));
  // A body that only the connection's end delimits is whole only if that end was clean.
  if (!response_body_->may_end_here() || end == net::End::truncated)
    return fail(Error(Reason::upstream_truncated));
  if (client_framing_ == http::Framing::chunked) write_to_client(std::array{as_bytes(http::kLastChunk)});
  surplus_ = true;  // an ended connection is not kept
  complete();
}

void Exchange::on_error(const Error& error) {
  if (over_) return;
  if (response_ == nullptr) return upstream_lost(error);
  fail(Error(Reason::upstream_truncated, error.os_error));
}

void Exchange::upstream_lost(const Error& error) {
  if (may_retry()) return retry();
  fail(Error(error.reason, Party::upstream, error.os_error));
}

/// RFC 9112 §9.3.1: only what is safe to send twice, on a connection that had been idle and closed without a
/// word.
bool Exchange::may_retry() const {
  return upstream_.reused() && !heard_upstream_ && !retried_ && !body_sent_ &&
         http::is_idempotent(request_.head->method);
}

void Exchange::retry() {
  retried_ = true;
  host_.counters().retries.add();
  response_deadline_.disarm();
  upstream_stall_.disarm();
  upstream_congested_ = false;
  upstream_.stream.reset();
  attempt_ = site_.connector->connect(wish_, *this);
  update_client_pause();
}

void Exchange::complete() {
  const AccessRecord ended = record();
  const bool keep = !wants_body() && response_->keep_alive && !surplus_;
  const int timeout_s = response_->keep_alive_timeout_s;
  if (std::exchange(upstream_paused_, false)) upstream_.stream->resume_reading();
  if (keep && !upstream_congested_) site_.connector->keep(std::move(upstream_), timeout_s);
  release();
  client_.on_exchange_done(ended);
}

void Exchange::fail(const Error& error) {
  if (over_) return;
  AccessRecord ended = record();
  ended.reason = error.reason;
  ended.why = error;
  const bool answered = response_ != nullptr;
  release();
  if (answered) return client_.on_exchange_cut(ended, client_framing_ != http::Framing::until_close);
  client_.on_exchange_failed(error, ended);
}

void Exchange::cancel() {
  release();
}

void Exchange::release() {
  over_ = true;
  response_deadline_.disarm();
  body_deadline_.disarm();
  upstream_stall_.disarm();
  client_stall_.disarm();
  attempt_.reset();
  upstream_.stream.reset();
  give_up_places();
  update_client_pause();
}

void Exchange::give_up_places() {
  places_.release();
  upstream_.claim.release();
}

AccessRecord Exchange::record() const {
  AccessRecord record;
  record.status = status_;
  record.bytes_sent = body_bytes_to_client_;
  record.bytes_received = request_body_.payload_bytes();
  if (last_server_ != nullptr) record.server = last_server_->conf->text;
  record.first_byte = first_byte_;
  return record;
}

}  // namespace tidegate::tunnel
