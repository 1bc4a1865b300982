#include <algorithm>
#include <utility>

#include "conf/names.h"
#include "nginx-compat/import/lowering.h"

// Locations: each becomes a route, two where a condition tells them apart, or a comment.

namespace tidegate::nginx {
namespace {

using Location = conf::Location;

constexpr std::string_view kChallenge = "/.well-known/acme-challenge/";
const char* const kNoFiles = "YAML serves no files; let the upstream do that, or keep `tidegate run --nginx`";
const char* const kNoAccess =
    "YAML has no access rules yet, so that nobody is let in: let the upstream decide, or keep `tidegate run "
    "--nginx`";

bool is_content_free(const Location& location) {
  return !location.proxy && !location.stub_status;
}

/// A path as routes compare it: decoded, normalised, without query.
bool is_normal(const std::string& path) {
  const std::string with_end = path + "/";
  return path.starts_with('/') && path.find_first_of("?#%") == std::string::npos &&
         path.find("//") == std::string::npos && with_end.find("/./") == std::string::npos &&
         with_end.find("/../") == std::string::npos && conf::is_field_value(path);
}

/// Within (?s), so that it may begin anywhere: requests whose path fits.
std::string ahead(const Location& location) {
  std::string text = "(?=";
  if (location.kind == Location::Kind::regex) {
    return text + "(?s:.*?)(" + (location.ignore_case ? "?i:" : "?:") + location.pattern.value + "))";
  }
  for (const char c : location.pattern.value) {
    if (std::string_view("\\[](){}*+?|^$.#").find(c) != std::string_view::npos) text += '\\';
    text += c;
  }
  return text + ")";
}

/// With a redirect, too: whoever gets it does not get to the upstream.
bool refuses(const conf::RewriteStep& step) {
  return step.kind == conf::RewriteStep::Kind::respond ||
         std::any_of(step.then.begin(), step.then.end(), refuses);
}

bool denies_all(const conf::Admission& admission) {
  return admission.rules.size() == 1 && !admission.rules.front().allow && !admission.rules.front().block &&
         !admission.rules.front().unix_sockets && !admission.satisfy_any;
}

bool allows_all(const conf::Admission& admission) {
  return std::all_of(admission.rules.begin(), admission.rules.end(),
                     [](const auto& rule) { return rule.allow; }) &&
         !admission.basic && !admission.ask;
}

bool is_auth_off(const conf::Admission& admission) {
  return admission.basic && admission.basic->realm.value == "off";
}

/// Does it keep some requests out, by whatever means?
bool keeps_out(const Location& location) {
  const bool open = location.admission.rules.empty() || allows_all(location.admission);
  const bool no_password = !location.admission.basic || is_auth_off(location.admission);
  return location.internal || location.except || !open || !no_password || location.admission.ask ||
         std::any_of(location.script.begin(), location.script.end(), refuses);
}

}  // namespace

std::string Lowering::where(const Position& at) const {
  const std::size_t slash = at.file.rfind('/');
  return at.file.substr(slash == std::string::npos ? 0 : slash + 1) + ":" + std::to_string(at.line);
}

/// Files below /.well-known/acme-challenge/, and nothing else of interest.
bool Lowering::is_challenge(const Location& location) {
  if (location.kind != Location::Kind::prefix && location.kind != Location::Kind::exact) return false;
  const std::string& path = location.pattern.value;
  const bool below = path.starts_with("/.well-known") &&
                     (std::string(kChallenge).starts_with(path) || path.starts_with(kChallenge));
  return below && is_content_free(location) && !challenge_root(location).empty() &&
         allows_all(location.admission) &&
         std::none_of(location.script.begin(), location.script.end(), [](const conf::RewriteStep& step) {
           return step.kind != conf::RewriteStep::Kind::stop;
         });
}

/// The folder below which the challenges are; empty: there is none that YAML can say.
std::string Lowering::challenge_root(const Location& location) {
  const std::string& root = location.files.root.value;
  if (!variables_in(root).empty() || root.empty()) return {};
  if (!location.files.alias) return root;
  // alias /srv/acme/.well-known/acme-challenge/ is root /srv/acme.
  std::string end = location.pattern.value;
  if (!root.ends_with(end)) return {};
  const std::string folder = root.substr(0, root.size() - end.size());
  return folder.empty() ? "/" : folder;
}

void Lowering::leave_out(Setting& setting, const Location& location, const std::string& what) {
  const Place* place = report_.at(location.at);
  report_.leave_out(place, "it is in a location that is left out");
  setting.pending.push_back("Left out: " + what + " (" + where(location.at) + ").");
}

/// A regex within other locations that keeps requests out: 403 where all of them fit, before all that there
/// is. A `^~` around it would come first, so that nobody is let in to that either.
void Lowering::close_within(Setting& setting, const Location& location) {
  const std::string comment = "nginx keeps requests out by a location within another (" + where(location.at) +
                              "), which YAML does not have: nobody is let in.";
  const auto close_first = [&](const conf::PathMatch& path) {
    close(setting, path, comment);
    std::rotate(setting.drafts.begin(), setting.drafts.end() - 1, setting.drafts.end());
  };
  std::string all = ahead(location);
  for (const Location* around = &location; around->parent && *around->parent != 0;) {
    around = &setting.server.locations[*around->parent];
    all = ahead(*around) + all;
    if (!around->before_regex) continue;
    const std::string& prefix = around->pattern.value;
    std::erase_if(setting.drafts, [&](const Draft& draft) { return draft.route.path.text.value == prefix; });
    close_first({conf::PathMatch::Kind::prefix, {prefix, {}}, true});
  }
  close_first({conf::PathMatch::Kind::regex, {"^" + all, {}}, false});
}

bool Lowering::path_of(Setting& setting, const Location& location, conf::PathMatch& out) {
  out.text.value = location.pattern.value;
  if (location.kind == Location::Kind::regex) {
    out.kind = conf::PathMatch::Kind::regex;
    if (location.ignore_case) out.text.value = "(?i)" + out.text.value;
    if (!location.parent || *location.parent == 0) return true;
    report_.note(location.at, Kind::refused,
                 "YAML has no regexes within a prefix; write one that begins with it, at the server's level");
    leave_out(setting, location, "the location ~ " + location.pattern.value);
    if (keeps_out(location)) close_within(setting, location);
    return false;
  }
  out.kind =
      location.kind == Location::Kind::exact ? conf::PathMatch::Kind::exact : conf::PathMatch::Kind::prefix;
  out.before_regex = location.before_regex && out.kind == conf::PathMatch::Kind::prefix;
  if (is_normal(location.pattern.value)) return true;
  report_.note(location.at, Kind::ignored,
               "no request has such a path: they are compared decoded and resolved");
  report_.leave_out(report_.at(location.at), "no request comes to its location");
  return false;
}

void Lowering::lower_nested(Setting& setting, const Location& location) {
  for (const std::size_t index : location.nested) lower_location(setting, setting.server.locations[index]);
}

void Lowering::lower_location(Setting& setting, const Location& location) {
  const Place* place = report_.at(location.at);
  if (location.kind == Location::Kind::named) {
    return report_.note(location.at, Kind::ignored, "only nginx's own redirects lead there");
  }
  if (is_challenge(location)) return;  // its listener serves them
  conf::PathMatch path;
  if (!path_of(setting, location, path)) return lower_nested(setting, location);
  const std::size_t first = setting.drafts.size();
  if (location.internal) {
    report_.note(location.at, Kind::ignored, "only nginx's own redirects lead there; clients get 404");
    report_.leave_out(place, "it is in a location that no client comes to");
    Draft draft;
    draft.route.path = path;
    draft.route.respond = conf::Respond{404, {}, conf::Respond{}.content_type};
    setting.drafts.push_back(std::move(draft));
  } else if (admit(setting, location, path)) {
    lower_inside(setting, location, path);
    keep_to_methods(setting, path, first);
  }
  lower_nested(setting, location);
}

/// What is done with requests that were let in.
void Lowering::lower_inside(Setting& setting, const Location& location, const conf::PathMatch& path) {
  const Place* place = report_.at(location.at);
  const Ran ran = run_script(location.script, setting.server, setting.facts, report_);
  note_let_in(setting, ran);
  lower_specials(setting, location, path, ran);
  if (ran.guard) {
    close(setting, path,
          "nginx keeps some requests out here by a condition (" + where(*ran.guard) +
              ") that YAML cannot say: nobody is let in.");
    report_.leave_out(place, "nobody is let in to its location");
  } else if (ran.unsaid) {
    leave_out(setting, location, "the location " + location.pattern.value);
  } else if (ran.answer) {
    if (auto draft = answer_draft(location, path, *ran.answer)) {
      draft->comment.insert(draft->comment.begin(), setting.pending.begin(), setting.pending.end());
      setting.pending.clear();
      setting.drafts.push_back(std::move(*draft));
    } else {
      leave_out(setting, location, "the location " + location.pattern.value);
    }
  } else if (!ran.specials.empty() && is_content_free(location) && !report_.given(place, "root")) {
    report_.note(location.at, Kind::approximated, "what it does not redirect goes where the others go");
  } else {
    lower_content(setting, location, path, ran);
  }
}

void Lowering::note_let_in(Setting& setting, const Ran& ran) {
  for (const Position& at : ran.let_in) {
    setting.pending.push_back("nginx refuses some clients here by User-Agent or Referer (" + where(at) +
                              "), which YAML cannot: they are let in.");
  }
}

/// limit_except: the drafts since `first` are for its methods, and the others get 403.
void Lowering::keep_to_methods(Setting& setting, const conf::PathMatch& path, std::size_t first) {
  if (setting.methods.empty()) return;
  for (std::size_t i = first; i < setting.drafts.size(); ++i) {
    conf::Route& route = setting.drafts[i].route;
    if (route.path == path && route.match.methods.empty()) route.match.methods = setting.methods;
  }
  setting.methods.clear();
  Draft others;
  others.route.path = path;
  others.route.respond = conf::Respond{403, {}, conf::Respond{}.content_type};
  setting.drafts.push_back(std::move(others));
}

/// What a request must have, or a part of the paths, and then fares otherwise.
void Lowering::lower_specials(Setting& setting, const Location& location, const conf::PathMatch& path,
                              const Ran& ran) {
  for (const Ran::Special& special : ran.specials) {
    const Location& from = special.location ? setting.server.locations[*special.location] : location;
    const std::size_t first = setting.drafts.size();
    if (special.answer) {
      if (auto draft = answer_draft(from, special.path.value_or(path), *special.answer)) {
        setting.drafts.push_back(std::move(*draft));
      }
    } else {
      Ran inner;
      inner.facts = ran.facts;
      inner.strip = ran.strip;
      lower_proxy(setting, from, path, inner);
    }
    for (std::size_t i = first; i < setting.drafts.size(); ++i) {
      setting.drafts[i].route.match = special.match;
      setting.drafts[i].one_line = false;
    }
  }
}

void Lowering::close(Setting& setting, const conf::PathMatch& path, const std::string& comment) {
  Draft draft;
  draft.route.path = path;
  draft.route.respond = conf::Respond{403, {}, conf::Respond{}.content_type};
  draft.comment.swap(setting.pending);
  if (!comment.empty()) draft.comment.push_back(comment);
  setting.drafts.push_back(std::move(draft));
}

bool Lowering::admit(Setting& setting, const Location& location, const conf::PathMatch& path) {
  const Place* place = report_.at(location.at);
  const conf::Admission& admission = location.admission;
  const char* const kNoLimits =
      "YAML has no such limits yet; let the upstream limit, or keep `tidegate run --nginx`";
  if (!admission.request_limits.empty()) report_.note(place, "limit_req", Kind::refused, kNoLimits);
  if (!admission.connection_limits.empty()) {
    report_.note(place, "limit_conn", Kind::refused,
                 std::string(kNoLimits) + " (websocket.max_tunnels bounds the tunnels of a route)");
  }
  if (denies_all(admission)) {
    report_.note(place, "deny", Kind::exact);
    report_.note(location.at, Kind::exact);
    setting.methods.clear();
    close(setting, path, {});
    return false;
  }
  const bool open = admission.rules.empty() || (allows_all(admission) && !admission.basic);
  if (location.except) {
    const Location& except = setting.server.locations[*location.except];
    if (denies_all(except.admission)) {
      report_.note(except.at, Kind::exact);
      report_.note(report_.at(except.at), "deny", Kind::exact);
      setting.methods = location.except_methods;
      if (std::find(setting.methods.begin(), setting.methods.end(), "GET") != setting.methods.end() &&
          std::find(setting.methods.begin(), setting.methods.end(), "HEAD") == setting.methods.end()) {
        setting.methods.push_back("HEAD");
      }
    } else {
      report_.note(except.at, Kind::refused, kNoAccess);
      report_.leave_out(report_.at(except.at), "it is in a limit_except that is left out");
      setting.methods.clear();
      close(setting, path,
            "nginx admits some requests here by rules that YAML does not have (" + where(except.at) +
                "): nobody is let in.");
      return false;
    }
  }
  if (open && (!admission.basic || is_auth_off(admission)) && !admission.ask) {
    report_.note(place, "allow", Kind::exact);
    return true;
  }
  for (const char* name : {"allow", "deny", "auth_basic", "auth_basic_user_file", "auth_request",
                           "auth_request_set", "satisfy"}) {
    report_.note(place, name, Kind::refused, kNoAccess);
  }
  report_.note(location.at, Kind::refused, kNoAccess);
  report_.leave_out(place, "nobody is let in to its location");
  setting.methods.clear();
  close(setting, path,
        "nginx lets in here whom its access rules name (" + where(location.at) +
            "), which YAML cannot: nobody is let in.");
  return false;
}

std::optional<Draft> Lowering::answer_draft(const Location& location, const conf::PathMatch& path,
                                            const FixedAnswer& answer) {
  Draft draft;
  conf::Route& route = draft.route;
  route.path = path;
  if (answer.status >= 400 && (answer.status > 599 || !yaml_has_variables_of(answer.value))) {
    report_.note(
        answer.at, Kind::approximated,
        "without its body, which YAML does not know every variable of, and 403 for a status above 599");
    const int status = answer.status > 599 ? 403 : answer.status == 444 ? 404 : answer.status;
    route.respond = conf::Respond{status, {}, conf::Respond{}.content_type};
    return draft;
  }
  if (!yaml_has_variables_of(answer.value) && answer.value.find("$uri_rest") == std::string::npos) {
    report_.note(
        answer.at, Kind::refused,
        "YAML does not know every variable of it; write the answer without, or keep `tidegate run --nginx`");
    return std::nullopt;
  }
  if (answer.redirects()) {
    route.redirect = conf::Redirect{answer.status, {answer.value, {}}};
    if (!answer.leads_to_url()) {
      report_.note(answer.at, Kind::refused, "a redirect leads to an URL or to a path");
      return std::nullopt;
    }
    lower_response_headers(location, route);
    return draft;
  }
  conf::Respond respond{answer.status, {answer.value, {}}, conf::Respond{}.content_type};
  if (respond.status < 200 || respond.status > 599) {
    report_.note(answer.at, Kind::refused, "a status is a number from 200 to 599");
    return std::nullopt;
  }
  const bool empty = respond.status == 204 || respond.status == 205 || respond.status == 304;
  if (empty) respond.body = {};
  const bool has_body = !respond.body.empty();
  if (respond.status >= 494 && respond.status <= 497) respond.status = 400;  // as nginx tells clients
  if (respond.status == 408) {
    report_.note(answer.at, Kind::approximated, "an answer; nginx closes the connection without one");
  } else if (respond.status == 444 || respond.status == 499) {
    report_.note(answer.at, Kind::approximated,
                 "404 with a short text, rather than a connection that is closed");
    respond.status = 404;
  } else if (respond.status >= 300 && !has_body && !empty) {
    report_.note(answer.at, Kind::approximated, "without nginx's page for this status");
  }
  if (has_body && location.files.default_type != "text/plain")
    respond.content_type = location.files.default_type;
  if (has_body && location.files.default_type == "text/plain") {
    report_.note(answer.at, Kind::approximated, "its Content-Type has charset=utf-8");
  }
  route.respond = respond;
  lower_response_headers(location, route);
  return draft;
}

void Lowering::lower_content(Setting& setting, const Location& location, const conf::PathMatch& path,
                             const Ran& ran) {
  if (location.proxy) return lower_proxy(setting, location, path, ran);
  if (location.stub_status) {
    report_.note(
        report_.at(location.at), "stub_status", Kind::refused,
        "nginx's format is nginx's; metrics: { address: \"127.0.0.1:9181\" } tells more, to Prometheus");
    return leave_out(setting, location, "stub_status; metrics: { address: \"127.0.0.1:9181\" } tells more");
  }
  lower_files(setting, location, path);
}

void Lowering::lower_files(Setting& setting, const Location& location, const conf::PathMatch& path) {
  const Place* place = report_.at(location.at);
  const std::string& fallback = location.files.fallback.value;
  if (fallback.starts_with('@')) {
    const auto& all = setting.server.locations;
    const auto named = std::find_if(all.begin(), all.end(), [&](const Location& other) {
      return other.kind == Location::Kind::named && other.pattern.value == fallback;
    });
    const bool says = named != all.end() &&
                      (named->proxy || (!named->script.empty() && named->files.fallback.value.empty()));
    if (says) {
      report_.note(place, "try_files", Kind::refused, kNoFiles);
      report_.note(named->at, Kind::exact);
      setting.pending.push_back("nginx looked for files in " + location.files.root.value + " first (" +
                                where(location.at) + ").");
      const std::vector<std::string> methods = std::exchange(setting.methods, {});
      if (!admit(setting, *named, path)) return;
      if (!methods.empty() && !setting.methods.empty() && methods != setting.methods) {
        setting.methods.clear();
        return close(setting, path, "nginx admits other methods here than there: nobody is let in.");
      }
      if (setting.methods.empty()) setting.methods = methods;
      return lower_inside(setting, *named, path);
    }
  }
  bool is_error_page = false;
  for (const Location& other : setting.server.locations) {
    for (const conf::ErrorPage& page : other.error_pages) {
      is_error_page = is_error_page ||
                      (location.kind == Location::Kind::exact && page.target.value == location.pattern.value);
    }
  }
  const bool says_where =
      report_.given(place, "root") || report_.given(place, "alias") || report_.given(place, "try_files");
  if (is_error_page) {
    report_.note(location.at, Kind::ignored,
                 "it holds an error page, and errors have the gateway's own short texts");
    return report_.leave_out(place, "it is in the location of an error page");
  }
  if (!says_where) {
    report_.note(location.at, Kind::approximated,
                 "there is nothing in it, so that its requests go where the others go");
    return report_.leave_out(place, "it is in a location that has nothing to say");
  }
  report_.note(location.at, Kind::refused, kNoFiles);
  leave_out(setting, location, "the files of " + location.pattern.value + " in " + location.files.root.value);
}

}  // namespace tidegate::nginx
