#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tidegate::http {

/// Holds a field section (a head's or a trailer's) against the grammar, byte by byte and however it is cut:
/// CRLF only, no obs-fold, a token and a colon with nothing between them, no controls (RFC 9112 §5). Keeps no
/// bytes.
class FieldScanner {
 public:
  enum class Verdict : std::uint8_t {
    more,      ///< all bytes were consumed, the section goes on
    complete,  ///< the empty line has been consumed
    bad,       ///< the byte at `consumed` breaks the grammar
    too_many,  ///< a field beyond the bound begins at `consumed`
  };
  struct Step {
    std::size_t consumed;
    Verdict verdict;
  };

  explicit FieldScanner(std::size_t max_fields) : max_fields_(max_fields) {}

  Step feed(std::string_view text);
  /// Fields begun so far.
  std::size_t fields() const { return fields_; }

 private:
  enum class Place : std::uint8_t { line_start, name, value, value_lf, end_lf };
  std::size_t max_fields_;
  std::size_t fields_ = 0;
  Place place_ = Place::line_start;
};

}  // namespace tidegate::http
