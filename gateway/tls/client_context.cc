#include "gateway/tls/client_context.h"

#include <openssl/x509v3.h>

#include <map>
#include <utility>

#include "gateway/base/ip.h"
#include "gateway/tls/certificate.h"
#include "gateway/tls/cipher_check.h"
#include "gateway/tls/file.h"
#include "gateway/tls/protocols.h"
#include "gateway/tls/tls_stream.h"

namespace tidegate::tls {
namespace {

/// Names may be a request's.
constexpr std::size_t kMostSessions = 1024;
constexpr unsigned char kAlpn[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

/// Where an SSL remembers which server its session is for.
int session_place_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

bool add_authorities(SSL_CTX* ctx, OSSL_LIB_CTX* lib_ctx, const std::string& pem) {
  const std::vector<X509Ptr> authorities = parse_certificates(lib_ctx, pem);
  for (const X509Ptr& authority : authorities) {
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority.get()) != 1) return false;
  }
  // An authority that is no root is trusted all the same: it was named here.
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(ctx), X509_V_FLAG_PARTIAL_CHAIN);
  return !authorities.empty();
}

void load_certificate(const conf::Certificate& conf, std::string& chain, std::string& key,
                      Diagnostics& diagnostics) {
  const bool have_chain = read_certificates(conf.certificate, "certificate", chain, diagnostics);
  if (!read_file(conf.private_key, "private key", key, diagnostics) || !have_chain) return;
  const SslCtxPtr ctx(SSL_CTX_new(TLS_client_method()));
  require(ctx.get());
  clear_errors();
  bool encrypted = false;
  if (parse_private_key(nullptr, key, encrypted) == nullptr) {
    diagnostics.error(conf.private_key.at, encrypted
                                               ? "private key " + conf.private_key.value +
                                                     " is encrypted; "
                                                     "remove the passphrase with: openssl pkey -in "
                                                     "encrypted.pem -out plain.pem"
                                               : conf.private_key.value +
                                                     " holds no private key that can be read; expected "
                                                     "PEM, which begins with -----BEGIN PRIVATE KEY-----");
  } else if (!use_certificate(ctx.get(), nullptr, chain, key)) {
    diagnostics.error(conf.private_key.at, "private key " + conf.private_key.value +
                                               " does not go with certificate " + conf.certificate.value +
                                               ": " + take_error_text());
  }
}

}  // namespace

struct ClientContext::Impl {
  Impl(OSSL_LIB_CTX* lib_ctx, std::shared_ptr<const ClientMaterial> m)
      : shared{Wire(lib_ctx), FailureLog(log::Level::warning, "upstream")},
        material(std::move(m)),
        conf(material->conf_),
        ctx(SSL_CTX_new_ex(lib_ctx, nullptr, TLS_client_method())) {
    require(ctx.get());
  }

  void configure(OSSL_LIB_CTX* lib_ctx);
  void set_verification(OSSL_LIB_CTX* lib_ctx);
  bool set_server(SSL* ssl, const std::string& name);
  static int on_new_session(SSL* ssl, SSL_SESSION* session) noexcept;

  Shared shared;
  std::shared_ptr<const ClientMaterial> material;
  const conf::UpstreamTls& conf;  ///< the material's
  SslCtxPtr ctx;
  std::map<std::string, SessionPtr> sessions;  ///< the newest of each name; at most kMostSessions
};

void ClientContext::Impl::configure(OSSL_LIB_CTX* lib_ctx) {
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
  set_protocols(ctx.get(), conf.protocols);
  if (!conf.ciphers.empty()) SSL_CTX_set_cipher_list(ctx.get(), conf.ciphers.value.c_str());
  SSL_CTX_set_alpn_protos(ctx.get(), kAlpn, sizeof kAlpn);  // 0 is success
  if (conf.reuse_sessions) {
    SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx.get(), &on_new_session);
  }
  // What the material's load() has accepted is refused by no other thread.
  if (conf.certificate && !use_certificate(ctx.get(), lib_ctx, material->chain_, material->private_key_))
    log::error("tls", "OpenSSL does not take the certificate " + conf.certificate->certificate.value +
                          "; none will be shown to the servers of its upstream");
  if (conf.verify) set_verification(lib_ctx);
  clear_errors();
}

void ClientContext::Impl::set_verification(OSSL_LIB_CTX* lib_ctx) {
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER, nullptr);
  if (conf.depth > 0) SSL_CTX_set_verify_depth(ctx.get(), static_cast<int>(conf.depth));
  if (conf.ca.empty()) {
    SSL_CTX_set_default_verify_paths(ctx.get());
  } else if (!add_authorities(ctx.get(), lib_ctx, material->ca_)) {
    log::error("tls", "OpenSSL does not take the authorities in " + conf.ca.value +
                          "; no server of their upstream will be trusted");
  }
  if (conf.crl.empty()) return;
  X509_STORE_set_flags(SSL_CTX_get_cert_store(ctx.get()),
                       X509_V_FLAG_CRL_CHECK);  // whatever becomes of the lists
  if (!add_crls(SSL_CTX_get_cert_store(ctx.get()), parse_crls(lib_ctx, material->crl_))) {
    log::error("tls", "OpenSSL does not take the revocation lists in " + conf.crl.value +
                          "; no server of their upstream will be trusted");
  }
}

