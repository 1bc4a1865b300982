#include "gateway/control/answer_reader.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "gateway/base/text.h"

namespace tidegate::control {

bool AnswerReader::fail(std::string problem) {
  state_ = State::broken;
  problem_ = std::move(problem);
  held_.clear();
  return false;
}

bool AnswerReader::feed(std::string_view bytes) {
  if (state_ == State::broken) return false;
  held_ += bytes;
  while (step()) {
  }
  if (state_ == State::done && !held_.empty()) return fail("there are bytes behind the answer");
  return state_ != State::broken;
}

bool AnswerReader::end() {
  if (state_ == State::broken) return false;
  if (state_ == State::until_end) state_ = State::done;
  return state_ == State::done || fail(kCut);
}

bool AnswerReader::step() {
  switch (state_) {
    case State::head:
      return take_head();
    case State::sized:
      return take_data(State::done);
    case State::chunk:
      return take_data(State::chunk_end);
    case State::until_end:
      left_ = held_.size();
      return take_data(State::until_end) && !held_.empty();
    case State::chunk_size:
      return take_chunk_size();
    case State::chunk_end:
      return take_chunk_end();
    case State::trailers:
      return take_trailer();
    case State::done:
    case State::broken:
      return false;
  }
  return false;
}

bool AnswerReader::take_head() {
  const std::size_t end = held_.find("\r\n\r\n");
  if (end == std::string::npos) return held_.size() > kMaxHead && fail("its head is too long");
  const std::string head = held_.substr(0, end + 2);
  held_.erase(0, end + 4);
  const std::size_t line_end = head.find("\r\n");
  // "HTTP/1.1 200 OK", RFC 9112 §4.
  const std::string_view line = std::string_view(head).substr(0, line_end);
  const bool shaped = line.starts_with("HTTP/1.") && line.size() >= 12 && line[8] == ' ';
  const auto status = shaped ? parse_decimal(line.substr(9, 3)) : std::nullopt;
  if (!status || *status < 100) return fail("it is not HTTP/1.1");
  status_ = static_cast<int>(*status);
  if (status_ < 200) return true;  // RFC 9110 §15.2: another answer follows
  if (!read_fields(std::string_view(head).substr(line_end + 2))) return false;
  choose_framing();
  return true;
}

bool AnswerReader::read_fields(std::string_view fields) {
  while (!fields.empty()) {
    const std::size_t end = fields.find("\r\n");
    const std::string_view field = fields.substr(0, end);
    fields.remove_prefix(end + 2);
    const std::size_t colon = field.find(':');
    if (colon == std::string_view::npos || colon == 0) return fail("a field of its head has no name");
    const std::string_view name = field.substr(0, colon);
    const std::string_view value = trim_ows(field.substr(colon + 1));
    if (iequals(name, "Content-Length")) {
      const auto length = parse_decimal(value);
      if (!length || has_length_) return fail("its Content-Length is not one number");
      left_ = *length;
      has_length_ = true;
    } else if (iequals(name, "Transfer-Encoding")) {
      if (!iequals(value, "chunked")) return fail("its Transfer-Encoding is not chunked");
      chunked_ = true;
    }
  }
  return !(chunked_ && has_length_) || fail("it has a Content-Length and a Transfer-Encoding");
}

void AnswerReader::choose_framing() {
  if (status_ == 204 || status_ == 304) {
    state_ = State::done;
  } else if (chunked_) {
    state_ = State::chunk_size;
  } else if (has_length_) {
    state_ = left_ == 0 ? State::done : State::sized;
  } else {
    state_ = State::until_end;
  }
}

bool AnswerReader::take_data(State next) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, held_.size()));
  if (body_.size() + size > max_body_) return fail("it is too long");
  body_.append(held_, 0, size);
  held_.erase(0, size);
  left_ -= size;
  if (left_ > 0) return false;
  state_ = next;
  return true;
}

bool AnswerReader::take_line(std::string& line) {
  const std::size_t end = held_.find("\r\n");
  if (end == std::string::npos) {
    if (held_.size() > kMaxHead) fail("a line of it is too long");
    return false;
  }
  line = held_.substr(0, end);
  held_.erase(0, end + 2);
  return true;
}

bool AnswerReader::take_chunk_size() {
  std::string line;
  if (!take_line(line)) return false;
  // RFC 9112 §7.1: hex digits, then extensions, which say nothing to us.
  const std::size_t digits = std::min(line.size(), line.find_first_of("; \t"));
  const char* const end = line.data() + digits;
  const auto [stop, error] = std::from_chars(line.data(), end, left_, 16);
  if (digits == 0 || error != std::errc() || stop != end) return fail("a chunk has no size");
  state_ = left_ == 0 ? State::trailers : State::chunk;
  return true;
}

bool AnswerReader::take_chunk_end() {
  if (held_.size() < 2) return false;
  if (!held_.starts_with("\r\n")) return fail("a chunk is longer than its size");
  held_.erase(0, 2);
  state_ = State::chunk_size;
  return true;
}

bool AnswerReader::take_trailer() {
  std::string line;
  if (!take_line(line)) return false;
  trailers_ += line.size();
  if (trailers_ > kMaxHead) return fail("its trailers are too long");
  if (line.empty()) state_ = State::done;
  return true;
}

}  // namespace tidegate::control
