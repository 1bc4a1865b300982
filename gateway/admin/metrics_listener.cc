#include "gateway/admin/metrics_listener.h"

#include <utility>

#include "gateway/admin/gzip.h"
#include "gateway/http/forward.h"
#include "metrics/exposition.h"

namespace tidegate::admin {
namespace {

Answer in_words(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.fields = {{"Cache-Control", "no-store"}};
  return answer;
}

}  // namespace

MetricsListener::MetricsListener(server::Server& server)
    : server_(server),
      endpoint_(server, *this, {.name = "metrics", .addresses = [](const conf::Config& config) {
                                  std::vector<conf::ListenAddress> addresses;
                                  if (config.metrics) addresses.push_back(*config.metrics);
                                  return addresses;
                                }}) {}

std::optional<net::SocketAddress> MetricsListener::address() const {
  const std::vector<net::SocketAddress> all = endpoint_.addresses();
  return all.empty() ? std::nullopt : std::optional(all.front());
}

Answer MetricsListener::refusal(int status) {
  return in_words(status, std::string(http::reason_phrase(status)));
}

void MetricsListener::on_request(HttpConnection& connection, const http::RequestHead& head, std::string) {
  const std::string_view path = head.path.substr(0, head.path.find('?'));
  const bool known = path == "/metrics" || path == "/healthz" || path == "/readyz";
  if (!known)
    return connection.answer(in_words(404, "404 Not Found: there is /metrics, /healthz and /readyz\n"));
  if (head.method != "GET" && head.method != "HEAD") {
    Answer answer = in_words(405, "405 Method Not Allowed\n");
    answer.fields.emplace_back("Allow", "GET, HEAD");  // RFC 9110 §15.5.6
    return connection.answer(answer);
  }
  if (path == "/healthz") return connection.answer(in_words(200, "ok\n"));
  if (path == "/readyz") {
    return connection.answer(server_.ready() ? in_words(200, "ready\n") : in_words(503, "not ready\n"));
  }
  server_.report([this, id = connection.id(),
                  zipped = head.lists("Accept-Encoding", "gzip")](const metrics::Report& report) {
    HttpConnection* asked = endpoint_.find(id);
    if (asked != nullptr) send_metrics(*asked, report, zipped);
  });
}

void MetricsListener::send_metrics(HttpConnection& connection, const metrics::Report& report, bool zipped) {
  Answer answer = in_words(200, metrics::expose(report, metrics::Process::now()));
  answer.content_type = metrics::kContentType;
  answer.fields.emplace_back("Vary", "Accept-Encoding");
  if (zipped) {
    if (auto small = gzip(answer.body)) {
      answer.body = std::move(*small);
      answer.fields.emplace_back("Content-Encoding", "gzip");
    }
  }
  connection.answer(answer);
}

}  // namespace tidegate::admin
