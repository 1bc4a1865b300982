#include "tests/integration/tls_peer.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

namespace tidegate::test {
namespace {

template <auto Free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    Free(object);
  }
};
using CtxPtr = std::unique_ptr<SSL_CTX, FreeWith<SSL_CTX_free>>;
using SslPtr = std::unique_ptr<SSL, FreeWith<SSL_free>>;
using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;
using SessionPtr = std::unique_ptr<SSL_SESSION, FreeWith<SSL_SESSION_free>>;

std::string last_error() {
  char text[256] = "no error";
  if (const unsigned long code = ERR_peek_last_error(); code != 0)
    ERR_error_string_n(code, text, sizeof text);
  ERR_clear_error();
  return text;
}

int clamp_size(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

/// OpenSSL over a blocking socket. SIGPIPE is ignored since the first gateway of the process began.
class TlsLayer final : public Peer::Layer {
 public:
  explicit TlsLayer(SslPtr ssl) : ssl_(std::move(ssl)) {}

  long read(char* to, std::size_t size) override {
    ERR_clear_error();
    errno = 0;
    const int got = SSL_read(ssl_.get(), to, clamp_size(size));
    return got > 0 ? got : outcome(got);
  }
  long write(const char* from, std::size_t size) override {
    ERR_clear_error();
    errno = 0;
    const int sent = SSL_write(ssl_.get(), from, clamp_size(size));
    return sent > 0 ? sent : outcome(sent);
  }
  void end() override {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }

 private:
  /// As read(2) says it: 0 after close_notify, else -1 and errno.
  long outcome(int result) {
    switch (SSL_get_error(ssl_.get(), result)) {
      case SSL_ERROR_ZERO_RETURN:
        return 0;
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE:
        errno = EAGAIN;
        return -1;
      default:
        break;
    }
    if (errno == 0 || errno == EAGAIN) errno = EPROTO;  // an end without close_notify, or an alert
    ERR_clear_error();
    return -1;
  }

  SslPtr ssl_;
};

X509Ptr read_certificate(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

KeyPtr read_key(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return KeyPtr(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
}

void use_identity(SSL_CTX* context, const Issued& identity) {
  if (identity.certificate.empty()) return;
  EXPECT_EQ(1, SSL_CTX_use_certificate(context, read_certificate(identity.certificate).get()))
      << last_error();
  EXPECT_EQ(1, SSL_CTX_use_PrivateKey(context, read_key(identity.private_key).get())) << last_error();
}

int version_number(const std::string& name) {
  if (name == "TLSv1") return TLS1_VERSION;
  if (name == "TLSv1.1") return TLS1_1_VERSION;
  if (name == "TLSv1.2") return TLS1_2_VERSION;
  if (name == "TLSv1.3") return TLS1_3_VERSION;
  return 0;  // OpenSSL's word for "any"
}

int on_new_session(SSL* ssl, SSL_SESSION* session) {
  auto* kept = static_cast<TlsSession*>(SSL_get_app_data(ssl));
  std::string der(static_cast<std::size_t>(i2d_SSL_SESSION(session, nullptr)), '\0');
  auto* to = reinterpret_cast<unsigned char*>(der.data());
  i2d_SSL_SESSION(session, &to);
  kept->encoded() = std::move(der);
  return 0;  // not kept by reference
}

void offer_session(SSL* ssl, TlsSession& session) {
  SSL_set_app_data(ssl, &session);
  if (session.empty()) return;
  const auto* from = reinterpret_cast<const unsigned char*>(session.encoded().data());
  const SessionPtr decoded(d2i_SSL_SESSION(nullptr, &from, static_cast<long>(session.encoded().size())));
  EXPECT_EQ(1, SSL_set_session(ssl, decoded.get())) << last_error();
}

CtxPtr client_context(const TlsOptions& options) {
  CtxPtr context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_min_proto_version(context.get(), version_number(options.min_version));
  SSL_CTX_set_max_proto_version(context.get(), version_number(options.max_version));
  // What a gateway refuses must be the gateway's choice, not this client's.
  SSL_CTX_set_security_level(context.get(), 0);
  if (!options.ciphers.empty()) {
    EXPECT_EQ(1, SSL_CTX_set_cipher_list(context.get(), options.ciphers.c_str())) << last_error();
  }
  if (!options.authority.empty()) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), read_certificate(options.authority).get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  use_identity(context.get(), options.identity);
  if (options.session != nullptr) {
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
    SSL_CTX_sess_set_new_cb(context.get(), on_new_session);
  }
  return context;
}

SslPtr client_ssl(SSL_CTX* context, const TlsOptions& options) {
  SslPtr ssl(SSL_new(context));
  if (!options.server_name.empty()) {  // what SSL_set_tlsext_host_name() is, less its old-style cast
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(options.server_name.c_str()));
  }
  if (!options.authority.empty()) SSL_set1_host(ssl.get(), options.server_name.c_str());
  std::string protocols;
  for (const std::string& protocol : options.alpn) protocols += static_cast<char>(protocol.size()) + protocol;
  if (!protocols.empty()) {
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(protocols.data()),
                        static_cast<unsigned>(protocols.size()));
  }
  if (options.session != nullptr) offer_session(ssl.get(), *options.session);
  return ssl;
}

TlsFacts facts_of(SSL* ssl) {
  TlsFacts facts;
  facts.done = true;
  facts.version = SSL_get_version(ssl);
  facts.cipher = SSL_get_cipher_name(ssl);
  facts.resumed = SSL_session_reused(ssl) == 1;
  const unsigned char* alpn = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &alpn, &size);
  facts.alpn.assign(reinterpret_cast<const char*>(alpn), size);
  if (const X509* certificate = SSL_get0_peer_certificate(ssl)) {
    char name[256] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    facts.common_name = name;
  }
  return facts;
}

/// Shakes hands on the socket of `plain`. The layer gets a descriptor of its own, because a Peer keeps what
/// it owns.
template <typename Handshake>
Peer over(Peer plain, SslPtr ssl, Handshake handshake, TlsFacts* facts) {
  Peer none(-1);
  if (!plain.open()) return none;
  const int fd = ::dup(plain.fd());
  plain.close();
  SSL_set_fd(ssl.get(), fd);
  ERR_clear_error();
  const bool done = handshake(ssl.get()) == 1;
  TlsFacts came;
  if (done) {
    came = facts_of(ssl.get());
  } else {
    came.error = last_error();
    if (facts == nullptr) ADD_FAILURE() << "the TLS handshake failed: " << came.error;
  }
  if (facts != nullptr) *facts = std::move(came);
  if (!done) {
    ::close(fd);
    return none;
  }
  return Peer(fd, std::make_unique<TlsLayer>(std::move(ssl)));
}

}  // namespace

Peer begin_tls(Peer plain, const TlsOptions& options, TlsFacts* facts) {
  const CtxPtr context = client_context(options);
  return over(std::move(plain), client_ssl(context.get(), options), SSL_connect, facts);
}

Peer connect_tls(std::uint16_t port, const TlsOptions& options, TlsFacts* facts, int receive_buffer) {
  return begin_tls(Peer::connect(port, receive_buffer), options, facts);
}

Peer accept_tls(Peer plain, const Issued& identity, TlsFacts* facts) {
  const CtxPtr context(SSL_CTX_new(TLS_server_method()));
  use_identity(context.get(), identity);
  return over(std::move(plain), SslPtr(SSL_new(context.get())), SSL_accept, facts);
}

}  // namespace tidegate::test
