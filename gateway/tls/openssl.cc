#include "gateway/tls/openssl.h"

#include <openssl/crypto.h>
#include <openssl/err.h>

#include <new>

#include "gateway/tls/server_context.h"

namespace tidegate::tls {

void clear_errors() {
  if (ERR_peek_error() != 0) ERR_clear_error();  // clearing walks the whole queue, looking does not
}

std::string take_error_text() {
  const unsigned long code = ERR_peek_error();
  ERR_clear_error();
  if (code == 0) return "unknown error";
  const char* reason = ERR_reason_error_string(code);
  if (reason != nullptr) return reason;
  return ERR_SYSTEM_ERROR(code) ? "system error" : "error " + std::to_string(ERR_GET_REASON(code));
}

OpensslVersion openssl_version() {
  return {OPENSSL_VERSION_TEXT, OpenSSL_version(OPENSSL_VERSION)};
}

void require(const void* object) {
  if (object == nullptr) throw std::bad_alloc();
}

}  // namespace tidegate::tls
