#include <limits.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <ctime>

#include "gateway/base/escape.h"
#include "gateway/base/text.h"
#include "gateway/routing/variables.h"
#include "gateway/sites/admission.h"
#include "gateway/sites/compiled.h"
#include "gateway/sites/request.h"

// nginx's variables of the request itself (ngx_http_core_module and its neighbours).

namespace tidegate::sites {
namespace {

using std::string;
using std::string_view;

bool give(string& out, string_view value) {
  out += value;
  return true;
}

bool give_field(Request& r, string& out, string_view pattern) {
  const auto value = r.field(pattern);
  if (value) out += *value;
  return value.has_value();
}

bool argument(Request& r, string_view rest, string& out) {
  const auto value = routing::find_argument(r.args, rest);
  if (value) out += *value;
  return value.has_value();
}

/// None rather than empty: a log writes "-".
bool args(Request& r, string_view, string& out) {
  out += r.args;
  return !r.args.empty();
}

bool cookie(Request& r, string_view rest, string& out) {
  const string_view value = routing::cookie(*r.visitor.head, rest);
  out += value;
  return !value.empty();
}

bool request_line(Request& r, string_view, string& out) {
  const http::RequestHead& head = *r.visitor.head;
  out.append(head.method).append(" ").append(head.target);
  return give(out, head.minor_version == 0 ? " HTTP/1.0" : " HTTP/1.1");
}

bool remote_user(Request& r, string_view, string& out) {
  const auto credentials = basic_credentials(*r.visitor.head);
  if (!credentials || credentials->user.empty()) return false;
  return give(out, credentials->user);
}

bool add_forwarded_for(Request& r, string_view, string& out) {
  if (const auto said = r.field("x_forwarded_for")) out.append(*said).append(", ");
  return give(out, r.remote_addr);
}

/// ngx_http_referer_module: "1", or empty where the Referer is as it should be.
bool invalid_referer(Request& r, string_view, string& out) {
  const auto& table = r.location->referers;
  if (!table) return true;
  const auto referer = r.field("referer");
  const string_view text = referer ? string_view(*referer) : string_view();
  const RefererTable::Verdict verdict = table->judge(referer ? &text : nullptr);
  r.gave_up |= verdict == RefererTable::Verdict::gave_up;
  if (verdict != RefererTable::Verdict::valid) out += '1';
  return true;
}

bool hostname(Request&, string_view, string& out) {
  static const string name = [] {
    std::array<char, HOST_NAME_MAX + 1> buffer{};
    return ::gethostname(buffer.data(), buffer.size() - 1) == 0 ? to_lower(buffer.data()) : string();
  }();
  return give(out, name);
}

bool msec(Request&, string_view, string& out) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  out += std::to_string(ms / 1000);
  out += '.';
  append_padded(out, static_cast<std::uint64_t>(ms % 1000), 3);
  return true;
}

bool local_time(string& out, const char* format, std::size_t colon_at) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  (void)::localtime_r(&now, &parts);
  char buffer[64];
  string text(buffer, std::strftime(buffer, sizeof buffer, format, &parts));
  if (colon_at != 0) text.insert(text.size() - colon_at, ":");
  return give(out, text);
}

bool real_path(string path, string& out) {
  char resolved[PATH_MAX];
  if (path.empty() || ::realpath(path.c_str(), resolved) == nullptr) return false;
  return give(out, resolved);
}

/// `alias` and `root` alike: the directory as it was written, its variables filled in.
bool document_root(Request& r, string_view, string& out) {
  string root = r.location->root.evaluate(r);
  while (!r.location->conf->files.alias && root.ends_with('/')) root.pop_back();
  return give(out, root);
}

}  // namespace

const std::vector<Builtin>& request_variables() {
  static const std::vector<Builtin> list = {
      {"arg_", argument},
      {"args", args, true},
      {"content_length",
       [](Request& r, string_view, string& out) {
         if (give_field(r, out, "content_length")) return true;
         return r.facts.body_length && give(out, std::to_string(*r.facts.body_length));
       }},
      {"content_type",
       [](Request& r, string_view, string& out) { return give_field(r, out, "content_type"); }},
      {"cookie_", cookie},
      {"document_root", document_root},
      {"document_uri", [](Request& r, string_view, string& out) { return give(out, r.uri); }},
      {"host", [](Request& r, string_view, string& out) { return give(out, r.host()); }},
      {"hostname", hostname},
      {"http_", [](Request& r, string_view rest, string& out) { return give_field(r, out, rest); }},
      {"http2", [](Request&, string_view, string&) { return true; }},
      {"invalid_referer", invalid_referer},
      {"is_args", [](Request& r, string_view, string& out) { return give(out, r.args.empty() ? "" : "?"); }},
      {"limit_conn_status",
       [](Request& r, string_view, string& out) {
         return give(out, r.connection_limit_status) && !r.connection_limit_status.empty();
       }},
      {"limit_rate", [](Request& r, string_view, string& out) { return give(out, r.limit_rate); }, true},
      {"limit_req_status",
       [](Request& r, string_view, string& out) {
         return give(out, r.request_limit_status) && !r.request_limit_status.empty();
       }},
      {"msec", msec},
      {"nginx_version", [](Request&, string_view, string& out) { return give(out, "1.22.1"); }},
      {"pid", [](Request&, string_view, string& out) { return give(out, std::to_string(::getpid())); }},
      {"pipe",
       [](Request& r, string_view, string& out) { return give(out, r.visitor.pipelined ? "p" : "."); }},
      {"proxy_add_x_forwarded_for", add_forwarded_for},
      {"proxy_host",
       [](Request& r, string_view, string& out) {
         return r.location->proxy && give(out, r.proxy_target().host_header);
       }},
      {"proxy_port", [](Request& r, string_view,
                        string& out) { return r.location->proxy && give(out, r.proxy_target().proxy_port); }},
      {"query_string", args},
      {"realpath_root",
       [](Request& r, string_view rest, string& out) {
         string root;
         return document_root(r, rest, root) && real_path(std::move(root), out);
       }},
      {"remote_user", remote_user},
      {"request", request_line},
      {"request_body",
       [](Request& r, string_view, string& out) {
         return give(out, r.facts.request_body) && !r.facts.request_body.empty();
       }},
      {"request_body_file", [](Request&, string_view, string&) { return false; }},
      {"request_filename",
       [](Request& r, string_view, string& out) { return give(out, r.place().path(r.uri)); }},
      {"request_id", [](Request& r, string_view, string& out) { return give(out, r.visitor.request_id); }},
      {"request_method",
       [](Request& r, string_view, string& out) {
         return give(out, r.subrequest ? r.visitor.head->method : r.method);
       }},
      {"request_uri", [](Request& r, string_view, string& out) { return give(out, r.visitor.head->path); }},
      {"server_name", [](Request& r, string_view, string& out) { return give(out, r.server_name()); }},
      {"time_iso8601",
       [](Request&, string_view, string& out) { return local_time(out, "%Y-%m-%dT%H:%M:%S%z", 2); }},
      {"time_local",
       [](Request&, string_view, string& out) { return local_time(out, "%d/%b/%Y:%H:%M:%S %z", 0); }},
      {"uri", [](Request& r, string_view, string& out) { return give(out, r.uri); }},
  };
  return list;
}

}  // namespace tidegate::sites
