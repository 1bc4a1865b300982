#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/net/loop.h"
#include "gateway/net/stream.h"
#include "gateway/net/timer_wheel.h"
#include "gateway/tls/client_context.h"
#include "gateway/upstream/connector.h"
#include "metrics/tally.h"

namespace tidegate::upstream {

/// Tries addresses one after the other, server after server, until one of them accepts (TCP, and TLS where it
/// is spoken) or the time is over.
///
/// Owner: who asked for the connection. Thread: the loop's. End: the destructor cancels.
class Dialling final : public Attempt, private net::StreamListener, private net::Deadline {
 public:
  /// `tls` may be null if no server speaks it. Never calls the listener from within.
  Dialling(net::Loop& loop, const conf::Upstream& upstream, tls::ClientContext* tls,
           std::vector<Server*> order, const Connector::Wish& wish, ConnectListener& listener,
           metrics::UpstreamCounts* counts);

  Server* server() const override { return server_; }

 private:
  void on_open() override;
  void on_data(Bytes) override {}  // nobody reads yet
  void on_end(net::End) override;
  void on_error(const Error& error) override { failed(error); }
  void on_drained() override {}  // nothing was written
  void on_deadline() override;
  std::string_view log_id() const override { return log_id_; }

  /// May it be tried: its name is resolved, no operator has drained it, and it has room?
  bool usable(const Server& server) const;
  Error nothing_to_try() const;
  bool find_next_address();
  std::size_t addresses_left() const;
  std::optional<std::chrono::milliseconds> time_left() const;
  void dial_next();
  void count(Reason reason);
  void failed(const Error& error);
  void give_up_server(const Error& error);
  void welcome_server();

  net::Loop& loop_;
  const conf::Upstream& upstream_;
  tls::ClientContext* tls_;
  ConnectListener& listener_;
  metrics::UpstreamCounts* counts_;  ///< null: nobody counts
  const std::string_view log_id_;    ///< the request's
  const std::vector<Server*> order_;
  const bool for_tunnel_;
  const std::optional<std::string> tls_name_;
  const std::optional<net::SocketAddress> from_;
  std::size_t next_server_ = 0;  ///< in order_
  Server* server_ = nullptr;
  Claim claim_;                                ///< of a tunnel's: on server_
  std::vector<net::SocketAddress> addresses_;  ///< of server_, when its turn came: lookups go on meanwhile
  std::size_t next_address_ = 0;               ///< in addresses_
  std::optional<std::chrono::steady_clock::time_point> end_;  ///< of the whole attempt; none: no limit
  std::unique_ptr<net::Stream> stream_;  ///< the try under way; null: there was nothing to try
};

}  // namespace tidegate::upstream
