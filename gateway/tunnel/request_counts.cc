#include "gateway/tunnel/request_counts.h"

#include "gateway/http/forward.h"

namespace tidegate::tunnel {
namespace {

/// An upstream may say any three digits; those of the registry, and our own 499, have a label of their own.
std::uint16_t known_code(int status) {
  const bool known = status == info(Reason::client_gone).http_status || !http::reason_phrase(status).empty();
  return known ? static_cast<std::uint16_t>(status) : std::uint16_t{0};
}

std::size_t result_of(const AccessRecord& record) {
  using metrics::Handshake;
  if (record.reason != Reason::none) return metrics::handshake_index(record.reason);
  if (record.event == AccessRecord::Event::tunnel_open) return metrics::handshake_index(Handshake::accepted);
  return metrics::handshake_index(record.server.empty() ? Handshake::answered : Handshake::declined);
}

}  // namespace

void count_request(const Snapshot& snapshot, std::size_t listener, const Request* request,
                   const AccessRecord& record) {
  metrics::RouteCounts& route = snapshot.counts_of(request != nullptr ? request->route : nullptr);
  const std::string_view method = request != nullptr ? request->head->method : record.method;
  snapshot.listeners[listener].counts->request(route, method, known_code(record.status));
  if (request == nullptr) return;
  if (request->head->upgrade != http::Upgrade::none) ++route.handshakes[result_of(record)];
  if (record.event == AccessRecord::Event::request) {
    route.request_duration.observe(std::chrono::steady_clock::now() - request->began);
  }
}

void count_handshake_phases(const Snapshot& snapshot, const Request& request, const HandshakeCourse& course) {
  const auto now = std::chrono::steady_clock::now();
  const auto total = now - request.began;
  snapshot.tally->observe(metrics::Phase::connect, course.connected - request.began);
  snapshot.tally->observe(metrics::Phase::upstream, now - course.connected);
  snapshot.tally->observe(metrics::Phase::total, total);
  if (!snapshot.slow_handshakes->takes(total, now)) return;
  snapshot.slow_handshakes->add({.id = request.id,
                                 .at = std::chrono::system_clock::now(),
                                 .route = request.route->conf->name,
                                 .server = course.server->text,
                                 .total = total,
                                 .tls = course.tls,
                                 .connect = course.connected - request.began,
                                 .response = now - course.connected});
}

}  // namespace tidegate::tunnel
