#include "gateway/admin/http_connection.h"

#include <chrono>
#include <ctime>

#include "gateway/http/date.h"
#include "gateway/http/forward.h"
#include "gateway/http/serialise.h"

namespace tidegate::admin {
namespace {

using namespace std::chrono_literals;

/// From one answer (or the beginning) until the next request is read whole; and for a peer that takes
/// nothing.
constexpr auto kPatience = 30s;
constexpr auto kGoodbye = 2s;
/// What a client may send while a stream goes to it.
constexpr std::size_t kMostHeld = 64 * 1024;
/// RFC 9112 §9.3, of HTTP/1.0: its connection ends with an answer whose length is not told.
constexpr bool knows_chunks(const http::RequestHead& request) {
  return request.minor_version > 0;
}

}  // namespace

HttpConnection::HttpConnection(net::Loop& loop, std::unique_ptr<net::Stream> stream, HttpOwner& owner,
                               HttpHandler& handler)
    : loop_(loop),
      stream_(std::move(stream)),
      owner_(owner),
      handler_(handler),
      over_unix_(stream_->peer() == nullptr),
      parser_(http::HeadLimits{}) {}

void HttpConnection::start(SlotId id) {
  id_ = id;
  stream_->set_listener(*this);
  be_patient();
  stream_->start_reading();
}

void HttpConnection::wind_down() {
  last_ = true;
  if (phase_ == Phase::head || phase_ == Phase::body) say_goodbye();
}

// ---------------------------------------------------------------------------------------------------------------
// What the stream says

void HttpConnection::on_data(Bytes bytes) {
  held_ += as_text(bytes);
  if (phase_ == Phase::streaming && held_.size() > kMostHeld) return finish();
  proceed();
}

void HttpConnection::on_end(net::End) {
  peer_ended_ = true;
  if (phase_ == Phase::streaming) return finish();
  if (phase_ == Phase::body) refuse(400);
  if (phase_ == Phase::head) say_goodbye();
}

void HttpConnection::on_error(const Error&) {
  finish();
}

void HttpConnection::on_drained() {
  congested_ = false;
  if (phase_ == Phase::streaming) {
    deadline_.disarm();
    return handler_.on_stream_drained(*this);
  }
  be_patient();
  proceed();
}

void HttpConnection::be_patient() {
  had_taken_ = taken();
  deadline_.arm(loop_.timers(), kPatience);
}

void HttpConnection::on_deadline() {
  if (congested_) {
    if (taken() > had_taken_) return be_patient();
    return finish();
  }
  if (phase_ != Phase::body && !parser_.begun()) return finish();
  refuse(408);
  say_goodbye();
}

// ---------------------------------------------------------------------------------------------------------------
// Requests

bool HttpConnection::wants_bytes() const {
  return !finished_ && !last_ && !congested_ && (phase_ == Phase::head || phase_ == Phase::body);
}

void HttpConnection::proceed() {
  if (proceeding_) return;
  proceeding_ = true;
  while (wants_bytes() && !held_.empty()) phase_ == Phase::head ? take_head() : take_body();
  proceeding_ = false;
  if (finished_) return;
  if (phase_ == Phase::head && (last_ || peer_ended_)) return say_goodbye();
  update_pause();
}

void HttpConnection::take_head() {
  const Result<http::Fed> fed = parser_.feed(as_bytes(held_));
  if (!fed) return refuse(http_status(fed.error()));
  held_.erase(0, fed.value().consumed);
  if (!fed.value().complete) return;
  request_ = parser_.take();
  decoder_.reset();
  body_.clear();
  most_body_bytes_ =
      request_->framing != http::Framing::none ? handler_.most_body_bytes(*this, *request_) : 0;
  if (most_body_bytes_ == 0) return hand_over();
  expect_body();
}

void HttpConnection::expect_body() {
  const bool told = request_->framing == http::Framing::length;
  if (told && request_->content_length > most_body_bytes_) return refuse(413);
  decoder_.emplace(request_->framing, request_->content_length, Party::client);
  if (decoder_->complete()) return hand_over();
  phase_ = Phase::body;
  if (request_->expect_continue && held_.empty()) write("HTTP/1.1 100 Continue\r\n\r\n");  // RFC 9110 §10.1.1
}

void HttpConnection::take_body() {
  Bytes rest = as_bytes(held_);
  while (!rest.empty() && !decoder_->complete()) {
    const auto step = decoder_->feed(rest);
    if (!step) return refuse(http_status(step.error()));
    if (body_.size() + step.value().data.size() > most_body_bytes_) return refuse(413);
    body_ += as_text(step.value().data);
    rest = rest.subspan(step.value().consumed);
  }
  held_.erase(0, held_.size() - rest.size());
  if (decoder_->complete()) hand_over();
}

void HttpConnection::hand_over() {
  phase_ = Phase::answering;
  deadline_.disarm();  // it is our turn
  handler_.on_request(*this, *request_, std::exchange(body_, {}));
}

void HttpConnection::refuse(int status) {
  const Answer answer = handler_.refusal(status);
  http::OwnResponse response;
  response.status = status;
  response.content_type = answer.content_type;
  response.body = answer.body;
  response.fields = answer.fields;
  std::string text;
  http::append_own_response(text, response);
  last_ = true;
  phase_ = Phase::head;
  request_.reset();
  write(text);
}

// ---------------------------------------------------------------------------------------------------------------
// Answers

void HttpConnection::answer(const Answer& answer) {
  const bool body_follows = request_->framing != http::Framing::none && !(decoder_ && decoder_->complete());
  last_ |= !request_->keep_alive || body_follows || peer_ended_;
  http::OwnResponse response;
  response.status = answer.status;
  response.content_type = answer.content_type;
  response.body = answer.body;
  response.fields = answer.fields;
  response.client_minor_version = request_->minor_version;
  response.keep_alive = !last_;
  response.head_request = request_->method == "HEAD";
  std::string text;
  http::append_own_response(text, response);
  request_.reset();
  phase_ = Phase::head;
  write(text);
  be_patient();
  proceed();
}

void HttpConnection::begin_stream(const Answer& head) {
  last_ |= !request_->keep_alive || !knows_chunks(*request_);
  char date[32];
  std::string text;
  http::append_status_line(text, head.status, http::reason_phrase(head.status));
  http::append_field(text, "Server", "tidegate");
  http::append_field(text, "Date", http::http_date(std::time(nullptr), date));
  http::append_field(text, "Content-Type", head.content_type);
  for (const auto& [name, value] : head.fields) http::append_field(text, name, value);
  if (knows_chunks(*request_)) http::append_field(text, "Transfer-Encoding", "chunked");
  if (last_) http::append_field(text, "Connection", "close");
  text += "\r\n";
  phase_ = Phase::streaming;
  write(text);
  update_pause();  // it reads, since the client's end is the stream's
}

void HttpConnection::stream(std::string_view piece) {
  if (piece.empty()) return;  // an empty chunk would be the last
  if (!knows_chunks(*request_)) return write(piece);
  char size[24];
  std::string chunk(http::chunk_header(piece.size(), size));
  chunk.append(piece).append("\r\n");
  write(chunk);
}

void HttpConnection::end_stream() {
  if (knows_chunks(*request_)) write(http::kLastChunk);
  request_.reset();
  phase_ = Phase::head;
  be_patient();
  proceed();
}

void HttpConnection::update_pause() {
  const bool pause = phase_ == Phase::answering || (congested_ && phase_ != Phase::streaming);
  if (pause == paused_) return;
  paused_ = pause;
  if (pause) {
    stream_->pause_reading();
  } else {
    stream_->resume_reading();
  }
}

void HttpConnection::write(std::string_view text) {
  written_ += text.size();
  if (stream_->write(as_bytes(text)) != net::Flow::congested || std::exchange(congested_, true)) return;
  be_patient();
}

void HttpConnection::say_goodbye() {
  if (finished_) return;
  congested_ = false;  // a stream that lingers reads
  phase_ = Phase::head;
  update_pause();
  loop_.linger(std::move(stream_), {.end = kGoodbye, .take = kPatience}, /*wait_for_peer=*/!peer_ended_);
  finish();
}

void HttpConnection::finish() {
  if (std::exchange(finished_, true)) return;
  deadline_.disarm();
  owner_.on_finished(*this);
}

}  // namespace tidegate::admin
