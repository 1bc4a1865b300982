#include "gateway/tunnel/passage.h"

#include <array>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/http/hop_by_hop.h"
#include "gateway/http/serialise.h"
#include "gateway/tunnel/body_pieces.h"

namespace tidegate::tunnel {
namespace {

constexpr int kMaxInformational = 20;
constexpr http::HeadLimits kResponseLimits{64 * kKiB, 500, 8 * kKiB};
/// What is read from a kept body at a time.
constexpr std::size_t kPiece = 64 * kKiB;

std::string address_of(const upstream::Server& server) {
  return server.addresses.empty() ? server.conf->text : server.addresses.front().to_string();
}

/// Framing is ours, an upgrade's fields stand only in a handshake; and `Proxy` would become the variable
/// HTTP_PROXY in a CGI ("httpoxy").
bool passes(std::string_view name, bool handshake) {
  if (iequals(name, "Connection")) return true;
  if (iequals(name, "Upgrade")) return handshake;
  return !http::is_hop_by_hop(name) && !iequals(name, "Content-Length") && !iequals(name, "Proxy");
}

}  // namespace

Passage::Passage(Host& host, Patron& patron, Errand errand, sites::Facts& facts)
    : host_(host),
      patron_(patron),
      errand_(std::move(errand)),
      tries_(facts),
      began_(std::chrono::steady_clock::now()) {}

Passage::~Passage() = default;

// ---------------------------------------------------------------------------------------------------------------
// Towards the upstream

void Passage::start() {
  make_head();
  if (upstream::Server* server = choose()) return go_to(*server, /*fresh=*/false);
  // nginx: "no live upstreams", told of the upstream as a whole.
  tries_.begin(errand_.connector->conf().name, std::chrono::steady_clock::now());
  fail(Error(Reason::upstream_unreachable, Party::upstream));
}

upstream::Server* Passage::choose() {
  const upstream::Chooser::Question question{errand_.out.hash_key, errand_.client};
  while (upstream::Server* server = errand_.connector->choose(question, course_)) {
    claim_ = Claim::take(server->state->claims, server->conf->max_connections);
    if (claim_) return server;  // else another worker was faster
  }
  return nullptr;
}

void Passage::go_to(upstream::Server& server, bool fresh) {
  server_ = &server;
  ++servers_tried_;
  tries_.begin(address_of(server), std::chrono::steady_clock::now());
  if (!fresh && !errand_.out.tls_name) {
    if (auto idle = errand_.connector->take_idle(server)) return on_connected(std::move(*idle));
  }
  upstream::Connector::Wish wish;
  wish.order = {&server};
  wish.timeout = errand_.route->timeouts.connect;
  wish.log_id = errand_.log_id;
  wish.tls_name = errand_.out.tls_name;
  if (const auto& bind = errand_.out.bind) wish.from = net::SocketAddress{bind->ip, bind->port, {}};
  attempt_ = errand_.connector->connect(wish, *this);
}

/// The fields are as the configuration has them, Connection among them.
void Passage::make_head() {
  const sites::Outgoing& out = errand_.out;
  head_bytes_.append(out.method).append(" ");
  http::append_target(head_bytes_, out.path);
  head_bytes_ += out.minor_version == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n";
  for (const auto& [name, value] : out.fields) {
    if (passes(name, out.handshake)) http::append_made_field(head_bytes_, name, value);
  }
  if (errand_.framing == http::Framing::length) {
    head_bytes_ += "Content-Length: ";
    http::append_number(head_bytes_, errand_.length);
    head_bytes_ += kCrlf;
  } else if (errand_.framing == http::Framing::chunked) {
    http::append_field(head_bytes_, "Transfer-Encoding", "chunked");
  }
  head_bytes_ += kCrlf;
}

/// Have we asked the upstream to keep it?
bool Passage::keeps_connection() const {
  bool close = false;
  bool keep_alive = false;
  for (const auto& [name, value] : errand_.out.fields) {
    if (!iequals(name, "Connection")) continue;
    for_each_list_element(value, [&](std::string_view option) {
      close = close || iequals(option, "close");
      keep_alive = keep_alive || iequals(option, "keep-alive");
    });
  }
  return !close && (errand_.out.minor_version >= 1 || keep_alive);
}

void Passage::on_connected(upstream::Connection connection) {
  attempt_.reset();
  upstream_ = std::move(connection);
  upstream_.claim = std::move(claim_);
  const auto now = std::chrono::steady_clock::now();
  connected_at_ = now;
  const IpAddress* peer = upstream_.stream->peer();
  tries_.connected(peer != nullptr ? net::SocketAddress{*peer, upstream_.stream->peer_port(), {}}.to_string()
                                   : address_of(*server_),
                   now);
  upstream_.stream->set_listener(*this);
  upstream_.stream->start_reading();
  heard_upstream_ = false;
  send_request();
}

void Passage::on_connect_failed(const Error& error) {
  attempt_.reset();
  if (error.reason == Reason::out_of_descriptors) return fail(error);
  trouble(error.reason == Reason::upstream_connect_timeout ? Trouble::timeout : Trouble::error, error);
}

void Passage::send_request() {
  request_sent_ = true;
  body_sent_ = 0;
  parser_.emplace(kResponseLimits);
  write_upstream(std::array{as_bytes(head_bytes_)});
  if (errand_.body != nullptr) {
    pump_body();
  } else if (errand_.framing != http::Framing::none && !over_) {
    patron_.on_takes_body();
  }
  if (!over_) await_response();
}

/// As much of a kept body as the upstream takes.
void Passage::pump_body() {
  if (errand_.body == nullptr || body_complete()) return;
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kPiece);
  while (!upstream_congested_ && !body_complete()) {
    const auto read = errand_.body->read(body_sent_, {buffer.get(), kPiece});
    if (!read) return fail(read.error());
    body_sent_ += read.value();
    write_upstream(std::array{Bytes(buffer.get(), read.value())});
  }
}

