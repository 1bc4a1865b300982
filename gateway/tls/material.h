#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/tls/openssl.h"
#include "gateway/tls/server_context.h"
#include "gateway/tls/site_names.h"

namespace tidegate::tls {

/// Which certificates answer for which name: a set has at most one certificate for each kind of key, so that
/// one SSL_CTX serves RSA and ECDSA for the same name and OpenSSL chooses by what the client can verify.
struct NameTable {
  using Set = std::vector<std::size_t>;  ///< indices of certificates, in the order of the configuration
  std::vector<Set> sets;                 ///< the first is the default
  std::map<std::string, std::size_t, std::less<>>
      by_name;  ///< exact and "*.suffix" names to an index of sets

  /// The set for a server name in lower case: exact, then the wildcard for its first label (RFC 6125 §6.4.3).
  std::optional<std::size_t> find(std::string_view name) const;
};

/// What the table needs to know of a certificate.
struct Subject {
  std::vector<std::string> names;
  int key_type = 0;  ///< EVP_PKEY_get_base_id()
};
NameTable make_name_table(const std::vector<Subject>& subjects);

/// PEM as it was read, since objects parsed in one OSSL_LIB_CTX can't be used in another.
struct CertificatePem {
  std::string chain;
  std::string private_key;
};

/// What one virtual server, or the listener itself, shows and asks for.
struct Site {
  conf::ListenerTls conf;  ///< without by_name
  std::vector<CertificatePem> certificates;
  NameTable names;                                    ///< of a virtual server: one set, of all certificates
  std::string client_ca;                              ///< PEM; empty: clients are not asked
  std::string crl;                                    ///< PEM; empty: none
  std::string dh_parameters;                          ///< PEM; empty: OpenSSL's own
  std::string stapled_response;                       ///< DER; empty: none
  std::array<std::uint8_t, 32> session_id_context{};  ///< of the listener, the names and the client_auth
};

struct ServerMaterial::Impl {
  std::vector<Watched> watched;
  std::vector<Site> sites;  ///< the listener's own, then those of ListenerTls::by_name that count
  SiteNames names;          ///< to an index of `sites`

  bool rejects_somebody() const;
};

/// Loads one site's files and checks them; every complaint goes to the diagnostics. `named`: a virtual
/// server's.
void load_site(Site& site, bool named, const Library& library, std::vector<ServerMaterial::Watched>& watched,
               Diagnostics& diagnostics);

/// One SSL_CTX for one set of certificates with everything that the configuration says, but for callbacks of
/// the handshake. Null on failure, with a complaint.
SslCtxPtr make_server_ctx(OSSL_LIB_CTX* lib_ctx, const Site& site, const NameTable::Set& set,
                          Diagnostics& diagnostics);

}  // namespace tidegate::tls
