#include <algorithm>

#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// access_log and log_format.

namespace tidegate::nginx {
namespace {

using L = LocationSettings;

void on_log_format(Work& work, const Directive& directive) {
  using Escape = conf::LogFormat::Escape;
  const std::string& name = first_arg(directive);
  if (name == "combined" || work.sites.log_formats.contains(name))
    return work.fail(directive, "duplicate \"log_format\" name " + quoted(name));
  conf::LogFormat format;
  std::size_t i = 1;
  if (const auto escape = parameter(directive.args[1].text, "escape=")) {
    if (*escape == "json") {
      format.escape = Escape::json;
    } else if (*escape == "none") {
      format.escape = Escape::none;
    } else if (*escape != "default") {
      return work.fail(directive, "unknown log format escaping " + quoted(*escape));
    }
    ++i;
  }
  format.text.at = directive.at();
  for (; i < directive.args.size(); ++i) format.text.value += directive.args[i].text;
  work.sites.log_formats.emplace(name, std::move(format));
}

/// buffer=, gzip, flush=, if=. False, and a complaint, where it is none.
bool read_log_word(Work& work, const Directive& directive, std::size_t arg, conf::AccessLog& log,
                   bool& buffered) {
  const std::string& word = directive.args[arg].text;
  if (const auto value = parameter(word, "buffer=")) {
    const auto size = read_size(*value);
    if (!size || *size == 0) return work.fail(directive, "invalid buffer size " + quoted(*value)), false;
    work.ignored(directive, "lines are written in the background, many at once");
    return buffered = true;
  }
  if (const auto value = parameter(word, "flush=")) {
    const auto time = read_milliseconds(*value);
    if (!time || time->count() == 0)
      return work.fail(directive, "invalid flush time " + quoted(*value)), false;
    return true;
  }
  if (word == "gzip" || word.starts_with("gzip=")) {
    work.refused(directive, "logs are not compressed as they are written; let logrotate do it", true);
    return true;
  }
  if (const auto value = parameter(word, "if=")) {
    log.condition = Work::text_of(directive, arg);
    log.condition.value.erase(0, 3);
    return true;
  }
  return invalid_parameter(work, directive, word), false;
}

void on_access_log(Work& work, const Directive& directive) {
  auto& logs = own_list(work, &L::access_logs);
  const std::string& where = first_arg(directive);
  if (where == "off") {
    if (directive.args.size() > 1) invalid_parameter(work, directive, directive.args[1].text);
    work.scope().settings->access_log_is_off = true;
    return;
  }
  if (where.starts_with("syslog:"))
    return work.refused(directive, "access logs go to files, not to syslog", true);
  if (where.find('$') != std::string::npos)
    return work.refused(directive, "the name of an access log has no variables; use one file and log $host",
                        true);
  conf::AccessLog log;
  log.path = work.full_path(where);
  if (where == "/dev/stdout" || where == "/dev/stderr") log.path = where.substr(5);
  if (directive.args.size() > 1) log.format = directive.args[1].text;
  if (log.format != "combined" && !work.sites.log_formats.contains(log.format))
    return work.fail(directive, "unknown log format " + quoted(log.format));
  bool buffered = false;
  for (std::size_t i = 2; i < directive.args.size(); ++i) {
    if (!read_log_word(work, directive, i, log, buffered)) return;
  }
  const bool flushes = std::any_of(directive.args.begin(), directive.args.end(),
                                   [](const Word& word) { return word.text.starts_with("flush="); });
  if (flushes && !buffered)
    return work.fail(directive, "no buffer is defined for access_log " + quoted(where));
  logs.push_back(std::move(log));
}

constexpr Verdict::Kind kIgnored = Verdict::Kind::ignored;

constexpr Decision kDecisions[] = {
    {"access_log", on_access_log},
    {"log_format", on_log_format},
    {"log_subrequest", nullptr, kIgnored, "subrequests are not logged"},
    {"open_log_file_cache", nullptr, kIgnored, "logs stay open"},
};

}  // namespace

std::span<const Decision> log_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
