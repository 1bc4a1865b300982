#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>
#include <utility>

#include "gateway/control/commands.h"
#include "gateway/control/render.h"
#include "gateway/control/table.h"
#include "gateway/control/targets.h"
#include "gateway/control/terminal.h"

namespace tidegate::control {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr auto kPeriod = 1s;
constexpr double kLeastBetween = 0.5;  // seconds

/// A Look and what it looks at.
struct Poll {
  json status;
  json list;
  double at_seconds = 0;
  Look look() const { return {status, list, at_seconds}; }
};

std::optional<Poll> poll(const Client& client, const TunnelOptions& options, Failure& failure) {
  auto status = client.ask_json({.target = "/status"}, failure);
  if (!status) return std::nullopt;
  auto list = client.ask_json({.target = tunnels_target(options)}, failure);
  if (!list) return std::nullopt;
  const std::chrono::duration<double> now = Clock::now().time_since_epoch();
  return Poll{*std::move(status), *std::move(list), now.count()};
}

std::string picture(const std::optional<Poll>& before, const Poll& now, const std::string& order,
                    WindowSize size) {
  const std::optional<Look> earlier = before ? std::optional(before->look()) : std::nullopt;
  return render_watch(earlier ? &*earlier : nullptr, now.look(), order, size.columns, size.rows);
}

/// The order that a key asks for; null for any other key.
const char* order_of(char key) {
  switch (key) {
    case 'm':
      return "messages";
    case 'b':
      return "bytes";
    case 'a':
      return "age";
    default:
      return nullptr;
  }
}

/// Until the next picture is due. False: enough.
bool wait_for_keys(LiveScreen& screen, Clock::time_point next, std::string& order) {
  for (;;) {
    const char key = screen.key(next);
    if (key == '\0') return true;
    if (key == 'q' || key == 'Q') return false;
    if (const char* const asked = order_of(key)) {
      order = asked;
      return true;
    }
  }
}

bool watch_on_terminal(const Client& client, TunnelOptions options) {
  Failure failure;
  std::optional<Poll> before = poll(client, options, failure);
  if (!before) return complain(failure);  // without having touched the terminal
  {
    LiveScreen screen;
    screen.show(picture(std::nullopt, *before, options.order, window_size()));
    for (;;) {
      if (!wait_for_keys(screen, Clock::now() + kPeriod, options.order)) return true;
      std::optional<Poll> now = poll(client, options, failure);
      if (!now) break;
      screen.show(picture(before, *now, options.order, window_size()));
      // A key brings a look forward; over less than half a period rates would be noise.
      if (now->at_seconds - before->at_seconds >= kLeastBetween) before = std::move(now);
    }
  }
  return complain(failure);
}

bool watch_in_lines(const Client& client, const TunnelOptions& options) {
  Failure failure;
  std::optional<Poll> before;
  for (auto next = Clock::now();;) {
    std::optional<Poll> now = poll(client, options, failure);
    if (!now) return complain(failure);
    const std::string text = options.json ? now->list.dump(-1, ' ', false, json::error_handler_t::replace)
                                          : picture(before, *now, options.order, {Table::kUnbounded, 0});
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
    before = std::move(now);
    std::this_thread::sleep_until(next += kPeriod);
  }
}

}  // namespace

std::string tunnels_target(const TunnelOptions& options) {
  std::string target = "/tunnels?order=" + segment(options.order) + "&limit=" + std::to_string(options.limit);
  if (!options.route.empty()) target += "&route=" + segment(options.route);
  if (!options.upstream.empty()) target += "&upstream=" + segment(options.upstream);
  return target;
}

bool watch_tunnels(const Client& client, TunnelOptions options) {
  if (stdout_is_terminal() && !options.json) return watch_on_terminal(client, std::move(options));
  return watch_in_lines(client, options);
}

}  // namespace tidegate::control