void Passage::write_upstream(std::span<const Bytes> pieces) {
  for (Bytes piece : pieces) tries_.sent(piece.size());
  const Gathered gathered(pieces);
  if (upstream_.stream->write(gathered.pieces()) == net::Flow::congested && !upstream_congested_) {
    upstream_congested_ = true;
    upstream_stall_bytes_ = upstream_.stream->queued_bytes();
    upstream_stall_.arm(host_.loop().timers(), errand_.route->timeouts.send);
  }
}

/// It is silent once it has the whole request.
void Passage::await_response() {
  if (!request_complete() || response_ != nullptr) return;
  response_deadline_.arm(host_.loop().timers(), errand_.route->timeouts.response);
}

bool Passage::request_complete() const {
  if (errand_.framing == http::Framing::none) return true;
  if (errand_.body == nullptr && !stream_complete_) return false;
  return errand_.framing == http::Framing::chunked || body_complete();
}

bool Passage::takes_body() const {
  return !over_ && upstream_.stream != nullptr && !upstream_congested_ && !stream_complete_;
}

void Passage::send_body(std::span<const Bytes> payload, bool last) {
  std::vector<Bytes> pieces;
  char header[24];
  stream_complete_ = last;
  streamed_any_ = streamed_any_ || !payload.empty() || last;
  for (Bytes part : payload) body_sent_ += part.size();
  if (errand_.framing == http::Framing::chunked) {
    frame_as_chunk(pieces, payload, header);
    if (last) pieces.push_back(as_bytes(http::kLastChunk));
  } else {
    pieces.assign(payload.begin(), payload.end());
  }
  if (!pieces.empty()) write_upstream(pieces);
  await_response();
}

void Passage::on_drained() {
  if (over_) return;
  upstream_congested_ = false;
  upstream_stall_.disarm();
  if (errand_.body == nullptr) return patron_.on_takes_body();
  pump_body();
  if (!over_) await_response();
}

void Passage::on_upstream_stall() {
  const std::size_t queued = upstream_.stream->queued_bytes();
  if (queued < std::exchange(upstream_stall_bytes_, queued)) {
    return upstream_stall_.arm(host_.loop().timers(), errand_.route->timeouts.send);
  }
  trouble(Trouble::timeout, Error(Reason::upstream_timeout));
}

