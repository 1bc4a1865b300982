#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"

namespace tidegate::tls {

/// Session ticket keys, rotated, shared by every worker so that a session may resume on any of them
/// (RFC 8446 §4.6.1, RFC 5077). Thread-safe.
class TicketKeys;
std::shared_ptr<TicketKeys> make_ticket_keys();

/// Tells whether a server name, in lower case, fits. Immutable; any thread.
using NameMatcher = std::function<bool(std::string_view name)>;
/// Makes one of a regex, which is nobody's business here; none, and a complaint, if it does not compile.
using MakeMatcher =
    std::function<NameMatcher(const std::string& regex, const Position& at, Diagnostics& diagnostics)>;

/// The files of one listener's `tls`, and of its virtual servers' (ListenerTls::by_name), read and checked
/// once (on the main thread) and then shared, immutable, by the workers, each of which makes its own
/// ServerContext of it.
class ServerMaterial {
 public:
  /// Reads and checks everything the configuration names: files that can't be read, PEM that can't be parsed,
  /// keys that don't match, cipher lists OpenSSL doesn't know. A key readable by all is a warning. Null if
  /// there was an error. `listener` names the listener, to which tickets are bound. `regexes` is asked for
  /// names that are regexes.
  static std::shared_ptr<const ServerMaterial> load(const conf::ListenerTls& tls, const std::string& listener,
                                                    Diagnostics& diagnostics,
                                                    const MakeMatcher& regexes = {});
  ~ServerMaterial();

  /// What is worth watching of a certificate.
  struct Watched {
    std::string name;            ///< the first that it is for
    std::int64_t not_after = 0;  ///< Unix time
  };
  /// One for each name; of several certificates with that name (RSA and ECDSA) the one that expires first.
  std::vector<Watched> watched() const;

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  ServerMaterial();
  std::unique_ptr<Impl> impl_;
};

/// One worker's OSSL_LIB_CTX: measured cheaper per handshake than sharing one between threads.
class Library {
 public:
  Library();
  ~Library();
  void* lib_ctx() const { return lib_ctx_; }  ///< OSSL_LIB_CTX*, for gateway/tls alone

 private:
  void* lib_ctx_;
};

/// TLS for the connections of one listener on one worker. Reference counted: streams keep it alive across a
/// reload.
class ServerContext {
 public:
  static std::shared_ptr<ServerContext> make(Library& library, std::shared_ptr<const ServerMaterial> material,
                                             std::shared_ptr<TicketKeys> tickets);
  ~ServerContext();

  /// Begins a handshake on an accepted socket. The listener hears on_open, or on_error
  /// (tls_handshake_failed, or plain_http_on_tls, in which case the 400 was sent already). The deadline for
  /// the handshake is the caller's.
  std::unique_ptr<net::Stream> accept(net::Loop& loop, std::unique_ptr<net::Stream> socket,
                                      net::StreamListener& listener);

  struct Impl;

 private:
  ServerContext();
  std::shared_ptr<Impl> impl_;
};

/// OpenSSL's version, as it was when this was compiled, and as it is ("OpenSSL 3.0.15 3 Sep 2024").
struct OpensslVersion {
  std::string built;
  std::string running;
};
OpensslVersion openssl_version();

/// A self-signed ECDSA certificate and key as PEM, for names and addresses; valid for 30 days.
struct SelfSigned {
  std::string certificate_pem;
  std::string private_key_pem;
};
SelfSigned make_self_signed(const std::vector<std::string>& names);

}  // namespace tidegate::tls
