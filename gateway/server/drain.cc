#include "gateway/server/drain.h"

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/base/log.h"

namespace tidegate::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::chrono::seconds kBetweenLines{1};

std::string in_seconds(milliseconds span) {
  const auto tenths = std::max<milliseconds::rep>(span.count(), 0) / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

}  // namespace

Drain::Drain(net::Loop& loop, Hooks hooks) : loop_(loop), hooks_(std::move(hooks)) {}

void Drain::begin(const conf::Drain& conf, Cause cause) {
  if (begun()) return;
  conf_ = conf;
  delay_ = cause == Cause::stop ? conf.delay : milliseconds(0);
  // A deadline of zero is not "no limit" here: there is always an end.
  const milliseconds deadline = std::max(conf.deadline, milliseconds(1));
  const auto now = std::chrono::system_clock::now();
  progress_ = {.began = now, .deadline = now + deadline, .initial = hooks_.residents(), .remaining = 0};
  told_ = progress_->initial;
  cut_at_ = steady_clock::now() + deadline;
  log::info("server", "draining: " + std::to_string(told_) + " connections and tunnels, " +
                          in_seconds(deadline) + " at the most" +
                          (delay_ > milliseconds(0) ? "; accepting goes on for " + in_seconds(delay_) : ""));
  deadline_.arm(loop_.timers(), deadline);
  next_line_.arm(loop_.timers(), kBetweenLines);
  if (delay_ > milliseconds(0)) return accepting_.arm(loop_.timers(), delay_);
  stop_accepting();
}

void Drain::stop_accepting() {
  // Who came within the delay belongs to the whole of which something is left.
  progress_->initial = std::max(progress_->initial, hooks_.residents());
  // Tunnels are given up a little before the deadline, so that their last bytes and records get out in time.
  const milliseconds left = conf_.deadline - delay_;
  const milliseconds grace = std::min(milliseconds(500), left / 10);
  hooks_.ask_workers({conf_.window, left - grace, conf_.close_code});
}

void Drain::on_workers_empty() {
  log::info("server", "drained");
  next_line_.disarm();
  deadline_.disarm();
  hooks_.over();
}

void Drain::on_deadline() {
  log::warning("server",
               "drain: the deadline has come with " + std::to_string(hooks_.residents()) + " left: cut");
  next_line_.disarm();
  hooks_.over();
}

void Drain::tell() {
  next_line_.arm(loop_.timers(), kBetweenLines);
  const DrainProgress now = *progress();
  if (std::exchange(told_, now.remaining) == now.remaining) return;
  const auto left = std::chrono::duration_cast<milliseconds>(cut_at_ - steady_clock::now());
  log::info("server", "draining: " + std::to_string(now.remaining) + " of " + std::to_string(now.initial) +
                          " connections and tunnels left, " + in_seconds(left) + " to the deadline");
}

std::optional<DrainProgress> Drain::progress() const {
  std::optional<DrainProgress> now = progress_;
  if (!now) return now;
  now->remaining = hooks_.residents();
  now->initial = std::max(now->initial, now->remaining);
  return now;
}

}  // namespace tidegate::server
