#pragma once

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/admin/control_listener.h"
#include "gateway/admin/metrics_listener.h"
#include "gateway/server/server.h"
#include "tests/integration/peer.h"
#include "tests/support/certificates.h"

namespace tidegate::test {

/// A whole gateway inside the test's process: real workers on loopback, from YAML as users write it. Its end
/// is a part of every test: the drain completes, every loop closes clean, and no tunnel is left.
class Gateway {
 public:
  /// `yaml` may say ${dir} for a directory of its own. Listeners should ask for port 0. The access log goes
  /// to a file of its own unless `yaml` has a `log:`.
  explicit Gateway(std::string yaml);
  /// `amend` changes what was loaded: for what YAML has no words for.
  using Amend = std::function<void(conf::Config&)>;
  Gateway(std::string yaml, Amend amend);
  /// One plain listener, everything to `upstream`; `more` is YAML put at the end, `route` into the route.
  static std::string in_front_of(const std::string& upstream, const std::string& more = "",
                                 const std::string& route = "");
  ~Gateway();

  /// The port of the listener with that index.
  std::uint16_t port(std::size_t listener = 0) const;
  Peer connect(std::size_t listener = 0) { return Peer::connect(port(listener)); }
  /// The port of `metrics`.
  std::uint16_t metrics_port() const { return metrics_->address()->port; }
  /// Where `admin` accepts, in its order.
  std::vector<net::SocketAddress> admin_addresses() const { return control_->addresses(); }
  server::Server& server() { return *server_; }
  const std::string& dir() const { return dir_.path(); }
  std::uint64_t count(Reason reason) const { return server_->totals().of(reason); }
  /// Waits until no connection and no tunnel is left.
  bool empties();
  /// Lines of the access log so far; waits until there are `at_least` many.
  std::vector<std::string> access_log(std::size_t at_least);
  /// HUP with another configuration, and waits until it is in force; false if it was refused.
  bool reload(std::string yaml) { return reloaded(std::move(yaml)).applied; }
  /// The same, with all that there is to say of it.
  server::ReloadResult reloaded(std::string yaml);
  /// What a reload with `yaml` would do.
  server::ReloadResult plan(std::string yaml);
  /// TERM, and waits for the end. The destructor does it where the test did not.
  void drain();
  /// INT.
  void stop_now();
  bool stopped() const { return stopped_; }

 private:
  void join();
  std::string complete(std::string yaml) const;

  TempDir dir_;
  std::string yaml_;  ///< what a reload will read
  Amend amend_;
  std::unique_ptr<server::Server> server_;
  std::unique_ptr<admin::MetricsListener> metrics_;
  std::unique_ptr<admin::ControlListener> control_;
  std::thread thread_;
  bool stopped_ = false;
};

/// A WebSocket handshake as a browser sends it, and the 101 that answers it.
std::string handshake_request(const std::string& path = "/", const std::string& more = "");
std::string handshake_response(const std::string& more = "");

/// An unfragmented frame; a client's is masked with the key 0x01020304.
std::string frame(int opcode, std::string_view payload, bool masked, bool fin = true);
/// A Close frame with this code.
std::string close_frame(int code, bool masked);

/// Client and upstream with an open tunnel between them.
struct OpenTunnel {
  explicit OpenTunnel(Gateway& gateway, ScriptedUpstream& upstream, int receive_buffer = 0);
  Peer client;
  Peer upstream;
};

}  // namespace tidegate::test
