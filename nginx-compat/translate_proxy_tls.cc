#include "nginx-compat/blocks.h"
#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/work.h"

// proxy_ssl_*: TLS towards upstreams.

namespace tidegate::nginx {
namespace {

using L = LocationSettings;

void on_protocols(Work& work, const Directive& directive) {
  read_protocols(work, directive, slot(work, &L::proxy_ssl_protocols));
}

template <auto Member>
void on_certificate(Work& work, const Directive& directive) {
  const std::string& text = first_arg(directive);
  if (text.find('$') != std::string::npos || text.starts_with("engine:"))
    return work.refused(directive, "certificates and keys are files whose names have no variables");
  set_conf_path<Member>(work, directive);
}

void on_name(Work& work, const Directive& directive) {
  const std::string& text = first_arg(directive);
  if (text.find('$') != std::string::npos && text != "$proxy_host") {
    work.approximated(directive,
                      "a connection that was verified for one request's name serves no other request");
  }
  set_text<&L::proxy_ssl_name>(work, directive);
}

constexpr Decision kDecisions[] = {
    {"proxy_ssl_certificate", on_certificate<&L::proxy_ssl_certificate>},
    {"proxy_ssl_certificate_key", on_certificate<&L::proxy_ssl_key>},
    {"proxy_ssl_ciphers", set_text<&L::proxy_ssl_ciphers>},
    {"proxy_ssl_conf_command", nullptr, Verdict::Kind::refused,
     "OpenSSL's commands are not passed on towards upstreams; use proxy_ssl_protocols and proxy_ssl_ciphers"},
    {"proxy_ssl_crl", set_conf_path<&L::proxy_ssl_crl>},
    {"proxy_ssl_name", on_name},
    {"proxy_ssl_password_file", nullptr, Verdict::Kind::refused,
     "the key of proxy_ssl_certificate_key must have no passphrase; store it without"},
    {"proxy_ssl_protocols", on_protocols},
    {"proxy_ssl_server_name", set_flag<&L::proxy_ssl_server_name>},
    {"proxy_ssl_session_reuse", set_flag<&L::proxy_ssl_reuse>},
    {"proxy_ssl_trusted_certificate", set_conf_path<&L::proxy_ssl_trusted>},
    {"proxy_ssl_verify", set_flag<&L::proxy_ssl_verify>},
    {"proxy_ssl_verify_depth", set_number<&L::proxy_ssl_depth>},
};

}  // namespace

std::span<const Decision> proxy_tls_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
