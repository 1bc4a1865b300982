#include "gateway/admin/metrics_listener.h"

#include <utility>

#include "gateway/admin/gzip.h"
#include "gateway/base/log.h"
#include "metrics/exposition.h"

namespace tidegate::admin {
namespace {

/// A few scrapers and probes; more is a mistake or worse, and is closed at once.
constexpr std::size_t kMostConnections = 64;

Answer in_words(int status, std::string body) {
  Answer answer;
  answer.status = status;
  answer.body = std::move(body);
  answer.fields = {{"Cache-Control", "no-store"}};
  return answer;
}

}  // namespace

MetricsListener::MetricsListener(server::Server& server) : server_(server) {
  server_.add_follower(
      [this](const conf::Config& config, Diagnostics& diagnostics) { return prepare(config, diagnostics); });
}

MetricsListener::~MetricsListener() {
  close();
  connections_.clear();
}

std::function<void()> MetricsListener::prepare(const conf::Config& config, Diagnostics& diagnostics) {
  if (config.metrics == conf_) return [] {};
  if (!config.metrics) return [this] { close(); };
  auto sockets = server::bind_address(*config.metrics, 1, diagnostics);
  if (sockets.empty()) return {};
  // A function can be copied, a listening socket cannot.
  auto socket = std::make_shared<net::ListeningSocket>(std::move(sockets.front()));
  return [this, conf = config.metrics, socket] { open(conf, std::move(*socket)); };
}

void MetricsListener::open(std::optional<conf::ListenAddress> conf, net::ListeningSocket socket) {
  conf_ = std::move(conf);
  address_ = socket.local();
  log::info("admin", "metrics at " + address_->to_string());
  net::AcceptListener& accepts = *this;
  acceptor_.emplace(server_.loop(), std::move(socket), accepts);
}

void MetricsListener::close() {
  acceptor_.reset();
  address_.reset();
  conf_.reset();
}

void MetricsListener::on_accept(std::unique_ptr<net::Stream> stream) {
  if (connections_.size() >= kMostConnections) return;
  HttpOwner& owner = *this;
  auto connection = std::make_unique<HttpConnection>(server_.loop(), std::move(stream), owner);
  HttpConnection& accepted = *connection;
  connections_.emplace(&accepted, std::move(connection));
  accepted.start(by_id_.insert(accepted));
}

void MetricsListener::on_descriptors_exhausted(bool exhausted) {
  log::warning("admin", exhausted ? "no descriptors left: metrics wait until some are free"
                                  : "descriptors are free again: metrics go on");
}

void MetricsListener::on_finished(HttpConnection& connection) {
  by_id_.erase(connection.id());
  const auto place = connections_.find(&connection);
  std::unique_ptr<HttpConnection> owned = std::move(place->second);
  connections_.erase(place);
  server_.loop().retire(std::move(owned));
}

void MetricsListener::on_request(HttpConnection& connection, const http::RequestHead& head) {
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
    HttpConnection* asked = by_id_.find(id);
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
