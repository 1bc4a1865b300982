#include <algorithm>
#include <chrono>

#include "gateway/base/escape.h"
#include "gateway/base/text.h"
#include "gateway/sites/request.h"
#include "gateway/sites/variable_table.h"

// nginx's variables of the answer and of the way to it.

namespace tidegate::sites {
namespace {

using std::string;
using std::string_view;

bool give(string& out, string_view value) {
  out += value;
  return true;
}

bool give_known(string& out, string_view value) {
  out += value;
  return !value.empty();
}

bool give_number(string& out, std::uint64_t number) {
  return give(out, std::to_string(number));
}

bool is_field_of(string_view pattern, string_view name) {
  return std::equal(pattern.begin(), pattern.end(), name.begin(), name.end(),
                    [](char p, char n) { return p == (n == '-' ? '_' : ascii_lower(n)); });
}

bool status(Request& r, string_view, string& out) {
  const int told = r.error_status != 0 ? r.error_status : r.facts.status;
  append_padded(out, static_cast<std::uint64_t>(told), 3);
  return true;
}

bool request_time(Request& r, string_view, string& out) {
  using std::chrono::milliseconds;
  const auto ms =
      r.facts.request_time
          ? std::chrono::duration_cast<milliseconds>(*r.facts.request_time)
          : std::chrono::duration_cast<milliseconds>(std::chrono::system_clock::now() - r.visitor.began);
  const auto count = static_cast<std::uint64_t>(std::max<milliseconds::rep>(ms.count(), 0));
  out += std::to_string(count / 1000);
  out += '.';
  append_padded(out, count % 1000, 3);
  return true;
}

/// The field that a head in the making has by now: an upstream's that passes, what a rule has set or added.
class MadeField {
 public:
  MadeField(const Request::Making& making, string_view name, string& out)
      : making_(making), name_(name), list_(name == "cache_control" || name == "link"), out_(out) {}

  bool append() {
    const http::FieldRules& rules = making_.rules;
    const bool ours = name_ == "server" || name_ == "date";  // written at the very end
    if (making_.draft.upstream != nullptr) {
      for (const http::Field& field : making_.draft.upstream->fields) {
        if (is_field_of(name_, field.name) && !is_replaced(field.name)) add(field.value);
      }
    }
    for (const auto& [name, value] : making_.draft.fields) {
      if (is_field_of(name_, name) && !is_replaced(name)) add(value);
    }
    for (const auto& [name, value] : rules.set) {
      if (!ours && is_field_of(name_, name)) add(value);
    }
    for (const auto& [name, value] : rules.add) {
      if (is_field_of(name_, name)) add(value);
    }
    return found_;
  }

 private:
  bool is_replaced(string_view name) const {
    const http::FieldRules& rules = making_.rules;
    return std::any_of(rules.remove.begin(), rules.remove.end(),
                       [name](string_view removed) { return iequals(removed, name); }) ||
           std::any_of(rules.set.begin(), rules.set.end(),
                       [name](const auto& field) { return iequals(field.first, name); });
  }
  void add(string_view value) {
    if (value.empty() || (found_ && !list_)) return;
    if (found_) out_ += ", ";
    out_ += value;
    found_ = true;
  }

