#include "gateway/demo/demo_connection.h"

#include <chrono>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/demo/resources.h"
#include "gateway/http/forward.h"

namespace tidegate::demo {
namespace {

using namespace std::chrono_literals;

/// Between requests. Longer than the gateway keeps a connection that it may use again, so that it is the
/// gateway who ends one.
constexpr auto kIdle = 60s;
constexpr auto kGoodbye = 2s;

/// The page needs its own script, style and socket, and nothing from anywhere else.
constexpr std::string_view kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri "
    "'none'; "
    "form-action 'none'; frame-ancestors 'none'";

void append_switching_protocols(std::string& out, const http::RequestHead& head) {
  out +=
      "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: "
      "websocket\r\nSec-WebSocket-Accept: ";
  out += websocket_accept(head.value("Sec-WebSocket-Key"));
  out += "\r\n\r\n";
}

http::OwnResponse respond_to(const http::RequestHead& head) {
  http::OwnResponse response;
  response.client_minor_version = head.minor_version;
  // What is asked here has no body; one that comes all the same is not read, and ends the connection.
  response.keep_alive = head.keep_alive && head.framing == http::Framing::none;
  response.head_request = head.method == "HEAD";
  response.content_type = "text/plain; charset=utf-8";
  return response;
}

/// The status in words is all there is to say.
void append_status(std::string& out, int status, http::OwnResponse response) {
  response.status = status;
  response.body = http::reason_phrase(status);
  // RFC 9110 §15.5.22: 426 names what would be understood.
  if (status == 426) response.fields = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  append_own_response(out, response);
}

void append_resource(std::string& out, const Resource& resource, http::OwnResponse response) {
  response.content_type = resource.content_type;
  response.body = resource.body;
  response.fields = {{"Content-Security-Policy", std::string(kContentSecurityPolicy)},
                     {"Referrer-Policy", "no-referrer"},
                     {"X-Content-Type-Options", "nosniff"},
                     {"Cache-Control", "no-cache"}};
  append_own_response(out, response);
}

}  // namespace

Connection::Connection(net::Loop& loop, std::unique_ptr<net::Stream> stream, ConnectionOwner& owner)
    : loop_(loop), stream_(std::move(stream)), owner_(owner), parser_(http::HeadLimits{}) {}

void Connection::start() {
  stream_->set_listener(*this);
  idle_.arm(loop_.timers(), kIdle);
  stream_->start_reading();
}

void Connection::on_data(Bytes bytes) {
  std::string out;
  Then then = echo_ ? Then::frames : take_requests(bytes, out);
  if (then == Then::frames && echo_->feed(bytes, out) == Echo::Next::close) then = Then::nothing;
  write(out);
  if (then == Then::nothing) say_goodbye();
}

void Connection::on_end(net::End) {
  say_goodbye();
}
void Connection::on_error(const Error&) {
  finish();
}

void Connection::on_drained() {
  if (std::exchange(congested_, false)) stream_->resume_reading();
}

/// Leaves in `bytes` what follows a handshake.
Connection::Then Connection::take_requests(Bytes& bytes, std::string& out) {
  while (!bytes.empty()) {
    const Result<http::Fed> fed = parser_.feed(bytes);
    if (!fed) {
      append_status(out, http_status(fed.error()), {});
      return Then::nothing;
    }
    bytes = bytes.subspan(fed.value().consumed);
    if (!fed.value().complete) continue;
    idle_.arm(loop_.timers(), kIdle);
    if (const Then then = answer(*parser_.take(), out); then != Then::requests) return then;
  }
  return Then::requests;
}

Connection::Then Connection::answer(const http::RequestHead& head, std::string& out) {
  const http::OwnResponse response = respond_to(head);
  const Then then = response.keep_alive ? Then::requests : Then::nothing;
  const std::string_view path = head.path.substr(0, head.path.find('?'));

  if (path == "/ws") {
    if (head.upgrade == http::Upgrade::websocket) {
      append_switching_protocols(out, head);
      echo_.emplace();
      idle_.disarm();
      return Then::frames;
    }
    append_status(out, head.upgrade == http::Upgrade::websocket_invalid ? 400 : 426, response);
  } else if (head.method != "GET" && head.method != "HEAD") {
    append_status(out, 405, response);
  } else if (path == "/healthz") {
    append_status(out, 200, response);
  } else if (const Resource* resource = find_resource(path)) {
    append_resource(out, *resource, response);
  } else {
    append_status(out, 404, response);
  }
  return then;
}

void Connection::write(const std::string& out) {
  if (out.empty()) return;
  if (stream_->write(as_bytes(out)) == net::Flow::congested && !congested_) {
    congested_ = true;
    stream_->pause_reading();
  }
}

void Connection::say_goodbye() {
  if (finished_) return;
  on_drained();  // a stream that lingers reads
  loop_.linger(std::move(stream_), {.end = kGoodbye, .take = kGoodbye});
  finish();
}

void Connection::finish() {
  if (std::exchange(finished_, true)) return;
  idle_.disarm();
  owner_.on_finished(*this);
}

}  // namespace tidegate::demo
