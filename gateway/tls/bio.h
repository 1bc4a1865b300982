#pragma once

#include <string>

#include "gateway/base/bytes.h"
#include "gateway/tls/openssl.h"

namespace tidegate::tls {

/// What OpenSSL reads ciphertext from and writes it to, without buffers: it reads straight from bytes that
/// the socket just delivered, and appends records to the loop's record buffer. Reading past the end is "try
/// again later"; writing always succeeds. The end of the connection is not told here, TlsStream judges it.
///
/// One Wire serves every stream of a context (a BIO of its own would cost each connection 250 bytes): a
/// stream points it at its own bytes for the time of one call into OpenSSL, and those calls never nest. Our
/// BIO is always the last in its chain, so that no pointer of one SSL ever stays behind in it that another
/// would follow.
///
/// Owner:  a context, which every SSL that uses it keeps alive.
/// Thread: the context's loop.
class Wire {
 public:
  explicit Wire(OSSL_LIB_CTX* lib_ctx);
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  /// Makes `ssl` read and write here.
  void attach(SSL* ssl);

  /// Points the wire at a call's bytes. `input` is advanced as OpenSSL reads.
  void begin(Bytes& input, std::string& output) {
    input_ = &input;
    output_ = &output;
  }
  void end() {
    input_ = nullptr;
    output_ = nullptr;
  }

 private:
  static const BIO_METHOD* method();
  static int on_read(BIO* bio, char* to, std::size_t size, std::size_t* read) noexcept;
  static int on_write(BIO* bio, const char* from, std::size_t size, std::size_t* written) noexcept;
  static long on_ctrl(BIO* bio, int command, long number, void* pointer) noexcept;

  BioPtr bio_;
  Bytes* input_ = nullptr;
  std::string* output_ = nullptr;
};

}  // namespace tidegate::tls
