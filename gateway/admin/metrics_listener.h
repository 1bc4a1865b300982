#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "gateway/admin/http_connection.h"
#include "gateway/base/slot_map.h"
#include "gateway/net/acceptor.h"
#include "gateway/server/server.h"

namespace tidegate::admin {

/// The `metrics` address: /metrics for Prometheus, /healthz (200 as long as the main loop turns) and /readyz
/// (503 while the gateway starts, and from the moment a drain is asked for), and nothing else. It accepts
/// before the gateway does, so that "not ready" can be told, until the gateway's end. A reload that changes
/// the address opens the new one first.
///
/// Owner:  main(), or a test; made before Server::start(), gone before the server. Thread: the server's main
/// one. End:    the destructor cuts what is open.
class MetricsListener final : net::AcceptListener, HttpOwner {
 public:
  explicit MetricsListener(server::Server& server);
  ~MetricsListener();
  MetricsListener(const MetricsListener&) = delete;
  MetricsListener& operator=(const MetricsListener&) = delete;

  /// Where it accepts; a port that the system chose is known. None: the configuration has no `metrics`.
  const std::optional<net::SocketAddress>& address() const { return address_; }

 private:
  void on_accept(std::unique_ptr<net::Stream> stream) override;
  void on_descriptors_exhausted(bool exhausted) override;
  void on_request(HttpConnection& connection, const http::RequestHead& head) override;
  void on_finished(HttpConnection& connection) override;

  std::function<void()> prepare(const conf::Config& config, Diagnostics& diagnostics);
  void open(std::optional<conf::ListenAddress> conf, net::ListeningSocket socket);
  void close();
  void send_metrics(HttpConnection& connection, const metrics::Report& report, bool zipped);

  server::Server& server_;
  std::optional<conf::ListenAddress> conf_;  ///< what is in force
  std::optional<net::SocketAddress> address_;
  std::optional<net::Acceptor> acceptor_;
  SlotMap<HttpConnection> by_id_;
  std::unordered_map<HttpConnection*, std::unique_ptr<HttpConnection>> connections_;
};

}  // namespace tidegate::admin
