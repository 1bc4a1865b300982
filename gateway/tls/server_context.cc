#include "gateway/tls/server_context.h"

#include <stdexcept>
#include <string_view>

#include "gateway/base/text.h"
#include "gateway/tls/material.h"
#include "gateway/tls/tickets.h"
#include "gateway/tls/tls_stream.h"

namespace tidegate::tls {

namespace {

/// The server name in a ClientHello that OpenSSL has not looked into yet; empty: there is none, or it is
/// malformed, which OpenSSL will say. RFC 6066 §3: a list's length, then a type, a length and the name.
std::string_view sent_name(SSL* ssl) {
  const unsigned char* data = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &data, &size) != 1 || size < 5) return {};
  const auto number = [data](std::size_t at) { return std::size_t{data[at]} << 8 | data[at + 1]; };
  if (number(0) != size - 2 || data[2] != TLSEXT_NAMETYPE_host_name || number(3) > size - 5) return {};
  return {reinterpret_cast<const char*>(data) + 5, number(3)};
}

/// Gives a connection the context of a virtual server, and what SSL_set_SSL_CTX() leaves as it was.
void wear(SSL* ssl, SSL_CTX* ctx) {
  SSL_set_SSL_CTX(ssl, ctx);
  SSL_set_verify(ssl, SSL_CTX_get_verify_mode(ctx), SSL_CTX_get_verify_callback(ctx));
  SSL_set_verify_depth(ssl, SSL_CTX_get_verify_depth(ctx));
  SSL_set_num_tickets(ssl, SSL_CTX_get_num_tickets(ctx));
  // The protocols stay the listener's.
  const std::uint64_t protocols = SSL_get_options(ssl) & SSL_OP_NO_SSL_MASK;
  SSL_clear_options(ssl, SSL_get_options(ssl) & ~SSL_CTX_get_options(ctx));
  SSL_set_options(ssl, (SSL_CTX_get_options(ctx) & ~SSL_OP_NO_SSL_MASK) | protocols);
}

}  // namespace

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
  int choose_site(SSL* ssl, int* alert) const;
  int choose_certificates(SSL* ssl, int* alert) const;

  static int on_client_hello(SSL* ssl, int* alert, void* impl) noexcept;
  static int on_name_of_site(SSL* ssl, int* alert, void* impl) noexcept;
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
      contexts;  ///< one for each set of the listener's own name table; the first is the default
  std::vector<SslCtxPtr> named;  ///< by site, from the second one
};

void ServerContext::Impl::make_contexts(OSSL_LIB_CTX* lib_ctx) {
  for (const Site& site : material->impl().sites) {
    const bool is_default = &site == &material->impl().sites.front();
    for (const NameTable::Set& set : site.names.sets) {
      Diagnostics diagnostics;
      SslCtxPtr ctx = make_server_ctx(lib_ctx, site, set, diagnostics);
      if (ctx == nullptr) {
        throw std::runtime_error("TLS context, which was checked at load: " +
                                 diagnostics.list().front().message);
      }
      set_callbacks(ctx.get());
      (is_default ? contexts : named).push_back(std::move(ctx));
    }
  }
  for (const SslCtxPtr& ctx : named) {
    SSL_CTX_callback_ctrl(ctx.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(&on_name_of_site));
  }
  if (named.empty() && !material->impl().rejects_somebody()) return;
  SSL_CTX_set_client_hello_cb(contexts.front().get(), &on_client_hello, this);
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

/// Which virtual server is meant must be known before OpenSSL looks at a session that the client would
/// resume, so that none made with another one (which may ask for other client certificates, or for none) is
/// taken: OpenSSL's callback for server names comes too late for that.
int ServerContext::Impl::choose_site(SSL* ssl, int* alert) const {
  const std::string_view sent = sent_name(ssl);
  const auto found = sent.empty() ? std::nullopt : material->impl().names.find(sent);
  if (material->impl().sites[found.value_or(0)].conf.reject_handshake) {
    *alert = SSL_AD_UNRECOGNIZED_NAME;
    return SSL_CLIENT_HELLO_ERROR;
  }
  if (found) wear(ssl, named[*found - 1].get());
  return SSL_CLIENT_HELLO_SUCCESS;
}

int ServerContext::Impl::on_client_hello(SSL* ssl, int* alert, void* impl) noexcept {
  return static_cast<Impl*>(impl)->choose_site(ssl, alert);
}

int ServerContext::Impl::on_name_of_site(SSL*, int*, void*) noexcept {
  return SSL_TLSEXT_ERR_OK;
}

/// RFC 6066 §3. Called for a client that sends no name, too.
int ServerContext::Impl::choose_certificates(SSL* ssl, int* alert) const {
  const char* sent = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const auto found =
      sent != nullptr ? material->impl().sites.front().names.find(to_lower(sent)) : std::nullopt;
  if (found) {
    if (*found != 0) SSL_set_SSL_CTX(ssl, contexts[*found].get());
    return SSL_TLSEXT_ERR_OK;
  }
  if (!material->impl().sites.front().conf.reject_unknown_sni) return SSL_TLSEXT_ERR_OK;
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