// ---------------------------------------------------------------------------------------------------------------
// The answer

void Passage::on_data(Bytes bytes) {
  if (over_) return;
  tries_.received(bytes.size());
  heard_upstream_ = true;
  if (!first_byte_) {
    first_byte_ =
        std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - began_);
  }
  while (!bytes.empty() && !over_) {
    if (response_ != nullptr) return relay_body({}, bytes);
    bytes = read_head(bytes);
  }
}

Bytes Passage::read_head(Bytes bytes) {
  auto fed = parser_->feed(bytes);
  if (!fed) {
    trouble(Trouble::invalid_header, Error(Reason::upstream_bad_response));
    return {};
  }
  bytes = bytes.subspan(fed.value().consumed);
  if (!fed.value().complete) return {};
  auto head = parser_->take(errand_.out.method == "HEAD");
  if (head->informational() && head->status != 101) {
    if (++informational_ > kMaxInformational) {
      trouble(Trouble::invalid_header, Error(Reason::upstream_bad_response));
      return {};
    }
    patron_.on_informational(*head);
    return bytes;
  }
  response_deadline_.disarm();
  tries_.answered(head->status, std::chrono::steady_clock::now());
  if (head->status == 101) {
    upgrade(std::move(head), bytes);
    return {};
  }
  if (tries_next_for(head->status)) return {};
  if (head->status < 500) errand_.connector->succeeded(*server_);
  tries_.tell();
  if (patron_.judge(*head) == Patron::Then::drop) {
    drop(std::move(head), bytes);
    return {};
  }
  response_ = std::move(head);
  response_body_.emplace(response_->framing, response_->content_length, Party::upstream);
  std::string text;
  client_framing_ = patron_.begin_answer(*response_, text);
  relay_body(text, bytes);
  return {};
}

void Passage::upgrade(std::unique_ptr<http::ResponseHead> head, Bytes behind) {
  if (!errand_.out.handshake || !http::accepts_handshake(*head, *errand_.head)) {
    return fail(Error(Reason::upstream_bad_upgrade));
  }
  errand_.connector->succeeded(*server_);
  if (http::answers_unoffered(*head, *errand_.head)) host_.counters().unoffered_answers.add();
  tries_.tell();
  upstream::Connection upstream = std::move(upstream_);
  release();
  patron_.on_passage_upgraded(std::move(head), std::move(upstream), behind);
}

/// Its body is of no use; where it has come already, or there is none, the connection is.
void Passage::drop(std::unique_ptr<http::ResponseHead> head, Bytes behind) {
  response_body_.emplace(head->framing, head->content_length, Party::upstream);
  const auto taken = take_payload(*response_body_, behind);
  surplus_ = !taken || taken.value().consumed < behind.size() || !response_body_->complete();
  response_ = std::move(head);
  settle();
  auto dropped = std::move(response_);
  release();
  patron_.on_dropped(std::move(dropped));
}

/// Passes on what `bytes` hold of the body, behind `head` if that was not sent yet, in one write.
void Passage::relay_body(std::string_view head, Bytes bytes) {
  auto taken = take_payload(*response_body_, bytes);
  if (!taken) {
    if (!head.empty()) write_client(std::array{as_bytes(head)});
    return fail(Error(Reason::upstream_bad_response));
  }
  surplus_ = surplus_ || taken.value().consumed < bytes.size();
  tries_.received_body(taken.value().consumed);

  std::vector<Bytes> pieces;
  char header[24];
  std::string trailers;
  if (!head.empty()) pieces.push_back(as_bytes(head));
  if (client_framing_ == http::Framing::chunked) {
    frame_as_chunk(pieces, taken.value().payload, header);
    if (response_body_->complete()) {
      if (errand_.relays_trailers) {
        http::append_trailers(trailers, response_body_->trailers());
      } else {
        trailers = http::kLastChunk;
      }
      pieces.push_back(as_bytes(trailers));
    }
  } else if (client_framing_ != http::Framing::none) {
    pieces.insert(pieces.end(), taken.value().payload.begin(), taken.value().payload.end());
  }
  if (!pieces.empty()) write_client(pieces);
  if (response_body_->complete()) return complete();
  // nginx's proxy_read_timeout runs between two reads.
  if (!upstream_paused_) response_deadline_.arm(host_.loop().timers(), errand_.route->timeouts.response);
}

