#include "gateway/upstream/dialling.h"

#include <algorithm>
#include <cerrno>
#include <string>

#include "gateway/base/log.h"
#include "gateway/net/resolver.h"
#include "gateway/net/socket.h"

namespace tidegate::upstream {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using namespace std::chrono_literals;

/// nginx's fail_timeout.
constexpr milliseconds kAvoid = 10s;
/// What a try gets at least, if the attempt has it, while others wait behind it: a round trip across an
/// ocean.
constexpr milliseconds kShortestTry = 250ms;

std::int64_t to_ms(std::chrono::steady_clock::time_point time) {
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

bool is_out_of_descriptors(const Error& error) {
  return error.reason == Reason::out_of_descriptors || error.os_error == -EMFILE || error.os_error == -ENFILE;
}

}  // namespace

Dialling::Dialling(net::Loop& loop, const conf::Upstream& upstream, tls::ClientContext* tls,
                   std::vector<Server*> order, const Connector::Wish& wish, ConnectListener& listener,
                   metrics::UpstreamCounts* counts)
    : loop_(loop),
      upstream_(upstream),
      tls_(tls),
      listener_(listener),
      counts_(counts),
      log_id_(wish.log_id),
      order_(std::move(order)),
      for_tunnel_(wish.for_tunnel),
      tls_name_(wish.tls_name),
      from_(wish.from) {
  if (wish.timeout > 0ms) end_ = loop_.now() + wish.timeout;
  if (find_next_address()) {
    dial_next();
  } else {
    arm(loop_.timers(), 1ms);  // the answer comes from the loop, like every other
  }
}

bool Dialling::usable(const Server& server) const {
  const ServerState& state = *server.state;
  if (server.addresses.empty() || state.drained.load(std::memory_order_relaxed)) return false;
  return !for_tunnel_ || server.conf->max_tunnels == 0 || state.claims.value() < server.conf->max_tunnels;
}

/// Why there was no address at all.
Error Dialling::nothing_to_try() const {
  const auto resolved = [](const Server* server) { return !server->addresses.empty(); };
  const auto drained = [](const Server* server) {
    return server->state->drained.load(std::memory_order_relaxed);
  };
  if (std::all_of(order_.begin(), order_.end(), drained)) {
    log::warning("upstream", "every server of " + upstream_.name + " is drained by order: the answer is 503",
                 log_id_);
    return Error(Reason::no_server);
  }
  if (for_tunnel_ && std::any_of(order_.begin(), order_.end(), resolved)) {
    log::warning("upstream",
                 "every server of " + upstream_.name +
                     " has the tunnels that its max_tunnels allows: handshakes are answered 503",
                 log_id_);
    return Error(Reason::too_many_tunnels);
  }
  return Error(Reason::upstream_unresolved);
}

/// Makes addresses_[next_address_] the next to try; false if there is none.
bool Dialling::find_next_address() {
  while (next_address_ == addresses_.size()) {
    if (next_server_ == order_.size()) return false;
    Server* server = order_[next_server_++];
    if (!usable(*server)) continue;
    if (for_tunnel_) {
      claim_ = Claim::take(server->state->claims, server->conf->max_tunnels);
      if (!claim_) continue;  // another was faster
    }
    server_ = server;
    addresses_ = server->addresses;
    next_address_ = 0;
  }
  return true;
}

std::size_t Dialling::addresses_left() const {
  std::size_t left = addresses_.size() - next_address_;
  for (std::size_t i = next_server_; i < order_.size(); ++i) {
    if (usable(*order_[i])) left += order_[i]->addresses.size();
  }
  return left;
}

std::optional<milliseconds> Dialling::time_left() const {
  if (!end_) return std::nullopt;
  return std::max(0ms, duration_cast<milliseconds>(*end_ - loop_.now()));
}

void Dialling::dial_next() {
  milliseconds time = 0ms;  // no limit
  if (const auto left = time_left()) {
    time = addresses_left() > 1 ? std::min(*left, std::max(*left / 2, kShortestTry)) : *left;
  }
  const net::SocketAddress& address = addresses_[next_address_++];
  stream_ = net::dial(loop_, address, time, *this, from_ ? &*from_ : nullptr);
  if (server_->conf->scheme == conf::Server::Scheme::https) {
    stream_ = tls_->connect(loop_, std::move(stream_), server_->conf->host, *this, tls_name_);
  }
  // The dial has its own; this one is for the TLS handshake. Where TLS takes no such name, the loop tells.
  arm(loop_.timers(), stream_ != nullptr ? time : 1ms);
}

void Dialling::on_open() {
  disarm();
  welcome_server();
  const auto opened = std::chrono::duration_cast<std::chrono::seconds>(loop_.now().time_since_epoch());
  listener_.on_connected(
      {std::move(stream_), server_, 0, static_cast<std::uint32_t>(opened.count()), std::move(claim_)});
}

void Dialling::on_end(net::End) {
  failed(Error(Reason::upstream_closed));
}

void Dialling::on_deadline() {
  if (server_ == nullptr) {
    const Error error = nothing_to_try();
    if (error.at_fault == Party::upstream) count(error.reason);
    return listener_.on_connect_failed(error);
  }
  failed(Error(stream_ != nullptr ? Reason::upstream_connect_timeout : Reason::upstream_tls_failed));
}

void Dialling::count(Reason reason) {
  if (counts_ != nullptr) ++counts_->connect_errors[metrics::index_of(reason)];
}

void Dialling::failed(const Error& what) {
  const Error error = what;  // it may belong to the stream
  count(error.reason);
  disarm();
  stream_.reset();
  if (is_out_of_descriptors(error)) {  // no server's fault, and no other server would fare better
    return listener_.on_connect_failed(Error(Reason::out_of_descriptors, error.os_error));
  }
  const bool time_is_over = time_left() == 0ms;
  if (next_address_ == addresses_.size() || time_is_over) give_up_server(error);
  if (!find_next_address()) return listener_.on_connect_failed(error);
  if (time_is_over) return listener_.on_connect_failed(Error(Reason::upstream_connect_timeout));
  dial_next();
}

void Dialling::give_up_server(const Error& error) {
  ServerState& state = *server_->state;
  const bool only_one = order_.size() == 1;  // nowhere else to go, so it is tried each time
  if (!only_one) state.avoid_until_ms.store(to_ms(loop_.now() + kAvoid), std::memory_order_relaxed);
  if (state.unreachable.exchange(true, std::memory_order_relaxed)) return;
  std::string message = "server " + server_->conf->text + " of " + upstream_.name + ": ";
  message += word(error.reason);
  if (error.os_error != 0) message += ", " + net::error_text(error.os_error);
  message += " (" + addresses_[next_address_ - 1].to_string() + ")";
  if (!only_one) message += "; avoided for 10 s";
  log::warning("upstream", message, log_id_);
}

void Dialling::welcome_server() {
  ServerState& state = *server_->state;
  if (state.avoid_until_ms.load(std::memory_order_relaxed) != 0) {
    state.avoid_until_ms.store(0, std::memory_order_relaxed);
  }
  if (state.unreachable.load(std::memory_order_relaxed) &&
      state.unreachable.exchange(false, std::memory_order_relaxed)) {
    log::info("upstream", "server " + server_->conf->text + " of " + upstream_.name + ": reachable again");
  }
}

}  // namespace tidegate::upstream
