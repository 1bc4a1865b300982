#include "gateway/sites/script.h"

#include <sys/stat.h>

#include <utility>

#include "gateway/sites/compiled.h"
#include "gateway/sites/request.h"
#include "gateway/sites/uri_text.h"
#include "gateway/sites/variable_table.h"

namespace tidegate::sites {
namespace {

using Kind = conf::RewriteStep::Kind;
using Flag = conf::RewriteStep::Flag;
using Test = conf::Condition::Kind;

void escaped_capture(std::string& out, std::string_view value, bool /*found*/) {
  append_escaped_argument(out, value);
}

/// A capture within arguments, or within a redirect's URL, is escaped again where the URI was decoded.
Expression::Writer capture_writer(const Request& request) {
  return request.quoted_uri || request.plus_in_uri ? escaped_capture : Expression::plain;
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

bool file_test(Test kind, const std::string& path) {
  struct stat found {};
  if (path.empty() || ::stat(path.c_str(), &found) != 0) return false;
  switch (kind) {
    case Test::file:
      return S_ISREG(found.st_mode);
    case Test::directory:
      return S_ISDIR(found.st_mode);
    case Test::executable:
      return (found.st_mode & S_IXUSR) != 0;
    case Test::exists:
    case Test::truthy:
    case Test::equals:
    case Test::matches:
      return true;
  }
  return true;
}

}  // namespace

Program Program::compile(const conf::Script& script, VariableTable& variables, Diagnostics& diagnostics) {
  Program out;
  for (const conf::RewriteStep& conf : script) {
    Step step{.conf = &conf};
    switch (conf.kind) {
      case Kind::set:
        step.variable = variables.assign(conf.variable, conf.at, diagnostics);
        step.value = Expression::compile(conf.value, variables, diagnostics);
        break;
      case Kind::rewrite:
        compile_rewrite(step, variables, diagnostics);
        break;
      case Kind::respond:
        step.value = Expression::compile(conf.value, variables, diagnostics);
        break;
      case Kind::stop:
        break;
      case Kind::test:
        step.subject = Expression::compile(conf.condition.subject, variables, diagnostics);
        if (conf.condition.kind == Test::matches) {
          step.pattern =
              Pattern::compile(conf.condition.operand, conf.condition.ignore_case, variables, diagnostics);
        } else {
          step.operand = Expression::compile(conf.condition.operand, variables, diagnostics);
        }
        step.then = std::make_unique<Program>(compile(conf.then, variables, diagnostics));
        break;
    }
    out.steps_.push_back(std::move(step));
  }
  return out;
}

/// As ngx_http_rewrite(): a replacement with a scheme is a redirect whatever its flag; a "?" at its end drops
/// the request's arguments; one within it begins new ones.
void Program::compile_rewrite(Step& step, VariableTable& variables, Diagnostics& diagnostics) {
  const conf::RewriteStep& conf = *step.conf;
  step.pattern = Pattern::compile(conf.regex, false, variables, diagnostics);
  conf::Text path = conf.value;
  if (conf.flag == Flag::permanent)
    step.redirect = 301;
  else if (conf.flag == Flag::redirect)
    step.redirect = 302;
  for (const char* scheme : {"http://", "https://", "$scheme"}) {
    if (step.redirect == 0 && path.value.starts_with(scheme)) step.redirect = 302;
  }
  if (path.value.ends_with('?')) {
    step.keeps_args = false;
    path.value.pop_back();
  }
  const std::size_t mark = path.value.find('?');
  step.has_query = mark != std::string::npos;
  if (step.redirect == 0 && step.has_query) {
    step.query = Expression::compile({path.value.substr(mark + 1), path.at}, variables, diagnostics);
    path.value.resize(mark);
  }
  step.value = Expression::compile(path, variables, diagnostics);
}

Program::Outcome Program::run(Request& request) const {
  Outcome outcome;
  (void)run_into(request, outcome);
  return outcome;
}

bool Program::run_into(Request& request, Outcome& outcome) const {
  for (const Step& step : steps_) {
    if (run_step(step, request, outcome)) return true;
  }
  return false;
}

bool Program::run_step(const Step& step, Request& request, Outcome& outcome) {
  switch (step.conf->kind) {
    case Kind::set:
      request.set(step.variable, value_of(step.value, request, outcome));
      return false;
    case Kind::rewrite:
      return rewrite(step, request, outcome);
    case Kind::respond:
      return respond(step, request, outcome);
    case Kind::stop:
      return true;  // a URI that was rewritten before it leads to another location all the same
    case Kind::test:
      if (!holds(step, request, outcome)) return false;
      if (step.conf->into) request.enter(*step.conf->into);
      return step.then->run_into(request, outcome);
  }
  return false;
}

/// Captures in values of a program are escaped where those of a redirect are, up to the first rewrite that
/// fits: nginx's engine begins in that state.
std::string Program::value_of(const Expression& value, Request& request, const Outcome& outcome) {
  std::string out;
  value.append(out, request, Expression::plain,
               outcome.rewritten ? Expression::plain : capture_writer(request));
  return out;
}

bool Program::holds(const Step& step, Request& request, const Outcome& outcome) {
  const conf::Condition& condition = step.conf->condition;
  const std::string subject = value_of(step.subject, request, outcome);
  switch (condition.kind) {
    case Test::truthy:
      return !subject.empty() && subject != "0";
    case Test::equals:
      return (subject == value_of(step.operand, request, outcome)) != condition.negated;
    case Test::matches: {
      const bool matched = step.pattern.matches(subject, request);
      if (!matched) request.captures = {};
      return matched != condition.negated;
    }
    case Test::file:
    case Test::directory:
    case Test::exists:
    case Test::executable:
      return file_test(condition.kind, subject) != condition.negated;
  }
  return false;
}

bool Program::rewrite(const Step& step, Request& request, Outcome& outcome) {
  if (!step.pattern.matches(request.uri, request)) {
    request.captures = {};
    return false;
  }
  const Flag flag = step.conf->flag;
  outcome.rewritten = true;
  request.internal = true;
  request.valid_unparsed_uri = false;
  request.uri_changed = flag != Flag::stop;
  if (flag == Flag::stop) request.valid_location = false;

  const std::string old_args = step.keeps_args ? request.args : std::string();
  if (step.redirect != 0) {
    std::string url;
    step.value.append(url, request, Expression::plain, capture_writer(request));
    url = unescape_redirect(url);
    if (!old_args.empty()) url.append(step.has_query ? "&" : "?").append(old_args);
    outcome.status = step.redirect;
    outcome.to = std::move(url);
    return true;
  }
  std::string path;
  std::string query;
  step.value.append(path, request);
  step.query.append(query, request, Expression::plain, capture_writer(request));
  if (!step.has_query)
    query = old_args;
  else if (!old_args.empty())
    query.append("&").append(old_args);
  request.args = std::move(query);
  request.uri = std::move(path);
  if (request.uri.empty()) {
    outcome.status = 500;
    return true;
  }
  return flag != Flag::none;
}

bool Program::respond(const Step& step, Request& request, Outcome& outcome) {
  outcome.status = step.conf->status;
  request.facts.status = step.conf->status;  // $status in the text
  if (is_redirect(step.conf->status)) {
    outcome.to = step.value.evaluate(request);
  } else if (step.conf->status < 400 || !step.value.empty()) {
    outcome.body = step.value.evaluate(request);
  }
  return true;
}

}  // namespace tidegate::sites
