#include "gateway/demo/demo_upstream.h"

#include <optional>
#include <thread>
#include <unordered_map>
#include <utility>

#include "gateway/base/log.h"
#include "gateway/demo/demo_connection.h"
#include "gateway/net/acceptor.h"
#include "gateway/net/loop.h"
#include "gateway/net/resolver.h"

namespace tidegate::demo {

/// Made and destroyed while the loop does not run; in between it is the loop's thread's alone.
struct DemoUpstream::Impl final : net::AcceptListener, ConnectionOwner {
  explicit Impl(net::ListeningSocket socket)
      : port(socket.local().port), acceptor(std::in_place, loop, std::move(socket), *this) {
    thread = std::thread([this] { loop.run(); });
  }

  ~Impl() {
    loop.post([this] { loop.stop(); });
    thread.join();
    acceptor.reset();
    connections.clear();
  }

  void on_accept(std::unique_ptr<net::Stream> stream) override {
    auto connection = std::make_unique<Connection>(loop, std::move(stream), *this);
    Connection& ref = *connection;
    connections.emplace(&ref, std::move(connection));
    ref.start();
  }

  void on_descriptors_exhausted(bool exhausted) override {
    log::warning("demo", exhausted ? "out of descriptors, accepting pauses" : "accepting again");
  }

  void on_finished(Connection& connection) override {
    const auto place = connections.find(&connection);
    std::unique_ptr<Connection> owned = std::move(place->second);
    connections.erase(place);
    loop.retire(std::move(owned));
  }

  const std::uint16_t port;
  net::Loop loop;
  std::unordered_map<Connection*, std::unique_ptr<Connection>> connections;
  std::optional<net::Acceptor> acceptor;
  std::thread thread;
};

std::unique_ptr<DemoUpstream> DemoUpstream::start(std::string& error) {
  net::SocketAddress address;
  address.ip = *IpAddress::parse("127.0.0.1");
  Result<net::ListeningSocket> socket = net::ListeningSocket::bind(address, false);
  if (!socket) {
    error = "no port on 127.0.0.1: " + net::error_text(socket.error().os_error);
    return nullptr;
  }
  return std::unique_ptr<DemoUpstream>(new DemoUpstream(std::make_unique<Impl>(std::move(socket).value())));
}

DemoUpstream::DemoUpstream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
DemoUpstream::~DemoUpstream() = default;

std::uint16_t DemoUpstream::port() const {
  return impl_->port;
}

}  // namespace tidegate::demo
