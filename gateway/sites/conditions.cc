#include "gateway/sites/conditions.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "gateway/base/text.h"
#include "gateway/http/date.h"

namespace tidegate::sites {
namespace {

void append_hex(std::string& out, std::uint64_t number) {
  char digits[16];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  out.append(digits, end);
}

bool is_blank(char c) {
  return c == ' ' || c == '\t';
}

/// Is the entity tag in the list? `weak`: with the weak comparison (RFC 9110 §8.8.3.2).
bool lists_etag(std::string_view list, std::string_view etag, bool weak) {
  if (list == "*") return true;
  if (etag.empty()) return false;
  if (weak && etag.starts_with("W/")) etag.remove_prefix(2);
  while (!list.empty()) {
    if (weak && list.size() > 2 && list.starts_with("W/")) list.remove_prefix(2);
    if (list.starts_with(etag)) {
      list.remove_prefix(etag.size());
      while (!list.empty() && is_blank(list.front())) list.remove_prefix(1);
      if (list.empty() || list.front() == ',') return true;
    }
    list.remove_prefix(std::min(list.find(','), list.size()));
    while (!list.empty() && (is_blank(list.front()) || list.front() == ',')) list.remove_prefix(1);
  }
  return false;
}

bool modified_since(std::string_view since, const Validators& validators,
                    conf::FileRules::IfModifiedSince comparison) {
  using Comparison = conf::FileRules::IfModifiedSince;
  if (!validators.modified_s || comparison == Comparison::off) return true;
  const std::optional<std::int64_t> time = http::parse_http_date(since);
  if (time == validators.modified_s) return false;
  // What cannot be read is long ago.
  return comparison == Comparison::exact || !time || *time < *validators.modified_s;
}

bool unmodified_since(std::string_view since, const Validators& validators) {
  const std::optional<std::int64_t> time = http::parse_http_date(since);
  return time && validators.modified_s && *time >= *validators.modified_s;
}

/// Do the parts belong to what the client has?
bool if_range_holds(std::string_view value, const Validators& validators) {
  if (value.size() >= 2 && value.back() == '"') return !validators.etag.empty() && value == validators.etag;
  return validators.modified_s && http::parse_http_date(value) == validators.modified_s;
}

/// One list of ranges, read as ngx_http_range_parse does.
class RangeReader {
 public:
  enum class Result { read, unsatisfiable, passed_over };

  RangeReader(std::string_view text, std::uint64_t length, unsigned most)
      : text_(text), length_(length), most_(most) {}

  Result read(std::vector<ByteRange>& ranges) {
    std::uint64_t total = 0;
    do {
      Span span;
      if (!read_one(span)) return Result::unsatisfiable;
      if (span.begin < span.end) {
        if (ranges.size() == most_) return Result::passed_over;
        ranges.push_back({span.begin, span.end - 1});
        total = std::min(total + (span.end - span.begin), length_ + 1);
      } else if (span.begin == 0) {
        return Result::passed_over;
      }
    } while (take(','));
    if (ranges.empty()) return Result::unsatisfiable;
    // More than the whole, by overlapping: nginx sends the whole.
    return total > length_ ? Result::passed_over : Result::read;
  }

 private:
  struct Span {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;  ///< one behind the last
  };

  bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void skip_spaces() {
    while (take(' ')) {
    }
  }
  bool at_end() const { return at_ == text_.size() || text_[at_] == ','; }

  bool read_number(std::uint64_t& number) {
    // nginx's numbers are signed.
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
    const std::size_t began = at_;
    number = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      const auto digit = static_cast<std::uint64_t>(text_[at_] - '0');
      if (number > (kMost - digit) / 10) return false;
      number = number * 10 + digit;
    }
    return at_ != began;
  }

  bool read_one(Span& span) {
    skip_spaces();
    if (take('-')) {
      std::uint64_t last = 0;
      if (!read_number(last)) return false;
      skip_spaces();
      span = {last < length_ ? length_ - last : 0, length_};
      return at_end();
    }
    if (!read_number(span.begin)) return false;
    skip_spaces();
    if (!take('-')) return false;
    skip_spaces();
    span.end = length_;
    if (at_end()) return true;
    std::uint64_t last = 0;
    if (!read_number(last)) return false;
    skip_spaces();
    if (last < length_) span.end = last + 1;
    return at_end();
  }

  std::string_view text_;
  std::uint64_t length_;
  unsigned most_;
  std::size_t at_ = 0;
};

}  // namespace

std::string etag_of(const File& file) {
  std::string out = "\"";
  append_hex(out, static_cast<std::uint64_t>(file.modified_s()));
  out += '-';
  append_hex(out, file.size());
  return out += '"';
}

int check_conditions(const http::RequestHead& head, const Validators& validators,
                     conf::FileRules::IfModifiedSince if_modified_since) {
  const http::Field* unmodified = head.find("If-Unmodified-Since");
  if (unmodified != nullptr && !unmodified_since(unmodified->value, validators)) return 412;
  const http::Field* match = head.find("If-Match");
  if (match != nullptr && !lists_etag(match->value, validators.etag, false)) return 412;
  const http::Field* modified = head.find("If-Modified-Since");
  const http::Field* none_match = head.find("If-None-Match");
  if (modified == nullptr && none_match == nullptr) return 200;
  if (modified != nullptr && modified_since(modified->value, validators, if_modified_since)) return 200;
  if (none_match != nullptr && !lists_etag(none_match->value, validators.etag, true)) return 200;
  return 304;
}

RangeVerdict check_ranges(const http::RequestHead& head, const Validators& validators,
                          std::optional<unsigned> most) {
  constexpr std::string_view kUnit = "bytes=";
  const std::string_view range = head.value("Range");
  if (most == 0u || !validators.length || range.size() <= kUnit.size()) return {};
  if (!iequals(range.substr(0, kUnit.size()), kUnit)) return {};
  if (const http::Field* field = head.find("If-Range");
      field != nullptr && !if_range_holds(field->value, validators)) {
    return {};
  }
  RangeVerdict verdict;
  RangeReader reader(range.substr(kUnit.size()), *validators.length,
                     most.value_or(std::numeric_limits<std::int32_t>::max()));
  switch (reader.read(verdict.ranges)) {
    case RangeReader::Result::read:
      return verdict;
    case RangeReader::Result::unsatisfiable:
      return {.unsatisfiable = true};
    case RangeReader::Result::passed_over:
      break;
  }
  return {};
}

std::string content_range(std::optional<ByteRange> range, std::uint64_t size) {
  std::string out = "bytes ";
  if (range) {
    out += std::to_string(range->first) + '-' + std::to_string(range->last);
  } else {
    out += '*';
  }
  return out += '/' + std::to_string(size);
}

}  // namespace tidegate::sites
