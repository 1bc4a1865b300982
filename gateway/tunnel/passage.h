#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conf/sites.h"
#include "gateway/http/body.h"
#include "gateway/http/head_parser.h"
#include "gateway/net/loop.h"
#include "gateway/sites/walk.h"
#include "gateway/tunnel/errand.h"
#include "gateway/tunnel/host.h"
#include "gateway/tunnel/upstream_facts.h"
#include "gateway/upstream/connector.h"

namespace tidegate::tunnel {

/// Whom a passage serves: hears of the upstream's answer, and decides what becomes of it. All calls but the
/// first three end the passage, and may retire it.
class Patron {
 public:
  enum class Then { relay, drop };
  /// The answer's head has come.
  virtual Then judge(const http::ResponseHead& head) = 0;
  /// Its head as the client gets it, appended to `text`; answers how the body is delimited there.
  virtual http::Framing begin_answer(const http::ResponseHead& head, std::string& text) = 0;
  virtual net::Flow write(std::span<const Bytes> pieces) = 0;

  /// The answer was not to be relayed: here it is, without its body.
  virtual void on_dropped(std::unique_ptr<http::ResponseHead> head) = 0;
  virtual void on_passage_done() = 0;
  /// Not one byte of an answer was relayed.
  virtual void on_passage_failed(const Error& error) = 0;
  /// In the middle of the answer. `by_framing`: the client sees by its framing that it is not whole.
  virtual void on_passage_cut(const Error& error, bool by_framing) = 0;
  virtual void on_passage_upgraded(std::unique_ptr<http::ResponseHead> head, upstream::Connection upstream,
                                   Bytes behind) = 0;

  virtual void on_informational(const http::ResponseHead&) {}
  /// A body that is not kept may be sent now: see Passage::takes_body().
  virtual void on_takes_body() {}
  /// Bytes that the client has not taken yet.
  virtual std::size_t unsent_bytes() const { return 0; }

 protected:
  ~Patron() = default;
};

/// One request of a site's passed on to an upstream, as nginx's proxy module does it, and its answer passed
/// back: one server after the other where proxy_next_upstream says so, bodies with backpressure both ways.
///
/// Owner:  its patron, which retires it. Thread: the worker's.
/// End:    exactly one of Patron's ending calls, or release(). From then on it holds neither stream nor
/// deadline.
class Passage final : public net::Retired, private upstream::ConnectListener, private net::StreamListener {
 public:
  Passage(Host& host, Patron& patron, Errand errand, sites::Facts& facts);
  ~Passage() override;

  void start();
  /// Of a body that is not kept: the upstream is there and keeps up.
  bool takes_body() const;
  /// Payload of such a body, in order; `last`: this was all.
  void send_body(std::span<const Bytes> payload, bool last);
  void on_client_drained();
  void release();
  /// The same, and the facts tell how far it came.
  void abandon();
  /// The client's side has failed in the middle of the answer: ends with Patron::on_passage_cut().
  void cut(const Error& error) { fail(error); }
  /// Is the client given an answer already?
  bool answering() const { return response_ != nullptr; }
  /// Who was tried last; null: nobody.
  const upstream::Server* server() const { return server_; }
  std::shared_ptr<upstream::OnDemand::Entry> on_demand() const { return errand_.on_demand; }
  std::optional<std::chrono::microseconds> first_byte() const { return first_byte_; }
  std::chrono::steady_clock::time_point connected_at() const { return connected_at_; }
  const UpstreamFacts& tries() const { return tries_; }

 private:
  enum class Trouble : std::uint8_t { error, timeout, invalid_header, status };

  void on_connected(upstream::Connection connection) override;
  void on_connect_failed(const Error& error) override;
  void on_data(Bytes bytes) override;
  void on_end(net::End end) override;
  void on_error(const Error& error) override;
  void on_drained() override;
  std::string_view log_id() const override { return errand_.log_id; }

  void make_head();
  bool keeps_connection() const;
  /// Goes to `server`: over an idle connection, or a new one.
  void go_to(upstream::Server& server, bool fresh);
  upstream::Server* choose();
  void send_request();
  void pump_body();
  void write_upstream(std::span<const Bytes> pieces);
  bool body_complete() const { return body_sent_ == errand_.length; }
  /// Has the upstream the whole request?
  bool request_complete() const;
  void await_response();

  Bytes read_head(Bytes bytes);
  void upgrade(std::unique_ptr<http::ResponseHead> head, Bytes behind);
  void drop(std::unique_ptr<http::ResponseHead> head, Bytes behind);
  void relay_body(std::string_view head, Bytes bytes);
  void write_client(std::span<const Bytes> pieces);
  /// Gives the connection back for another request, or closes it.
  void settle();

  bool may_try_next(Trouble trouble, int status) const;
  /// True: this answer is not taken, and another server is being asked.
  bool tries_next_for(int status);
  void trouble(Trouble trouble, const Error& error);
  bool retries_stale_connection();
  void leave_server();
  void complete();
  void fail(const Error& error);
  void on_response_deadline();
  void on_upstream_stall();
  void on_client_stall();

  Host& host_;
  Patron& patron_;
  Errand errand_;
  UpstreamFacts tries_;
  upstream::Chooser::Course course_;
  std::unique_ptr<upstream::Attempt> attempt_;
  Claim claim_;  ///< among the server's connections, while there is none yet
  upstream::Connection upstream_;
  upstream::Server* server_ = nullptr;
  std::optional<http::ResponseParser> parser_;  ///< of the server that is being asked
  std::unique_ptr<http::ResponseHead> response_;
  std::optional<http::BodyDecoder> response_body_;
  http::Framing client_framing_ = http::Framing::none;
  std::string head_bytes_;
  net::DeadlineOf<Passage, &Passage::on_response_deadline> response_deadline_{*this};
  net::DeadlineOf<Passage, &Passage::on_upstream_stall> upstream_stall_{*this};
  net::DeadlineOf<Passage, &Passage::on_client_stall> client_stall_{*this};
  std::size_t upstream_stall_bytes_ = 0;
  std::size_t client_stall_bytes_ = 0;
  std::optional<std::chrono::microseconds> first_byte_;
  std::chrono::steady_clock::time_point began_;
  std::chrono::steady_clock::time_point connected_at_;
  std::uint64_t body_sent_ = 0;  ///< of the body, to this server
  unsigned servers_tried_ = 0;
  int informational_ = 0;
  bool streamed_any_ = false;  ///< a byte of a body that is not kept has gone: no other server
  bool stream_complete_ = false;
  bool request_sent_ = false;    ///< to any server
  bool heard_upstream_ = false;  ///< a byte came on this connection
  bool retried_stale_ = false;
  bool upstream_congested_ = false;
  bool upstream_paused_ = false;  ///< because the client does not keep up
  bool surplus_ = false;          ///< bytes behind the response: the connection is not kept
  bool over_ = false;
};

}  // namespace tidegate::tunnel
