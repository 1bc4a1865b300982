#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "gateway/http/body.h"
#include "gateway/http/forward.h"
#include "gateway/net/loop.h"
#include "gateway/sites/walk.h"
#include "gateway/tunnel/client_connection.h"
#include "gateway/tunnel/errand.h"
#include "gateway/tunnel/file_answer.h"
#include "gateway/tunnel/kept_body.h"
#include "gateway/tunnel/passage.h"
#include "gateway/tunnel/places.h"
#include "gateway/tunnel/serving.h"
#include "gateway/tunnel/subrequest.h"

namespace tidegate::tunnel {

/// One request in a configuration of nginx's: does what its sites::Walk says, one action after the other,
/// until the client has its answer, or a tunnel.
///
///     walk ──Action──► answer | file | Passage | Subrequest | timer | goodbye
///       ▲                                │            │         │
///       └────── failed, redirected, authorised, resume ─────────┘
///
/// Owner:  its ClientConnection, which retires it. Thread: the worker's.
/// End:    one of ClientConnection's on_visit_*, on_exchange_cut or on_upgraded; or the client's cancel().
class SiteVisit final : public Serving, private Patron, private FileSink, private SubrequestListener {
 public:
  /// `visitor` has what the connection knows; what its stream says is filled in here.
  SiteVisit(ClientConnection& client, Request& request, const sites::Visitor& visitor);
  ~SiteVisit() override;

  void begin();

  bool wants_body() const override;
  std::size_t feed_body(Bytes bytes) override;
  void on_client_drained() override;
  bool outlives_client_end() const override;
  void cancel() override;
  AccessRecord record() const override;

 private:
  enum class Stage : std::uint8_t {
    walking,
    waiting,  ///< for a place under limit_req, a name's address or a subrequest
    reading_body,
    passing,
    sending_file,
    discarding_body,  ///< the answer is written
    over,
  };

  sites::Visitor complete(sites::Visitor visitor) const;
  void act(sites::Action action);
  void answer(sites::Answer answer);
  void send_file(sites::SendFile file);
  void tell_counts(int status);
  void ask(const std::string& uri);
  void hang_up(int status);
  void pass_on();
  bool too_large() const;
  /// The errand, once its body is there or is known to come.
  void set_out();
  void add_body();
  void begin_reading_body();
  void on_body_read();
  void find_upstream();
  void begin_passage();

  /// Through error_page, or as the status's own page.
  void fail(const Error& error);
  void failed(int status, Reason reason);

  bool keeps_alive();  ///< does the connection go on behind an answer, as far as is known now?
  void name_keep_alive(std::string& head) const;
  void write_head(std::string text, std::size_t body_bytes);
  /// The answer is written whole.
  void finish();
  void end();
  void log();

  Then judge(const http::ResponseHead& head) override;
  http::Framing begin_answer(const http::ResponseHead& head, std::string& text) override;
  net::Flow write(std::span<const Bytes> pieces) override;
  void on_dropped(std::unique_ptr<http::ResponseHead> head) override;
  void on_passage_done() override { finish(); }
  void on_passage_failed(const Error& error) override;
  void on_passage_cut(const Error& error, bool by_framing) override;
  void on_passage_upgraded(std::unique_ptr<http::ResponseHead> head, upstream::Connection upstream,
                           Bytes behind) override;
  void on_informational(const http::ResponseHead& head) override;
  void on_takes_body() override;
  std::size_t unsent_bytes() const override { return client_.stream().queued_bytes(); }
  void on_file_sent() override { finish(); }
  void on_file_failed(Reason reason) override;
  void on_subrequest_done(int status, const http::ResponseHead* head) override;
  sites::Action hear(int status, const http::ResponseHead* head);

  void retire_helpers();
  void on_deadline();
  std::chrono::milliseconds body_timeout() const;

  ClientConnection& client_;
  Host& host_;
  Request& request_;
  std::unique_ptr<net::ClientCertificate> certificate_;
  const sites::Visitor visitor_;
  sites::Facts facts_;
  sites::Walk walk_;
  http::BodyDecoder request_body_;
  KeptBody kept_;
  std::optional<KeptBody> made_;  ///< proxy_set_body's
  Errand errand_;
  Places places_;
  std::unique_ptr<upstream::OnDemand::Wait> lookup_;
  std::unique_ptr<Passage> passage_;
  std::unique_ptr<FileAnswer> file_;
  std::unique_ptr<Subrequest> subrequest_;
  std::vector<std::unique_ptr<Subrequest>> asked_;  ///< whose heads the walk may still ask about
  std::unique_ptr<http::ResponseHead> dropped_;     ///< the answer that was not relayed: facts_ points there
  std::string accel_redirect_;                      ///< where that answer sends the request
  net::DeadlineOf<SiteVisit, &SiteVisit::on_deadline> deadline_{*this};
  std::uint64_t head_bytes_ = 0;
  Reason reason_ = Reason::none;
  std::optional<Error> why_;
  Stage stage_ = Stage::walking;
  bool streams_body_ = false;  ///< it goes along as it comes
  bool body_broken_ = false;
  bool body_lost_ = false;  ///< a part of it has gone to an upstream, and is not kept
  bool asks_head_ = false;  ///< of the upstream, for a client that asked otherwise
  bool owes_continue_;      ///< the client waits for a 100
  bool keep_alive_ = false;
  bool logged_ = false;
};

}  // namespace tidegate::tunnel
