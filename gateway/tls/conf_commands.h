#pragma once

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/tls/openssl.h"

namespace tidegate::tls {

/// ssl_conf_command: OpenSSL's own configuration commands (SSL_CONF_cmd(3)), after all else. A complaint, and
/// false, where it does not know one.
bool run_commands(SSL_CTX* ctx, const conf::ListenerTls& conf, Diagnostics& diagnostics);

}  // namespace tidegate::tls
