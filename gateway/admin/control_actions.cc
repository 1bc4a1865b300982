// What the admin API does, request by request.

#include <unistd.h>

#include <algorithm>
#include <string>

#include "gateway/admin/config_json.h"
#include "gateway/admin/control_answers.h"
#include "gateway/admin/control_json.h"
#include "gateway/admin/control_listener.h"
#include "gateway/admin/dashboard.h"
#include "gateway/admin/route_json.h"
#include "gateway/admin/server_order.h"
#include "gateway/admin/status_json.h"
#include "gateway/admin/upstreams_json.h"
#include "gateway/base/log.h"
#include "gateway/websocket/control_frame.h"

namespace tidegate::admin {
namespace {

constexpr std::uint64_t kMostTunnels = 10'000;

/// The line that each control action leaves.
void log_order(const std::string& order) {
  log::info("admin", order + ", asked for over the admin API");
}

/// A query that holds nothing; false, and answered, where it holds something.
bool has_no_query(HttpConnection& connection, const RequestTarget& target) {
  const auto problem = QueryReader(target).problem();
  if (problem) connection.answer(error_answer(400, *problem));
  return !problem;
}

Answer reload_answer(const server::ReloadResult& result) {
  return json_answer(reload_json(result), result.applied ? 200 : 422);
}

bool has_server(const conf::Config& config, const std::string& upstream, const std::string& server) {
  for (const conf::Upstream& candidate : config.upstreams) {
    if (candidate.name != upstream) continue;
    return std::any_of(candidate.servers.begin(), candidate.servers.end(),
                       [&](const conf::Server& one) { return one.text == server; });
  }
  return false;
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
  if (!has_no_query(call.connection, call.target)) return;
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
  if (!has_no_query(call.connection, call.target)) return;
  call.connection.answer(json_answer(config_json(server_.config())));
}

void ControlListener::get_routes(const Call& call) {
  if (!has_no_query(call.connection, call.target)) return;
  server_.report(later(call, [this](const metrics::Report& report) {
    return json_answer(routes_json(server_.config(), metrics::Sums(report)));
  }));
}

void ControlListener::get_upstreams(const Call& call) {
  if (!has_no_query(call.connection, call.target)) return;
  server_.report(later(call, [this](const metrics::Report& report) {
    return json_answer(upstreams_json(server_.config(), report));
  }));
}

void ControlListener::get_tunnels(const Call& call) {
  using Order = server::TunnelQuery::Order;
  static constexpr Order kOrders[] = {Order::age, Order::messages, Order::bytes};
  QueryReader query(call.target);
  server::TunnelQuery wanted;
  wanted.route = query.text("route");
  wanted.upstream = query.text("upstream");
  wanted.order = kOrders[query.choice("order", {"age", "messages", "bytes"})];
  wanted.limit = query.number("limit", wanted.limit, 1, kMostTunnels);
  if (const auto problem = query.problem()) return call.connection.answer(error_answer(400, *problem));
  server_.list_tunnels(std::move(wanted), later(call, [](const server::TunnelList& list) {
                         return json_answer(tunnels_json(list));
                       }));
}

void ControlListener::get_frames(const Call& call) {
  if (!has_no_query(call.connection, call.target)) return;
  if (call.head.method == "HEAD") {
    Answer answer = error_answer(405, "frames are told as they pass, which HEAD cannot; send GET");
    answer.fields.emplace_back("Allow", "GET");
    return call.connection.answer(answer);
  }
  const SlotId id = call.connection.id();
  frames_[key_of(id)] = std::make_unique<FrameStream>(server_, endpoint_, id, call.target.path[1]);
}

void ControlListener::delete_tunnel(const Call& call) {
  QueryReader query(call.target);
  const auto code = static_cast<std::uint16_t>(query.number("code", 1001, 1000, 4999));
  auto problem = query.problem();
  if (!problem && !websocket::may_be_sent(code)) {
    problem = std::to_string(code) + " is a code that no Close frame may carry; " +
              "write 1001, or one of 1000-1003, 1007-1014, 3000-4999";
  }
  if (problem) return call.connection.answer(error_answer(400, *problem));
  const std::string& tunnel = call.target.path[1];
  log_order("Close " + std::to_string(code) + " for tunnel " + tunnel);
  server_.close_tunnel(
      tunnel, code, later(call, [tunnel, code](bool found) {
        return found ? json_answer({{"id", tunnel}, {"code", code}}, 202) : no_such_tunnel(tunnel);
      }));
}

void ControlListener::post_reload(const Call& call) {
  if (!has_no_query(call.connection, call.target)) return;
  log_order("a reload");
  server_.reload(later(call, reload_answer));
}

void ControlListener::post_plan(const Call& call) {
  QueryReader query(call.target);
  const std::string file = query.text("file");
  auto problem = query.problem();
  if (!problem && !file.empty() && !file.starts_with('/')) {
    problem = "\"" + file + "\" is not an absolute path; write /etc/tidegate/tidegate.yaml";
  }
  if (problem) return call.connection.answer(error_answer(400, *problem));
  server_.plan(call.body, file, later(call, reload_answer));
}

void ControlListener::post_drain(const Call& call) {
  if (!has_no_query(call.connection, call.target)) return;
  log_order("a drain");
  server_.begin_drain();
  call.connection.answer(json_answer({{"state", "draining"}}, 202));
}

void ControlListener::post_stop(const Call& call) {
  if (!has_no_query(call.connection, call.target)) return;
  log_order("a stop at once");
  call.connection.answer(json_answer({{"state", "stopping"}}, 202));
  server_.stop_now();  // posted: the answer is on its way before
}

void ControlListener::post_server(const Call& call) {
  if (!has_no_query(call.connection, call.target)) return;
  std::string problem;
  const auto order = parse_server_order(call.body, problem);
  if (!order) return call.connection.answer(error_answer(400, problem));
  const std::string& upstream = call.target.path[1];
  const std::string& server = call.target.path[3];
  if (!has_server(server_.config(), upstream, server)) {
    return call.connection.answer(error_answer(404, "upstream " + upstream + " has no server " + server +
                                                        "; ask for /upstreams, and percent-encode it"));
  }
  if (const auto wrong = server_.order_server(upstream, server, *order)) {
    return call.connection.answer(error_answer(422, *wrong));
  }
  log_order("server " + server + " of upstream " + upstream + ": " + to_string(*order));
  server_.report(later(call, [this, upstream, server](const metrics::Report& report) {
    return json_answer(server_json(server_.config(), report, upstream, server));
  }));
}

}  // namespace tidegate::admin
