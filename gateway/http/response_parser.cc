#include "gateway/http/head_parser.h"
#include "gateway/http/head_reader.h"
#include "gateway/http/llhttp_fields.h"
#include "gateway/http/message_rules.h"
#include "gateway/http/start_line.h"

namespace tidegate::http {
namespace {

/// Whatever breaks a rule in a response, it is the upstream's fault.
Error bad_response() {
  return Error(Reason::upstream_bad_response, Party::upstream);
}

}  // namespace

/// What a response head in the making needs; it exists from the first byte to take().
struct ResponseParser::State {
  enum class Phase : std::uint8_t { head, complete, failed };

  explicit State(const HeadLimits& limits)
      : reader(limits, StatusLineScanner()), head(std::make_unique<ResponseHead>()) {}

  Result<Fed> feed(std::string_view text);
  bool finish();

  HeadReader<StatusLineScanner> reader;
  std::unique_ptr<ResponseHead> head;
  Phase phase = Phase::head;
};

Result<Fed> ResponseParser::State::feed(std::string_view text) {
  if (phase == Phase::complete) return Fed{0, true};
  if (phase == Phase::failed) return bad_response();
  const LineStep step = reader.feed(text, head->storage);
  if (step.reason != Reason::none || (step.complete && !finish())) {
    phase = Phase::failed;
    return bad_response();
  }
  if (step.complete) phase = Phase::complete;
  return Fed{step.consumed, step.complete};
}

/// The head has come whole and kept the grammar: takes it apart.
bool ResponseParser::State::finish() {
  const std::string_view text(head->storage.data(), head->storage.size());
  head->minor_version = reader.line().minor_version();
  head->status = reader.line().status();
  head->phrase = reader.line().phrase(text);
  return read_fields(*head, text, MessageKind::response, reader.fields()) == Reason::none &&
         apply_response_rules(*head) == Reason::none;
}

ResponseParser::ResponseParser(const HeadLimits& limits) : limits_(limits) {}
ResponseParser::~ResponseParser() = default;

Result<Fed> ResponseParser::feed(Bytes bytes) {
  if (!state_) {
    if (bytes.empty()) return Fed{};
    state_ = std::make_unique<State>(limits_);
  }
  return state_->feed(as_text(bytes));
}

std::unique_ptr<ResponseHead> ResponseParser::take(bool head_request) {
  if (!state_ || state_->phase != State::Phase::complete) return nullptr;
  std::unique_ptr<ResponseHead> head = std::move(state_->head);
  state_.reset();
  if (head_request) apply_head_request(*head);
  return head;
}

bool ResponseParser::begun() const {
  return state_ != nullptr;
}

}  // namespace tidegate::http
