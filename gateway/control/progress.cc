#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "gateway/control/commands.h"
#include "gateway/control/fields.h"
#include "gateway/control/render.h"
#include "gateway/control/terminal.h"
#include "gateway/control/text.h"

namespace tidegate::control {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Clock = std::chrono::steady_clock;

constexpr auto kGrace = 10s;  // beyond the drain's own deadline

Moment now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

/// The state of the gateway that was there before; nothing if it has gone, maybe with another in its place. A
/// gateway that is busy, or cut the connection because it is ending, is asked again by the caller.
struct Sight {
  bool gone = false;
  std::optional<json> status{};
  Failure failure{};
};

/// In a container every gateway is process 1.
bool same_process(const json& a, const json& b) {
  return number_of(a, "pid") == number_of(b, "pid") && text_of(a, "started_at") == text_of(b, "started_at");
}

Sight look_for(const Client& client, const json& before) {
  Sight sight;
  sight.status = client.ask_json({.target = "/status", .patience = 2s}, sight.failure);
  sight.gone =
      sight.status ? !same_process(*sight.status, before) : sight.failure.kind == Failure::Kind::nobody;
  return sight;
}

/// One line that is written over and over on a terminal, a line per second elsewhere.
class ProgressLine {
 public:
  void show(const json& status) {
    if (live_) {
      std::printf("\r%s\x1b[K", render_drain(status, now(), window_size().columns - 1).c_str());
    } else if (Clock::now() >= next_) {
      std::printf("%s\n", render_drain(status, now(), 0).c_str());
      next_ = Clock::now() + 1s;
    }
    std::fflush(stdout);
  }
  void end(const char* words) {
    std::printf("%s%s\n", live_ ? "\r\x1b[K" : "", words);
    std::fflush(stdout);
  }
  std::chrono::milliseconds period() const { return live_ ? 200ms : 500ms; }

 private:
  bool live_ = stdout_is_terminal();
  Clock::time_point next_{};
};

/// The last moment at which it can be there.
Moment latest(const json& status) {
  const auto deadline = parse_time(text_of(member(status, "drain"), "deadline_at"));
  return (deadline ? *deadline : now()) + kGrace;
}

}  // namespace

bool drain(const Client& client, bool wait) {
  Failure failure;
  const auto before = client.ask_json({.target = "/status"}, failure);
  if (!before) return complain(failure);
  if (!client.ask({.method = "POST", .target = "/drain"}, failure)) return complain(failure);
  if (!wait) {
    std::puts("the drain has begun");
    return true;
  }
  ProgressLine line;
  for (Moment end = latest(*before); now() < end;) {
    const Sight sight = look_for(client, *before);
    if (sight.gone) {
      line.end("drained: the gateway has gone");
      return true;
    }
    if (sight.failure.kind == Failure::Kind::forbidden) return complain(sight.failure);
    if (sight.status) {
      if (member(*sight.status, "drain").is_object()) end = latest(*sight.status);
      line.show(*sight.status);
    }
    std::this_thread::sleep_for(line.period());
  }
  line.end("");
  return complain({Failure::Kind::timeout,
                   "the gateway is still there though its drain's deadline has passed; "
                   "`tidegate stop` ends it at once"});
}

bool stop(const Client& client) {
  Failure failure;
  const auto before = client.ask_json({.target = "/status"}, failure);
  if (!before) return complain(failure);
  if (!client.ask({.method = "POST", .target = "/stop"}, failure)) return complain(failure);
  for (const auto end = Clock::now() + kGrace; Clock::now() < end;) {
    if (look_for(client, *before).gone) {
      std::puts("stopped: the gateway has gone");
      return true;
    }
    std::this_thread::sleep_for(50ms);
  }
  return complain({Failure::Kind::timeout, "the gateway was told to stop and is still there after 10 s"});
}

}  // namespace tidegate::control
