#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/tls/openssl.h"

/// PEM text into certificates and keys. Internal to gateway/tls.
namespace tidegate::tls {

/// Every certificate in the text, in order; empty if there is none or one can't be parsed.
std::vector<X509Ptr> parse_certificates(OSSL_LIB_CTX* lib_ctx, std::string_view pem);

/// The first private key in the text; null if there is none or it can't be parsed. `encrypted`: it needs a
/// passphrase, and none of `passphrases` is it.
KeyPtr parse_private_key(OSSL_LIB_CTX* lib_ctx, std::string_view pem, bool& encrypted,
                         const std::vector<std::string>& passphrases = {});
/// PEM without a passphrase.
std::string plain_pem(EVP_PKEY* key);

/// Every revocation list in the text; empty if there is none or one can't be parsed.
std::vector<CrlPtr> parse_crls(OSSL_LIB_CTX* lib_ctx, std::string_view pem);

/// Diffie-Hellman parameters; null if there are none.
KeyPtr parse_dh_parameters(OSSL_LIB_CTX* lib_ctx, std::string_view pem);

/// Adds the lists to the store, and has every certificate of a chain checked against them. False if OpenSSL
/// refuses one.
bool add_crls(X509_STORE* store, const std::vector<CrlPtr>& crls);

/// The certificate with its chain, and its key. False, with OpenSSL's error in the queue, if it refuses them.
bool use_certificate(SSL_CTX* ctx, OSSL_LIB_CTX* lib_ctx, std::string_view chain,
                     std::string_view private_key);

/// The dNSNames a certificate is for, in lower case, "*.example.com" among them; without any subjectAltName
/// of that kind, its common name (RFC 6125 §6.4.4).
std::vector<std::string> names_of(const X509* certificate);

/// Unix time; 0 if it cannot be told.
std::int64_t unix_time(const ASN1_TIME* time);

/// "Nov 21 05:55:09 2026 GMT".
std::string time_text(const ASN1_TIME* time);

}  // namespace tidegate::tls
