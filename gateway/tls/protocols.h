#pragma once

#include <vector>

#include "conf/model.h"
#include "gateway/tls/openssl.h"

namespace tidegate::tls {

/// From the lowest to the highest of these; none: 1.2 and newer. False if OpenSSL refuses.
bool set_protocols(SSL_CTX* ctx, const std::vector<conf::TlsVersion>& protocols);

}  // namespace tidegate::tls
