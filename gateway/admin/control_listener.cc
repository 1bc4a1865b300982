#include "gateway/admin/control_listener.h"

#include <algorithm>
#include <utility>

#include "gateway/admin/control_answers.h"
#include "gateway/admin/http_guard.h"
#include "gateway/http/forward.h"

namespace tidegate::admin {
namespace {

constexpr std::size_t kMostBodyBytes = 4 * kMiB;

/// "/tunnels/{}/frames" against what was asked for.
bool fits(std::string_view pattern, const std::vector<std::string>& path) {
  for (const std::string& segment : path) {
    if (!pattern.starts_with('/')) return false;
    pattern.remove_prefix(1);
    const std::size_t end = std::min(pattern.find('/'), pattern.size());
    const std::string_view expected = pattern.substr(0, end);
    if (expected == "{}" ? segment.empty() : segment != expected) return false;
    pattern.remove_prefix(end);
  }
  return pattern.empty();
}

bool may_pass(const HttpConnection& connection, const http::RequestHead& head) {
  return connection.over_unix() || !refusal_over_tcp(head);
}

}  // namespace

ControlListener::ControlListener(server::Server& server, Program program)
    : server_(server),
      program_(std::move(program)),
      endpoint_(server, *this,
                {.name = "admin",
                 .addresses = [](const conf::Config& config) { return config.admin; },
                 .access = net::ListeningSocket::Access::owner}) {}

std::size_t ControlListener::most_body_bytes(const HttpConnection& connection,
                                             const http::RequestHead& head) {
  return connection.over_unix() && may_pass(connection, head) ? kMostBodyBytes : 0;
}

Answer ControlListener::refusal(int status) {
  switch (status) {
    case 408:
      return error_answer(status, "the request did not come within 30 s; send it at once");
    case 413:
      return error_answer(status, "the body is longer than 4 MiB; send less");
    default:
      return error_answer(status, std::string(http::reason_phrase(status)) +
                                      ": not a request that HTTP/1.1 allows; write it anew");
  }
}

void ControlListener::on_request(HttpConnection& connection, const http::RequestHead& head,
                                 std::string body) {
  if (!connection.over_unix()) {
    if (const auto refused = refusal_over_tcp(head)) {
      Answer answer = error_answer(refused->status, refused->why);
      if (refused->status == 405) answer.fields.emplace_back("Allow", "GET, HEAD");
      return connection.answer(answer);
    }
  }
  std::string problem;
  auto target = RequestTarget::parse(head.path, problem);
  if (!target) return connection.answer(error_answer(400, problem));
  dispatch({connection, head, *std::move(target), std::move(body)});
}

void ControlListener::on_stream_drained(HttpConnection& connection) {
  const auto found = frames_.find(key_of(connection.id()));
  if (found != frames_.end()) found->second->on_drained();
}

const std::vector<ControlListener::Action>& ControlListener::actions() {
  static const std::vector<Action> all = {
      {"GET", "/", &ControlListener::get_dashboard},
      {"GET", "/status", &ControlListener::get_status},
      {"GET", "/config", &ControlListener::get_config},
      {"GET", "/routes", &ControlListener::get_routes},
      {"GET", "/upstreams", &ControlListener::get_upstreams},
      {"GET", "/tunnels", &ControlListener::get_tunnels},
      {"GET", "/tunnels/{}/frames", &ControlListener::get_frames},
      {"DELETE", "/tunnels/{}", &ControlListener::delete_tunnel},
      {"POST", "/reload", &ControlListener::post_reload},
      {"POST", "/plan", &ControlListener::post_plan, true},
      {"POST", "/drain", &ControlListener::post_drain},
      {"POST", "/stop", &ControlListener::post_stop},
      {"POST", "/upstreams/{}/servers/{}", &ControlListener::post_server, true},
  };
  return all;
}

void ControlListener::dispatch(const Call& call) {
  const std::string_view method = call.head.method == "HEAD" ? "GET" : call.head.method;
  std::string allowed;
  for (const Action& action : actions()) {
    if (!fits(action.path, call.target.path)) continue;
    if (action.method == method) {
      if (action.takes_body || call.body.empty()) return (this->*action.run)(call);
      return call.connection.answer(error_answer(400, "this request takes no body; send none"));
    }
    allowed.append(allowed.empty() ? "" : ", ").append(action.method);
    if (action.method == "GET") allowed += ", HEAD";
  }
  if (allowed.empty()) {
    return call.connection.answer(
        error_answer(404, "there is no such page; docs/reference/admin-api.md lists them"));
  }
  Answer answer = error_answer(405, "this page knows another method; send " + allowed);
  answer.fields.emplace_back("Allow", allowed);  // RFC 9110 §15.5.6
  call.connection.answer(answer);
}

}  // namespace tidegate::admin
