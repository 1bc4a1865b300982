#pragma once

#include <optional>
#include <string>

#include "gateway/admin/http_endpoint.h"
#include "metrics/report.h"

namespace tidegate::admin {

/// The `metrics` address: /metrics for Prometheus, /healthz (200 as long as the main loop turns) and /readyz
/// (503 while the gateway starts, and from the moment a drain is asked for), and nothing else.
///
/// Owner:  main(), or a test; made before Server::start(), gone before the server. Thread: the server's main
/// one. End:    the destructor cuts what is open.
class MetricsListener final : HttpHandler {
 public:
  explicit MetricsListener(server::Server& server);
  MetricsListener(const MetricsListener&) = delete;
  MetricsListener& operator=(const MetricsListener&) = delete;

  /// Where it accepts. None: the configuration has no `metrics`.
  std::optional<net::SocketAddress> address() const;

 private:
  void on_request(HttpConnection& connection, const http::RequestHead& head, std::string body) override;
  Answer refusal(int status) override;

  void send_metrics(HttpConnection& connection, const metrics::Report& report, bool zipped);

  server::Server& server_;
  HttpEndpoint endpoint_;
};

}  // namespace tidegate::admin
