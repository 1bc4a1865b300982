#pragma once

#include <memory>

#include "conf/model.h"
#include "gateway/net/stream.h"
#include "gateway/tls/openssl.h"

namespace tidegate::tls {

/// What OpenSSL asks of each certificate in a client's chain; null: its own judgement stands.
SSL_verify_cb verify_callback(const conf::ClientAuth& auth);

/// What the client has shown of itself; null: nothing.
std::unique_ptr<net::ClientCertificate> client_certificate_of(const SSL* ssl);

}  // namespace tidegate::tls
