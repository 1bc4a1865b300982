#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/peer.h"
#include "tests/support/certificates.h"

namespace tidegate::test {

/// What a server gave to come back with: empty at first, filled by each connection it is given to (under
/// TLS 1.3 not before something was read), offered by the next one. May be shared by several connections.
class TlsSession {
 public:
  bool empty() const { return encoded_.empty(); }
  std::string& encoded() { return encoded_; }  ///< DER; empty: none

 private:
  std::string encoded_;
};

/// How a client begins TLS.
struct TlsOptions {
  std::string server_name = "example.com";  ///< SNI; empty: none is sent
  std::string authority = {};    ///< PEM; not empty: the server's certificate is verified, with its name
  std::string min_version = {};  ///< "TLSv1.2" and so on; empty: OpenSSL's own
  std::string max_version = {};
  std::string ciphers = {};  ///< for TLS up to 1.2
  std::vector<std::string> alpn = {};
  Issued identity = {};           ///< a certificate of the client's own; empty: none
  TlsSession* session = nullptr;  ///< must outlive the peer
};

/// What a handshake came to.
struct TlsFacts {
  bool done = false;
  std::string error;    ///< OpenSSL's words, an alert of the server's among them; empty when done
  std::string version;  ///< "TLSv1.2", "TLSv1.3"
  std::string cipher;
  std::string alpn;         ///< empty: none was agreed upon
  std::string common_name;  ///< of the other side's certificate
  bool resumed = false;
};

/// TLS over a connected plain peer, as its client. A handshake that fails fails the test, unless `facts` are
/// asked for: they tell. A server that ends without close_notify ends as Ending::reset does.
Peer begin_tls(Peer plain, const TlsOptions& options = {}, TlsFacts* facts = nullptr);
/// The same from a loopback port on.
Peer connect_tls(std::uint16_t port, const TlsOptions& options = {}, TlsFacts* facts = nullptr,
                 int receive_buffer = 0);
/// TLS over an accepted plain peer, as its server (an upstream that speaks https).
Peer accept_tls(Peer plain, const Issued& identity, TlsFacts* facts = nullptr);

}  // namespace tidegate::test
