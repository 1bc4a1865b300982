#include <openssl/ocsp.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>

#include <chrono>

#include "gateway/tls/certificate.h"
#include "gateway/tls/cipher_check.h"
#include "gateway/tls/client_certificate.h"
#include "gateway/tls/conf_commands.h"
#include "gateway/tls/material.h"
#include "gateway/tls/protocols.h"

namespace tidegate::tls {
namespace {

constexpr std::uint64_t kAlways = SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION;

bool set_ciphers(SSL_CTX* ctx, const conf::ListenerTls& conf) {
  const char* ciphers = conf.ciphers.empty() ? kDefaultCiphers : conf.ciphers.value.c_str();
  if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1) return false;
  return conf.ciphersuites.empty() || SSL_CTX_set_ciphersuites(ctx, conf.ciphersuites.value.c_str()) == 1;
}

void set_options(SSL_CTX* ctx, const conf::ListenerTls& conf) {
  SSL_CTX_set_options(ctx, kAlways);
  if (conf.prefer_server_ciphers) SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
}

bool set_key_exchange(SSL_CTX* ctx, OSSL_LIB_CTX* lib_ctx, const Site& site) {
  if (site.dh_parameters.empty()) {
    SSL_CTX_set_dh_auto(ctx, 1);  // a group as strong as the certificate's key
    return true;
  }
  KeyPtr parameters = parse_dh_parameters(lib_ctx, site.dh_parameters);
  if (parameters == nullptr || SSL_CTX_set0_tmp_dh_pkey(ctx, parameters.get()) != 1) return false;
  static_cast<void>(parameters.release());  // the context's now
  return true;
}

bool set_groups(SSL_CTX* ctx, const conf::ListenerTls& conf, Diagnostics& diagnostics) {
  if (conf.groups.empty() || conf.groups == "auto") return true;
  // SSL_CTX_set1_groups_list(), whose macro has a C cast.
  if (SSL_CTX_ctrl(ctx, SSL_CTRL_SET_GROUPS_LIST, 0, const_cast<char*>(conf.groups.c_str())) == 1)
    return true;
  clear_errors();
  diagnostics.error(conf.at, "OpenSSL knows no curves \"" + conf.groups +
                                 "\"; expected names such as X25519 and prime256v1 divided by colons");
  return false;
}

void set_sessions(SSL_CTX* ctx, const Site& site) {
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(ctx,
                      std::chrono::duration_cast<std::chrono::seconds>(site.conf.session_timeout).count());
  const auto& context = site.session_id_context;
  SSL_CTX_set_session_id_context(ctx, context.data(), static_cast<unsigned>(context.size()));
  if (site.conf.session_tickets) return;
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(ctx, 0);  // TLS 1.3 would send stateful ones, which without a cache resume nothing
}

bool set_client_auth(SSL_CTX* ctx, OSSL_LIB_CTX* lib_ctx, const Site& site) {
  if (!site.conf.client_auth) return true;
  const conf::ClientAuth& auth = *site.conf.client_auth;
  X509_STORE* store = SSL_CTX_get_cert_store(ctx);
  for (const X509Ptr& ca : parse_certificates(lib_ctx, site.client_ca)) {
    if (X509_STORE_add_cert(store, ca.get()) != 1 || SSL_CTX_add_client_CA(ctx, ca.get()) != 1) return false;
  }
  if (!site.crl.empty() && !add_crls(store, parse_crls(lib_ctx, site.crl))) return false;
  if (auth.depth > 0) SSL_CTX_set_verify_depth(ctx, static_cast<int>(auth.depth));
  const bool required = auth.verify == conf::ClientAuth::Verify::required && !auth.refuse_by_status;
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     verify_callback(auth));
  return true;
}

/// RFC 6066 §8. OpenSSL calls it for clients that ask, and frees the copy.
int on_status_request(SSL* ssl, void* site) noexcept {
  const std::string& response = static_cast<const Site*>(site)->stapled_response;
  void* copy = OPENSSL_memdup(response.data(), response.size());
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_STATUS_REQ_OCSP_RESP, static_cast<long>(response.size()), copy);
  return SSL_TLSEXT_ERR_OK;
}

void set_stapling(SSL_CTX* ctx, const Site& site) {
  if (site.stapled_response.empty()) return;
  // SSL_CTX_set_tlsext_status_cb() and _arg(), whose macros have C casts. The material outlives the context.
  SSL_CTX_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB,
                        reinterpret_cast<void (*)()>(&on_status_request));
  SSL_CTX_ctrl(ctx, SSL_CTRL_SET_TLSEXT_STATUS_REQ_CB_ARG, 0, const_cast<Site*>(&site));
}

/// The place of the set's first certificate, and its name for a complaint.
void complain(const Site& site, const NameTable::Set& set, Diagnostics& diagnostics) {
  const auto& certificates = site.conf.certificates;
  const bool from_file = !set.empty() && set.front() < certificates.size();
  const Position at = from_file ? certificates[set.front()].certificate.at : site.conf.at;
  const std::string name = from_file ? certificates[set.front()].certificate.value : "the self-signed one";
  diagnostics.error(at, "OpenSSL refuses certificate " + name + ": " + take_error_text());
}

}  // namespace

SslCtxPtr make_server_ctx(OSSL_LIB_CTX* lib_ctx, const Site& site, const NameTable::Set& set,
                          Diagnostics& diagnostics) {
  clear_errors();
  SslCtxPtr ctx(SSL_CTX_new_ex(lib_ctx, nullptr, TLS_server_method()));
  require(ctx.get());
  set_options(ctx.get(), site.conf);
  set_sessions(ctx.get(), site);
  set_stapling(ctx.get(), site);
  if (!set_groups(ctx.get(), site.conf, diagnostics)) return nullptr;
  bool made = set_protocols(ctx.get(), site.conf.protocols) && set_ciphers(ctx.get(), site.conf) &&
              set_key_exchange(ctx.get(), lib_ctx, site) && set_client_auth(ctx.get(), lib_ctx, site);
  for (const std::size_t index : set) {
    const CertificatePem& pem = site.certificates[index];
    made = made && use_certificate(ctx.get(), lib_ctx, pem.chain, pem.private_key);
  }
  if (!made) {
    complain(site, set, diagnostics);
    return nullptr;
  }
  if (!run_commands(ctx.get(), site.conf, diagnostics)) return nullptr;
  SSL_CTX_set_options(ctx.get(), kAlways);
  return ctx;
}

}  // namespace tidegate::tls
