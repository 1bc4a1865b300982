#include "tests/unit/tls/harness.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <regex>

namespace tidegate::tls {

bool TestLoop::until(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + 20s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    loop_.run_once();
  }
  return true;
}

void TestLoop::settle() {
  for (int i = 0; i < 8; ++i) loop_.run_once();
}

void Recorder::on_open() {
  opened = true;
  if (start_at_open) stream->start_reading();
  if (at_open) at_open();
}

void Recorder::on_data(Bytes bytes) {
  data += as_text(bytes);
  ++data_calls;
  if (at_data) at_data();
}

void Recorder::on_end(net::End how) {
  EXPECT_FALSE(end.has_value());
  end = how;
  if (at_end) at_end();
}

void Recorder::on_error(const Error& what) {
  EXPECT_FALSE(error.has_value());
  error = what;
  if (at_error) at_error();
}

void Recorder::on_drained() {
  ++drained;
}

SocketPair::SocketPair() {
  int fds[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) != 0) throw std::bad_alloc();
  ours = fds[0];
  theirs = fds[1];
}

RawPeer::RawPeer(int fd, SSL_CTX* ctx, bool server) : fd_(fd), ssl_(SSL_new(ctx)) {
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  if (server) {
    SSL_set_accept_state(ssl_);
  } else {
    SSL_set_connect_state(ssl_);
  }
}

RawPeer::~RawPeer() {
  SSL_free(ssl_);
  if (fd_ >= 0) ::close(fd_);
}

void RawPeer::pump() {
  char buffer[16384];
  for (int got; (got = BIO_read(SSL_get_wbio(ssl_), buffer, sizeof buffer)) > 0;) {
    unsent_.append(buffer, static_cast<std::size_t>(got));
  }
  if (!unsent_.empty()) {
    const ssize_t sent = ::send(fd_, unsent_.data(), std::min(cut, unsent_.size()), MSG_NOSIGNAL);
    if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
  }
  if (paused) return;
  const ssize_t got = ::recv(fd_, buffer, sizeof buffer, 0);
  if (got == 0) got_eof = true;
  if (got <= 0) return;
  raw_received.append(buffer, static_cast<std::size_t>(got));
  BIO_write(SSL_get_rbio(ssl_), buffer, static_cast<int>(got));
}

void RawPeer::note_failure(int result) {
  const int kind = SSL_get_error(ssl_, result);
  if (kind == SSL_ERROR_ZERO_RETURN) got_close_notify = true;
  if (kind != SSL_ERROR_SSL) return;
  const char* reason = ERR_reason_error_string(ERR_peek_error());
  error = reason != nullptr ? reason : "unknown";
}

bool RawPeer::shake_hands(TestLoop& loop) {
  bool done = false;
  loop.until([&] {
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_);
    done = result == 1;
    if (!done) note_failure(result);
    pump();
    return (done && unsent_.empty()) || !error.empty() || got_eof;
  });
  if (!done && error.empty() && got_eof) error = "eof";
  return done;
}

void RawPeer::write(const std::string& text) {
  ERR_clear_error();
  EXPECT_EQ(SSL_write(ssl_, text.data(), static_cast<int>(text.size())), static_cast<int>(text.size()));
}

void RawPeer::read() {
  char buffer[16384];
  for (;;) {
    ERR_clear_error();
    const int got = SSL_read(ssl_, buffer, sizeof buffer);
    if (got <= 0) return note_failure(got);
    data.append(buffer, static_cast<std::size_t>(got));
  }
}

void RawPeer::close_notify() {
  ERR_clear_error();
  SSL_shutdown(ssl_);
}

void RawPeer::shut_down_socket() {
  ::shutdown(fd_, SHUT_WR);
}

void RawPeer::send_raw(const std::string& bytes) {
  unsent_ += bytes;
}

namespace {

std::unique_ptr<BIO, int (*)(BIO*)> reader(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

}  // namespace

CtxPtr client_ctx(const std::string& ca) {
  CtxPtr ctx(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  if (ca.empty()) return ctx;
  const auto bio = reader(ca);
  X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx.get()), certificate);
  X509_free(certificate);
  SSL_CTX_set_verify(ctx.get(), SSL_VERIFY_PEER, nullptr);
  return ctx;
}

CtxPtr server_ctx(const test::Issued& issued) {
  CtxPtr ctx(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  const auto certificate_bio = reader(issued.certificate);
  const auto key_bio = reader(issued.private_key);
  X509* certificate = PEM_read_bio_X509(certificate_bio.get(), nullptr, nullptr, nullptr);
  EVP_PKEY* key = PEM_read_bio_PrivateKey(key_bio.get(), nullptr, nullptr, nullptr);
  EXPECT_EQ(SSL_CTX_use_cert_and_key(ctx.get(), certificate, key, nullptr, 1), 1);
  X509_free(certificate);
  EVP_PKEY_free(key);
  return ctx;
}

conf::Certificate ListenerSetup::issue(const test::Wanted& wanted) {
  const test::Issued issued = authority.issue(wanted);
  const std::string number = std::to_string(issued_++);
  conf::Certificate certificate;
  certificate.certificate.value = files.write(number + ".pem", issued.certificate);
  certificate.private_key.value = files.write(number + ".key", issued.private_key);
  return certificate;
}

ListenerSetup& ListenerSetup::add(const test::Wanted& wanted) {
  conf.certificates.push_back(issue(wanted));
  return *this;
}

conf::ListenerTls& ListenerSetup::add_named(std::vector<std::string> names, const test::Wanted& wanted) {
  conf::NamedTls& named = conf.by_name.emplace_back();
  named.names = std::move(names);
  named.tls.certificates.push_back(issue(wanted));
  return named.tls;
}

std::shared_ptr<const ServerMaterial> ListenerSetup::load() {
  Diagnostics diagnostics;
  auto material = ServerMaterial::load(conf, listener, diagnostics,
                                       [](const std::string& regex, const Position&, Diagnostics&) {
                                         return [regex](std::string_view name) {
                                           return std::regex_search(std::string(name), std::regex(regex));
                                         };
                                       });
  for (const Diagnostic& diagnostic : diagnostics.list()) ADD_FAILURE() << diagnostic.message;
  return material;
}

Conversation::Conversation(TestLoop& on, Worker& worker, SSL_CTX* ctx)
    : Conversation(on, worker, ctx, SocketPair()) {}

Conversation::Conversation(TestLoop& on, Worker& worker, SSL_CTX* ctx, SocketPair pair)
    : loop(on), peer(pair.theirs, ctx) {
  server.stream = worker.context->accept(loop.loop(), net::adopt(loop.loop(), pair.ours), server);
}

bool Conversation::until(const std::function<bool()>& condition) {
  return loop.until([&] {
    peer.pump();
    if (SSL_is_init_finished(peer.ssl()) == 1) peer.read();
    return condition();
  });
}

void set_server_name(SSL* ssl, const char* name) {
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name));
}

void set_signature_algorithms(SSL_CTX* ctx, const char* list) {
  SSL_CTX_ctrl(ctx, SSL_CTRL_SET_SIGALGS_LIST, 0, const_cast<char*>(list));
}

std::string shown_name(SSL* ssl) {
  char name[256] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(ssl)), NID_commonName, name,
                            sizeof name);
  return name;
}

bool shown_rsa(SSL* ssl) {
  return EVP_PKEY_get_base_id(X509_get0_pubkey(SSL_get0_peer_certificate(ssl))) == EVP_PKEY_RSA;
}

}  // namespace tidegate::tls
