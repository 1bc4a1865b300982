#include <algorithm>

#include "nginx-compat/blocks.h"
#include "nginx-compat/decisions.h"
#include "nginx-compat/slots.h"
#include "nginx-compat/values.h"
#include "nginx-compat/work.h"

// ngx_http_rewrite_module.

namespace tidegate::nginx {
namespace {

using Step = conf::RewriteStep;

Step step_of(const Directive& directive, Step::Kind kind) {
  Step step;
  step.kind = kind;
  step.at = directive.at();
  return step;
}

bool leads_away(std::string_view target) {
  return target.starts_with("http://") || target.starts_with("https://") || target.starts_with("$scheme");
}

void on_return(Work& work, const Directive& directive) {
  Step step = step_of(directive, Step::Kind::respond);
  const std::string& first = first_arg(directive);
  const auto status = read_number(first);
  if (status) {
    if (*status > 999) return work.fail(directive, "invalid return code " + quoted(first));
    step.status = static_cast<int>(*status);
    if (directive.args.size() == 2) step.value = Work::text_of(directive, 1);
  } else if (directive.args.size() == 1 && leads_away(first)) {
    step.status = 302;
    step.value = Work::text_of(directive, 0);
  } else {
    return work.fail(directive, "invalid return code " + quoted(first));
  }
  work.scope().script->push_back(std::move(step));
}

void on_rewrite(Work& work, const Directive& directive) {
  Step step = step_of(directive, Step::Kind::rewrite);
  step.regex = Work::text_of(directive, 0);
  step.value = Work::text_of(directive, 1);
  if (step.value.empty()) return work.fail(directive, "empty replacement");
  if (directive.args.size() == 3) {
    const std::string& flag = directive.args[2].text;
    if (flag == "last") {
      step.flag = Step::Flag::last;
    } else if (flag == "break") {
      step.flag = Step::Flag::stop;
    } else if (flag == "redirect") {
      step.flag = Step::Flag::redirect;
    } else if (flag == "permanent") {
      step.flag = Step::Flag::permanent;
    } else {
      return invalid_parameter(work, directive, flag);
    }
  }
  if (leads_away(step.value.value) && step.flag != Step::Flag::permanent) step.flag = Step::Flag::redirect;
  work.scope().script->push_back(std::move(step));
}

void on_set(Work& work, const Directive& directive) {
  Step step = step_of(directive, Step::Kind::set);
  const std::string& name = first_arg(directive);
  if (!name.starts_with('$') || name.size() < 2)
    return work.fail(directive, "invalid variable name " + quoted(name));
  step.variable = to_lower(std::string_view(name).substr(1));
  step.value = Work::text_of(directive, 1);
  work.scope().script->push_back(std::move(step));
}

void on_break(Work& work, const Directive& directive) {
  work.scope().script->push_back(step_of(directive, Step::Kind::stop));
}

/// The words between the brackets, which may stand for themselves or at a word.
bool strip_brackets(Work& work, const Directive& directive, std::vector<Text>& words) {
  for (std::size_t i = 0; i < directive.args.size(); ++i) words.push_back(Work::text_of(directive, i));
  const auto complain = [&](const Text& word) {
    work.fail(directive, "invalid condition " + quoted(word.value));
    return false;
  };
  if (!words.front().value.starts_with('(')) return complain(words.front());
  if (words.front().value.size() == 1)
    words.erase(words.begin());
  else
    words.front().value.erase(0, 1);
  if (words.empty() || !words.back().value.ends_with(')'))
    return complain(words.empty() ? Text{"(", {}} : words.back());
  if (words.back().value.size() == 1)
    words.pop_back();
  else
    words.back().value.pop_back();
  return !words.empty() || complain({")", {}});
}

bool is_variable_name(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

using Kind = conf::Condition::Kind;

/// A variable, alone or compared with something.
bool read_comparison(Work& work, const Directive& directive, std::vector<Text>& words, conf::Condition& out) {
  const auto complain = [&](std::string message) {
    work.fail(directive, std::move(message));
    return false;
  };
  if (words.size() != 1 && words.size() != 3) return complain("invalid condition " + quoted(words[0].value));
  const std::string_view name = std::string_view(words[0].value).substr(1);
  if (!is_variable_name(name)) return complain("unknown " + quoted(name) + " variable");
  out.subject = std::move(words[0]);
  if (words.size() == 1) return true;
  std::string_view sign = words[1].value;
  out.operand = std::move(words[2]);
  if (sign == "=" || sign == "!=") {
    out.kind = Kind::equals;
    out.negated = sign == "!=";
    return true;
  }
  out.negated = sign.starts_with('!');
  if (out.negated) sign.remove_prefix(1);
  if (sign != "~" && sign != "~*") return complain("unexpected " + quoted(words[1].value) + " in condition");
  out.kind = Kind::matches;
  out.ignore_case = sign == "~*";
  return true;
}

bool read_condition(Work& work, const Directive& directive, conf::Condition& out) {
  std::vector<Text> words;
  if (!strip_brackets(work, directive, words)) return false;
  if (words.front().value.starts_with('$') && words.front().value.size() > 1)
    return read_comparison(work, directive, words, out);
  std::string_view sign = words.front().value;
  const bool negated = sign.starts_with('!');
  if (negated) sign.remove_prefix(1);
  constexpr std::string_view kTests = "fdex";
  constexpr Kind kKinds[] = {Kind::file, Kind::directory, Kind::exists, Kind::executable};
  const bool is_test = sign.size() == 2 && sign[0] == '-';
  const std::size_t found = is_test ? kTests.find(sign[1]) : std::string_view::npos;
  if (found == std::string_view::npos || words.size() != 2) {
    work.fail(directive, "invalid condition " + quoted(words.front().value));
    return false;
  }
  out.kind = kKinds[found];
  out.negated = negated;
  out.subject = std::move(words[1]);
  return true;
}

std::string words_of(const Directive& directive) {
  std::string text = "if";
  for (const Word& word : directive.args) text += ' ' + word.text;
  return text;
}

void on_if(Work& work, const Directive& directive) {
  Step step = step_of(directive, Step::Kind::test);
  if (!read_condition(work, directive, step.condition)) return;
  if (work.scope().context == kServer) {
    Scope scope = work.scope();
    scope.context = kIfInServer;
    scope.settings = nullptr;
    scope.server_settings = nullptr;
    scope.script = &step.then;
    work.walk(directive.block, scope);
  } else {
    const LocationBlock& around = *work.scope().location;
    const std::size_t index = add_location(work, directive, conf::Location::Kind::inner);
    LocationBlock& block = *work.scope().server->locations[index];
    block.pattern = {words_of(directive), directive.at()};
    block.title = shortened(around.title + (around.title.empty() ? "" : " ") + block.pattern.value);
    step.into = index;
    walk_location(work, directive, index, kIfInLocation, &step.then);
  }
  work.scope().script->push_back(std::move(step));
}

constexpr Decision kDecisions[] = {
    {"break", on_break},
    {"if", on_if},
    {"return", on_return},
    {"rewrite", on_rewrite},
    {"rewrite_log", nullptr, Verdict::Kind::ignored, "rewriting is not logged"},
    {"set", on_set},
    {"uninitialized_variable_warn", nullptr, Verdict::Kind::ignored,
     "the log does not tell of empty variables"},
};

}  // namespace

std::span<const Decision> rewrite_decisions() {
  return kDecisions;
}

}  // namespace tidegate::nginx
