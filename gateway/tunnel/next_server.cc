// What becomes of a request whose server did not answer, or answered badly: another server, or the end.

#include <algorithm>
#include <utility>

#include "gateway/tunnel/passage.h"

namespace tidegate::tunnel {
namespace {

using std::chrono::milliseconds;

/// As in nginx, those that may change something with each time they are sent.
bool is_repeatable(std::string_view method) {
  return method != "POST" && method != "LOCK" && method != "PATCH";
}

}  // namespace

bool Passage::may_try_next(Trouble trouble, int status) const {
  const conf::NextServer& next = errand_.proxy->next;
  const bool listed = std::find(next.on_status.begin(), next.on_status.end(), status) != next.on_status.end();
  const bool wanted = (trouble == Trouble::error && next.on_error) ||
                      (trouble == Trouble::timeout && next.on_timeout) ||
                      (trouble == Trouble::invalid_header && next.on_invalid_header) ||
                      (trouble == Trouble::status && listed);
  if (!wanted || streamed_any_) return false;
  if (request_sent_ && !is_repeatable(errand_.out.method) && !next.non_idempotent) return false;
  if (next.tries > 0 && servers_tried_ >= next.tries) return false;
  return next.timeout <= milliseconds::zero() || std::chrono::steady_clock::now() - began_ < next.timeout;
}

bool Passage::tries_next_for(int status) {
  if (!may_try_next(Trouble::status, status)) return false;
  upstream::Server& refused = *server_;
  Claim held = std::move(upstream_.claim);
  upstream::Server* other = choose();
  if (other == nullptr) {  // then this answer is the best there is
    upstream_.claim = std::move(held);
    return false;
  }
  if (status != 403 && status != 404) errand_.connector->failed(refused);
  held.release();
  leave_server();
  go_to(*other, /*fresh=*/false);
  return true;
}

/// The server did not answer.
void Passage::trouble(Trouble trouble, const Error& error) {
  if (over_) return;
  if (response_ != nullptr) return fail(error);
  if (retries_stale_connection()) return;
  if (server_ != nullptr) errand_.connector->failed(*server_);
  tries_.ended(http_status(error), std::chrono::steady_clock::now());
  claim_.release();
  upstream_.claim.release();
  const bool next = may_try_next(trouble, 0);
  leave_server();
  upstream::Server* other = next ? choose() : nullptr;
  if (other == nullptr) return fail(error);
  go_to(*other, /*fresh=*/false);
}

/// RFC 9112 §9.3.1: a connection that had been idle and closed without a word is no server's failure.
bool Passage::retries_stale_connection() {
  if (upstream_.stream == nullptr || !upstream_.reused() || heard_upstream_ || retried_stale_ ||
      streamed_any_ || !http::is_idempotent(errand_.out.method)) {
    return false;
  }
  retried_stale_ = true;
  host_.counters().retries.add();
  claim_ = std::move(upstream_.claim);
  upstream::Server& server = *server_;
  --servers_tried_;
  leave_server();
  go_to(server, /*fresh=*/true);
  return true;
}

void Passage::leave_server() {
  tries_.ended(0, std::chrono::steady_clock::now());
  response_deadline_.disarm();
  upstream_stall_.disarm();
  upstream_congested_ = false;
  upstream_.stream.reset();
}

}  // namespace tidegate::tunnel
