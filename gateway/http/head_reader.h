#pragma once

#include <algorithm>
#include <string_view>
#include <vector>

#include "gateway/http/field_scanner.h"
#include "gateway/http/head_parser.h"
#include "gateway/http/start_line.h"

namespace tidegate::http {

/// Collects one head, start line and fields, in `storage`: scans bytes where they lie and copies what was
/// scanned, so that a head that comes in one read is copied once and nothing behind it is. `Line` is
/// RequestLineScanner or StatusLineScanner.
template <typename Line>
class HeadReader {
 public:
  HeadReader(const HeadLimits& limits, Line line) : limits_(limits), line_(line), fields_(limits.fields) {}

  /// With a reason, `storage` holds what came up to and with the byte that was refused.
  LineStep feed(std::string_view text, std::vector<char>& storage) {
    const std::string_view allowed = text.substr(0, limits_.head_bytes - storage.size());
    kept_ = 0;
    LineStep step = scan(allowed, storage);
    if (!step.complete && step.reason == Reason::none && allowed.size() < text.size()) {
      step.reason = Reason::head_too_large;
    }
    keep(allowed, step.consumed + (step.reason == Reason::none ? 0 : 1), storage);
    return step;
  }

  const Line& line() const { return line_; }
  bool line_complete() const { return line_complete_; }
  std::size_t fields() const { return fields_.fields(); }

 private:
  LineStep scan(std::string_view text, std::vector<char>& storage) {
    std::size_t line_size = 0;
    if (!line_complete_) {
      LineStep step = line_.feed(text);
      if (!step.complete) return step;
      line_size = step.consumed;
      step.reason = line_.judge(whole_line(text, line_size, storage));
      step.complete = false;
      if (step.reason != Reason::none) return step;
      line_complete_ = true;
    }
    const FieldScanner::Step step = fields_.feed(text.substr(line_size));
    const std::size_t consumed = line_size + step.consumed;
    switch (step.verdict) {
      case FieldScanner::Verdict::more:
        return {consumed, false, Reason::none};
      case FieldScanner::Verdict::complete:
        return {consumed, true, Reason::none};
      case FieldScanner::Verdict::bad:
        return {consumed, false, Reason::bad_field};
      case FieldScanner::Verdict::too_many:
        return {consumed, false, Reason::head_too_large};
    }
    return {consumed, false, Reason::bad_field};
  }

  /// The start line in one piece: where it lies, unless it began in an earlier read.
  std::string_view whole_line(std::string_view text, std::size_t size, std::vector<char>& storage) {
    if (storage.empty()) return text.substr(0, size);
    keep(text, size, storage);
    return {storage.data(), storage.size()};
  }

  void keep(std::string_view text, std::size_t size, std::vector<char>& storage) {
    const std::string_view fresh = text.substr(kept_, std::min(size, text.size()) - kept_);
    storage.insert(storage.end(), fresh.begin(), fresh.end());
    kept_ += fresh.size();
  }

  HeadLimits limits_;
  Line line_;
  FieldScanner fields_;
  std::size_t kept_ = 0;  ///< of the bytes of this feed(), those in storage already
  bool line_complete_ = false;
};

}  // namespace tidegate::http
