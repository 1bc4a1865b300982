#include "gateway/tls/server_context.h"

#include <stdexcept>
#include <string_view>

#include "gateway/base/text.h"
#include "gateway/tls/material.h"
#include "gateway/tls/tickets.h"
#include "gateway/tls/tls_stream.h"

namespace tidegate::tls {

Library::Library() : lib_ctx_(OSSL_LIB_CTX_new()) {
  require(lib_ctx_);
}
Library::~Library() {
  OSSL_LIB_CTX_free(static_cast<OSSL_LIB_CTX*>(lib_ctx_));
}

struct ServerContext::Impl {
  Impl(OSSL_LIB_CTX* lib_ctx, std::shared_ptr<const ServerMaterial> from, std::shared_ptr<TicketKeys> keys)
      : shared{Wire(lib_ctx), FailureLog(log::Level::info, "client")},
        material(std::move(from)),
        tickets(std::move(keys)),
        ticket_cipher(EVP_CIPHER_fetch(lib_ctx, "AES-256-CBC", nullptr)) {
    require(ticket_cipher.get());
  }

  void make_contexts(OSSL_LIB_CTX* lib_ctx);
  void set_callbacks(SSL_CTX* ctx);
  int choose_certificates(SSL* ssl, int* alert) const;

  static int on_server_name(SSL* ssl, int* alert, void* impl) noexcept;
  static int on_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                     const unsigned char* offered, unsigned offered_size, void* impl) noexcept;
  static int on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                           EVP_MAC_CTX* mac, int encrypt) noexcept;

  Shared shared;
  std::shared_ptr<const ServerMaterial> material;
  std::shared_ptr<TicketKeys> tickets;
  CipherPtr ticket_cipher;
  std::vector<SslCtxPtr>
      contexts;  ///< one for each set of the material's name table; the first is the default
};

void ServerContext::Impl::make_contexts(OSSL_LIB_CTX* lib_ctx) {
  for (const NameTable::Set& set : material->impl().names.sets) {
    std::string error;
    SslCtxPtr ctx = make_server_ctx(lib_ctx, material->impl(), set, error);
    if (ctx == nullptr) throw std::runtime_error("TLS context, which was checked at load: " + error);
    set_callbacks(ctx.get());
    contexts.push_back(std::move(ctx));
  }
}

void ServerContext::Impl::set_callbacks(SSL_CTX* ctx) {
  SSL_CTX_set_app_data(ctx, this);
  SSL_CTX_set_alpn_select_cb(ctx, &on_alpn, nullptr);
  SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, &on_ticket_key);
  // SSL_CTX_set_tlsext_servername_callback(), whose macro has a C cast.
  SSL_CTX_callback_ctrl(ctx, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                        reinterpret_cast<void (*)()>(&on_server_name));
  SSL_CTX_set_tlsext_servername_arg(ctx, this);
}

/// RFC 6066 §3. Called for a client that sends no name, too.
int ServerContext::Impl::choose_certificates(SSL* ssl, int* alert) const {
  const char* sent = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto found = sent != nullptr ? material->impl().names.find(to_lower(sent)) : std::nullopt;
  if (found) {
    if (*found != 0) SSL_set_SSL_CTX(ssl, contexts[*found].get());
    return SSL_TLSEXT_ERR_OK;
  }
  if (!material->impl().conf.reject_unknown_sni) return SSL_TLSEXT_ERR_OK;
  *alert = SSL_AD_UNRECOGNIZED_NAME;
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int ServerContext::Impl::on_server_name(SSL* ssl, int* alert, void* impl) noexcept {
  return static_cast<Impl*>(impl)->choose_certificates(ssl, alert);
}

/// RFC 7301 §3.2: a client that offers protocols, but not ours, hears no_application_protocol.
int ServerContext::Impl::on_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                                 const unsigned char* offered, unsigned offered_size, void*) noexcept {
  constexpr std::string_view kOurs = "http/1.1";
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_size);
  while (!rest.empty()) {
    const std::size_t size = static_cast<unsigned char>(rest.front());
    const std::string_view protocol = rest.substr(1, size);
    if (protocol == kOurs) {
      *out = reinterpret_cast<const unsigned char*>(protocol.data());
      *out_size = static_cast<unsigned char>(protocol.size());
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(1 + protocol.size());
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

int ServerContext::Impl::on_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv,
                                       EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int encrypt) noexcept {
  const auto& impl = *static_cast<const Impl*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  const int result = use_ticket_key(*impl.tickets, impl.ticket_cipher.get(), name, iv, cipher, mac, encrypt);
  // RFC 8446 App. C.4: a client uses a ticket once, so one that resumes gets another (2: renew). Without it
  // OpenSSL sends none, and every second handshake of a client that comes back would be a full one.
  const bool opened = encrypt == 0 && result == 1;
  return opened && SSL_version(ssl) >= TLS1_3_VERSION ? 2 : result;
}

ServerContext::ServerContext() = default;
ServerContext::~ServerContext() = default;

std::shared_ptr<ServerContext> ServerContext::make(Library& library,
                                                   std::shared_ptr<const ServerMaterial> material,
                                                   std::shared_ptr<TicketKeys> tickets) {
  auto* lib_ctx = static_cast<OSSL_LIB_CTX*>(library.lib_ctx());
  std::shared_ptr<ServerContext> context(new ServerContext);
  context->impl_ = std::make_shared<Impl>(lib_ctx, std::move(material), std::move(tickets));
  context->impl_->make_contexts(lib_ctx);
  return context;
}

std::unique_ptr<net::Stream> ServerContext::accept(net::Loop& loop, std::unique_ptr<net::Stream> socket,
                                                   net::StreamListener& listener) {
  SslPtr ssl(SSL_new(impl_->contexts.front().get()));
  require(ssl.get());
  impl_->shared.wire.attach(ssl.get());
  SSL_set_accept_state(ssl.get());
  auto stream = std::make_unique<TlsStream>(loop, std::shared_ptr<Shared>(impl_, &impl_->shared),
                                            std::move(ssl), Role::server, std::move(socket), listener);
  stream->begin();
  return stream;
}

}  // namespace tidegate::tls
