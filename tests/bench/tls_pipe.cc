#include "tests/bench/tls_pipe.h"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace tidegate::bench {
namespace {

constexpr std::size_t kLargestRecord = 16384;

/// What the one BIO of the process reads and writes during a call. There is one thread and no call inside a
/// call.
struct Wire {
  std::string_view in;
  std::string* out = nullptr;
};
Wire wire;

int bio_read(BIO* bio, char* into, int size) {
  BIO_clear_retry_flags(bio);
  if (wire.in.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t bytes = std::min(wire.in.size(), static_cast<std::size_t>(size));
  std::memcpy(into, wire.in.data(), bytes);
  wire.in.remove_prefix(bytes);
  return static_cast<int>(bytes);
}

int bio_write(BIO*, const char* from, int size) {
  wire.out->append(from, static_cast<std::size_t>(size));
  return size;
}

long bio_control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO* shared_bio() {
  static BIO* const bio = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    BIO* made = BIO_new(method);
    BIO_set_init(made, 1);
    return made;
  }();
  return bio;
}

}  // namespace

TlsPipe::TlsPipe(SSL_CTX* context, Role role) : ssl_(SSL_new(context)) {
  BIO* bio = shared_bio();
  BIO_up_ref(bio);  // one for each direction; SSL_free gives them back
  BIO_up_ref(bio);
  SSL_set0_rbio(ssl_.get(), bio);
  SSL_set0_wbio(ssl_.get(), bio);
  if (role == Role::client) {
    SSL_set_connect_state(ssl_.get());
  } else {
    SSL_set_accept_state(ssl_.get());
  }
}

TlsPipe::State TlsPipe::state_after(int result) const {
  const int error = SSL_get_error(ssl_.get(), result);
  if (error == SSL_ERROR_WANT_READ) return State::open;
  return error == SSL_ERROR_ZERO_RETURN ? State::ended : State::broken;
}

TlsPipe::State TlsPipe::start(std::string& cipher_out) {
  ERR_clear_error();
  wire = {{}, &cipher_out};
  return state_after(SSL_do_handshake(ssl_.get()));
}

TlsPipe::State TlsPipe::receive(std::string_view cipher, std::string_view& plain, std::string& cipher_out) {
  // One read and the record that OpenSSL has the beginning of; the last SSL_read must find room to be told
  // "no more".
  static std::array<char, kReadBytes + 2 * kLargestRecord> buffer;
  ERR_clear_error();
  wire = {cipher, &cipher_out};
  std::size_t size = 0;
  for (;;) {
    const int got = SSL_read(ssl_.get(), buffer.data() + size, static_cast<int>(buffer.size() - size));
    plain = {buffer.data(), size};
    if (got <= 0) return state_after(got);
    size += static_cast<std::size_t>(got);
  }
}

TlsPipe::State TlsPipe::send(std::string_view plain, std::string& cipher_out) {
  ERR_clear_error();
  wire = {{}, &cipher_out};
  const int sent = SSL_write(ssl_.get(), plain.data(), static_cast<int>(plain.size()));
  return sent > 0 ? State::open : State::broken;
}

void TlsPipe::finish(std::string& cipher_out) {
  ERR_clear_error();
  wire = {{}, &cipher_out};
  SSL_shutdown(ssl_.get());
}

TlsContext make_server_context(const std::string& certificate, const std::string& key) {
  TlsContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_RENEGOTIATION);
  // Tickets carry the sessions; a cache would count as memory of the tunnels.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1)
    fail("cannot use the certificate " + certificate + " with the key " + key);
  return context;
}

TlsContext make_client_context() {
  TlsContext context(SSL_CTX_new(TLS_client_method()));
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  return context;
}

}  // namespace tidegate::bench
