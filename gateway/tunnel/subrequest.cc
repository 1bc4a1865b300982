#include "gateway/tunnel/subrequest.h"

#include <utility>
#include <variant>

namespace tidegate::tunnel {

Subrequest::Subrequest(Host& host, Snapshot& snapshot, SubrequestListener& listener,
                       const sites::Walk& parent, std::string_view uri, const http::RequestHead& head,
                       std::string_view log_id)
    : host_(host),
      snapshot_(snapshot),
      listener_(listener),
      request_(head),
      log_id_(log_id),
      walk_(parent.subrequest(uri, facts_)) {}

void Subrequest::act(sites::Action action) {
  if (std::holds_alternative<sites::PassOn>(action)) return pass_on();
  if (const auto* answer = std::get_if<sites::Answer>(&action)) return done(answer->status);
  if (const auto* file = std::get_if<sites::SendFile>(&action)) return done(file->status);
  if (const auto* wait = std::get_if<sites::Wait>(&action)) {
    return wait_.arm(host_.loop().timers(), std::max(wait->time, std::chrono::milliseconds(1)));
  }
  done(500);  // it asks or hangs up itself: that allows nothing
}

void Subrequest::pass_on() {
  errand_ = make_errand(snapshot_, *walk_, request_, log_id_);
  errand_.out.handshake = false;
  auto wait = find_connector(snapshot_, errand_, [this](bool found) {
    if (!found) return fail(502, Reason::upstream_unresolved);
    if (passage_ != nullptr) host_.loop().retire(std::move(passage_));
    passage_ = std::make_unique<Passage>(host_, static_cast<Patron&>(*this), std::move(errand_), facts_);
    passage_->start();
  });
  if (wait != nullptr) lookup_ = std::move(wait);  // else it was answered at once, perhaps asked anew
}

void Subrequest::on_dropped(std::unique_ptr<http::ResponseHead> head) {
  head_ = std::move(head);
  done(head_->status);
}

void Subrequest::on_passage_failed(const Error& error) {
  fail(http_status(error), error.reason);
}

void Subrequest::fail(int status, Reason reason) {
  if (auto action = walk_->failed(status, reason)) return act(std::move(*action));
  done(status);
}

void Subrequest::done(int status) {
  if (std::exchange(over_, true)) return;
  listener_.on_subrequest_done(status, head_.get());
}

void Subrequest::cancel() {
  over_ = true;
  wait_.disarm();
  lookup_.reset();
  if (passage_ != nullptr) passage_->release();
}

}  // namespace tidegate::tunnel
