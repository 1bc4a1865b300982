#pragma once

#include <memory>
#include <optional>
#include <string>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/tls/server_context.h"

namespace tidegate::tls {

/// What TLS towards an upstream is made from: its files, read and checked once, by whoever may read them.
/// Immutable; any thread may make contexts from it.
class ClientMaterial {
 public:
  /// Null, and complaints where the paths stand, if anything is wrong.
  static std::shared_ptr<const ClientMaterial> load(const conf::UpstreamTls& tls, Diagnostics& diagnostics);

 private:
  friend class ClientContext;
  conf::UpstreamTls conf_;
  std::string ca_;  ///< PEM, as all here; empty: the system's authorities
  std::string crl_;
  std::string chain_;
  std::string private_key_;
};

/// TLS towards the servers of one upstream on one worker. The server's name is verified (RFC 6125 by
/// X509_VERIFY_PARAM_set1_host, or set1_ip) unless `verify` is off; sessions are resumed per server.
class ClientContext {
 public:
  static std::shared_ptr<ClientContext> make(Library& library,
                                             std::shared_ptr<const ClientMaterial> material);
  ~ClientContext();

  /// Begins a handshake over `socket`, which is dialling or connected. The listener hears on_open, or
  /// on_error (the dial's own error, or upstream_tls_failed). `host` is the server's, used for SNI and
  /// verification unless the configuration names another; `name` goes before both. The deadline is the
  /// caller's. Null, and nobody hears a word: that is no server's name (longer than 255 bytes, or with NUL).
  std::unique_ptr<net::Stream> connect(net::Loop& loop, std::unique_ptr<net::Stream> socket,
                                       const std::string& host, net::StreamListener& listener,
                                       const std::optional<std::string>& name = std::nullopt);

  struct Impl;

 private:
  ClientContext();
  std::shared_ptr<Impl> impl_;
};

}  // namespace tidegate::tls
