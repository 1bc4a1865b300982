#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/sockets.h"

namespace tidegate::bench {

/// One TLS connection between memory and memory: ciphertext in, plaintext out, and the other way round. The
/// BIO below it holds nothing of its own: during a call it reads from the caller's bytes and appends to the
/// caller's string, so that a reader needs one read and one write per turn. Between calls an idle connection
/// holds no record buffers (SSL_MODE_RELEASE_BUFFERS).
///
/// Owner: the connection. Thread: the only one. End: the destructor, which sends nothing.
class TlsPipe {
 public:
  enum class Role { client, server };
  enum class State { open, ended, broken };  ///< ended: close_notify came

  TlsPipe(SSL_CTX* context, Role role);

  /// Starts a client's handshake: its first flight is appended to `cipher_out`.
  State start(std::string& cipher_out);
  /// Takes ciphertext from the peer, at most kReadBytes. `plain` is what it decrypts to, valid until any pipe
  /// receives again; what TLS itself has to say (handshake, tickets) is appended to `cipher_out`.
  State receive(std::string_view cipher, std::string_view& plain, std::string& cipher_out);
  /// Encrypts; only once `ready`.
  State send(std::string_view plain, std::string& cipher_out);
  /// Appends close_notify.
  void finish(std::string& cipher_out);

  bool ready() const { return SSL_is_init_finished(ssl_.get()) != 0; }
  bool resumed() const { return SSL_session_reused(ssl_.get()) != 0; }
  SSL* ssl() const { return ssl_.get(); }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  State state_after(int result) const;
  std::unique_ptr<SSL, Free> ssl_;
};

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using TlsContext = std::unique_ptr<SSL_CTX, FreeContext>;

/// A server's context with a chain and key in PEM files; a client's that trusts anyone, for these are our own
/// certificates and what is measured is the gateway. Either offers TLS 1.2 and 1.3.
TlsContext make_server_context(const std::string& certificate, const std::string& key);
TlsContext make_client_context();

}  // namespace tidegate::bench