/// RFC 6066 §3: a server name is sent for names, never for addresses. RFC 6125: what its certificate must
/// say. False: OpenSSL takes no such name.
bool ClientContext::Impl::set_server(SSL* ssl, const std::string& name) {
  if (name.size() > TLSEXT_MAXLEN_host_name || name.find('\0') != std::string::npos) return false;
  const bool is_address = IpAddress::parse(name).has_value();
  if (!is_address && conf.send_name &&
      !name.empty()) {  // SSL_set_tlsext_host_name(), whose macro has a C cast
    if (SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                 const_cast<char*>(name.c_str())) != 1) {
      return false;
    }
  }
  if (conf.verify) {
    // To OpenSSL an empty name would mean that any will do.
    const std::string expected = name.empty() ? "nobody.invalid" : name;
    X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(rules, expected.c_str())
                               : X509_VERIFY_PARAM_set1_host(rules, expected.data(), expected.size());
    if (set != 1) return false;
  }
  if (!conf.reuse_sessions || (sessions.size() >= kMostSessions && !sessions.contains(name))) return true;
  const auto place = sessions.try_emplace(name).first;
  SSL_set_ex_data(ssl, session_place_index(), &place->second);
  if (place->second != nullptr && SSL_SESSION_is_resumable(place->second.get()) == 1) {
    SSL_set_session(ssl, place->second.get());
  }
  return true;
}

int ClientContext::Impl::on_new_session(SSL* ssl, SSL_SESSION* session) noexcept {
  auto* place = static_cast<SessionPtr*>(SSL_get_ex_data(ssl, session_place_index()));
  if (place == nullptr) return 0;
  place->reset(session);
  return 1;  // the reference is ours
}

ClientContext::ClientContext() = default;
ClientContext::~ClientContext() = default;

std::shared_ptr<const ClientMaterial> ClientMaterial::load(const conf::UpstreamTls& tls,
                                                           Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.errors();
  auto material = std::make_shared<ClientMaterial>();
  material->conf_ = tls;
  if (!tls.ca.empty()) read_certificates(tls.ca, "ca", material->ca_, diagnostics);
  if (!tls.crl.empty()) read_crls(tls.crl, material->crl_, diagnostics);
  if (tls.certificate)
    load_certificate(*tls.certificate, material->chain_, material->private_key_, diagnostics);
  const SslCtxPtr ctx(SSL_CTX_new(TLS_client_method()));
  require(ctx.get());
  if (!tls.ciphers.empty() && SSL_CTX_set_cipher_list(ctx.get(), tls.ciphers.value.c_str()) != 1) {
    diagnostics.error(tls.ciphers.at,
                      "ciphers: OpenSSL finds no cipher in \"" + tls.ciphers.value +
                          "\"; expected names such as ECDHE-RSA-AES128-GCM-SHA256 divided by colons");
  }
  clear_errors();
  if (diagnostics.errors() > errors_before) return nullptr;
  return material;
}

std::shared_ptr<ClientContext> ClientContext::make(Library& library,
                                                   std::shared_ptr<const ClientMaterial> material) {
  auto* lib_ctx = static_cast<OSSL_LIB_CTX*>(library.lib_ctx());
  std::shared_ptr<ClientContext> context(new ClientContext);
  context->impl_ = std::make_shared<Impl>(lib_ctx, std::move(material));
  context->impl_->configure(lib_ctx);
  return context;
}

std::unique_ptr<net::Stream> ClientContext::connect(net::Loop& loop, std::unique_ptr<net::Stream> socket,
                                                    const std::string& host, net::StreamListener& listener,
                                                    const std::optional<std::string>& name) {
  SslPtr ssl(SSL_new(impl_->ctx.get()));
  require(ssl.get());
  impl_->shared.wire.attach(ssl.get());
  SSL_set_connect_state(ssl.get());
  const std::string& configured = impl_->conf.server_name.empty() ? host : impl_->conf.server_name;
  if (!impl_->set_server(ssl.get(), name.value_or(configured))) {
    clear_errors();
    impl_->shared.failures.report(loop.now(), "no handshake: OpenSSL takes no such server name",
                                  listener.log_id());
    return nullptr;
  }
  auto stream = std::make_unique<TlsStream>(loop, std::shared_ptr<Shared>(impl_, &impl_->shared),
                                            std::move(ssl), Role::client, std::move(socket), listener);
  stream->begin();
  return stream;
}

}  // namespace tidegate::tls
