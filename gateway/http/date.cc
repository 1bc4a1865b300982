#include "gateway/http/date.h"

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

}  // namespace tidegate::http
