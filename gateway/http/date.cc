#include "gateway/http/date.h"

#include <algorithm>

namespace tidegate::http {
namespace {

constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";

char* put(char* out, std::string_view text) {
  for (char c : text) *out++ = c;
  return out;
}

char* put_number(char* out, int number, int digits) {
  for (int i = digits - 1; i >= 0; --i, number /= 10) out[i] = static_cast<char>('0' + number % 10);
  return out + digits;
}

/// Reads a date from left to right; the first thing that is not as it must be fails all that follows.
class DateReader {
 public:
  explicit DateReader(std::string_view text) : text_(text) {}

  std::optional<std::int64_t> read() {
    const std::size_t comma = std::min(text_.find_first_of(", "), text_.size());
    const bool asctime = comma < text_.size() && text_[comma] == ' ';
    text_.remove_prefix(std::min(comma + 1, text_.size()));
    text_.remove_prefix(std::min(text_.find_first_not_of(' '), text_.size()));
    if (asctime) {
      read_asctime();
    } else {
      read_day_first();
    }
    return good_ ? time() : std::nullopt;
  }

 private:
  /// `Nov  6 08:49:37 1994`
  void read_asctime() {
    month_ = read_month();
    expect(' ');
    day_ = peek() == ' ' ? (expect(' '), read_number(1)) : read_number(peek_at(1) == ' ' ? 1 : 2);
    read_time();
    expect(' ');
    year_ = read_number(4);
  }

  /// `06 Nov 1994 08:49:37 GMT`, `06-Nov-94 08:49:37 GMT`
  void read_day_first() {
    day_ = read_number(2);
    const bool rfc850 = peek() == '-';
    const char between = rfc850 ? '-' : ' ';
    expect(between);
    month_ = read_month();
    expect(between);
    year_ = read_number(rfc850 ? 2 : 4);
    if (rfc850) year_ += year_ < 70 ? 2000 : 1900;
    read_time();
  }

  void read_time() {
    expect(' ');
    hour_ = read_number(2);
    expect(':');
    minute_ = read_number(2);
    expect(':');
    second_ = read_number(2);
  }

  std::optional<std::int64_t> time() const {
    if (hour_ > 23 || minute_ > 59 || second_ > 59 || day_ < 1) return std::nullopt;
    std::tm parts{};
    parts.tm_year = year_ - 1900;
    parts.tm_mon = month_;
    parts.tm_mday = day_;
    parts.tm_hour = hour_;
    parts.tm_min = minute_;
    parts.tm_sec = second_;
    const std::time_t seconds = timegm(&parts);
    // A day that the month does not have has become one of the next.
    if (parts.tm_mday != day_) return std::nullopt;
    return seconds;
  }

  char peek() const { return peek_at(0); }
  char peek_at(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  void expect(char c) {
    if (peek() == c) {
      text_.remove_prefix(1);
    } else {
      good_ = false;
    }
  }

  int read_number(std::size_t digits) {
    int number = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (peek_at(i) < '0' || peek_at(i) > '9') {
        good_ = false;
        return 0;
      }
      number = number * 10 + (peek_at(i) - '0');
    }
    text_.remove_prefix(digits);
    return number;
  }

  int read_month() {
    const std::string_view name = text_.substr(0, 3);
    for (std::size_t month = 0; month < 12; ++month) {
      if (kMonths.substr(month * 3, 3) != name) continue;
      text_.remove_prefix(3);
      return static_cast<int>(month);
    }
    good_ = false;
    return 0;
  }

  std::string_view text_;
  bool good_ = true;
  int day_ = 0, month_ = 0, year_ = 0, hour_ = 0, minute_ = 0, second_ = 0;
};

}  // namespace

std::string_view http_date(std::time_t time, char (&buffer)[32]) {
  std::tm parts{};
  gmtime_r(&time, &parts);
  char* out = put(buffer, kDays.substr(static_cast<std::size_t>(parts.tm_wday) * 3, 3));
  out = put_number(put(out, ", "), parts.tm_mday, 2);
  out = put(put(out, " "), kMonths.substr(static_cast<std::size_t>(parts.tm_mon) * 3, 3));
  out = put_number(put(out, " "), parts.tm_year + 1900, 4);
  out = put_number(put(out, " "), parts.tm_hour, 2);
  out = put_number(put(out, ":"), parts.tm_min, 2);
  out = put_number(put(out, ":"), parts.tm_sec, 2);
  out = put(out, " GMT");
  return {buffer, static_cast<std::size_t>(out - buffer)};
}

std::optional<std::int64_t> parse_http_date(std::string_view text) {
  return DateReader(text).read();
}

}  // namespace tidegate::http
