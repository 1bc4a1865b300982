#include "gateway/tunnel/tunnel.h"

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/tunnel/failure_line.h"
#include "gateway/websocket/control_frame.h"

namespace tidegate::tunnel {

using std::chrono::milliseconds;
using websocket::ControlFrame;
using websocket::Sender;

Tunnel::Tunnel(Host& host, std::shared_ptr<Snapshot> snapshot, const routing::CompiledRoute& route,
               std::unique_ptr<net::Stream> client, upstream::Connection upstream, TunnelOrigin origin)
    : host_(host),
      snapshot_(std::move(snapshot)),
      route_(route),
      counts_(snapshot_->counts_of(&route)),
      client_(std::move(client)),
      upstream_(std::move(upstream)),
      to_upstream_(Sender::client, route.conf->websocket.max_message_bytes),
      to_client_(Sender::server, route.conf->websocket.max_message_bytes),
      origin_(std::move(origin)),
      opened_(host.loop().now()),
      last_activity_(opened_) {
  if (route.conf->websocket.ping_interval > milliseconds::zero()) {
    next_ping_ = opened_ + route.conf->websocket.ping_interval;
  }
  upstream_.server->state->tunnels.fetch_add(1, std::memory_order_relaxed);
  host_.counters().tunnels_opened.add();
  ++counts_.tunnels_opened;
  ++counts_.tunnels_active;
}

Tunnel::~Tunnel() {
  upstream_.server->state->tunnels.fetch_sub(1, std::memory_order_relaxed);
  upstream_.claim.release();
  origin_.places.release();  // before anybody hears that it has ended
  host_.counters().tunnels_closed.add();
}

void Tunnel::start(Bytes from_client, Bytes from_upstream, bool client_paused) {
  client_->set_listener(client_side_);
  upstream_.stream->set_listener(upstream_side_);
  if (client_paused)
    client_->resume_reading();  // calls nobody from within; what follows may give the stream away
  schedule();
  if (!from_client.empty()) forward(to_upstream_, from_client);
  if (!from_upstream.empty()) forward(to_client_, from_upstream);
}

Sender Tunnel::speaks_as(const Direction& d) const {
  return &d == &to_upstream_ ? Sender::client : Sender::server;
}

// ---------------------------------------------------------------------------------------------------------------
// Bytes

void Tunnel::forward(Direction& d, Bytes bytes) {
  if (finished_) return;
  const auto seen =
      d.scanner.scan(bytes, tracing_ == nullptr ? nullptr : &tracing_->observer(direction_of(d)));
  d.heard_since_ping = true;
  // Pongs answer our own pings; where we send none they are the application's.
  if (seen.other_than_pong || next_ping_ == Clock::time_point::max()) last_activity_ = host_.loop().now();
  if (!d.scanner.following() && !std::exchange(d.stop_counted, true)) host_.counters().scanners_stopped.add();
  if (seen.close) set_ended(&d == &to_upstream_ ? Party::client : Party::upstream, Reason::finished);

  if (!d.muted) {
    if (seen.too_big && !closing_) return close_oversized(d, bytes, seen);
    if (d.close_pending != 0 || d.ping_pending) {
      forward_with_control(d, bytes, seen);
    } else {
      write(d, {&bytes, 1});
    }
  }
  if (!seen.close) return;
  if (closing_) return end_if_both_closed();
  // RFC 6455 §7.1.1: after both Closes somebody should hang up. Nobody is waited for beyond `close`.
  if (other(d).scanner.close_code()) cut_after(snapshot_->config->timeouts.close);
}

/// A frame of ours waits for a boundary: it goes in where the last frame within these bytes ends.
void Tunnel::forward_with_control(Direction& d, Bytes bytes, const websocket::FrameScanner::Seen& seen) {
  const bool passed_close = d.scanner.close_code().has_value();
  if (passed_close || !d.scanner.following()) {
    d.close_pending = 0;
    d.ping_pending = false;
  }
  if ((d.close_pending == 0 && !d.ping_pending) || seen.boundary == 0) return write(d, {&bytes, 1});
  write(d, std::array{bytes.first(seen.boundary)});
  if (d.close_pending != 0) {
    write_close(d, std::exchange(d.close_pending, std::uint16_t{0}));
    return end_if_both_closed();
  }
  d.ping_pending = false;
  write_ping(d, bytes.subspan(seen.boundary));
}

void Tunnel::write(Direction& d, std::span<const Bytes> pieces) {
  net::Stream& to = sink(d);
  if (to.write(pieces) == net::Flow::ready || d.congested) return;
  d.congested = true;
  d.stalled_since = host_.loop().now();
  d.stalled_bytes = to.queued_bytes();
  if (!d.ended) source(d).pause_reading();
  schedule();
}

/// After a Close of ours nothing more goes that way. What the source still says is read and dropped, its own
/// Close among it, so that a sink that does not keep up holds nothing back any more.
void Tunnel::write_close(Direction& d, std::uint16_t code) {
  const auto frame = ControlFrame::close(speaks_as(d), code, {}, static_cast<std::uint32_t>(host_.random()));
  write(d, std::array{frame.bytes()});
  trace_own(d, websocket::Opcode::close, 2, code);
  counts_.close_code(Party::gateway, code);
  d.muted = true;
  resume_source(d);
}

void Tunnel::write_ping(Direction& d, Bytes behind) {
  const auto frame = ControlFrame::ping(speaks_as(d), {}, static_cast<std::uint32_t>(host_.random()));
  other(d).heard_since_ping = false;
  trace_own(d, websocket::Opcode::ping, 0, std::nullopt);
  write(d, std::array{frame.bytes(), behind});
}

void Tunnel::on_drained(Direction& d) {
  if (!finished_) resume_source(d);
}

void Tunnel::resume_source(Direction& d) {
  if (std::exchange(d.congested, false) && !d.ended) source(d).resume_reading();
}

// ---------------------------------------------------------------------------------------------------------------
// Ends

void Tunnel::on_client_end() {
  if (finished_) return;
  to_upstream_.ended = true;
  set_ended(Party::client, Reason::client_ended);
  end_if_both_closed();
  if (finished_) return;
  upstream_.stream->end_writing();
  cut_after(snapshot_->config->timeouts.close);
}

void Tunnel::on_upstream_end() {
  if (finished_) return;
  set_ended(Party::upstream, Reason::upstream_ended);
  // A client that ended first expects no more than the end; one that is being closed has our Close, or is in
  // a frame.
  if (!to_upstream_.ended && !closing_) send_close(to_client_, info(Reason::upstream_ended).close_code);
  to_client_.ended = true;
  end_if_both_closed();
  if (finished_) return;
  client_->end_writing();
  cut_after(snapshot_->config->timeouts.close);
}

void Tunnel::on_client_error(const Error& error) {
  if (finished_) return;
  set_ended(Party::client, Reason::client_reset);
  if (!told_the_end(to_upstream_)) upstream_.stream->reset_on_close();
  finish(Reason::client_reset, error.os_error);
}

void Tunnel::on_upstream_error(const Error& error) {
  if (finished_) return;
  set_ended(Party::upstream, Reason::upstream_reset);
  send_close(to_client_, info(Reason::upstream_reset).close_code);
  if (!told_the_end(to_client_)) client_->reset_on_close();
  finish(Reason::upstream_reset, error.os_error);
}

void Tunnel::close_oversized(Direction& d, Bytes bytes, const websocket::FrameScanner::Seen& seen) {
  const auto code = info(Reason::message_too_big).close_code;
  if (!seen.too_big_mid_frame) {
    // What came whole before the frame that is too much goes on; then our Close instead of that frame, unless
    // a Close was among what went before.
    if (seen.too_big_boundary > 0) write(d, std::array{bytes.first(seen.too_big_boundary)});
    if (!d.scanner.close_code()) write_close(d, code);
  }
  d.muted = true;
  set_ended(&d == &to_upstream_ ? Party::client : Party::upstream, Reason::message_too_big);
  shut(Reason::message_too_big, code, snapshot_->config->timeouts.close);
}

void Tunnel::shut(Reason reason, std::uint16_t code, milliseconds patience) {
  if (finished_ || closing_) return;
  closing_ = true;
  set_ended(Party::gateway, reason);
  send_close(to_client_, code);
  send_close(to_upstream_, code);
  cut_after(patience);
  end_if_both_closed();
}

void Tunnel::close(std::uint16_t code) {
  const milliseconds patience = snapshot_->config->timeouts.close;
  if (closing_) return cut_after(patience);
  shut(Reason::admin, code, patience);
}

void Tunnel::send_close(Direction& d, std::uint16_t code) {
  if (d.muted || d.ended || d.scanner.close_code() || !d.scanner.following()) return;
  if (!d.scanner.at_boundary()) {
    d.close_pending = code;
    return;
  }
  write_close(d, code);
}

/// Ends the tunnel once neither peer has anything left to say: each has sent its Close, or EOF.
void Tunnel::end_if_both_closed() {
  if (finished_) return;
  const auto said_goodbye = [this](const Direction& d) {
    return d.ended || (closing_ && d.scanner.close_code().has_value());
  };
  const bool client_done = said_goodbye(to_upstream_);
  const bool upstream_done = said_goodbye(to_client_);
  if (client_done && upstream_done) return finish(reason_);
  // RFC 6455 §7.1.1: the server closes first, so a client that answered our Close need not wait for the
  // upstream.
  if (client_done && to_client_.muted) client_->end_writing();
}

void Tunnel::set_ended(Party by, Reason reason) {
  if (reason_ != Reason::none) return;
  reason_ = reason;
  ended_by_ = by;
}

void Tunnel::cut_after(milliseconds patience) {
  cut_at_ = std::min(cut_at_, host_.loop().now() + patience);
  schedule();
}

void Tunnel::finish(Reason reason, int os_error) {
  if (std::exchange(finished_, true)) return;
  set_ended(Party::gateway, reason);
  deadline_.disarm();
  log_end(os_error);
  count_end();
  resume_source(to_upstream_);
  resume_source(to_client_);
  // Whatever a peer was told must reach it: queued bytes and FIN, and no reset that overtakes them. Where the
  // other side broke before a peer was told the end, that peer sees it break too.
  const bool goodbye = reason != Reason::stop && reason != Reason::send_timeout;
  const bool client_broke = reason == Reason::client_reset;
  const bool upstream_broke = reason == Reason::upstream_reset;
  const auto part = [&](std::unique_ptr<net::Stream> stream, const Direction& from) {
    const net::Patience patience{.end = snapshot_->config->timeouts.close,
                                 .take = route_.conf->timeouts.send};
    host_.loop().linger(std::move(stream), patience, /*wait_for_peer=*/!from.ended);
  };
  if (goodbye && !client_broke && (!upstream_broke || told_the_end(to_client_))) {
    part(std::move(client_), to_upstream_);
  }
  if (goodbye && !upstream_broke && (!client_broke || told_the_end(to_upstream_))) {
    part(std::move(upstream_.stream), to_client_);
  }
  host_.retire(*this);
}

void Tunnel::log_end(int os_error) {
  auto& counters = host_.counters();
  counters.count(reason_);
  counters.tunnel_bytes_to_upstream.add(to_upstream_.scanner.bytes());
  counters.tunnel_bytes_to_client.add(to_client_.scanner.bytes());
  counters.tunnel_messages_to_upstream.add(to_upstream_.scanner.messages());
  counters.tunnel_messages_to_client.add(to_client_.scanner.messages());
  log_failure("tunnel", Error(reason_, ended_by_, os_error), route_.conf->name, upstream_.server->conf->text,
              origin_.id);
  if (origin_.tail != nullptr) {
    origin_.tail->log(*snapshot_, to_upstream_.scanner.bytes(), to_client_.scanner.bytes());
  }
  if (!host_.logs_access()) return;
  AccessRecord record;
  record.event = AccessRecord::Event::tunnel_close;
  record.time = std::chrono::system_clock::now();
  record.id = origin_.id;
  record.listener = snapshot_->config->listeners[origin_.listener].name;
  record.route = route_.conf->name;
  record.remote_addr = origin_.remote_addr;
  record.method = "GET";
  record.target = origin_.target;
  record.host = origin_.host;
  record.status = 101;
  record.duration = std::chrono::duration_cast<std::chrono::microseconds>(host_.loop().now() - opened_);
  record.server = upstream_.server->conf->text;
  record.reason = reason_;
  record.ended_by = ended_by_;
  record.messages_to_upstream = to_upstream_.scanner.messages();
  record.messages_to_client = to_client_.scanner.messages();
  record.bytes_to_upstream = record.bytes_received = to_upstream_.scanner.bytes();
  record.bytes_to_client = record.bytes_sent = to_client_.scanner.bytes();
  record.close_code_from_client = to_upstream_.scanner.close_code();
  record.close_code_from_upstream = to_client_.scanner.close_code();
  host_.log_access(record);
}

// ---------------------------------------------------------------------------------------------------------------
// Counts

metrics::Traffic Tunnel::traffic() const {
  metrics::Traffic traffic;
  for (const auto& [direction, scanner] : {std::pair(metrics::Direction::to_upstream, &to_upstream_.scanner),
                                           std::pair(metrics::Direction::to_client, &to_client_.scanner)}) {
    traffic.bytes[metrics::index_of(direction)] = scanner->bytes();
    traffic.messages[metrics::index_of(direction)] = {scanner->text_messages(), scanner->binary_messages(),
                                                      scanner->pings(), scanner->pongs()};
  }
  return traffic;
}

void Tunnel::add_to(metrics::Tally& tally) const {
  tally.routes()[counts_.index].traffic.add(traffic());
}

/// From here on the tunnel is no longer one of those that add_to() speaks for.
void Tunnel::count_end() {
  --counts_.tunnels_active;
  --origin_.entered->active;
  ++counts_.tunnels_closed[metrics::index_of(ended_by_)][metrics::index_of(reason_)];
  if (const auto code = to_upstream_.scanner.close_code()) counts_.close_code(Party::client, *code);
  if (const auto code = to_client_.scanner.close_code()) counts_.close_code(Party::upstream, *code);
  counts_.tunnel_duration.observe(host_.loop().now() - opened_);
  counts_.traffic.add(traffic());
}

// ---------------------------------------------------------------------------------------------------------------
// Watchers

void Tunnel::trace(std::shared_ptr<FrameTrace> trace) {
  if (tracing_ == nullptr) tracing_ = std::make_unique<Tracing>();
  tracing_->add(std::move(trace));
}

void Tunnel::untrace(const std::shared_ptr<FrameTrace>& trace) {
  if (tracing_ == nullptr) return;
  tracing_->remove(trace);
  if (tracing_->empty()) tracing_.reset();
}

void Tunnel::trace_own(const Direction& d, websocket::Opcode opcode, std::uint64_t length,
                       std::optional<std::uint16_t> close_code) {
  if (tracing_ == nullptr) return;
  tracing_->tell_own(direction_of(d), {.opcode = opcode,
                                       .masked = speaks_as(d) == Sender::client,
                                       .length = length,
                                       .close_code = close_code});
}

// ---------------------------------------------------------------------------------------------------------------
// Time

std::optional<TunnelPlace> Tunnel::place() const {
  if (snapshot_->by_route[route_.index] == nullptr) return std::nullopt;  // its server only its request named
  return TunnelPlace{snapshot_->config.get(), origin_.listener, route_.index,
                     &snapshot_->by_route[route_.index]->connector->conf(), upstream_.server->conf};
}

void Tunnel::begin_drain(const DrainPlan& plan) {
  if (finished_) return;
  const auto now = host_.loop().now();
  const auto window = static_cast<std::uint64_t>(std::max<std::int64_t>(plan.window.count(), 0));
  drain_at_ = now + milliseconds(window == 0 ? 0 : host_.random() % window);
  drain_cut_at_ = now + plan.deadline;
  drain_code_ = plan.close_code;
  drain_reason_ = plan.reason;
  schedule();
}

void Tunnel::on_deadline() {
  if (finished_) return;
  const auto now = host_.loop().now();
  const conf::WebSocketRules& rules = route_.conf->websocket;
  if (now >= cut_at_) return finish(reason_ == Reason::none ? Reason::close_timeout : reason_);
  if (check_stall(to_upstream_, now) || check_stall(to_client_, now)) return;
  if (!closing_) {
    if (now >= drain_at_) {
      drain_at_ = Clock::time_point::max();
      shut(drain_reason_, drain_code_, std::chrono::duration_cast<milliseconds>(drain_cut_at_ - now));
    } else if (expired(opened_, rules.max_lifetime, now)) {
      shut(Reason::max_lifetime, info(Reason::max_lifetime).close_code, snapshot_->config->timeouts.close);
    } else if (expired(last_activity_, rules.idle_timeout, now)) {
      shut(Reason::idle_timeout, info(Reason::idle_timeout).close_code, snapshot_->config->timeouts.close);
    } else if (now >= next_ping_) {
      ping_both(now);
    }
  }
  if (!finished_) schedule();
}

/// A sink that took nothing for `timeouts.send`: memory is not lent without a term.
bool Tunnel::check_stall(Direction& d, Clock::time_point now) {
  if (!d.congested) return false;
  const std::size_t queued = sink(d).queued_bytes();
  if (queued < d.stalled_bytes) {
    d.stalled_bytes = queued;
    d.stalled_since = now;
  }
  if (!expired(d.stalled_since, route_.conf->timeouts.send, now)) return false;
  reason_ = Reason::none;  // what began before, a peer that does not read is why it ends
  set_ended(&d == &to_upstream_ ? Party::upstream : Party::client, Reason::send_timeout);
  finish(Reason::send_timeout);
  return true;
}

void Tunnel::ping_both(Clock::time_point now) {
  next_ping_ = now + route_.conf->websocket.ping_interval;
  for (Direction* d : {&to_client_, &to_upstream_}) {
    const Direction& back = other(*d);
    if (!back.heard_since_ping && !back.congested && !back.ended) {
      set_ended(d == &to_client_ ? Party::client : Party::upstream, Reason::ping_timeout);
      return shut(Reason::ping_timeout, info(Reason::ping_timeout).close_code,
                  snapshot_->config->timeouts.close);
    }
    send_ping(*d);
  }
}

void Tunnel::send_ping(Direction& d) {
  if (d.muted || d.ended || d.scanner.close_code() || !d.scanner.following()) return;
  if (!d.scanner.at_boundary()) {
    d.ping_pending = true;
    return;
  }
  write_ping(d, {});
}

bool Tunnel::expired(Clock::time_point since, milliseconds limit, Clock::time_point now) const {
  return limit > milliseconds::zero() && now - since >= limit;
}

Tunnel::Clock::time_point Tunnel::next_event() const {
  const conf::WebSocketRules& rules = route_.conf->websocket;
  auto next = cut_at_;
  const auto consider = [&next](Clock::time_point since, milliseconds limit) {
    if (limit > milliseconds::zero()) next = std::min(next, since + limit);
  };
  for (const Direction* d : {&to_upstream_, &to_client_}) {
    if (d->congested) consider(d->stalled_since, route_.conf->timeouts.send);
  }
  if (closing_) return next;
  next = std::min({next, drain_at_, next_ping_});
  consider(opened_, rules.max_lifetime);
  consider(last_activity_, rules.idle_timeout);
  return next;
}

void Tunnel::schedule() {
  const auto next = next_event();
  if (next == Clock::time_point::max() || (deadline_.armed() && armed_for_ <= next)) return;
  armed_for_ = next;
  const auto wait = std::chrono::ceil<milliseconds>(next - host_.loop().now());
  deadline_.arm(host_.loop().timers(), std::max(wait, milliseconds(1)));
}

}  // namespace tidegate::tunnel
