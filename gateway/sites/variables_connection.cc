#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>

#include "gateway/base/escape.h"
#include "gateway/sites/request.h"
#include "gateway/sites/uri_text.h"
#include "gateway/sites/variable_table.h"

// nginx's variables of the connection: who is at its ends, what TLS says of it.

namespace tidegate::sites {
namespace {

using std::string;
using std::string_view;

bool give(string& out, string_view value) {
  out += value;
  return true;
}

/// nginx has no value for what TLS did not bring.
bool give_known(string& out, string_view value) {
  out += value;
  return !value.empty();
}

bool give_port(string& out, std::uint16_t port) {
  if (port != 0) out += std::to_string(port);
  return true;
}

bool binary_address(Request& r, string_view, string& out) {
  if (!r.remote_ip) return false;
  const auto& bytes = r.remote_ip->bytes();
  const std::size_t size = r.remote_ip->is_v4() ? 4 : 16;
  out.append(reinterpret_cast<const char*>(bytes.data() + bytes.size() - size), size);
  return true;
}

bool address(string& out, const IpAddress* ip) {
  if (ip == nullptr) return false;
  return give(out, ip->to_string());
}

/// Seconds with milliseconds.
bool connection_time(Request& r, string_view, string& out) {
  using std::chrono::milliseconds;
  const auto age = std::chrono::steady_clock::now() - r.visitor.accepted;
  const auto ms = static_cast<std::uint64_t>(std::chrono::duration_cast<milliseconds>(age).count());
  out += std::to_string(ms / 1000);
  out += '.';
  append_padded(out, ms % 1000, 3);
  return true;
}

/// Until the client's certificate expires; none are left of one that has.
bool days_left(Request& r, string_view, string& out) {
  const string text(r.visitor.ssl_client_not_after);
  std::tm parts{};
  if (text.empty() || ::strptime(text.c_str(), "%b %d %H:%M:%S %Y", &parts) == nullptr) return false;
  const std::time_t left = ::timegm(&parts) - std::time(nullptr);
  return give(out, std::to_string(std::max<std::time_t>(left, 0) / (24 * 60 * 60)));
}

/// What is not told here, but may be named.
bool none(Request&, string_view, string&) {
  return false;
}

/// In a field of a request, lines after the first would be folded: nginx begins each with a tab.
bool client_certificate(Request& r, string_view, string& out) {
  string_view pem = r.visitor.ssl_client_certificate;
  while (pem.ends_with('\n')) pem.remove_suffix(1);
  if (pem.empty()) return false;
  for (const char c : pem) {
    out += c;
    if (c == '\n') out += '\t';
  }
  return true;
}

bool escaped_client_certificate(Request& r, string_view, string& out) {
  return give_known(out, escape_component(r.visitor.ssl_client_certificate));
}

}  // namespace

const std::vector<Builtin>& connection_variables() {
  static const std::vector<Builtin> list = {
      {"binary_remote_addr", binary_address},
      {"connection",
       [](Request& r, string_view, string& out) { return give(out, std::to_string(r.visitor.connection)); }},
      {"connection_requests",
       [](Request& r, string_view, string& out) {
         return give(out, std::to_string(r.visitor.connection_requests));
       }},
      {"connection_time", connection_time},
      {"https", [](Request& r, string_view,
                   string& out) { return give(out, r.visitor.scheme == "https" ? "on" : ""); }},
      {"proxy_protocol_addr",
       [](Request& r, string_view, string& out) { return address(out, r.visitor.proxied); }},
      {"proxy_protocol_port",
       [](Request& r, string_view, string& out) {
         return r.visitor.proxied != nullptr && give_port(out, r.visitor.proxied_port);
       }},
      {"proxy_protocol_server_addr",
       [](Request& r, string_view, string& out) { return address(out, r.visitor.proxied_server); }},
      {"proxy_protocol_server_port",
       [](Request& r, string_view, string& out) {
         return r.visitor.proxied_server != nullptr && give_port(out, r.visitor.proxied_server_port);
       }},
      {"realip_remote_addr",
       [](Request& r, string_view, string& out) {
         return r.visitor.peer == nullptr ? give(out, "unix:") : address(out, r.visitor.peer);
       }},
      {"realip_remote_port",
       [](Request& r, string_view, string& out) { return give_port(out, r.visitor.peer_port); }},
      {"remote_addr", [](Request& r, string_view, string& out) { return give(out, r.remote_addr); }},
      {"remote_port", [](Request& r, string_view, string& out) { return give_port(out, r.remote_port); }},
      {"scheme", [](Request& r, string_view, string& out) { return give(out, r.visitor.scheme); }},
      {"server_addr", [](Request& r, string_view, string& out) { return give(out, r.visitor.server_addr); }},
      {"server_port",
       [](Request& r, string_view, string& out) { return give_port(out, r.visitor.server_port); }},
      {"server_protocol",
       [](Request& r, string_view, string& out) {
         return give(out, r.visitor.head->minor_version == 0 ? "HTTP/1.0" : "HTTP/1.1");
       }},
      {"ssl_alpn_protocol", none},
      {"ssl_cipher",
       [](Request& r, string_view, string& out) { return give_known(out, r.visitor.ssl_cipher); }},
      {"ssl_client_cert", client_certificate},
      {"ssl_client_escaped_cert", escaped_client_certificate},
      {"ssl_client_fingerprint",
       [](Request& r, string_view, string& out) {
         return give_known(out, r.visitor.ssl_client_fingerprint);
       }},
      {"ssl_client_i_dn",
       [](Request& r, string_view, string& out) { return give_known(out, r.visitor.ssl_client_issuer); }},
      {"ssl_client_raw_cert", [](Request& r, string_view,
                                 string& out) { return give_known(out, r.visitor.ssl_client_certificate); }},
      {"ssl_client_s_dn",
       [](Request& r, string_view, string& out) { return give_known(out, r.visitor.ssl_client_subject); }},
      {"ssl_client_serial",
       [](Request& r, string_view, string& out) { return give_known(out, r.visitor.ssl_client_serial); }},
      {"ssl_client_v_end",
       [](Request& r, string_view, string& out) { return give_known(out, r.visitor.ssl_client_not_after); }},
      {"ssl_client_v_remain", days_left},
      {"ssl_client_v_start",
       [](Request& r, string_view, string& out) { return give_known(out, r.visitor.ssl_client_not_before); }},
      {"ssl_client_verify",
       [](Request& r, string_view, string& out) { return give_known(out, r.visitor.ssl_client_verify); }},
      {"ssl_ciphers", none},
      {"ssl_curves", none},
      {"ssl_early_data", none},
      {"ssl_protocol",
       [](Request& r, string_view, string& out) { return give_known(out, r.visitor.ssl_protocol); }},
      {"ssl_server_name",
       [](Request& r, string_view, string& out) { return give_known(out, r.visitor.sni); }},
      {"ssl_session_id", none},
      {"ssl_session_reused",
       [](Request& r, string_view, string& out) {
         return !r.visitor.ssl_protocol.empty() && give(out, r.visitor.ssl_session_reused ? "r" : ".");
       }},
      {"tcpinfo_rcv_space", none},
      {"tcpinfo_rtt", none},
      {"tcpinfo_rttvar", none},
      {"tcpinfo_snd_cwnd", none},
  };
  return list;
}

}  // namespace tidegate::sites
