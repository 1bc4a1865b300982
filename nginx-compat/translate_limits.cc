#include <algorithm>

#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// limit_req and limit_conn.

namespace tidegate::nginx {
namespace {

using L = LocationSettings;
using Kind = conf::LimitZone::Kind;

/// "zone=name:10m". False, and a complaint, where it is none.
bool read_zone(Work& work, const Directive& directive, std::string_view word, conf::LimitZone& zone) {
  constexpr std::uint64_t kLeast = 8 * 4096;
  const std::string_view text = word.substr(std::string_view("zone=").size());
  const std::size_t colon = text.find(':');
  const auto size = colon == std::string_view::npos ? std::nullopt : read_size(text.substr(colon + 1));
  if (!size) {
    work.fail(directive, "invalid zone size " + quoted(word));
    return false;
  }
  zone.name = text.substr(0, colon);
  if (*size < kLeast) {
    work.fail(directive, "zone " + quoted(word) + " is too small");
    return false;
  }
  zone.bytes = *size;
  return true;
}

/// "10r/s", "30r/m".
bool read_rate(Work& work, const Directive& directive, std::string_view text, conf::LimitZone& zone) {
  std::uint64_t factor = 60;
  std::string_view digits = text;
  if (digits.ends_with("r/s")) {
    digits.remove_suffix(3);
  } else if (digits.ends_with("r/m")) {
    digits.remove_suffix(3);
    factor = 1;
  }
  const auto rate = read_number(digits);
  constexpr std::uint64_t kMost = 1000000000;
  if (!rate || *rate == 0) {
    work.fail(directive, "invalid rate " + quoted("rate=" + std::string(text)));
    return false;
  }
  zone.per_minute = std::min(*rate, kMost) * factor * 1000;
  return true;
}

void add_zone(Work& work, const Directive& directive, conf::LimitZone zone, std::string_view use) {
  if (zone.name.empty())
    return work.fail(directive, quoted(directive.name.text) + " must have \"zone\" parameter");
  const auto known = work.limit_zones.find({zone.kind, zone.name});
  if (known != work.limit_zones.end()) {
    return work.fail(directive, directive.name.text + ' ' + quoted(zone.name) + " is already bound to key " +
                                    quoted(work.sites.zones[known->second].key.value));
  }
  if (!work.declare_zone(directive, zone.name, use, zone.bytes)) return;
  work.limit_zones.emplace(std::pair(zone.kind, zone.name), work.sites.zones.size());
  work.sites.zones.push_back(std::move(zone));
}

void on_limit_req_zone(Work& work, const Directive& directive) {
  conf::LimitZone zone;
  zone.at = directive.at();
  zone.key = Work::text_of(directive, 0);
  zone.per_minute = 60 * 1000;
  for (std::size_t i = 1; i < directive.args.size(); ++i) {
    const std::string& word = directive.args[i].text;
    if (word.starts_with("zone=")) {
      if (!read_zone(work, directive, word, zone)) return;
    } else if (const auto rate = parameter(word, "rate=")) {
      if (!read_rate(work, directive, *rate, zone)) return;
    } else {
      return invalid_parameter(work, directive, word);
    }
  }
  add_zone(work, directive, std::move(zone), "limit_req");
}

void on_limit_conn_zone(Work& work, const Directive& directive) {
  conf::LimitZone zone;
  zone.at = directive.at();
  zone.kind = Kind::connections;
  zone.key = Work::text_of(directive, 0);
  const std::string& word = directive.args[1].text;
  if (!word.starts_with("zone=")) return invalid_parameter(work, directive, word);
  if (read_zone(work, directive, word, zone)) add_zone(work, directive, std::move(zone), "limit_conn");
}

bool read_limit_word(Work& work, const Directive& directive, const std::string& word,
                     conf::RequestLimit& limit) {
  constexpr std::uint64_t kMost = 1000000;
  if (const auto zone = parameter(word, "zone=")) {
    limit.zone = *zone;
    return true;
  }
  for (const std::string_view name : {"burst", "delay"}) {
    const auto value = parameter(word, std::string(name) + '=');
    if (!value) continue;
    const auto number = read_number(*value);
    if (!number || *number == 0) {
      work.fail(directive, "invalid " + std::string(name) + " value " + quoted(word));
      return false;
    }
    const unsigned count = static_cast<unsigned>(std::min(*number, kMost));
    if (name == "burst")
      limit.burst = count;
    else
      limit.delay = count;
    return true;
  }
  if (word == "nodelay") {
    limit.delay.reset();
    return true;
  }
  invalid_parameter(work, directive, word);
  return false;
}

/// False: the block has a limit by this zone already.
bool is_first_of(Work& work, Kind kind, const std::string& zone) {
  return work.limits_said.emplace(work.scope().settings, kind, zone).second;
}

void on_limit_req(Work& work, const Directive& directive) {
  conf::RequestLimit limit;
  for (const Word& word : directive.args) {
    if (!read_limit_word(work, directive, word.text, limit)) return;
  }
  if (limit.zone.empty()) return work.fail(directive, "\"limit_req\" must have \"zone\" parameter");
  work.use_zone(directive, limit.zone, "limit_req");
  if (!is_first_of(work, Kind::requests, limit.zone)) return work.fail_directive(directive, "is duplicate");
  own_list(work, &L::request_limits).push_back(std::move(limit));
}

void on_limit_conn(Work& work, const Directive& directive) {
  conf::ConnectionLimit limit;
  limit.zone = first_arg(directive);
  const std::string& word = directive.args[1].text;
  work.use_zone(directive, limit.zone, "limit_conn");
  if (!is_first_of(work, Kind::connections, limit.zone))
    return work.fail_directive(directive, "is duplicate");
  const auto number = read_number(word);
  if (!number || *number == 0) return work.fail(directive, "invalid number of connections " + quoted(word));
  if (*number > 65535) return work.fail(directive, "connection limit must be less 65536");
  limit.most = static_cast<unsigned>(*number);
  own_list(work, &L::connection_limits).push_back(std::move(limit));
}

void on_limit_rate(Work& work, const Directive& directive) {
  const std::string& word = first_arg(directive);
  const auto rate = read_size(word);
  if (!rate && word.find('$') == std::string::npos) return work.fail_directive(directive, "invalid value");
  if (!rate || *rate > 0) work.refused(directive, "the rate of answers is not limited", true);
}

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;

constexpr Decision kDecisions[] = {
    {"limit_conn", on_limit_conn},
    {"limit_conn_dry_run", set_flag<&L::connection_limit_dry_run>},
    {"limit_conn_log_level", nullptr, kIgnored, "the log has a level of its own for this"},
    {"limit_conn_status", set_bounded<&L::connection_limit_status, 400, 599>},
    {"limit_conn_zone", on_limit_conn_zone},
    {"limit_rate", on_limit_rate},
    {"limit_rate_after", nullptr, kIgnored, "the rate of answers is not limited"},
    {"limit_req", on_limit_req},
    {"limit_req_dry_run", set_flag<&L::request_limit_dry_run>},
    {"limit_req_log_level", nullptr, kIgnored, "the log has a level of its own for this"},
    {"limit_req_status", set_bounded<&L::request_limit_status, 400, 599>},
    {"limit_req_zone", on_limit_req_zone},
};

}  // namespace

std::span<const Decision> limit_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
