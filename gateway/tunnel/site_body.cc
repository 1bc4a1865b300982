// The request's body: read whole before it goes on, passed on as it comes, or thrown away.

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/tunnel/body_pieces.h"
#include "gateway/tunnel/site_visit.h"

namespace tidegate::tunnel {
namespace {

using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// nginx's lingering_timeout: for how long a client that has its answer may pause in a body nobody reads.
constexpr milliseconds kDiscard = 5s;

}  // namespace

bool SiteVisit::too_large() const {
  const std::uint64_t most = request_.route->conf->max_body_bytes;
  return most > 0 && std::max(request_.head->content_length, request_body_.payload_bytes()) > most;
}

/// Whether the body goes along as it comes, or is read whole before: also where nobody passes it on, so that
/// the connection goes on behind it.
void SiteVisit::pass_on() {
  using http::Framing;
  if (too_large()) return fail(Error(Reason::body_too_large));
  const conf::ProxyPass& proxy = *walk_.location().proxy;
  const Framing sent = request_.head->framing;
  const bool replaced = proxy.body || !proxy.pass_body;
  const bool comes = sent != Framing::none && !body_broken_;
  // A part has gone to another upstream: what is left is no body, and must not pass for one.
  if (comes && body_lost_ && !replaced) return fail(Error(Reason::internal));
  // HTTP/1.0 has no chunks: there the length must be known first, as in nginx.
  streams_body_ = comes && !replaced && !proxy.buffer_body && kept_.size() == 0 &&
                  !request_body_.complete() && (sent == Framing::length || proxy.minor_version > 0);
  if (comes && !streams_body_ && !request_body_.complete()) return begin_reading_body();
  set_out();
}

void SiteVisit::add_body() {
  using http::Framing;
  const Framing sent = request_.head->framing;
  made_.reset();
  if (errand_.out.body) {
    made_.emplace();
    made_->append_text(*errand_.out.body);
    errand_.body = &*made_;
    errand_.length = made_->size();
    if (walk_.location().proxy->body || made_->size() > 0) errand_.framing = Framing::length;
  } else if (streams_body_) {
    errand_.framing = sent;
    errand_.length = request_.head->content_length;
  } else if (sent != Framing::none && !body_broken_) {
    errand_.framing = Framing::length;
    errand_.body = &kept_;
    errand_.length = kept_.size();
  }
}

void SiteVisit::begin_reading_body() {
  stage_ = Stage::reading_body;
  if (std::exchange(owes_continue_, false)) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    client_.write(std::array{as_bytes(kContinue)});
  }
  deadline_.arm(host_.loop().timers(), body_timeout());
  client_.read_on();
}

/// Fields and a body of the configuration's own may have it in them.
void SiteVisit::on_body_read() {
  deadline_.disarm();
  facts_.request_body = kept_.in_memory();
  if (request_.head->framing == http::Framing::chunked) facts_.body_length = kept_.size();
  set_out();
}

void SiteVisit::on_takes_body() {
  if (std::exchange(owes_continue_, false)) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    client_.write(std::array{as_bytes(kContinue)});
  }
  if (!wants_body()) return;
  deadline_.arm(host_.loop().timers(), body_timeout());
  client_.read_on();
}

bool SiteVisit::wants_body() const {
  if (request_body_.complete() || body_broken_) return false;
  switch (stage_) {
    case Stage::reading_body:
    case Stage::discarding_body:
      return true;
    case Stage::passing:
      return streams_body_ && passage_->takes_body();
    case Stage::walking:
    case Stage::waiting:
    case Stage::sending_file:
    case Stage::over:
      return false;
  }
  return false;
}

std::size_t SiteVisit::feed_body(Bytes bytes) {
  auto taken = take_payload(request_body_, bytes);
  if (!taken) {
    body_broken_ = true;
    if (stage_ == Stage::discarding_body) {
      end();
    } else {
      fail(taken.error());
    }
    return bytes.size();
  }
  const std::size_t consumed = taken.value().consumed;
  facts_.request_length += consumed;
  const bool whole = request_body_.complete();
  if (stage_ == Stage::discarding_body) {
    deadline_.arm(host_.loop().timers(), kDiscard);
    if (whole) end();
    return consumed;
  }
  // Once there is an answer, nobody waits for the rest.
  if (whole || (passage_ != nullptr && passage_->answering())) {
    deadline_.disarm();
  } else {
    deadline_.arm(host_.loop().timers(), body_timeout());
  }
  if (too_large()) {
    fail(Error(Reason::body_too_large));
  } else if (stage_ == Stage::passing) {
    body_lost_ = true;
    passage_->send_body(taken.value().payload, whole);
  } else {
    for (Bytes part : taken.value().payload) {
      if (auto kept = kept_.append(part); !kept) {
        fail(kept.error());
        return consumed;
      }
    }
    if (whole) on_body_read();
  }
  return consumed;
}

milliseconds SiteVisit::body_timeout() const {
  return request_.route->conf->timeouts.body;
}

/// The answer is out; what comes of the body is read and thrown away, so that the next request can be.
void SiteVisit::finish() {
  facts_.complete = true;
  log();
  if (keep_alive_ && !request_body_.complete()) {
    stage_ = Stage::discarding_body;
    deadline_.arm(host_.loop().timers(), kDiscard);
    return client_.read_on();
  }
  end();
}

}  // namespace tidegate::tunnel
