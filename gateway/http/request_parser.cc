#include <algorithm>

#include "gateway/base/text.h"
#include "gateway/http/head_parser.h"
#include "gateway/http/head_reader.h"
#include "gateway/http/llhttp_fields.h"
#include "gateway/http/message_rules.h"
#include "gateway/http/start_line.h"

namespace tidegate::http {

/// What a request head in the making needs; it exists from the first byte to take().
struct RequestParser::State {
  enum class Phase : std::uint8_t { before, before_lf, head, complete, failed };

  explicit State(const HeadLimits& limits)
      : reader(limits, RequestLineScanner(limits.uri_bytes)), head(std::make_unique<RequestHead>()) {}

  Result<Fed> feed(std::string_view text);
  Result<Fed> fail(Reason reason);
  Result<std::size_t> skip_empty_line(std::string_view text);
  Reason finish();
  void set_line();
  std::string_view kept() const { return {head->storage.data(), head->storage.size()}; }

  HeadReader<RequestLineScanner> reader;
  std::unique_ptr<RequestHead> head;
  Phase phase = Phase::before;
  Reason reason = Reason::none;
};

Result<Fed> RequestParser::State::feed(std::string_view text) {
  if (phase == Phase::complete) return Fed{0, true};
  if (phase == Phase::failed) return Error(reason);
  const auto skipped = skip_empty_line(text);
  if (!skipped) return skipped.error();
  const std::size_t begin = skipped.value();
  if (begin == text.size()) return Fed{begin, false};

  phase = Phase::head;
  const LineStep step = reader.feed(text.substr(begin), head->storage);
  if (step.reason != Reason::none) return fail(step.reason);
  if (!step.complete) return Fed{begin + step.consumed, false};
  if (const Reason broken = finish(); broken != Reason::none) return fail(broken);
  phase = Phase::complete;
  return Fed{begin + step.consumed, true};
}

Result<Fed> RequestParser::State::fail(Reason why) {
  phase = Phase::failed;
  reason = why;
  return Error(why);
}

/// RFC 9112 §2.2: one CRLF before a request line is passed over. How many of the bytes it took.
Result<std::size_t> RequestParser::State::skip_empty_line(std::string_view text) {
  std::size_t i = 0;
  if (phase == Phase::before && i < text.size()) {
    phase = text[i] == '\r' ? Phase::before_lf : Phase::head;
    i += phase == Phase::before_lf ? 1 : 0;
  }
  if (phase == Phase::before_lf && i < text.size()) {
    if (text[i] != '\n') return fail(Reason::bad_request_line).error();
    phase = Phase::head;
    ++i;
  }
  return i;
}

/// The head has come whole and kept the grammar: takes it apart.
Reason RequestParser::State::finish() {
  const std::size_t head_size = head->storage.size();
  set_line();
  head->minor_version = reader.line().minor_version();
  const std::string_view text = kept().substr(0, head_size);
  const Reason broken = read_fields(*head, text, MessageKind::request, reader.fields());
  return broken != Reason::none ? broken : apply_request_rules(*head);
}

/// Sets what the request line says. `GET http://host?query` wants a "/" that wasn't sent: that path goes
/// behind the head.
void RequestParser::State::set_line() {
  const std::size_t head_size = head->storage.size();
  const auto split = [this] {
    head->method = reader.line().method(kept());
    head->target = reader.line().target(kept());
    return split_target(head->method, head->target).value_or(SplitTarget{});
  };
  SplitTarget target = split();
  if (target.path.starts_with('?')) {
    std::string path("/");
    path += target.path;
    head->storage.insert(head->storage.end(), path.begin(), path.end());
    target = split();
    target.path = kept().substr(head_size);
  }
  head->authority = target.authority;
  head->path = target.path;
}

RequestParser::RequestParser(const HeadLimits& limits) : limits_(limits) {}
RequestParser::~RequestParser() = default;

Result<Fed> RequestParser::feed(Bytes bytes) {
  if (!state_) {
    if (bytes.empty()) return Fed{};
    state_ = std::make_unique<State>(limits_);
  }
  return state_->feed(as_text(bytes));
}

std::unique_ptr<RequestHead> RequestParser::take() {
  if (!state_ || state_->phase != State::Phase::complete) return nullptr;
  std::unique_ptr<RequestHead> head = std::move(state_->head);
  state_.reset();
  return head;
}

bool RequestParser::begun() const {
  return state_ && !state_->head->storage.empty();
}

std::string_view RequestParser::partial_line() const {
  return state_ ? state_->reader.line().partial(state_->kept()) : std::string_view{};
}

}  // namespace tidegate::http