  const Request::Making& making_;
  string_view name_;
  bool list_;
  string& out_;
  bool found_ = false;
};

/// In the order of nginx's filters: lengths of ranges, chunks and charsets are not known yet.
bool made_field(const Request::Making& making, string_view rest, string& out) {
  const Draft& draft = making.draft;
  if (rest == "content_type") return give_known(out, making.content_type);
  const bool ours = draft.upstream == nullptr;
  if (rest == "transfer_encoding" || rest == "keep_alive") return false;
  if (ours && (rest == "accept_ranges" || rest == "content_range")) return false;
  if (rest == "connection") {
    return give(out, making.status == 101 ? "upgrade" : draft.keep_alive ? "keep-alive" : "close");
  }
  if (ours && rest == "content_length") return draft.length && give_number(out, *draft.length);
  return MadeField(making, rest, out).append();
}

/// Of our own head, as it was written. nginx 1.22 takes the first of several fields, but for these two.
bool sent_field(Request& r, string_view rest, string& out) {
  if (r.making != nullptr) return made_field(*r.making, rest, out);
  const bool list = rest == "cache_control" || rest == "link";
  bool found = false;
  string_view head = r.facts.sent_head;
  for (bool first = true; !head.empty(); first = false) {
    const string_view line = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    const std::size_t colon = line.find(':');
    if (first || colon == string_view::npos || !is_field_of(rest, line.substr(0, colon))) continue;
    string_view value = line.substr(colon + 1);
    if (value.ends_with('\r')) value.remove_suffix(1);
    if (found) out += ", ";
    out += trim_ows(value);
    found = true;
    if (!list) break;
  }
  return found;
}

bool upstream_field(Request& r, string_view rest, string& out) {
  if (r.facts.upstream == nullptr) return false;
  const bool list = rest == "cache_control" || rest == "link";
  bool found = false;
  for (const http::Field& field : r.facts.upstream->fields) {
    if (!is_field_of(rest, field.name)) continue;
    if (found) out += ", ";
    out += field.value;
    found = true;
    if (!list) break;
  }
  return found;
}

/// The value that a Set-Cookie of the upstream's gives to a cookie.
bool upstream_cookie(Request& r, string_view rest, string& out) {
  if (r.facts.upstream == nullptr) return false;
  for (const http::Field& field : r.facts.upstream->fields) {
    if (!iequals(field.name, "Set-Cookie")) continue;
    const string_view pair = field.value.substr(0, field.value.find(';'));
    const std::size_t equals = pair.find('=');
    if (equals == string_view::npos || !iequals(trim_ows(pair.substr(0, equals)), rest)) continue;
    return give(out, trim_ows(pair.substr(equals + 1)));
  }
  return false;
}

bool none(Request&, string_view, string&) {
  return false;
}

}  // namespace

const std::vector<Builtin>& answer_variables() {
  static const std::vector<Builtin> list = {
      {"body_bytes_sent",
       [](Request& r, string_view, string& out) { return give_number(out, r.facts.body_bytes_sent); }},
      {"bytes_sent",
       [](Request& r, string_view, string& out) { return give_number(out, r.facts.bytes_sent); }},
      {"gzip_ratio", none},
      {"request_completion",
       [](Request& r, string_view, string& out) { return give(out, r.facts.complete ? "OK" : ""); }},
      {"request_length",
       [](Request& r, string_view, string& out) { return give_number(out, r.facts.request_length); }},
      {"request_time", request_time},
      {"sent_http_", sent_field},
      {"sent_trailer_", none},
      {"status", status},
      {"upstream_addr",
       [](Request& r, string_view, string& out) { return give_known(out, r.facts.upstream_addr); }},
      {"upstream_bytes_received",
       [](Request& r, string_view, string& out) { return give_known(out, r.facts.upstream_bytes_received); }},
      {"upstream_bytes_sent",
       [](Request& r, string_view, string& out) { return give_known(out, r.facts.upstream_bytes_sent); }},
      {"upstream_cache_status", none},
      {"upstream_connect_time",
       [](Request& r, string_view, string& out) { return give_known(out, r.facts.upstream_connect_time); }},
      {"upstream_cookie_", upstream_cookie},
      {"upstream_header_time",
       [](Request& r, string_view, string& out) { return give_known(out, r.facts.upstream_header_time); }},
      {"upstream_http_", upstream_field},
      {"upstream_response_length",
       [](Request& r, string_view, string& out) {
         return give_known(out, r.facts.upstream_response_length);
       }},
      {"upstream_response_time",
       [](Request& r, string_view, string& out) { return give_known(out, r.facts.upstream_response_time); }},
      {"upstream_status",
       [](Request& r, string_view, string& out) { return give_known(out, r.facts.upstream_status); }},
      {"upstream_trailer_", none},
  };
  return list;
}

}  // namespace tidegate::sites
