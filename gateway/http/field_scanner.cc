#include "gateway/http/field_scanner.h"

#include "gateway/http/grammar.h"

namespace tidegate::http {

FieldScanner::Step FieldScanner::feed(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    switch (place_) {
      case Place::line_start:
        if (text[i] == '\r') {
          place_ = Place::end_lf;
          ++i;
          break;
        }
        // White space here would be obs-fold (RFC 9112 §5.2), a colon an empty name.
        if (!is_char(text[i], kTokenChar)) return {i, Verdict::bad};
        if (fields_ == max_fields_) return {i, Verdict::too_many};
        ++fields_;
        place_ = Place::name;
        break;
      case Place::name:
        i += span_of(text.substr(i), kTokenChar);
        if (i == text.size()) break;
        if (text[i] != ':') return {i, Verdict::bad};
        place_ = Place::value;
        ++i;
        break;
      case Place::value:
        i += span_of(text.substr(i), kValueChar);
        if (i == text.size()) break;
        if (text[i] != '\r') return {i, Verdict::bad};
        place_ = Place::value_lf;
        ++i;
        break;
      case Place::value_lf:
        if (text[i] != '\n') return {i, Verdict::bad};
        place_ = Place::line_start;
        ++i;
        break;
      case Place::end_lf:
        if (text[i] != '\n') return {i, Verdict::bad};
        return {i + 1, Verdict::complete};
    }
  }
  return {i, Verdict::more};
}

}  // namespace tidegate::http
