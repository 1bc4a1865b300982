// What a ClientConnection answers by itself, and the records of all it has served.

#include <array>
#include <utility>

#include "gateway/tunnel/client_connection.h"
#include "gateway/tunnel/failure_line.h"
#include "gateway/tunnel/request_counts.h"

namespace tidegate::tunnel {

static std::string body_of(int status, Reason reason) {
  std::string body = std::to_string(status);
  return body.append(" ").append(http::reason_phrase(status)).append(": ").append(word(reason)).append("\n");
}

void ClientConnection::send_redirect(const conf::Redirect& redirect, const routing::Template& to,
                                     const routing::CompiledRoute* route) {
  // A request without Host (HTTP/1.0 only) has no name under which it could be sent on.
  if (request_->head->authority.empty() && !to.constant())
    return refuse(Error(Reason::bad_host), make_record());
  std::string location = to.evaluate(request_->view);
  answer({.status = redirect.status, .fields = {{"Location", std::move(location)}}, .route = route});
}

void ClientConnection::answer(Answer answer) {
  const http::RequestHead& head = *request_->head;
  // A body that nobody will read is never parsed as a request.
  if (head.framing != http::Framing::none &&
      !(head.framing == http::Framing::length && head.content_length == 0)) {
    keep_alive_ = false;
  }
  keep_alive_ = keeps_alive();
  http::FieldRules rules;
  if (answer.route != nullptr) {
    rules = evaluate(answer.route->response_set, answer.route->response_remove, request_->view);
  }
  http::OwnResponse response;
  response.status = answer.status;
  response.content_type = answer.content_type;
  response.body = answer.body;
  response.fields = std::move(answer.fields);
  response.client_minor_version = head.minor_version;
  response.keep_alive = keep_alive_;
  response.head_request = request_->is_head();
  response.rules = &rules;
  std::string text;
  http::append_own_response(text, response);
  write(std::array{as_bytes(text)});

  AccessRecord record = std::move(answer.record);
  record.status = answer.status;
  record.reason = answer.reason;
  record.bytes_sent = request_->is_head() ? 0 : answer.body.size();
  if (answer.reason != Reason::none) host_.counters().count(answer.reason);
  finish_record(record);
  if (keep_alive_) return next_request(snapshot_->config->timeouts.keepalive);
  say_goodbye();
}

void ClientConnection::refuse(const Error& error, AccessRecord record) {
  const int status = http_status(error);
  const std::string body = body_of(status, error.reason);
  http::OwnResponse response;
  response.status = status;
  response.content_type = "text/plain; charset=utf-8";
  response.body = body;
  if (error.reason == Reason::websocket_version) {  // RFC 6455 §4.4
    response.fields = {{"Upgrade", "websocket"}, {"Sec-WebSocket-Version", "13"}};
  }
  if (error.reason == Reason::method_not_allowed) {  // RFC 9110 §15.5.6
    response.fields = {{"Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"}};
  }
  response.head_request = request_ != nullptr && request_->is_head();
  std::string text;
  http::append_own_response(text, response);
  write(std::array{as_bytes(text)});
  host_.counters().count(error.reason);
  record.status = status;
  record.reason = error.reason;
  record.bytes_sent = body.size();
  finish_record(record);
  say_goodbye();
}

void ClientConnection::fail(const Error& error, const AccessRecord& record) {
  const int status = http_status(error);
  Answer failed;
  failed.status = status;
  failed.body = body_of(status, error.reason);
  failed.route = request_->route;
  // RFC 9110 §10.2.3: when asking again may be worth it.
  if (error.reason == Reason::too_many_tunnels || error.reason == Reason::no_server) {
    failed.fields = {{"Retry-After", "5"}};
  }
  failed.reason = error.reason;
  failed.record = record;
  answer(std::move(failed));
}

// ---------------------------------------------------------------------------------------------------------------
// Records

AccessRecord ClientConnection::make_record() const {
  AccessRecord record;
  if (request_ != nullptr) return record;
  // Refused before it was a request: what is known of its first line.
  const std::string_view line = parser_.partial_line();
  const std::size_t space = line.find(' ');
  record.method = line.substr(0, space);
  if (space != std::string_view::npos) {
    record.target = line.substr(space + 1, line.find(' ', space + 1) - space - 1);
  }
  return record;
}

/// Fills in what the connection and the request know, counts it, and logs it: in the access log always, in
/// the diagnostics log if something went wrong.
void ClientConnection::finish_record(AccessRecord& record) {
  count_request(*snapshot_, listener_, request_.get(), record);
  const std::string fresh = request_ != nullptr ? std::string() : host_.next_id();
  const std::string_view id = request_ != nullptr ? std::string_view(request_->id) : fresh;
  const bool routed = request_ != nullptr && request_->route != nullptr;
  if (record.reason != Reason::none) {
    log_failure("http", record.why.value_or(Error(record.reason)),
                routed ? std::string_view(request_->route->conf->name) : std::string_view(), record.server,
                id);
  }
  if (!host_.logs_access()) return;
  record.time = std::chrono::system_clock::now();
  record.listener = snapshot_->config->listeners[listener_].name;
  std::string peer;
  record.id = id;
  if (request_ != nullptr) {
    const http::RequestHead& head = *request_->head;
    if (routed) record.route = request_->route->conf->name;
    record.remote_addr = request_->identity.remote_addr;
    record.method = head.method;
    record.target = head.target;
    record.minor_version = head.minor_version;
    record.host = head.authority;
    record.user_agent = head.value("User-Agent");
    record.referer = head.value("Referer");
    record.duration = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() -
                                                                            request_->began);
  } else {
    peer = stream_->peer() != nullptr ? stream_->peer()->to_string() : "unix:";
    record.remote_addr = peer;
  }
  host_.log_access(record);
}

}  // namespace tidegate::tunnel
