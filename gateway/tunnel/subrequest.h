#pragma once

#include <memory>
#include <string>

#include "gateway/sites/walk.h"
#include "gateway/tunnel/errand.h"
#include "gateway/tunnel/passage.h"
#include "gateway/tunnel/snapshot.h"

namespace tidegate::tunnel {

/// Hears how a subrequest ended: exactly once, perhaps from within Subrequest::start(). It may retire it.
class SubrequestListener {
 public:
  /// `head` is null where the answer was the gateway's own.
  virtual void on_subrequest_done(int status, const http::ResponseHead* head) = 0;

 protected:
  ~SubrequestListener() = default;
};

/// A request of the gateway's own within another (auth_request): a GET without a body, whose answer's status
/// and fields count; its body is thrown away.
///
/// Owner:  the SiteVisit, which retires it. Thread: the worker's.
/// End:    on_subrequest_done(), or cancel().
class Subrequest final : public net::Retired, private Patron {
 public:
  Subrequest(Host& host, Snapshot& snapshot, SubrequestListener& listener, const sites::Walk& parent,
             std::string_view uri, const http::RequestHead& head, std::string_view log_id);

  void start() { act(walk_->begin()); }
  void cancel();
  const sites::Facts& facts() const { return facts_; }

 private:
  void act(sites::Action action);
  void pass_on();
  void fail(int status, Reason reason);
  void done(int status);
  void on_wait_over() { act(walk_->resume()); }

  Then judge(const http::ResponseHead&) override { return Then::drop; }
  void on_dropped(std::unique_ptr<http::ResponseHead> head) override;
  void on_passage_failed(const Error& error) override;
  // The rest is for answers that go to somebody.
  http::Framing begin_answer(const http::ResponseHead&, std::string&) override { return http::Framing::none; }
  net::Flow write(std::span<const Bytes>) override { return net::Flow::ready; }
  void on_passage_done() override { done(500); }
  void on_passage_cut(const Error& error, bool) override { on_passage_failed(error); }
  void on_passage_upgraded(std::unique_ptr<http::ResponseHead>, upstream::Connection, Bytes) override {
    done(500);
  }

  Host& host_;
  Snapshot& snapshot_;
  SubrequestListener& listener_;
  const http::RequestHead& request_;
  std::string_view log_id_;
  sites::Facts facts_;
  std::unique_ptr<sites::Walk> walk_;
  Errand errand_;
  std::unique_ptr<upstream::OnDemand::Wait> lookup_;
  std::unique_ptr<Passage> passage_;
  std::unique_ptr<http::ResponseHead> head_;
  net::DeadlineOf<Subrequest, &Subrequest::on_wait_over> wait_{*this};
  bool over_ = false;
};

}  // namespace tidegate::tunnel
