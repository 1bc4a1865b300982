#include "nginx-compat/import/script.h"

#include <algorithm>
#include <iterator>

#include "conf/names.h"
#include "gateway/base/text.h"

namespace tidegate::nginx {
namespace {

using Kind = Verdict::Kind;
using Step = conf::RewriteStep;

/// `^/old/(.*)$`: "/old/" and what follows; `^/old$`: "/old" alone. Nothing: another regex.
struct PlainRegex {
  std::string literal;
  bool rest = false;   ///< $1 is what follows
  bool whole = false;  ///< ends with "$", or takes everything
};

std::optional<PlainRegex> plain_regex(std::string_view regex) {
  PlainRegex out;
  if (!regex.starts_with('^')) {
    if (!regex.starts_with('/') && regex != "(.*)" && regex != ".*") return std::nullopt;
  } else {
    regex.remove_prefix(1);
  }
  const auto take_end = [&regex](std::string_view end) {
    if (!regex.ends_with(end)) return false;
    regex.remove_suffix(end.size());
    return true;
  };
  const bool dollar = take_end("$");
  if (take_end("/?(.*)")) {
    out.rest = true;
  } else if (take_end("(.*)")) {
    out.rest = true;
  } else {
    take_end(".*");
  }
  out.whole = dollar && !out.rest;
  for (std::size_t i = 0; i < regex.size(); ++i) {
    char c = regex[i];
    if (c == '\\' && i + 1 < regex.size() &&
        (regex[i + 1] == '.' || regex[i + 1] == '-' || regex[i + 1] == '/')) {
      c = regex[++i];
    } else if (std::string_view("\\[](){}*+?|^$").find(c) != std::string_view::npos) {
      return std::nullopt;
    }
    out.literal += c;
  }
  return out;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

/// "http_x_beta" is X-Beta.
std::string field_name(std::string_view variable) {
  std::string name(variable.substr(5));
  bool first = true;
  for (char& c : name) {
    if (c == '_') c = '-';
    if (first && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    first = c == '-';
  }
  return name;
}

bool is_usual_method(std::string_view word) {
  static constexpr std::string_view kMethods[] = {"GET",   "HEAD",    "POST",    "PUT",   "DELETE",
                                                  "PATCH", "OPTIONS", "CONNECT", "TRACE", "TRACK"};
  return std::find(std::begin(kMethods), std::end(kMethods), word) != std::end(kMethods);
}

/// "^(GET|POST)$", "GET|POST": the words. Empty: another regex.
std::vector<std::string> alternatives(std::string_view regex, bool ignore_case) {
  if (regex.starts_with('^')) regex.remove_prefix(1);
  if (regex.ends_with('$')) regex.remove_suffix(1);
  if (regex.starts_with('(') && regex.ends_with(')')) regex = regex.substr(1, regex.size() - 2);
  std::vector<std::string> words;
  while (!regex.empty()) {
    const std::size_t bar = std::min(regex.find('|'), regex.size());
    words.emplace_back(regex.substr(0, bar));
    if (ignore_case) {
      for (char& c : words.back()) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    }
    if (!is_usual_method(words.back())) return {};  // it might be a part of one
    regex.remove_prefix(std::min(bar + 1, regex.size()));
  }
  return words;
}

/// The gateway answers these with 405 whatever the configuration.
void erase_never_passed(std::vector<std::string>& methods) {
  std::erase_if(methods, [](const std::string& method) { return method == "TRACE" || method == "CONNECT"; });
}

/// The condition as a route's `match`, which is empty where it never holds; nothing: it is not one. `why` is
/// not empty where it is nearly one.
std::optional<conf::Match> match_of(const conf::Condition& condition, const Facts& facts, std::string& why) {
  using Condition = conf::Condition;
  conf::Match match;
  if (condition.negated) return std::nullopt;
  const std::vector<std::string> names = variables_in(condition.subject.value);
  const std::string& subject = condition.subject.value;
  const bool one = names.size() == 1 && (subject == "$" + names[0] || subject == "${" + names[0] + "}");
  if (!one) return std::nullopt;
  const std::string& name = names.front();
  const std::string value = facts.fold(condition.operand.value);
  const bool constant = variables_in(value).empty();
  if (name == "http_upgrade" &&
      (condition.kind == Condition::Kind::truthy ||
       (condition.kind == Condition::Kind::matches && iequals(value, "websocket")))) {
    match.headers = {{"Upgrade", "websocket"}};
    why = "only where the field is \"websocket\" to the letter";
    return match;
  }
  if (condition.kind == Condition::Kind::matches && name == "request_method") {
    match.methods = alternatives(value, condition.ignore_case);
    if (match.methods.empty()) return std::nullopt;
    erase_never_passed(match.methods);
    return match;
  }
  if (condition.kind != Condition::Kind::equals || !constant) return std::nullopt;
  if (name == "request_method") {
    match.methods = {value};
    erase_never_passed(match.methods);
  } else if (name.starts_with("http_") && !value.empty() && name != "http_host") {
    match.headers = {{field_name(name), value}};
  } else if (name.starts_with("arg_") && !value.empty()) {
    match.query = {{name.substr(4), value}};
  } else {
    return std::nullopt;
  }
  return match;
}

class Runner {
 public:
  Runner(const conf::VirtualServer& server, const Facts& facts, ImportReport& report)
      : server_(server), report_(report) {
    ran_.facts = facts;
  }

  Ran take() { return std::move(ran_); }

  /// False: nothing after it runs.
  bool run(const conf::Script& script) {
    return std::all_of(script.begin(), script.end(), [this](const Step& step) { return run(step); });
  }

 private:
  bool run(const Step& step) {
    switch (step.kind) {
      case Step::Kind::set:
        if (iequals(step.variable, "args") || iequals(step.variable, "limit_rate")) {
          ran_.unsaid = true;
          return refuse(step,
                        "YAML changes nothing of a request but its path's prefix and its header fields");
        }
        report_.note(step.at, Kind::exact);
        ran_.facts.set(to_lower(step.variable), ran_.facts.fold(step.value.value));
        return true;
      case Step::Kind::respond:
        report_.note(step.at, Kind::exact);
        ran_.answer = FixedAnswer{step.status, value_of(step), step.at};
        return false;
      case Step::Kind::stop:
        report_.note(step.at, Kind::exact);
        return false;
      case Step::Kind::rewrite:
        return rewrite(step);
      case Step::Kind::test:
        break;
    }
    return test(step);
  }

  /// With variables for what may be one of several.
  std::string value_of(const Step& step) const {
    Facts facts = ran_.facts;
    for (const char* name : {"host", "http_host", "scheme", "server_port"}) facts.forget(name);
    return facts.fold(step.value.value);
  }

  bool test(const Step& step) {
    if (const auto holds = ran_.facts.holds(step.condition)) {
      report_.note(step.at, Kind::exact);
      if (!*holds) {
        report_.leave_out(report_.at(step.at), "its condition does not hold here");
        return true;
      }
      if (!step.into || !step.then.empty()) return run(step.then);
    }
    std::string why;
    const auto match = match_of(step.condition, ran_.facts, why);
    if (match && *match == conf::Match{}) {
      report_.note(step.at, Kind::approximated, "TRACE and CONNECT are always answered with 405");
      report_.leave_out(report_.at(step.at), "its condition never holds");
      return true;
    }
    if (match) {
      Runner inner(server_, ran_.facts, report_);
      inner.run(step.then);
      Ran then = inner.take();
      const bool proxies = step.into && server_.locations[*step.into].proxy.has_value();
      const bool lets_some_in = !why.empty() && then.answer;
      if (!then.unsaid && then.specials.empty() && then.strip.empty() && (then.answer || proxies) &&
          !lets_some_in) {
        report_.note(step.at, why.empty() ? Kind::exact : Kind::approximated, why);
        ran_.specials.push_back({*match, std::nullopt, then.answer, step.into});
        return true;
      }
    }
    report_.note(
        step.at, Kind::refused,
        "YAML has no conditions of this kind (routes match hosts, paths, methods, headers and arguments); "
        "keep `tidegate run --nginx`, or let the upstream decide");
    report_.leave_out(report_.at(step.at), "its condition is left out");
    for (const Step& inner : step.then) {
      // An answer or another path in the place of the upstream's keeps from it whoever meets the condition.
      const bool keeps_out = inner.kind == Step::Kind::respond || inner.kind == Step::Kind::rewrite;
      if (keeps_out && is_of_courtesy(step.condition)) {
        ran_.let_in.push_back(step.at);
      } else if (keeps_out) {
        ran_.guard = step.at;
      }
      if (inner.kind == Step::Kind::set) ran_.facts.forget(to_lower(inner.variable));
    }
    return true;
  }

  /// What clients say of themselves, to refuse some: whoever wants to comes in anyway.
  static bool is_of_courtesy(const conf::Condition& condition) {
    const std::string subject = to_lower(condition.subject.value);
    const bool one = subject == "$http_user_agent" || subject == "${http_user_agent}" ||
                     subject == "$http_referer" || subject == "${http_referer}";
    const bool fixed =
        condition.kind == conf::Condition::Kind::matches || variables_in(condition.operand.value).empty();
    return one && fixed && !condition.negated;
  }

  bool refuse(const Step& step, const std::string& why) {
    report_.note(step.at, Kind::refused, why);
    return true;
  }

  bool rewrite(const Step& step) {
    std::string value = value_of(step);
    const bool absolute =
        value.starts_with("http://") || value.starts_with("https://") || value.starts_with("$scheme");
    const bool leaves = absolute || step.flag == Step::Flag::redirect || step.flag == Step::Flag::permanent;
    const auto regex = plain_regex(step.regex.value);
    if (!regex) {
      ran_.unsaid = true;
      return refuse(step, "YAML rewrites by prefix alone; redirect there, or keep `tidegate run --nginx`");
    }
    if (leaves) return redirect(step, *regex, std::move(value));
    if (step.flag != Step::Flag::stop) {
      ran_.unsaid = true;
      return refuse(step, "YAML has no internal redirects; name the path itself in a route");
    }
    // "/app/" and "/$1", "/app" and "$1" or "/$1" are the same prefix.
    std::string prefix = regex->literal;
    if (prefix.ends_with('/')) prefix.pop_back();
    const bool strips = regex->rest && !prefix.empty() &&
                        (value == "/$1" || (value == "$1" && !regex->literal.ends_with('/')));
    if (!strips) {
      ran_.unsaid = true;
      return refuse(step, "YAML can strip a prefix and nothing else; serve the upstream under the same path");
    }
    report_.note(step.at, Kind::exact);
    ran_.strip = prefix;
    return false;
  }

  bool redirect(const Step& step, const PlainRegex& regex, std::string value) {
    FixedAnswer answer{step.flag == Step::Flag::permanent ? 301 : 302, {}, step.at};
    const bool keeps_args = !value.ends_with('?') && value.find("$request_uri") == std::string::npos &&
                            value.find('?') == std::string::npos;
    if (value.ends_with('?')) value.pop_back();
    const bool everything = (regex.literal.empty() || regex.literal == "/") && !regex.whole;
    if (everything) {
      const std::string rest = regex.literal == "/" ? "/$1" : "$1";
      if (value.ends_with(rest) && keeps_args) {
        value = value.substr(0, value.size() - rest.size()) + "$request_uri";
      } else if (keeps_args) {
        value += "$is_args$args";
      }
    } else {
      value = replaced(std::move(value), "$1", "$uri_rest") + (keeps_args ? "$is_args$args" : "");
    }
    for (const std::string& name : variables_in(value)) {
      if (name == "uri_rest" || yaml_has_variable(name)) continue;
      return refuse(step, "YAML has no variable $" + name);
    }
    answer.value = value;
    report_.note(step.at, Kind::exact);
    if (everything) {
      ran_.answer = answer;
      return false;
    }
    conf::PathMatch path;
    path.kind = regex.whole ? conf::PathMatch::Kind::exact : conf::PathMatch::Kind::prefix;
    path.before_regex = !regex.whole;
    path.text.value = regex.literal;
    ran_.specials.push_back({{}, path, answer, std::nullopt});
    return true;
  }

  const conf::VirtualServer& server_;
  ImportReport& report_;
  Ran ran_;
};

}  // namespace

bool FixedAnswer::redirects() const {
  return (status == 301 || status == 302 || status == 303 || status == 307 || status == 308) &&
         !value.empty();
}

bool FixedAnswer::leads_to_url() const {
  return value.starts_with('/') || value.starts_with('$') || value.starts_with("http://") ||
         value.starts_with("https://");
}

bool FixedAnswer::redirects_to_https() const {
  return redirects() && to_lower(value).starts_with("https://");
}

Ran run_script(const conf::Script& script, const conf::VirtualServer& server, const Facts& facts,
               ImportReport& report) {
  Runner runner(server, facts, report);
  runner.run(script);
  return runner.take();
}

}  // namespace tidegate::nginx
