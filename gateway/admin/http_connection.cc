#include "gateway/admin/http_connection.h"

#include <chrono>

#include "gateway/http/forward.h"

namespace tidegate::admin {
namespace {

using namespace std::chrono_literals;

/// From one answer (or the beginning) until the next one is read whole.
constexpr auto kPatience = 30s;
constexpr auto kGoodbye = 2s;

}  // namespace

HttpConnection::HttpConnection(net::Loop& loop, std::unique_ptr<net::Stream> stream, HttpOwner& owner)
    : loop_(loop), stream_(std::move(stream)), owner_(owner), parser_(http::HeadLimits{}) {}

void HttpConnection::start(SlotId id) {
  id_ = id;
  stream_->set_listener(*this);
  deadline_.arm(loop_.timers(), kPatience);
  stream_->start_reading();
}

void HttpConnection::on_data(Bytes bytes) {
  held_ += as_text(bytes);
  proceed();
}

void HttpConnection::on_end(net::End) {
  peer_ended_ = true;
  if (request_ == nullptr) say_goodbye();
}

void HttpConnection::on_error(const Error&) {
  finish();
}

void HttpConnection::on_drained() {
  congested_ = false;
  proceed();
}

void HttpConnection::proceed() {
  if (proceeding_) return;
  proceeding_ = true;
  while (!finished_ && !last_ && !congested_ && request_ == nullptr && !held_.empty()) take_request();
  proceeding_ = false;
  if (finished_) return;
  if (request_ == nullptr && (last_ || peer_ended_)) return say_goodbye();
  update_pause();
}

void HttpConnection::take_request() {
  const Result<http::Fed> fed = parser_.feed(as_bytes(held_));
  if (!fed) return refuse(fed.error());
  held_.erase(0, fed.value().consumed);
  if (!fed.value().complete) return;
  request_ = parser_.take();
  owner_.on_request(*this, *request_);
}

void HttpConnection::refuse(const Error& error) {
  const int status = http_status(error);
  http::OwnResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = http::reason_phrase(status);
  std::string text;
  http::append_own_response(text, response);
  last_ = true;
  write(text);
}

void HttpConnection::answer(const Answer& answer) {
  const bool body_follows = request_->framing != http::Framing::none;
  last_ = !request_->keep_alive || body_follows || peer_ended_;
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
  deadline_.arm(loop_.timers(), kPatience);
  write(text);
  proceed();
}

void HttpConnection::update_pause() {
  const bool pause = request_ != nullptr || congested_;
  if (pause == paused_) return;
  paused_ = pause;
  if (pause) {
    stream_->pause_reading();
  } else {
    stream_->resume_reading();
  }
}

void HttpConnection::write(const std::string& text) {
  if (stream_->write(as_bytes(text)) == net::Flow::congested) congested_ = true;
}

void HttpConnection::say_goodbye() {
  if (finished_) return;
  congested_ = false;  // a stream that lingers reads
  update_pause();
  const auto patience = stream_->queued_bytes() > 0 ? kPatience : kGoodbye;
  loop_.linger(std::move(stream_), patience, /*wait_for_peer=*/!peer_ended_);
  finish();
}

void HttpConnection::finish() {
  if (std::exchange(finished_, true)) return;
  deadline_.disarm();
  owner_.on_finished(*this);
}

}  // namespace tidegate::admin
