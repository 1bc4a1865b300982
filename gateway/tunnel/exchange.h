#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "gateway/http/body.h"
#include "gateway/http/forward.h"
#include "gateway/http/head_parser.h"
#include "gateway/net/loop.h"
#include "gateway/tunnel/access_record.h"
#include "gateway/tunnel/client_connection.h"
#include "gateway/tunnel/serving.h"
#include "gateway/tunnel/snapshot.h"
#include "gateway/upstream/connector.h"

namespace tidegate::tunnel {

/// One request passed on to an upstream and its answer passed back: connects, sends the request as one new
/// message, relays both bodies with backpressure, and tries again where that is safe.
///
/// Owner:  its ClientConnection, which retires it. Thread: the worker's.
/// End:    exactly one call of ClientConnection::on_exchange_* (done, failed, cut) or on_upgraded, or the
/// client's
///         cancel(). From then on it holds neither stream nor deadline.
class Exchange final : public Serving, private upstream::ConnectListener, private net::StreamListener {
 public:
  /// `places`: of a handshake, given back when it turns out that no tunnel comes of it.
  Exchange(ClientConnection& client, UpstreamSite& site, Places places);
  ~Exchange() override;

  void start();
  /// Is a part of the request's body still to come?
  bool wants_body() const override { return !request_body_.complete(); }
  /// Takes bytes of the request's body; answers how many (all, or up to its end).
  std::size_t feed_body(Bytes bytes) override;
  /// The client reads again.
  void on_client_drained() override;
  /// The client is gone: the upstream is cancelled, nothing is called any more.
  void cancel() override;
  /// What happened so far, for the log.
  AccessRecord record() const override;

 private:
  void on_connected(upstream::Connection connection) override;
  void on_connect_failed(const Error& error) override;
  void on_data(Bytes bytes) override;
  void on_end(net::End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;
  std::string_view log_id() const override { return request_.id; }

  void make_head();
  void send_request();
  void await_response();
  void send_body(std::span<const Bytes> pieces);
  void update_client_pause();
  /// Reads the response's head; answers what is left of `bytes` for its body.
  Bytes read_head(Bytes bytes);
  void relay_informational(const http::ResponseHead& head);
  void begin_response(std::unique_ptr<http::ResponseHead> head, std::string& text);
  void relay_body(std::string_view head, Bytes bytes);
  void write_to_client(std::span<const Bytes> pieces);
  void upgrade(const http::ResponseHead& head, Bytes behind);

  bool may_retry() const;
  void retry();
  void upstream_lost(const Error& error);
  void complete();
  void fail(const Error& error);
  void release();
  void give_up_places();

  void on_response_deadline() { fail(Error(Reason::upstream_timeout)); }
  void on_body_deadline() { fail(Error(Reason::body_timeout)); }
  void on_upstream_stall();
  void on_client_stall();

  ClientConnection& client_;
  Host& host_;
  UpstreamSite& site_;
  const Request& request_;
  const conf::Route& route_;
  Places places_;
  upstream::Connector::Wish wish_;
  std::unique_ptr<upstream::Attempt> attempt_;
  upstream::Connection upstream_;
  upstream::Server* last_server_ = nullptr;  ///< for the log
  http::BodyDecoder request_body_;
  http::ResponseParser parser_;
  std::unique_ptr<http::ResponseHead> response_;  ///< the final one, once it came
  std::optional<http::BodyDecoder> response_body_;
  http::Framing client_framing_ = http::Framing::none;
  std::string head_bytes_;    ///< the request's head as the upstream gets it; kept for another try
  std::string pending_body_;  ///< body that came before the upstream was there; at most 64 KiB and one read
  net::DeadlineOf<Exchange, &Exchange::on_response_deadline> response_deadline_{*this};
  net::DeadlineOf<Exchange, &Exchange::on_body_deadline> body_deadline_{*this};
  net::DeadlineOf<Exchange, &Exchange::on_upstream_stall> upstream_stall_{*this};
  net::DeadlineOf<Exchange, &Exchange::on_client_stall> client_stall_{*this};
  std::size_t upstream_stall_bytes_ = 0;
  std::size_t client_stall_bytes_ = 0;
  std::optional<std::chrono::microseconds> first_byte_;
  std::chrono::steady_clock::time_point connected_at_;  ///< of a handshake
  std::uint64_t body_bytes_to_client_ = 0;
  int informational_ = 0;
  int status_ = 0;
  bool body_sent_ = false;       ///< a byte of the body went to an upstream: no second try
  bool heard_upstream_ = false;  ///< a byte came on this upstream connection
  bool retried_ = false;
  bool owes_continue_;  ///< the client waits for the upstream's 100
  bool upstream_congested_ = false;
  bool upstream_paused_ = false;  ///< because the client does not keep up
  bool client_paused_ = false;    ///< because the upstream does not, or isn't there yet
  bool surplus_ = false;          ///< bytes behind the response: the connection is not kept
  bool over_ = false;
};

}  // namespace tidegate::tunnel
