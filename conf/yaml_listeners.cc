#include <algorithm>

#include "conf/addresses.h"
#include "conf/yaml_sections.h"
#include "gateway/base/text.h"

namespace tidegate::conf::yaml {
namespace {

void read_certificates(Section& tls, std::vector<Certificate>& out) {
  const Context& context = tls.context();
  const Node* node =
      tls.require("certificates", "certificates: [{ certificate: chain.pem, private_key: key.pem }]");
  const auto* items = node != nullptr ? context.list(*node, "certificates") : nullptr;
  if (items == nullptr) return;
  if (items->empty())
    context.error(*node, "\"certificates\" lists none; write at least one certificate and its key");
  for (const Node& item : *items) {
    Section section(context, item, "listeners.<name>.tls.certificates[]");
    Certificate certificate;
    section.require("certificate", "certificate: chain.pem");
    section.require("private_key", "private_key: key.pem");
    section.file_path("certificate", certificate.certificate);
    section.file_path("private_key", certificate.private_key);
    out.push_back(std::move(certificate));
  }
}

void read_protocols(Section& tls, std::vector<TlsVersion>& out) {
  const Context& context = tls.context();
  const Node* node = tls.find("protocols");
  const auto* items = node != nullptr ? context.list(*node, "protocols") : nullptr;
  if (items == nullptr) return;
  if (items->empty()) context.error(*node, "\"protocols\" lists none; write [TLSv1.2, TLSv1.3]");
  out.clear();
  for (const Node& item : *items) {
    TlsVersion version{};
    if (!Section::choose<TlsVersion>(context, item, "protocols", version,
                                     {{"TLSv1.2", TlsVersion::tls1_2}, {"TLSv1.3", TlsVersion::tls1_3}})) {
      continue;
    }
    if (std::find(out.begin(), out.end(), version) != out.end()) {
      context.error(item, in_quotes(item.text) + " stands twice in \"protocols\"; keep one");
      continue;
    }
    out.push_back(version);
  }
}

void read_cipher_list(Section& tls, std::string_view key, Text& out) {
  tls.text(key, out);
  if (out.at.line > 0 && out.empty()) {
    tls.context().diagnostics.error(
        out.at, in_quotes(key) + " is empty; write OpenSSL names with \":\" between, or remove it");
  }
}

void read_tls(const Context& context, const Node& node, ListenerTls& out) {
  Section tls(context, node, "listeners.<name>.tls");
  out.at = context.at(node);
  read_certificates(tls, out.certificates);
  read_protocols(tls, out.protocols);
  read_cipher_list(tls, "ciphers", out.ciphers);
  read_cipher_list(tls, "ciphersuites", out.ciphersuites);
  tls.boolean("prefer_server_ciphers", out.prefer_server_ciphers);
  tls.boolean("session_tickets", out.session_tickets);
  tls.boolean("reject_unknown_sni", out.reject_unknown_sni);
  if (const Node* auth = tls.find("client_auth")) {
    Section section(context, *auth, "listeners.<name>.tls.client_auth");
    ClientAuth& client_auth = out.client_auth.emplace();
    section.require("ca", "ca: clients.pem");
    section.file_path("ca", client_auth.ca);
    section.choice<ClientAuth::Verify>(
        "verify", client_auth.verify,
        {{"required", ClientAuth::Verify::required}, {"optional", ClientAuth::Verify::optional}});
  }
}

/// A redirect of a TLS listener to https on the same host would come back for ever.
void check_loop(const Context& context, const Node& node, const Listener& listener) {
  if (listener.tls && node.kind == Node::Kind::scalar && node.text == "https") {
    context.error(
        node,
        "\"redirect: https\" on a listener that speaks TLS leads back to itself; remove it, or write "
        "where to");
  }
}

}  // namespace

bool read_listen_address(const Context& context, const Node& node, ListenAddress& out) {
  const auto text = context.scalar(node, "address");
  if (!text) return false;
  out.at = context.at(node);
  std::string problem;
  const bool fits = parse_listen_address(*text, out, problem);
  if (!fits) context.error(node, problem);
  if (!out.unix_path.empty()) out.unix_path = context.socket_path(node, out.unix_path);
  return fits;
}

void read_listen_address(Section& section, std::string_view example, ListenAddress& out) {
  const Node* node = section.require("address", example);
  if (node != nullptr) read_listen_address(section.context(), *node, out);
}

void read_listeners(const Context& context, const Node& node, std::vector<Listener>& out) {
  const auto* entries = context.entries(node, "listeners");
  if (entries == nullptr) return;
  if (entries->empty())
    context.error(node, "\"listeners\" names none; write http: { address: \":80\" } in it");
  for (const Node::Entry& entry : *entries) {
    check_name(context, entry, "a listener");
    Listener listener;
    listener.name = entry.key;
    listener.at = {context.file, entry.line, entry.column};
    Section section(context, entry.value, "listeners.<name>");
    read_listen_address(section, "address: \":80\"", listener.address);
    if (const Node* tls = section.find("tls")) read_tls(context, *tls, listener.tls.emplace());
    if (const Node* redirect = section.find("redirect")) {
      read_redirect(context, *redirect, "listeners.<name>.redirect", listener.redirect);
      check_loop(context, *redirect, listener);
    }
    listener.redirect_to_https =
        listener.redirect && to_lower(listener.redirect->to.value).starts_with("https:");
    section.file_path("acme_challenge", listener.acme_challenge);
    section.boolean("proxy_protocol", listener.proxy_protocol);
    out.push_back(std::move(listener));
  }
}

}  // namespace tidegate::conf::yaml