void Passage::write_client(std::span<const Bytes> pieces) {
  const Gathered gathered(pieces);
  if (patron_.write(gathered.pieces()) == net::Flow::ready || upstream_paused_) return;
  upstream_paused_ = true;
  response_deadline_.disarm();
  upstream_.stream->pause_reading();
  client_stall_bytes_ = patron_.unsent_bytes();
  client_stall_.arm(host_.loop().timers(), errand_.route->timeouts.send);
}

void Passage::on_client_drained() {
  if (over_ || !std::exchange(upstream_paused_, false)) return;
  client_stall_.disarm();
  response_deadline_.arm(host_.loop().timers(), errand_.route->timeouts.response);
  upstream_.stream->resume_reading();
}

void Passage::on_client_stall() {
  const std::size_t queued = patron_.unsent_bytes();
  if (queued < std::exchange(client_stall_bytes_, queued)) {
    return client_stall_.arm(host_.loop().timers(), errand_.route->timeouts.send);
  }
  tries_.ended(0, std::chrono::steady_clock::now());
  release();
  patron_.on_passage_cut(Error(Reason::send_timeout, Party::client), /*by_framing=*/false);
}

// ---------------------------------------------------------------------------------------------------------------
// Ends

void Passage::on_end(net::End end) {
  if (over_) return;
  if (response_ == nullptr) return trouble(Trouble::error, Error(Reason::upstream_closed));
  // A body that only the connection's end delimits is whole only if that end was clean.
  if (!response_body_->may_end_here() || end == net::End::truncated) {
    return fail(Error(Reason::upstream_truncated));
  }
  if (client_framing_ == http::Framing::chunked) write_client(std::array{as_bytes(http::kLastChunk)});
  surplus_ = true;  // an ended connection is not kept
  complete();
}

void Passage::on_error(const Error& error) {
  if (over_) return;
  if (response_ != nullptr) return fail(Error(Reason::upstream_truncated, error.os_error));
  trouble(Trouble::error, Error(error.reason, Party::upstream, error.os_error));
}

void Passage::on_response_deadline() {
  if (response_ != nullptr) return fail(Error(Reason::upstream_timeout));
  trouble(Trouble::timeout, Error(Reason::upstream_timeout));
}

void Passage::settle() {
  // As in nginx, an answer in HTTP/1.0 ends its connection, whatever it says.
  const bool keep = request_complete() && response_->keep_alive && response_->minor_version > 0 &&
                    !surplus_ && keeps_connection() && !upstream_congested_ && !errand_.out.tls_name;
  tries_.ended(0, std::chrono::steady_clock::now());
  tries_.tell();
  if (std::exchange(upstream_paused_, false)) upstream_.stream->resume_reading();
  upstream_.claim.release();
  if (keep) errand_.connector->keep(std::move(upstream_), response_->keep_alive_timeout_s);
}

void Passage::complete() {
  settle();
  release();
  patron_.on_passage_done();
}

void Passage::fail(const Error& error) {
  if (over_) return;
  const bool answered = response_ != nullptr;
  const bool by_framing = client_framing_ != http::Framing::until_close;
  tries_.ended(answered ? 0 : http_status(error), std::chrono::steady_clock::now());
  tries_.tell();
  release();
  if (answered) return patron_.on_passage_cut(error, by_framing);
  patron_.on_passage_failed(error);
}

void Passage::abandon() {
  tries_.ended(0, std::chrono::steady_clock::now());
  tries_.tell();
  release();
}

void Passage::release() {
  over_ = true;
  response_deadline_.disarm();
  upstream_stall_.disarm();
  client_stall_.disarm();
  attempt_.reset();
  upstream_.stream.reset();
  upstream_.claim.release();
  claim_.release();
}

}  // namespace tidegate::tunnel
