#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "gateway/base/reason.h"

namespace tidegate::http {

/// How far a start line was read. With a reason, the byte at `consumed` is the one that was refused.
struct LineStep {
  std::size_t consumed = 0;
  bool complete = false;  ///< the line's LF has been consumed
  Reason reason = Reason::none;
};

/// `HTTP/D.D`, one byte after the other.
class VersionScanner {
 public:
  bool complete() const { return size_ == kSize; }
  /// False: this byte can't stand here.
  bool accept(char c);
  bool supported() const { return major_ == '1' && (minor_ == '0' || minor_ == '1'); }
  int minor() const { return minor_ - '0'; }

 private:
  static constexpr std::size_t kSize = 8;
  std::uint8_t size_ = 0;
  char major_ = '0';
  char minor_ = '0';
};

/// Holds a request line against the grammar however it is cut: `method SP target SP HTTP/D.D CRLF` (RFC 9112
/// §3). Keeps no bytes; the offsets it finds count from the line's beginning.
class RequestLineScanner {
 public:
  explicit RequestLineScanner(std::size_t max_target_bytes) : max_target_bytes_(max_target_bytes) {}

  LineStep feed(std::string_view text);
  /// Once complete: what there is to say of the line as a whole. Reason::none: nothing.
  Reason judge(std::string_view line) const;

  std::string_view method(std::string_view line) const { return line.substr(0, method_size_); }
  std::string_view target(std::string_view line) const { return line.substr(method_size_ + 1, target_size_); }
  /// Method, SP and target as far as they came.
  std::string_view partial(std::string_view line) const;
  int minor_version() const { return version_.minor(); }

 private:
  enum class Place : std::uint8_t { method, target, version, line_lf };
  std::size_t max_target_bytes_;
  std::size_t method_size_ = 0;
  std::size_t target_size_ = 0;
  VersionScanner version_;
  Place place_ = Place::method;
};

/// The same for `HTTP/D.D SP 3DIGIT [ SP phrase ] CRLF` (RFC 9112 §4; the SP before a missing phrase may be
/// missing too, as it is from many servers).
class StatusLineScanner {
 public:
  LineStep feed(std::string_view text);
  Reason judge(std::string_view line) const;

  int minor_version() const { return version_.minor(); }
  int status() const { return status_; }
  std::string_view phrase(std::string_view line) const;

 private:
  enum class Place : std::uint8_t { version, space, status, phrase, line_lf };
  VersionScanner version_;
  int status_ = 0;
  int digits_ = 0;
  std::size_t phrase_size_ = 0;
  Place place_ = Place::version;
};

}  // namespace tidegate::http
