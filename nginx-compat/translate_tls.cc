#include <algorithm>
#include <array>

#include "nginx-compat/blocks.h"
#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// ssl_*: TLS towards clients.

namespace tidegate::nginx {
namespace {

using S = ServerSettings;

template <auto Member>
void on_certificate(Work& work, const Directive& directive) {
  Text text = Work::text_of(directive, 0);
  const bool no_file = text.value.find('$') != std::string::npos || text.value.starts_with("data:") ||
                       text.value.starts_with("engine:");
  auto& list = own_list(work, Member);
  if (no_file)
    return work.refused(directive, "certificates and keys are files whose names have no variables");
  list.push_back(std::move(text));
}

void on_ssl(Work& work, const Directive& directive) {
  auto& value = slot(work, &S::ssl);
  if (is_first(work, directive, value)) value = SslSwitch{is_on(directive), end_of(directive)};
  work.warn(directive, "the \"ssl\" directive is deprecated, use the \"listen ... ssl\" directive instead");
}

void on_protocols(Work& work, const Directive& directive) {
  read_protocols(work, directive, slot(work, &S::protocols));
}

void on_verify_client(Work& work, const Directive& directive) {
  using Verify = conf::ClientAuth::Verify;
  auto& value = slot(work, &S::verify_client);
  if (!is_first(work, directive, value)) return;
  const std::string& word = first_arg(directive);
  if (word == "off") {
    value.emplace();
  } else if (word == "on") {
    value.emplace(Verify::required);
  } else if (word == "optional") {
    value.emplace(Verify::optional);
  } else if (word == "optional_no_ca") {
    value.emplace(Verify::optional_no_ca);
  } else {
    work.fail(directive, "invalid value " + quoted(word));
  }
}

void on_ecdh_curve(Work& work, const Directive& directive) {
  auto& value = slot(work, &S::groups);
  if (!is_first(work, directive, value)) return;
  const std::string& word = first_arg(directive);
  value = word == "auto" ? "" : word;
}

/// "shared:name:size".
void read_shared_cache(Work& work, const Directive& directive, std::string_view word) {
  const std::string_view rest = word.substr(std::string_view("shared:").size());
  const std::size_t colon = rest.find(':');
  const auto complain = [&] { work.fail(directive, "invalid session cache " + quoted(word)); };
  if (colon == 0 || rest.empty()) return complain();
  const std::string name(rest.substr(0, colon));
  if (colon == std::string_view::npos) return work.use_zone(directive, name, "ssl_session_cache");
  const auto size = read_size(rest.substr(colon + 1));
  if (!size) return complain();
  if (*size < 8 * 4096) return work.fail(directive, "session cache " + quoted(word) + " is too small");
  work.declare_zone(directive, name, "ssl_session_cache", *size);
}

void on_session_cache(Work& work, const Directive& directive) {
  bool keeps = false;
  for (const Word& arg : directive.args) {
    const std::string& word = arg.text;
    if (word == "off" || word == "none") continue;
    keeps = true;
    if (word.starts_with("shared:")) {
      read_shared_cache(work, directive, word);
    } else if (word.starts_with("builtin:")) {
      if (const auto number = read_number(std::string_view(word).substr(8)); !number || *number == 0)
        work.fail(directive, "invalid session cache " + quoted(word));
    } else if (word != "builtin") {
      work.fail(directive, "invalid session cache " + quoted(word));
    }
  }
  if (keeps) work.ignored(directive, "sessions are resumed by tickets, whose keys all workers share");
}

void on_conf_command(Work& work, const Directive& directive) {
  own_list(work, &S::commands).emplace_back(first_arg(directive), Work::text_of(directive, 1));
}

void on_stapling(Work& work, const Directive& directive) {
  set_flag<&S::stapling>(work, directive);
  if (is_on(directive))
    work.approximated(directive, "OCSP responses are not fetched; one in ssl_stapling_file is sent");
}

void on_early_data(Work& work, const Directive& directive) {
  if (is_on(directive))
    work.approximated(directive, "early data is not accepted: clients send it again after the handshake");
}

void on_ocsp(Work& work, const Directive& directive) {
  const std::string& word = first_arg(directive);
  if (word != "on" && word != "off" && word != "leaf")
    return work.fail(directive, "invalid value " + quoted(word));
  if (word != "off") work.refused(directive, "client certificates are not asked about by OCSP; use ssl_crl");
}

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;
constexpr Verdict::Kind kApproximated = Verdict::Kind::approximated;

constexpr Decision kDecisions[] = {
    {"ssl", on_ssl},
    {"ssl_buffer_size", nullptr, kIgnored, "records are as large as what there is to send"},
    {"ssl_certificate", on_certificate<&S::certificates>},
    {"ssl_certificate_key", on_certificate<&S::keys>},
    {"ssl_ciphers", set_text<&S::ciphers>},
    {"ssl_client_certificate", set_conf_path<&S::client_certificate>},
    {"ssl_conf_command", on_conf_command},
    {"ssl_crl", set_conf_path<&S::crl>},
    {"ssl_dhparam", set_conf_path<&S::dh_parameters>},
    {"ssl_early_data", on_early_data},
    {"ssl_ecdh_curve", on_ecdh_curve},
    {"ssl_ocsp", on_ocsp},
    {"ssl_ocsp_cache", nullptr, kIgnored, "nobody is asked by OCSP"},
    {"ssl_ocsp_responder", nullptr, kIgnored, "nobody is asked by OCSP"},
    {"ssl_password_file", set_conf_path<&S::key_passwords>},
    {"ssl_prefer_server_ciphers", set_flag<&S::prefer_server_ciphers>},
    {"ssl_protocols", on_protocols},
    {"ssl_reject_handshake", set_flag<&S::reject_handshake>},
    {"ssl_session_cache", on_session_cache},
    {"ssl_session_ticket_key", nullptr, kApproximated,
     "the keys of tickets are the process's own and change by themselves"},
    {"ssl_session_tickets", set_flag<&S::session_tickets>},
    {"ssl_session_timeout", set_seconds<&S::session_timeout>},
    {"ssl_stapling", on_stapling},
    {"ssl_stapling_file", set_conf_path<&S::stapled_response>},
    {"ssl_stapling_responder", nullptr, kIgnored, "nobody is asked by OCSP"},
    {"ssl_stapling_verify", nullptr, kIgnored, "no OCSP responses are fetched"},
    {"ssl_trusted_certificate", set_conf_path<&S::trusted_certificate>},
    {"ssl_verify_client", on_verify_client},
    {"ssl_verify_depth", set_number<&S::verify_depth>},
};

}  // namespace

void read_protocols(Work& work, const Directive& directive, Set<std::vector<conf::TlsVersion>>& value) {
  constexpr std::array<std::string_view, 6> kKnown = {"SSLv2",   "SSLv3",   "TLSv1",
                                                      "TLSv1.1", "TLSv1.2", "TLSv1.3"};
  const bool again = value.has_value();
  std::vector<conf::TlsVersion> versions = again ? *value : std::vector<conf::TlsVersion>{};
  bool old = false;
  for (const Word& word : directive.args) {
    const auto found = std::find_if(kKnown.begin(), kKnown.end(),
                                    [&word](std::string_view known) { return iequals(known, word.text); });
    if (found == kKnown.end()) return work.fail(directive, "invalid value " + quoted(word.text));
    const bool is_1_2 = *found == "TLSv1.2";
    const bool is_1_3 = *found == "TLSv1.3";
    old |= !is_1_2 && !is_1_3;
    const conf::TlsVersion version = is_1_3 ? conf::TlsVersion::tls1_3 : conf::TlsVersion::tls1_2;
    if ((is_1_2 || is_1_3) && std::find(versions.begin(), versions.end(), version) == versions.end())
      versions.push_back(version);
  }
  if (versions.empty())
    return work.refused(directive, "TLS before 1.2 is not spoken; add TLSv1.2 or TLSv1.3");
  std::sort(versions.begin(), versions.end());
  if (old) work.approximated(directive, "TLS before 1.2 is not spoken");
  value = std::move(versions);
}

std::span<const Decision> tls_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
