#include "gateway/tunnel/upstream_facts.h"

#include <cstdio>
#include <utility>

namespace tidegate::tunnel {
std::string in_seconds(const std::optional<std::chrono::steady_clock::duration>& time) {
  if (!time) return "-";
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(*time).count();
  char text[32];
  const int size = std::snprintf(text, sizeof text, "%lld.%03lld", static_cast<long long>(ms / 1000),
                                 static_cast<long long>(ms % 1000));
  return {text, static_cast<std::size_t>(size)};
}

UpstreamFacts::UpstreamFacts(sites::Facts& facts) : facts_(facts) {
  before_.upstream_addr = facts.upstream_addr;
  before_.upstream_status = facts.upstream_status;
  before_.upstream_connect_time = facts.upstream_connect_time;
  before_.upstream_header_time = facts.upstream_header_time;
  before_.upstream_response_time = facts.upstream_response_time;
  before_.upstream_response_length = facts.upstream_response_length;
  before_.upstream_bytes_sent = facts.upstream_bytes_sent;
  before_.upstream_bytes_received = facts.upstream_bytes_received;
}

void UpstreamFacts::begin(std::string addr, Clock::time_point now) {
  Try& fresh = tries_.emplace_back();
  fresh.addr = std::move(addr);
  fresh.began = now;
}

void UpstreamFacts::connected(std::string addr, Clock::time_point now) {
  if (tries_.empty()) return;
  tries_.back().addr = std::move(addr);
  tries_.back().connect = now - tries_.back().began;
}

void UpstreamFacts::answered(int status, Clock::time_point now) {
  if (tries_.empty()) return;
  tries_.back().status = status;
  tries_.back().header = now - tries_.back().began;
}

void UpstreamFacts::ended(int status, Clock::time_point now) {
  if (tries_.empty() || tries_.back().response) return;
  if (status != 0) tries_.back().status = status;
  tries_.back().response = now - tries_.back().began;
}

void UpstreamFacts::tell() {
  if (tries_.empty()) return;
  const auto list = [this](std::string& out, const std::string& before, auto&& value_of) {
    out = before;
    if (!before.empty()) out += " : ";
    bool first = true;
    for (const Try& each : tries_) {
      if (!std::exchange(first, false)) out += ", ";
      out += value_of(each);
    }
  };
  list(facts_.upstream_addr, before_.upstream_addr, [](const Try& t) { return t.addr; });
  list(facts_.upstream_status, before_.upstream_status,
       [](const Try& t) { return t.status == 0 ? std::string("-") : std::to_string(t.status); });
  list(facts_.upstream_connect_time, before_.upstream_connect_time,
       [](const Try& t) { return in_seconds(t.connect); });
  list(facts_.upstream_header_time, before_.upstream_header_time,
       [](const Try& t) { return in_seconds(t.header); });
  list(facts_.upstream_response_time, before_.upstream_response_time,
       [](const Try& t) { return in_seconds(t.response); });
  list(facts_.upstream_response_length, before_.upstream_response_length,
       [](const Try& t) { return std::to_string(t.body); });
  list(facts_.upstream_bytes_sent, before_.upstream_bytes_sent,
       [](const Try& t) { return std::to_string(t.sent); });
  list(facts_.upstream_bytes_received, before_.upstream_bytes_received,
       [](const Try& t) { return std::to_string(t.received); });
}

}  // namespace tidegate::tunnel
