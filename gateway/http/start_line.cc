#include "gateway/http/start_line.h"

#include "gateway/http/grammar.h"
#include "gateway/http/llhttp_fields.h"
#include "gateway/http/message_rules.h"

namespace tidegate::http {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool VersionScanner::accept(char c) {
  constexpr std::string_view kPattern = "HTTP/D.D";
  const char expected = kPattern[size_];
  if (size_ == 5 || size_ == 7) {
    if (!is_digit(c)) return false;
    (size_ == 5 ? major_ : minor_) = c;
  } else if (c != expected) {
    return false;
  }
  ++size_;
  return true;
}

LineStep RequestLineScanner::feed(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    switch (place_) {
      case Place::method: {
        const std::size_t size = span_of(text.substr(i), kTokenChar);
        method_size_ += size;
        i += size;
        if (i == text.size()) break;
        if (text[i] != ' ' || method_size_ == 0) return {i, false, Reason::bad_request_line};
        place_ = Place::target;
        ++i;
        break;
      }
      case Place::target: {
        const std::string_view room = text.substr(i, max_target_bytes_ - target_size_ + 1);
        const std::size_t size = span_of(room, kTargetChar);
        if (target_size_ + size > max_target_bytes_) return {i + size - 1, false, Reason::uri_too_long};
        target_size_ += size;
        i += size;
        if (i == text.size()) break;
        // A line that ends here is HTTP/0.9's.
        const bool line_end = text[i] == '\r' || text[i] == '\n';
        if (line_end || (text[i] == ' ' && target_size_ == 0)) return {i, false, Reason::bad_request_line};
        if (text[i] != ' ') return {i, false, Reason::bad_target};
        place_ = Place::version;
        ++i;
        break;
      }
      case Place::version:
        if (version_.complete() && text[i] == '\r') {
          place_ = Place::line_lf;
        } else if (version_.complete() || !version_.accept(text[i])) {
          return {i, false, Reason::bad_request_line};
        }
        ++i;
        break;
      case Place::line_lf:
        if (text[i] != '\n') return {i, false, Reason::bad_request_line};
        return {i + 1, true, Reason::none};
    }
  }
  return {i, false, Reason::none};
}

Reason RequestLineScanner::judge(std::string_view line) const {
  const std::string_view name = method(line);
  if (name == "PRI") return Reason::bad_request_line;  // HTTP/2's preface, RFC 9113 §3.4
  if (!version_.supported()) return Reason::version_unsupported;
  if (name == "CONNECT" || name == "TRACE") return Reason::method_not_allowed;
  if (!is_known_method(name)) return Reason::method_unknown;
  return split_target(name, target(line)) ? Reason::none : Reason::bad_target;
}

std::string_view RequestLineScanner::partial(std::string_view line) const {
  const bool target_ended = place_ == Place::version || place_ == Place::line_lf;
  return target_ended ? line.substr(0, method_size_ + 1 + target_size_) : line;
}

LineStep StatusLineScanner::feed(std::string_view text) {
  constexpr Reason kBad = Reason::upstream_bad_response;
  std::size_t i = 0;
  while (i < text.size()) {
    switch (place_) {
      case Place::version:
        if (!version_.accept(text[i])) return {i, false, kBad};
        if (version_.complete()) place_ = Place::space;
        ++i;
        break;
      case Place::space:
        if (text[i] != ' ') return {i, false, kBad};
        place_ = Place::status;
        ++i;
        break;
      case Place::status:
        if (digits_ < 3) {
          if (!is_digit(text[i])) return {i, false, kBad};
          status_ = status_ * 10 + (text[i] - '0');
          ++digits_;
        } else if (text[i] == ' ' || text[i] == '\r') {
          place_ = text[i] == ' ' ? Place::phrase : Place::line_lf;
        } else {
          return {i, false, kBad};
        }
        ++i;
        break;
      case Place::phrase: {
        const std::size_t size = span_of(text.substr(i), kValueChar);
        phrase_size_ += size;
        i += size;
        if (i == text.size()) break;
        if (text[i] != '\r') return {i, false, kBad};
        place_ = Place::line_lf;
        ++i;
        break;
      }
      case Place::line_lf:
        if (text[i] != '\n') return {i, false, kBad};
        return {i + 1, true, Reason::none};
    }
  }
  return {i, false, Reason::none};
}

Reason StatusLineScanner::judge(std::string_view) const {
  const bool good = version_.supported() && status_ >= 100 && status_ <= 599;
  return good ? Reason::none : Reason::upstream_bad_response;
}

std::string_view StatusLineScanner::phrase(std::string_view line) const {
  constexpr std::size_t kPhraseOffset = 13;  // behind "HTTP/1.1 200 "
  return phrase_size_ == 0 ? std::string_view{} : line.substr(kPhraseOffset, phrase_size_);
}

}  // namespace tidegate::http
