#include "gateway/tls/client_context.h"

#include <openssl/x509v3.h>

#include <map>
#include <new>

#include "gateway/base/ip.h"
#include "gateway/tls/certificate.h"
#include "gateway/tls/cipher_check.h"
#include "gateway/tls/file.h"
#include "gateway/tls/tls_stream.h"

namespace tidegate::tls {
namespace {

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

}  // namespace

struct ClientContext::Impl {
  Impl(OSSL_LIB_CTX* lib_ctx, const conf::UpstreamTls& tls)
      : shared{Wire(lib_ctx), FailureLog(log::Level::warning, "upstream")},
        conf(tls),
        ctx(SSL_CTX_new_ex(lib_ctx, nullptr, TLS_client_method())) {
    require(ctx.get());
  }

  void configure(OSSL_LIB_CTX* lib_ctx);
  void set_server(SSL* ssl, const std::string& name);
  static int on_new_session(SSL* ssl, SSL_SESSION* session) noexcept;

  Shared shared;
  conf::UpstreamTls conf;
  SslCtxPtr ctx;
  std::map<std::string, SessionPtr>
      sessions;  ///< the newest of each server; as many as the upstream has names
};

void ClientContext::Impl::configure(OSSL_LIB_CTX* lib_ctx) {
  SSL_CTX_set_options(ctx.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(ctx.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_min_proto_version(ctx.get(), TLS1_2_VERSION);
  SSL_CTX_set_alpn_protos(ctx.get(), kAlpn, sizeof kAlpn);  // 0 is success
  SSL_CTX_set_session_cache_mode(ctx.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(ctx.get(), &on_new_session);
  if (!conf.verify) return;
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER, nullptr);
  if (conf.ca.empty()) {
    SSL_CTX_set_default_verify_paths(ctx.get());
    return;
  }
  std::string pem;
  Diagnostics diagnostics;  // check() made the same complaints where somebody reads them
  if (!read_file(conf.ca, "ca", pem, diagnostics) || !add_authorities(ctx.get(), lib_ctx, pem)) {
    log::error("tls", "the authorities in " + conf.ca.value +
                          " can't be read any more; no server of their upstream will be trusted");
  }
  clear_errors();
}

/// RFC 6066 §3: a server name is sent for names, never for addresses. RFC 6125: what its certificate must
/// say.
void ClientContext::Impl::set_server(SSL* ssl, const std::string& name) {
  const bool is_address = IpAddress::parse(name).has_value();
  if (!is_address) {  // SSL_set_tlsext_host_name(), whose macro has a C cast
    SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str()));
  }
  if (conf.verify) {
    X509_VERIFY_PARAM* rules = SSL_get0_param(ssl);
    X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const int set = is_address ? X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str())
                               : X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size());
    if (set != 1) throw std::bad_alloc();
  }
  const auto place = sessions.try_emplace(name).first;
  SSL_set_ex_data(ssl, session_place_index(), &place->second);
  if (place->second != nullptr && SSL_SESSION_is_resumable(place->second.get()) == 1) {
    SSL_set_session(ssl, place->second.get());
  }
}

int ClientContext::Impl::on_new_session(SSL* ssl, SSL_SESSION* session) noexcept {
  auto* place = static_cast<SessionPtr*>(SSL_get_ex_data(ssl, session_place_index()));
  if (place == nullptr) return 0;
  place->reset(session);
  return 1;  // the reference is ours
}

ClientContext::ClientContext() = default;
ClientContext::~ClientContext() = default;

bool ClientContext::check(const conf::UpstreamTls& tls, Diagnostics& diagnostics) {
  if (tls.ca.empty()) return true;
  std::string pem;
  if (!read_file(tls.ca, "ca", pem, diagnostics)) return false;
  if (!parse_certificates(nullptr, pem).empty()) return true;
  diagnostics.error(tls.ca.at, tls.ca.value +
                                   " holds no certificate that can be read; expected PEM, which begins with "
                                   "-----BEGIN CERTIFICATE-----");
  return false;
}

std::shared_ptr<ClientContext> ClientContext::make(Library& library, const conf::UpstreamTls& tls) {
  auto* lib_ctx = static_cast<OSSL_LIB_CTX*>(library.lib_ctx());
  std::shared_ptr<ClientContext> context(new ClientContext);
  context->impl_ = std::make_shared<Impl>(lib_ctx, tls);
  context->impl_->configure(lib_ctx);
  return context;
}

std::unique_ptr<net::Stream> ClientContext::connect(net::Loop& loop, std::unique_ptr<net::Stream> socket,
                                                    const std::string& name, net::StreamListener& listener) {
  SslPtr ssl(SSL_new(impl_->ctx.get()));
  require(ssl.get());
  impl_->shared.wire.attach(ssl.get());
  SSL_set_connect_state(ssl.get());
  impl_->set_server(ssl.get(), impl_->conf.server_name.empty() ? name : impl_->conf.server_name);
  auto stream = std::make_unique<TlsStream>(loop, std::shared_ptr<Shared>(impl_, &impl_->shared),
                                            std::move(ssl), Role::client, std::move(socket), listener);
  stream->begin();
  return stream;
}

}  // namespace tidegate::tls
