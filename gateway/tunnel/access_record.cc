#include "gateway/tunnel/access_record.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <concepts>
#include <cstdlib>
#include <ctime>

#include "gateway/base/escape.h"

namespace tidegate::tunnel {
namespace {

using std::chrono::microseconds;

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

std::string_view name_of(AccessRecord::Event event) {
  switch (event) {
    case AccessRecord::Event::request:
      return "request";
    case AccessRecord::Event::tunnel_open:
      return "tunnel_open";
    case AccessRecord::Event::tunnel_close:
      return "tunnel_close";
  }
  return "request";
}

// Escaping. Both functions are called for pieces of a text; pieces are cut at ASCII characters only, so that
// no UTF-8 sequence is torn.
using Escape = void (*)(std::string& out, std::string_view text);

bool is_plain(char c) {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/// As nginx's log_format does by default: `"`, `\` and everything outside of printable ASCII become \xHH.
void escape_nginx(std::string& out, std::string_view text) {
  for (char c : text) {
    if (is_plain(c)) {
      out += c;
      continue;
    }
    const auto code = static_cast<unsigned char>(c);
    out += "\\x";
    out += kHexDigits[code >> 4];
    out += kHexDigits[code & 15];
  }
}

/// For `key=value` behind a combined line: a space would end the value.
void escape_nginx_word(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t space = text.find(' ');
    escape_nginx(out, text.substr(0, space));
    if (space == std::string_view::npos) return;
    out += "\\x20";
    text.remove_prefix(space + 1);
  }
}

// Redaction.

/// `a=1&b=2` becomes `a=*&b=*`. An argument without "=" may be a token as well as a name, so it becomes `*`.
void append_arguments(std::string& out, std::string_view arguments, Escape escape) {
  while (true) {
    const std::size_t end = arguments.find('&');
    const std::string_view argument = arguments.substr(0, end);
    const std::size_t equals = argument.find('=');
    if (equals != std::string_view::npos) {
      escape(out, argument.substr(0, equals));
      out += "=*";
    } else if (!argument.empty()) {
      out += '*';
    }
    if (end == std::string_view::npos) return;
    out += '&';
    arguments.remove_prefix(end + 1);
  }
}

/// `before` is what stands before the query. In absolute-form and authority-form (RFC 9112 §3.2) and in a
/// Referer it may hold a user's name and password, which are dropped.
void append_without_userinfo(std::string& out, std::string_view before, Escape escape) {
  if (!before.starts_with('/')) {
    const std::size_t scheme_end = before.find("://");
    const std::size_t begin = scheme_end == std::string_view::npos ? 0 : scheme_end + 3;
    const std::size_t end = std::min(before.find('/', begin), before.size());
    const std::size_t at = before.substr(begin, end - begin).rfind('@');
    if (at != std::string_view::npos) {
      escape(out, before.substr(0, begin));
      before.remove_prefix(begin + at + 1);
    }
  }
  escape(out, before);
}

/// A request target or a Referer without the secrets that it may carry. A fragment, which has no business in
/// either (RFC 9110 §7.1, §10.1.3), is where OAuth puts its tokens.
void append_uri(std::string& out, std::string_view uri, const conf::Log& log, Escape escape) {
  const std::size_t query = uri.find('?');
  const std::size_t fragment = uri.find('#');
  append_without_userinfo(out, uri.substr(0, std::min(query, fragment)), escape);
  if (query < fragment && log.query) {
    const std::string_view arguments =
        uri.substr(query + 1, fragment == std::string_view::npos ? fragment : fragment - query - 1);
    out += '?';
    if (log.query_values) {
      escape(out, arguments);
    } else {
      append_arguments(out, arguments, escape);
    }
  }
  if (fragment != std::string_view::npos) out += "#*";
}

/// What was asked, with what. A handshake is always a GET. A request line that made no sense may be in
/// `method` as a whole, arguments included.
void append_method(std::string& out, const AccessRecord& record, const conf::Log& log, Escape escape) {
  if (record.event != AccessRecord::Event::request) {
    out += "GET";
  } else if (record.method.find('?') != std::string_view::npos) {
    append_uri(out, record.method, log, escape);
  } else {
    escape(out, record.method);
  }
}

// Numbers and times.

void append_number(std::string& out, std::unsigned_integral auto number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

/// Seconds with six decimals.
void append_seconds(std::string& out, microseconds duration) {
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
  append_number(out, count / 1'000'000);
  out += '.';
  append_padded(out, count % 1'000'000, 6);
}

/// nginx's $time_local. The C library's time zone is behind a lock that all workers would share, hence the
/// second that each thread remembers.
void append_local(std::string& out, std::chrono::system_clock::time_point time) {
  thread_local std::time_t remembered = -1;
  thread_local std::string text;
  const std::time_t second = std::chrono::system_clock::to_time_t(time);
  if (second != remembered || text.empty()) {
    static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm local{};
    localtime_r(&second, &local);
    text.clear();
    append_padded(text, static_cast<std::uint64_t>(local.tm_mday), 2);
    text += '/';
    text += kMonths[static_cast<std::size_t>(local.tm_mon)];
    text += '/';
    append_padded(text, static_cast<std::uint64_t>(local.tm_year + 1900), 4);
    for (const int part : {local.tm_hour, local.tm_min, local.tm_sec}) {
      text += ':';
      append_padded(text, static_cast<std::uint64_t>(part), 2);
    }
    const long minutes = local.tm_gmtoff / 60;
    text += minutes < 0 ? " -" : " +";
    append_padded(text, static_cast<std::uint64_t>(std::abs(minutes) / 60), 2);
    append_padded(text, static_cast<std::uint64_t>(std::abs(minutes) % 60), 2);
    remembered = second;
  }
  out += text;
}

/// One JSON object, field by field.
class JsonLine {
 public:
  explicit JsonLine(std::string& out) : out_(out) { out_ += '{'; }
  ~JsonLine() { out_ += '}'; }

  void text(std::string_view name, std::string_view value) {
    begin(name);
    out_ += '"';
    append_json_text(out_, value);
    out_ += '"';
  }
  /// Absent when there is nothing to say.
  void text_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void uri(std::string_view name, std::string_view value, const conf::Log& log) {
    begin(name);
    out_ += '"';
    append_uri(out_, value, log, append_json_text);
    out_ += '"';
  }
  void method(const AccessRecord& record, const conf::Log& log) {
    begin("method");
    out_ += '"';
    append_method(out_, record, log, append_json_text);
    out_ += '"';
  }
  void number(std::string_view name, std::unsigned_integral auto value) {
    begin(name);
    append_number(out_, value);
  }
  void seconds(std::string_view name, microseconds value) {
    begin(name);
    append_seconds(out_, value);
  }
  void time(std::string_view name, std::chrono::system_clock::time_point value) {
    begin(name);
    out_ += '"';
    append_utc(out_, value);
    out_ += '"';
  }

 private:
  void begin(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }
  std::string& out_;
};

/// The same fields as `key=value` behind a combined line.
class WordLine {
 public:
  explicit WordLine(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view value) {
    begin(name);
    escape_nginx_word(out_, value);
  }
  void text_if_any(std::string_view name, std::string_view value) {
    if (!value.empty()) text(name, value);
  }
  void number(std::string_view name, std::unsigned_integral auto value) {
    begin(name);
    append_number(out_, value);
  }
  void seconds(std::string_view name, microseconds value) {
    begin(name);
    append_seconds(out_, value);
  }

 private:
  void begin(std::string_view name) {
    out_ += ' ';
    out_ += name;
    out_ += '=';
  }
  std::string& out_;
};

void put_request(JsonLine& line, const AccessRecord& record, const conf::Log& log) {
  line.text("remote_addr", record.remote_addr);
  line.method(record, log);
  line.uri("target", record.target, log);
  line.text("protocol", record.minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
  line.text_if_any("host", record.host);
  line.text_if_any("user_agent", record.user_agent);
  if (!record.referer.empty()) line.uri("referer", record.referer, log);
  line.number("status", static_cast<unsigned>(std::max(record.status, 0)));
}

/// How it went: what the two formats share.
template <typename Line>
void put_outcome(Line& line, const AccessRecord& record) {
  line.seconds("duration_seconds", record.duration);
  line.text_if_any("server", record.server);
  if (record.first_byte) line.seconds("first_byte_seconds", *record.first_byte);
  if (record.reason != Reason::none) line.text("reason", word(record.reason));
}

template <typename Line>
void put_tunnel_end(Line& line, const AccessRecord& record) {
  line.text("ended_by", word(record.ended_by));
  line.number("messages_to_upstream", record.messages_to_upstream);
  line.number("messages_to_client", record.messages_to_client);
  line.number("bytes_to_upstream", record.bytes_to_upstream);
  line.number("bytes_to_client", record.bytes_to_client);
  if (record.close_code_from_client) line.number("close_code_from_client", *record.close_code_from_client);
  if (record.close_code_from_upstream)
    line.number("close_code_from_upstream", *record.close_code_from_upstream);
}

void append_json(std::string& out, const AccessRecord& record, const conf::Log& log) {
  JsonLine line(out);
  line.time("time", record.time);
  line.text("event", name_of(record.event));
  line.text("id", record.id);
  line.text_if_any("listener", record.listener);
  line.text_if_any("route", record.route);
  put_request(line, record, log);
  if (record.event == AccessRecord::Event::request) {
    line.number("bytes_sent", record.bytes_sent);
    line.number("bytes_received", record.bytes_received);
  }
  put_outcome(line, record);
  if (record.event == AccessRecord::Event::tunnel_close) put_tunnel_end(line, record);
}

/// nginx's $request; "-" where not even a request line came.
void append_request_line(std::string& out, const AccessRecord& record, const conf::Log& log) {
  if (record.method.empty() && record.target.empty()) {
    out += '-';
    return;
  }
  append_method(out, record, log, escape_nginx);
  if (record.target.empty()) return;
  out += ' ';
  append_uri(out, record.target, log, escape_nginx);
  out += record.minor_version == 0 ? " HTTP/1.0" : " HTTP/1.1";
}

void append_combined(std::string& out, const AccessRecord& record, const conf::Log& log) {
  const auto or_dash = [&out](std::string_view text) {
    if (text.empty()) out += '-';
    escape_nginx(out, text);
  };
  or_dash(record.remote_addr);
  out += " - - [";
  append_local(out, record.time);
  out += "] \"";
  append_request_line(out, record, log);
  out += "\" ";
  append_padded(out, static_cast<std::uint64_t>(std::max(record.status, 0)), 3);
  out += ' ';
  append_number(
      out, record.event == AccessRecord::Event::tunnel_close ? record.bytes_to_client : record.bytes_sent);
  out += " \"";
  if (record.referer.empty()) out += '-';
  append_uri(out, record.referer, log, escape_nginx);
  out += "\" \"";
  or_dash(record.user_agent);
  out += '"';
  if (record.event == AccessRecord::Event::request) return;

  WordLine words(out);
  words.text("event", name_of(record.event));
  words.text("id", record.id);
  words.text_if_any("listener", record.listener);
  words.text_if_any("route", record.route);
  put_outcome(words, record);
  if (record.event == AccessRecord::Event::tunnel_close) put_tunnel_end(words, record);
}

}  // namespace

std::string format(const AccessRecord& record, const conf::Log& log) {
  std::string out;
  out.reserve(512);
  switch (log.format) {
    case conf::Log::Format::json:
      append_json(out, record, log);
      break;
    case conf::Log::Format::combined:
      append_combined(out, record, log);
      break;
  }
  return out;
}

}  // namespace tidegate::tunnel
