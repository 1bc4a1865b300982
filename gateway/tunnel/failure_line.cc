#include "gateway/tunnel/failure_line.h"

#include <string>

#include "gateway/net/resolver.h"

namespace tidegate::tunnel {

log::Level level_of(const Error& why) {
  if (why.reason == Reason::internal || why.reason == Reason::out_of_descriptors) return log::Level::error;
  const bool meant = why.reason == Reason::finished || info(why.reason).at_fault == Party::gateway;
  if (why.at_fault == Party::upstream && !meant) return log::Level::warning;
  // A ping that the upstream did not answer is its failure, though the gateway's limit.
  if (why.at_fault == Party::upstream && why.reason == Reason::ping_timeout) return log::Level::warning;
  return log::Level::debug;
}

void log_failure(log::Area area, const Error& why, std::string_view route, std::string_view server,
                 std::string_view id) {
  const log::Level level = level_of(why);
  if (!log::enabled(level, area)) return;
  std::string line;
  if (!route.empty()) line.append("route ").append(route).append(": ");
  line += word(why.reason);
  if (why.os_error != 0) line.append(", ").append(net::error_text(why.os_error));
  if (!server.empty()) line.append(", server ").append(server);
  log::write(level, area, line, id);
}

}  // namespace tidegate::tunnel
