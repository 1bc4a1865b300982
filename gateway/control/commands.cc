#include "gateway/control/commands.h"

#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/control/fields.h"
#include "gateway/control/render.h"
#include "gateway/control/table.h"
#include "gateway/control/targets.h"
#include "gateway/control/terminal.h"
#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

// A reload looks names up and reads certificates; the gateway bounds both.
constexpr auto kReloadPatience = 60s;

void print(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

void print_json(const json& value) {
  print(value.dump(2, ' ', false, json::error_handler_t::replace) + '\n');
}

/// What a reload or a plan came to; its complaints go to stderr.
bool tell(const json& answer, bool as_json, const char* nothing, const char* applied, const char* refused) {
  if (as_json) {
    print_json(answer);
    return flag_of(answer, "applied");
  }
  std::fputs(render_diagnostics(answer).c_str(), stderr);
  if (!flag_of(answer, "applied")) {
    std::fprintf(stderr, "%s\n", refused);
    return false;
  }
  const std::string differences = render_differences(answer);
  print(differences + (differences.empty() ? nothing : applied) + '\n');
  return true;
}

}  // namespace

bool complain(const Failure& failure) {
  std::fprintf(stderr, "%s\n", failure.words.c_str());
  return false;
}

bool show_status(const Client& client, bool as_json) {
  Failure failure;
  const auto status = client.ask_json({.target = "/status"}, failure);
  if (!status) return complain(failure);
  if (as_json) {
    print_json(*status);
    return true;
  }
  const auto upstreams = client.ask_json({.target = "/upstreams"}, failure);
  if (!upstreams) return complain(failure);
  print(render_status(*status, *upstreams));
  return true;
}

bool show_tunnels(const Client& client, const TunnelOptions& options) {
  Failure failure;
  const auto list = client.ask_json({.target = tunnels_target(options)}, failure);
  if (!list) return complain(failure);
  if (options.json) {
    print_json(*list);
  } else {
    print(render_tunnels(*list, stdout_is_terminal() ? window_size().columns : Table::kUnbounded));
  }
  return true;
}

bool close_tunnel(const Client& client, const std::string& id, std::optional<std::uint16_t> code) {
  Failure failure;
  std::string target = "/tunnels/" + segment(id);
  if (code) target += "?code=" + std::to_string(*code);
  const auto answer = client.ask_json({.method = "DELETE", .target = target}, failure);
  if (!answer) return complain(failure);
  print("closing " + text_of(*answer, "id") + " with code " + count_of(*answer, "code") + '\n');
  return true;
}

bool trace_tunnel(const Client& client, const std::string& id, bool as_json) {
  const auto on_line = [as_json](std::string_view line) {
    if (as_json) {
      print(std::string(line) + '\n');
      return;
    }
    const json parsed = json::parse(line, nullptr, false);
    print(parsed.is_object() ? render_frame(parsed) : "not understood: " + printable(line) + '\n');
  };
  Failure failure;
  return client.follow({.target = "/tunnels/" + segment(id) + "/frames"}, on_line, failure) ||
         complain(failure);
}

bool reload(const Client& client, bool as_json) {
  Failure failure;
  const auto answer =
      client.ask_json({.method = "POST", .target = "/reload", .patience = kReloadPatience}, failure);
  if (!answer) return complain(failure);
  return tell(*answer, as_json, "reloaded: nothing has changed", "reloaded",
              "refused: the gateway goes on with the configuration it has");
}

bool plan(const Client& client, const std::string& file, const std::string& text, bool as_json) {
  Failure failure;
  const auto answer = client.ask_json(
      {.method = "POST", .target = "/plan?file=" + segment(file), .body = text, .patience = kReloadPatience},
      failure);
  if (!answer) return complain(failure);
  return tell(*answer, as_json, "it would change nothing", "it can be applied; nothing has been changed yet",
              "it would be refused");
}

bool order_server(const Client& client, const ServerOrder& order) {
  json body = json::object();
  if (order.state) body["state"] = *order.state;
  if (order.weight) body["weight"] = *order.weight == 0 ? json() : json(*order.weight);
  const std::string target = "/upstreams/" + segment(order.upstream) + "/servers/" + segment(order.server);
  Failure failure;
  if (!client.ask({.method = "POST", .target = target, .body = body.dump()}, failure))
    return complain(failure);
  const auto upstreams = client.ask_json({.target = "/upstreams"}, failure);
  if (!upstreams) return complain(failure);
  print(render_upstreams(*upstreams, order.upstream));
  return true;
}

}  // namespace tidegate::control
