#pragma once

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/tls/openssl.h"

namespace tidegate::tls {

/// What `ciphers` is where the configuration names none: AEAD with forward secrecy. RFC 9325 §4.2.
extern const char* const kDefaultCiphers;

/// Complains of cipher lists: an error where nothing is left of one, a warning for each member that this
/// OpenSSL does not know (it is passed over, and lists written for other versions do have them).
void check_ciphers(OSSL_LIB_CTX* lib_ctx, const conf::ListenerTls& conf, Diagnostics& diagnostics);

}  // namespace tidegate::tls
