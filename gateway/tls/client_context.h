#pragma once

#include <memory>
#include <string>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/tls/server_context.h"

namespace tidegate::tls {

/// TLS towards the servers of one upstream on one worker. The server's name is verified (RFC 6125 by
/// X509_VERIFY_PARAM_set1_host, or set1_ip) unless `verify` is off; sessions are resumed per server.
class ClientContext {
 public:
  /// Checks `ca` once at load; adds to diagnostics.
  static bool check(const conf::UpstreamTls& tls, Diagnostics& diagnostics);
  static std::shared_ptr<ClientContext> make(Library& library, const conf::UpstreamTls& tls);
  ~ClientContext();

  /// Begins a handshake over `socket`, which is dialling or connected. The listener hears on_open, or
  /// on_error (the dial's own error, or upstream_tls_failed). `name` is the server's host, used for SNI and
  /// verification unless the configuration names another. The deadline is the caller's.
  std::unique_ptr<net::Stream> connect(net::Loop& loop, std::unique_ptr<net::Stream> socket,
                                       const std::string& name, net::StreamListener& listener);

  struct Impl;

 private:
  ClientContext();
  std::shared_ptr<Impl> impl_;
};

}  // namespace tidegate::tls
