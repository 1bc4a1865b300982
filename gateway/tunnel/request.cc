#include "gateway/tunnel/request.h"

#include <utility>

#include "gateway/net/proxy_header.h"
#include "gateway/routing/uri.h"

namespace tidegate::tunnel {
namespace {

std::string hex(std::uint64_t high, std::uint64_t low) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out(32, '0');
  for (std::size_t i = 0; i < 16; ++i) {
    out[15 - i] = kDigits[high >> (4 * i) & 15];
    out[31 - i] = kDigits[low >> (4 * i) & 15];
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Request>> Request::make(std::unique_ptr<http::RequestHead> head,
                                               const net::Stream& stream, const Snapshot& snapshot,
                                               std::size_t listener, Host& host) {
  auto request = std::make_unique<Request>();
  request->began = host.loop().now();
  request->id = host.next_id();
  request->request_id = hex(host.random(), host.random());
  request->head = std::move(head);
  const http::RequestHead& h = *request->head;
  // Where a trusted proxy said whom it connects for, that is who is asking. (In nginx's way it is a fact
  // beside others: see conf::Listener::proxy_protocol_from_all.)
  const net::ProxyHeader* proxied = stream.proxied();
  if (proxied != nullptr &&
      (!proxied->source || snapshot.config->listeners[listener].proxy_protocol_from_all)) {
    proxied = nullptr;
  }
  const IpAddress* asking = proxied != nullptr ? &*proxied->source : stream.peer();
  request->identity = identify(h, asking, snapshot.config->trusted_proxies);
  if (stream.peer() != nullptr) {
    request->peer_addr = request->identity.peer_trusted || proxied != nullptr ? stream.peer()->to_string()
                                                                              : request->identity.remote_addr;
  }

  const std::size_t question = h.path.find('?');
  auto uri = routing::normalize_path(h.path == "*" ? std::string_view("/") : h.path.substr(0, question));
  if (!uri) return uri.error();
  request->uri = std::move(uri).value();

  const net::TlsInfo* tls = stream.tls();
  routing::RequestView& view = request->view;
  view.head = &h;
  view.uri = request->uri;
  if (question != std::string_view::npos) view.args = h.path.substr(question + 1);
  view.scheme = tls != nullptr ? "https" : "http";
  view.remote_addr = request->identity.remote_addr;
  view.realip_remote_addr = request->peer_addr;
  view.remote_port = proxied != nullptr ? proxied->source_port : stream.peer_port();
  view.server_port = snapshot.config->listeners[listener].address.port;
  view.listener = snapshot.config->listeners[listener].name;
  if (tls != nullptr) {
    view.ssl_protocol = tls->version;
    view.ssl_cipher = tls->cipher;
    view.ssl_server_name = tls->server_name;
  }
  view.request_id = request->request_id;
  return request;
}

http::FieldRules evaluate(const std::vector<std::pair<std::string, routing::Template>>& set,
                          const std::vector<std::string>& remove, const routing::RequestView& view) {
  http::FieldRules rules;
  rules.set.reserve(set.size());
  for (const auto& [name, value] : set) rules.set.emplace_back(name, value.evaluate(view));
  rules.remove.assign(remove.begin(), remove.end());
  return rules;
}

}  // namespace tidegate::tunnel
