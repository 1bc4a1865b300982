// The answers of a site's own: statuses, pages, files; and what is logged of them.

#include <algorithm>
#include <array>
#include <utility>

#include "gateway/base/text.h"
#include "gateway/sites/static_files.h"
#include "gateway/tunnel/body_pieces.h"
#include "gateway/tunnel/site_visit.h"

namespace tidegate::tunnel {

/// nginx says so to HTTP/1.1 too, where it goes without saying.
void SiteVisit::name_keep_alive(std::string& head) const {
  if (!keep_alive_ || request_.head->minor_version == 0) return;
  head.insert(head.find(kCrlf) + kCrlf.size(), "Connection: keep-alive\r\n");
}

bool SiteVisit::keeps_alive() {
  const conf::Location& location = walk_.location();
  if (walk_.ends_connection()) return false;
  if (location.keepalive_timeout <= std::chrono::milliseconds::zero()) return false;
  if (client_.requests() >= location.keepalive_requests) return false;
  return client_.keeps_alive() && !body_broken_;
}

void SiteVisit::answer(sites::Answer answer) {
  const bool own_page = !answer.body && answer.status >= 300;
  if (answer.reason != Reason::none) reason_ = answer.reason;
  keep_alive_ = keeps_alive();
  // A client that waits for our 100 has not sent a body that could be skipped.
  if (owes_continue_ && !request_body_.complete()) keep_alive_ = false;
  if (!keep_alive_) client_.forbid_keep_alive();
  const std::string body = answer.body ? std::move(*answer.body) : own_page ? walk_.page(answer.status) : "";
  const std::string& charset = walk_.location().files.charset;
  const std::string type =
      own_page ? sites::with_charset("text/html", charset, answer.status) : answer.content_type;
  const http::FieldRules rules = walk_.answer_rules(
      answer.status,
      {.content_type = type, .length = body.size(), .fields = answer.fields, .keep_alive = keep_alive_});

  http::OwnResponse response;
  response.status = answer.status;
  response.content_type = type;
  response.body = body;
  response.fields = std::move(answer.fields);
  response.client_minor_version = request_.head->minor_version;
  response.keep_alive = keep_alive_;
  response.head_request = request_.is_head();
  response.rules = &rules;
  std::string text;
  http::append_own_response(text, response);
  name_keep_alive(text);
  facts_.status = answer.status;
  write_head(std::move(text), request_.is_head() ? 0 : body.size());
  if (reason_ != Reason::none) host_.counters().count(reason_);
  finish();
}

/// `text` may end with `body_bytes` of the body.
void SiteVisit::write_head(std::string text, std::size_t body_bytes) {
  write(std::array{as_bytes(text)});
  head_bytes_ = text.size() - std::min(body_bytes, text.size());
  text.resize(head_bytes_);
  facts_.sent_head = std::move(text);
}

void SiteVisit::send_file(sites::SendFile found) {
  if (!found.file.is_open() && found.status != 304) {
    return answer({.status = found.status, .fields = std::move(found.fields)});
  }
  stage_ = Stage::sending_file;
  const int status = found.status;
  const std::string type = found.content_type;
  const std::uint64_t size = found.file.size();
  const conf::RouteTimeouts& timeouts = request_.route->conf->timeouts;
  file_ = std::make_unique<FileAnswer>(host_.loop(), static_cast<FileSink&>(*this), std::move(found.file),
                                       std::move(found.ranges), std::move(found.content_type), timeouts.send);
  keep_alive_ = keeps_alive();
  if (owes_continue_ && !request_body_.complete()) keep_alive_ = false;
  if (!keep_alive_) client_.forbid_keep_alive();
  sites::Draft draft{.content_type = type, .fields = found.fields, .keep_alive = keep_alive_};
  if (status != 304) draft.length = size;
  // nginx makes a part of the whole once its fields are there.
  const http::FieldRules rules = walk_.answer_rules(status == 206 ? 200 : status, draft);
  http::OwnResponse response;
  response.status = status;
  response.content_type = file_->content_type();
  response.length = file_->length();
  response.fields = std::move(found.fields);
  if (status != 200 && status != 206 && status != 304) {  // an error's page has no past
    std::erase_if(response.fields, [](const auto& field) { return iequals(field.first, "Last-Modified"); });
  }
  const bool ranged = std::any_of(response.fields.begin(), response.fields.end(),
                                  [](const auto& field) { return iequals(field.first, "Content-Range"); });
  if (std::string range = file_->content_range(); !range.empty() && !ranged) {
    response.fields.emplace_back("Content-Range", std::move(range));
  }
  response.client_minor_version = request_.head->minor_version;
  response.keep_alive = keep_alive_;
  response.head_request = request_.is_head();
  response.rules = &rules;
  std::string text;
  http::append_own_response(text, response);
  name_keep_alive(text);
  facts_.status = status;
  write_head(std::move(text), 0);
  if (request_.is_head() || status == 304 || status == 204) return finish();
  file_->start();
}

void SiteVisit::tell_counts(int status) {
  const std::string& charset = walk_.location().files.charset;
  answer({.status = status,
          .body = sites::status_text(host_.connection_counts()),
          .content_type = sites::with_charset("text/plain", charset, status)});
}

void SiteVisit::on_file_failed(Reason reason) {
  AccessRecord ended = record();
  ended.reason = reason;
  stage_ = Stage::over;
  log();
  client_.on_exchange_cut(ended, /*by_framing=*/reason != Reason::send_timeout);
}

void SiteVisit::log() {
  if (std::exchange(logged_, true) || client_.snapshot().site_logs == nullptr) return;
  facts_.body_bytes_sent = facts_.bytes_sent - std::min(head_bytes_, facts_.bytes_sent);
  facts_.request_time = std::chrono::steady_clock::now() - request_.began;
  write_site_logs(client_.snapshot(), walk_.log_lines());
}

}  // namespace tidegate::tunnel
