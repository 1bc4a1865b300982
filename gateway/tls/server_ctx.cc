#include <openssl/ssl.h>

#include <algorithm>

#include "gateway/tls/certificate.h"
#include "gateway/tls/cipher_check.h"
#include "gateway/tls/material.h"

namespace tidegate::tls {
namespace {

int version_number(conf::TlsVersion version) {
  return version == conf::TlsVersion::tls1_2 ? TLS1_2_VERSION : TLS1_3_VERSION;
}

bool set_protocols(SSL_CTX* ctx, const std::vector<conf::TlsVersion>& protocols) {
  if (protocols.empty()) return SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1;
  const auto [low, high] = std::ranges::minmax(protocols);
  return SSL_CTX_set_min_proto_version(ctx, version_number(low)) == 1 &&
         SSL_CTX_set_max_proto_version(ctx, version_number(high)) == 1;
}

bool set_ciphers(SSL_CTX* ctx, const conf::ListenerTls& conf) {
  const char* ciphers = conf.ciphers.empty() ? kDefaultCiphers : conf.ciphers.value.c_str();
  if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1) return false;
  return conf.ciphersuites.empty() || SSL_CTX_set_ciphersuites(ctx, conf.ciphersuites.value.c_str()) == 1;
}

void set_options(SSL_CTX* ctx, const conf::ListenerTls& conf) {
  SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (conf.prefer_server_ciphers) SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_dh_auto(ctx, 1);  // a group as strong as the certificate's key
}

void set_sessions(SSL_CTX* ctx, const ServerMaterial::Impl& material) {
  SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
  const auto& context = material.session_id_context;
  SSL_CTX_set_session_id_context(ctx, context.data(), static_cast<unsigned>(context.size()));
  if (material.conf.session_tickets) return;
  SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
  SSL_CTX_set_num_tickets(ctx, 0);  // TLS 1.3 would send stateful ones, which without a cache resume nothing
}

bool add_certificate(SSL_CTX* ctx, OSSL_LIB_CTX* lib_ctx, const CertificatePem& pem) {
  std::vector<X509Ptr> chain = parse_certificates(lib_ctx, pem.chain);
  bool encrypted = false;
  const KeyPtr key = parse_private_key(lib_ctx, pem.private_key, encrypted);
  if (chain.empty() || key == nullptr) return false;
  STACK_OF(X509)* others = sk_X509_new_null();
  require(others);
  for (std::size_t i = 1; i < chain.size(); ++i) sk_X509_push(others, chain[i].get());
  const int used =
      SSL_CTX_use_cert_and_key(ctx, chain.front().get(), key.get(), others, 1);  // takes references
  sk_X509_free(others);
  return used == 1;
}

bool set_client_auth(SSL_CTX* ctx, OSSL_LIB_CTX* lib_ctx, const ServerMaterial::Impl& material) {
  if (!material.conf.client_auth) return true;
  for (const X509Ptr& ca : parse_certificates(lib_ctx, material.client_ca)) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca.get()) != 1) return false;
    if (SSL_CTX_add_client_CA(ctx, ca.get()) != 1) return false;
  }
  const bool required = material.conf.client_auth->verify == conf::ClientAuth::Verify::required;
  SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | (required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), nullptr);
  return true;
}

}  // namespace

SslCtxPtr make_server_ctx(OSSL_LIB_CTX* lib_ctx, const ServerMaterial::Impl& material,
                          const NameTable::Set& set, std::string& error) {
  clear_errors();
  SslCtxPtr ctx(SSL_CTX_new_ex(lib_ctx, nullptr, TLS_server_method()));
  require(ctx.get());
  set_options(ctx.get(), material.conf);
  set_sessions(ctx.get(), material);
  bool made = set_protocols(ctx.get(), material.conf.protocols) && set_ciphers(ctx.get(), material.conf) &&
              set_client_auth(ctx.get(), lib_ctx, material);
  for (const std::size_t index : set) {
    made = made && add_certificate(ctx.get(), lib_ctx, material.certificates[index]);
  }
  if (made) return ctx;
  error = take_error_text();
  return nullptr;
}

}  // namespace tidegate::tls
