// What the admin API does, request by request.

#include <unistd.h>

#include <string>

#include "gateway/admin/config_json.h"
#include "gateway/admin/control_answers.h"
#include "gateway/admin/control_listener.h"
#include "gateway/admin/dashboard.h"
#include "gateway/admin/route_json.h"
#include "gateway/admin/status_json.h"
#include "gateway/admin/upstreams_json.h"
#include "gateway/base/log.h"

namespace tidegate::admin {
namespace {

/// The line that each control action leaves.
void log_order(const std::string& order) {
  log::info("admin", order + ", asked for over the admin API");
}

/// For requests that say all with their path; false, and answered, where there is more.
bool says_nothing_else(HttpConnection& connection, const RequestTarget& target, const std::string& body) {
  auto problem = QueryReader(target).problem();
  if (!problem && !body.empty()) problem = "this request takes no body; send none";
  if (problem) connection.answer(error_answer(400, *problem));
  return !problem;
}

}  // namespace

void ControlListener::get_dashboard(const Call& call) {
  if (call.connection.over_unix()) {
    return call.connection.answer(
        error_answer(404, "the dashboard is for browsers, over TCP; ask for /status"));
  }
  Answer answer;
  answer.content_type = "text/html; charset=utf-8";
  answer.body = dashboard_page();
  answer.fields = guarding_fields(dashboard_policy());
  call.connection.answer(answer);
}

void ControlListener::get_status(const Call& call) {
  if (!says_nothing_else(call.connection, call.target, call.body)) return;
  server_.report(later(call, [this](const metrics::Report& report) {
    using State = StatusFacts::State;
    const auto drain = server_.drain_progress();
    return json_answer(status_json({.version = program_.version,
                                    .pid = ::getpid(),
                                    .config_file = program_.config_file,
                                    .drain = drain,
                                    .started_at = started_at_,
                                    .now = std::chrono::system_clock::now(),
                                    .state = drain             ? State::draining
                                             : server_.ready() ? State::running
                                                               : State::starting,
                                    .config = server_.config(),
                                    .addresses = server_.addresses(),
                                    .last_errors = log::recent()},
                                   report));
  }));
}

void ControlListener::get_config(const Call& call) {
  if (!says_nothing_else(call.connection, call.target, call.body)) return;
  call.connection.answer(json_answer(config_json(server_.config())));
}

void ControlListener::get_routes(const Call& call) {
  if (!says_nothing_else(call.connection, call.target, call.body)) return;
  server_.report(later(call, [this](const metrics::Report& report) {
    return json_answer(routes_json(server_.config(), metrics::Sums(report)));
  }));
}

void ControlListener::get_upstreams(const Call& call) {
  if (!says_nothing_else(call.connection, call.target, call.body)) return;
  server_.report(later(call, [this](const metrics::Report& report) {
    return json_answer(upstreams_json(server_.config(), report));
  }));
}

void ControlListener::post_drain(const Call& call) {
  if (!says_nothing_else(call.connection, call.target, call.body)) return;
  log_order("a drain");
  server_.begin_drain();
  call.connection.answer(json_answer({{"state", "draining"}}, 202));
}

void ControlListener::post_stop(const Call& call) {
  if (!says_nothing_else(call.connection, call.target, call.body)) return;
  log_order("a stop at once");
  call.connection.answer(json_answer({{"state", "stopping"}}, 202));
  server_.stop_now();  // posted: the answer is on its way before
}

}  // namespace tidegate::admin
