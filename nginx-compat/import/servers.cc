#include <algorithm>
#include <iterator>
#include <utility>

#include "conf/addresses.h"
#include "gateway/base/ip.h"
#include "gateway/base/text.h"
#include "nginx-compat/import/lowering.h"

// Servers: which hosts they have at which doors, and which of those fare alike.

namespace tidegate::nginx {
namespace {

/// Nobody means these as the one name of a site.
bool is_stand_in(const std::string& host) {
  return host == "localhost" || IpAddress::parse(host).has_value() || host.starts_with('[');
}

bool reaches_named_doors(const conf::Location& location) {
  return location.kind != conf::Location::Kind::named && location.kind != conf::Location::Kind::inner;
}

}  // namespace

/// The names that YAML can say; what it cannot is refused.
std::vector<std::string> Lowering::hosts_of(const conf::VirtualServer& server) {
  std::vector<std::string> hosts;
  const auto add = [&](const std::string& text) {
    std::string host;
    std::string problem;
    if (!conf::parse_host_pattern(text, host, problem)) return false;
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.push_back(host);
    return true;
  };
  for (const conf::ServerName& name : server.names) {
    const std::string& text = name.name.value;
    if (name.regex) {
      report_.note(name.name.at, Kind::refused,
                   "YAML has no regexes for hosts; list the names, or keep `tidegate run --nginx`");
    } else if (text.starts_with('.')) {
      add(text.substr(1));
      add("*" + text);
    } else if (text.ends_with(".*")) {
      report_.note(name.name.at, Kind::refused, "YAML has no " + text + "; list the names that there are");
    } else if (!text.empty() && text != "_" && text != "*") {
      add(text);
    }
  }
  return hosts;
}

/// Does `listen` say so?
bool Lowering::is_default(const Door& door, std::size_t server) {
  if (door.otherwise != server) return false;
  const Place* place = place_of(sites_.servers[server]);
  if (place == nullptr) return false;
  for (const Directive& directive : place->directive->block) {
    if (directive.name.text != "listen") continue;
    for (const Word& arg : directive.args) {
      if (arg.text == "default_server" || arg.text == "default") return true;
    }
  }
  return false;
}

/// A server for every host that no other names: it says so, or has no name of its own.
bool Lowering::catches_all(const Door& door, std::size_t server) {
  if (door.otherwise != server) return false;
  const std::vector<std::string> hosts = hosts_of(sites_.servers[server]);
  return is_default(door, server) || std::all_of(hosts.begin(), hosts.end(), is_stand_in);
}

/// What the server answers whatever the path, challenges apart.
std::optional<FixedAnswer> Lowering::answer_to_all(const conf::VirtualServer& server, const Facts& facts) {
  const Ran ran = run_script(server.locations.front().script, server, facts, report_);
  const auto may_keep_out = [](const Ran& one) {
    return !one.specials.empty() || (one.guard && !(one.answer && one.answer->redirects()));
  };
  if (may_keep_out(ran)) return std::nullopt;
  if (ran.answer) return ran.answer;
  std::optional<FixedAnswer> answer;
  for (const std::size_t index : server.locations.front().nested) {
    const conf::Location& location = server.locations[index];
    if (!reaches_named_doors(location) || is_challenge(location)) continue;
    const bool all = location.kind == conf::Location::Kind::prefix && location.pattern.value == "/" &&
                     location.nested.empty() && location.admission == conf::Admission{};
    if (!all) return std::nullopt;
    const Ran inner = run_script(location.script, server, ran.facts, report_);
    if (!inner.answer || may_keep_out(inner)) return std::nullopt;
    answer = inner.answer;
  }
  return answer;
}

std::vector<Lowering::Visit> Lowering::visits_of(const Door& door, std::size_t door_index,
                                                 std::size_t index) {
  const conf::VirtualServer& server = sites_.servers[index];
  const conf::Listener& listener = in_.config.listeners[door.listeners.front()];
  Facts here;
  here.set("scheme", listener.tls ? "https" : "http");
  here.set("https", listener.tls ? "on" : "");
  here.set("server_name", server.first_name);
  if (!listener.tls) here.set("ssl_protocol", "");
  if (listener.address.port != 0) here.set("server_port", std::to_string(listener.address.port));
  std::vector<Visit> visits;
  const auto visit = [&](const std::string& host, Facts facts) {
    Visit one{door_index, host, answer_to_all(server, facts), std::move(facts)};
    visits.push_back(std::move(one));
  };
  for (const std::string& host : hosts_of(server)) {
    Facts facts = here;
    if (!host.starts_with("*.")) {
      facts.set("host", host);
      facts.set("http_host", host);
    } else {
      facts.host_is_one_of({host});
    }
    visit(host, std::move(facts));
  }
  if (door.otherwise == index) {
    here.host_is_another();
    visit("", here);
  }
  return visits;
}

/// Visits that fare alike, by what is answered and by the doors.
std::vector<Lowering::Group> Lowering::groups_of(std::size_t index) {
  std::vector<Group> groups;
  const conf::VirtualServer& server = sites_.servers[index];
  for (std::size_t d = 0; d < doors_.size(); ++d) {
    const Door& door = doors_[d];
    if (std::find(door.servers.begin(), door.servers.end(), index) == door.servers.end()) continue;
    const bool all = catches_all(door, index);
    std::vector<Group> here;
    for (Visit& visit : visits_of(door, d, index)) {
      if (!visit.host.empty() && !claimed_.emplace(visit.host, d).second) {
        report_.note(place_of(server), "server_name", Kind::approximated,
                     "an earlier server has " + visit.host + " there");
        continue;
      }
      if (visit.answer && door.redirect && *visit.answer == *door.redirect) continue;
      if (visit.host.empty() && !all) {
        const bool refuses = visit.answer && !visit.answer->redirects() && visit.answer->status >= 400;
        if (!refuses && !door.redirect) {
          report_.note(
              place_of(server), "server_name", Kind::approximated,
              "hosts that no server names get 404; nginx answers them here, since this server is the first");
        }
        continue;
      }
      const auto same = std::find_if(here.begin(), here.end(),
                                     [&](const Group& group) { return group.answer == visit.answer; });
      Group& group = same != here.end() ? *same : here.emplace_back(Group{{}, {d}, visit.answer, {}, false});
      visit.facts.forget("host");
      visit.facts.forget("http_host");
      group.facts = visit.facts;
      if (visit.host.empty()) {
        group.any = true;
      } else {
        group.hosts.push_back(visit.host);
      }
    }
    for (Group& group : here) {
      if (group.any) group.hosts.clear();
      if (!group.any) group.facts.host_is_one_of(group.hosts);
      const auto same = std::find_if(groups.begin(), groups.end(), [&](const Group& other) {
        return other.hosts == group.hosts && other.any == group.any && other.answer == group.answer;
      });
      if (same == groups.end()) {
        groups.push_back(std::move(group));
      } else {
        same->doors.insert(d);
        same->facts.keep_common(group.facts);
      }
    }
  }
  return groups;
}

void Lowering::lower_server(std::size_t index) {
  const conf::VirtualServer& server = sites_.servers[index];
  const Place* place = place_of(server);
  if (place != nullptr) {
    for (const Directive& directive : place->directive->block) {
      if (directive.name.text != "listen") continue;
      for (const Word& arg : directive.args) {
        if (arg.text == "http2")
          report_.note(directive, Kind::approximated, "HTTP/2 is not spoken; clients use HTTP/1.1");
      }
    }
  }
  if (!server.merge_slashes) {
    report_.note(place, "merge_slashes", Kind::refused,
                 "paths are always compared with double slashes merged");
  }
  for (const Group& group : groups_of(index)) {
    std::vector<std::string> pending;
    std::vector<Draft> drafts = drafts_of(server, group, pending);
    emit(group, std::move(drafts), std::move(pending));
  }
}

bool Lowering::loses_certificates(Setting& setting, const Group& group) {
  const Place* here = place_of(setting.server);
  const auto said = [this](const Place* place, const char* name) {
    const auto found = report_.holding(place, name);
    return found.empty() || found.front()->args.empty() ? std::string() : found.front()->args.front().text;
  };
  const std::string verify = said(here, "ssl_verify_client");
  if (verify.empty() || verify == "off") return false;
  const bool is_needed = verify == "on";
  bool lost = false;
  for (const std::size_t door : group.doors) {
    const auto& tls = in_.config.listeners[doors_[door].listeners.front()].tls;
    if (!tls) continue;
    const Place* main = place_of(sites_.servers[doors_[door].otherwise]);
    const auto differs = [&](const char* name) { return said(here, name) != said(main, name); };
    const bool is_asked = tls->client_auth && tls->client_auth->verify == conf::ClientAuth::Verify::required;
    lost = lost || !said(here, "ssl_crl").empty() || (is_needed && !is_asked) ||
           (is_needed && (differs("ssl_client_certificate") || differs("ssl_verify_depth")));
  }
  if (!lost) {
    report_.note(here, "ssl_verify_depth", Kind::approximated, "a chain may be as long as OpenSSL takes it");
    return false;
  }
  const Directive& at = *report_.holding(here, "ssl_verify_client").front();
  report_.leave_out(here, "nobody is let in to its server");
  report_.note(
      at, Kind::refused,
      "YAML asks all clients of a listener for the same certificates, without revocation lists: nobody "
      "is let in");
  close(
      setting, {},
      "nginx asks for clients' certificates here (" + where(at.at()) + ") as YAML cannot: nobody is let in.");
  return true;
}

/// The server's own conditions come before every location: the first `specials` drafts, but for those with
/// paths of their own, are put before each other path too.
void Lowering::put_before_all(std::vector<Draft>& drafts, std::size_t specials) {
  std::vector<conf::PathMatch> paths;
  for (const Draft& draft : drafts) {
    const conf::PathMatch& path = draft.route.path;
    if (path != conf::PathMatch{} && std::find(paths.begin(), paths.end(), path) == paths.end())
      paths.push_back(path);
  }
  std::vector<Draft> copies;
  for (const conf::PathMatch& path : paths) {
    for (std::size_t i = 0; i < specials; ++i) {
      if (drafts[i].route.path != conf::PathMatch{}) continue;
      copies.push_back(drafts[i]);
      copies.back().route.path = path;
      copies.back().comment.clear();
    }
  }
  drafts.insert(drafts.begin(), copies.begin(), copies.end());
}

std::vector<Draft> Lowering::drafts_of(const conf::VirtualServer& server, const Group& group,
                                       std::vector<std::string>& pending) {
  std::vector<Draft> drafts;
  const conf::Location& self = server.locations.front();
  const bool refuses = group.answer && !group.answer->redirects() && group.any &&
                       (group.answer->status == 404 || group.answer->status == 444);
  if (refuses) {
    report_.note(group.answer->at, Kind::approximated, "hosts that no route names get 404");
    return drafts;
  }
  Setting setting{server, group.facts, drafts, pending};
  if (loses_certificates(setting, group)) return drafts;
  if (group.answer) {
    if (auto draft = answer_draft(self, {}, *group.answer)) drafts.push_back(std::move(*draft));
    return drafts;
  }
  const Ran ran = run_script(self.script, server, group.facts, report_);
  note_let_in(setting, ran);
  lower_specials(setting, self, {}, ran);
  const std::size_t specials = drafts.size();
  if (ran.guard) {
    close(setting, {},
          "nginx keeps some requests out by a condition (" + where(*ran.guard) +
              ") that YAML cannot say: nobody is let in.");
    return drafts;
  }
  if (ran.answer) {
    if (auto draft = answer_draft(self, {}, *ran.answer)) drafts.push_back(std::move(*draft));
    return drafts;
  }
  std::vector<Draft> located;
  Setting inside{server, ran.facts, located, pending};
  for (const std::size_t index : self.nested) lower_location(inside, server.locations[index]);
  std::move(located.begin(), located.end(), std::back_inserter(drafts));
  put_before_all(drafts, specials);
  const Place* place = place_of(server);
  const bool has_root_location = std::any_of(
      drafts.begin(), drafts.end(), [](const Draft& draft) { return draft.route.path.text.value == "/"; });
  if (!self.files.candidates.empty() && !has_root_location) {
    report_.note(place, "try_files", Kind::refused,
                 "YAML serves no files; let an upstream do that, or keep `tidegate run --nginx`");
  } else if (!has_root_location && place != nullptr) {
    for (const Directive& directive : place->directive->block) {
      if (directive.name.text != "root") continue;
      report_.note(directive, Kind::refused,
                   "YAML serves no files; let an upstream do that, or keep `tidegate run --nginx`");
      pending.push_back("Left out: the files in " + self.files.root.value + " (" + where(directive.at()) +
                        ").");
    }
  }
  return drafts;
}

void Lowering::emit(const Group& group, std::vector<Draft> drafts, std::vector<std::string> pending) {
  bool open_ones = true;
  bool any_open = false;
  for (std::size_t d = 0; d < doors_.size(); ++d) {
    if (doors_[d].redirect) continue;
    open_ones = open_ones && group.doors.contains(d);
    any_open = any_open || group.doors.contains(d);
  }
  bool comments = true;
  if (open_ones && any_open) {
    emit_at({}, group, drafts, comments);
    comments = false;
  }
  for (const std::size_t d : group.doors) {
    if (open_ones && any_open && !doors_[d].redirect) continue;
    emit_at(doors_[d].name, group, drafts, comments);
    comments = false;
  }
  auto& behind = out_.notes.above["routes[" + std::to_string(out_.config.routes.size()) + "]"];
  behind.insert(behind.end(), pending.begin(), pending.end());
  if (behind.empty()) out_.notes.above.erase("routes[" + std::to_string(out_.config.routes.size()) + "]");
}

void Lowering::emit_at(const std::string& listener, const Group& group, const std::vector<Draft>& drafts,
                       bool comments) {
  for (const Draft& draft : drafts) {
    conf::Route route = draft.route;
    route.hosts = group.hosts;
    route.match.listener.value = listener;
    std::string path =
        std::to_string(static_cast<int>(route.path.kind)) + " " + route.path.text.value + " " + listener;
    for (const std::string& method : route.match.methods) path += " " + method;
    for (const auto& [name, value] : route.match.headers) path += " " + name + "=" + value;
    for (const auto& [name, value] : route.match.query) path += " ?" + name + "=" + value;
    std::erase_if(route.hosts,
                  [&](const std::string& host) { return !routes_.insert(host + " " + path).second; });
    if (group.hosts.empty() ? !routes_.insert(" " + path).second : route.hosts.empty()) continue;
    any_host_ = any_host_ || group.hosts.empty();
    const std::size_t index = out_.config.routes.size();
    if (comments && !draft.comment.empty()) {
      auto& above = out_.notes.above["routes[" + std::to_string(index) + "]"];
      above.insert(above.end(), draft.comment.begin(), draft.comment.end());
    }
    if (draft.one_line) out_.notes.one_line.insert(index);
    out_.config.routes.push_back(std::move(route));
  }
}

/// Routes without a host are tried for every host: where a named one has no path that fits, nginx would not
/// have gone on to the default server.
void Lowering::close_named_hosts() {
  if (!any_host_) return;
  std::vector<std::pair<std::string, std::string>> open;  // host, listener
  const auto& routes = out_.config.routes;
  for (const conf::Route& route : routes) {
    for (const std::string& host : route.hosts) {
      const std::pair<std::string, std::string> one{host, route.match.listener.value};
      const bool closed = std::any_of(routes.begin(), routes.end(), [&](const conf::Route& other) {
        return other.path.kind == conf::PathMatch::Kind::prefix && other.path.text.value == "/" &&
               other.match.methods.empty() && other.match.headers.empty() && other.match.query.empty() &&
               other.match.listener.value == one.second &&
               std::find(other.hosts.begin(), other.hosts.end(), host) != other.hosts.end();
      });
      if (!closed && std::find(open.begin(), open.end(), one) == open.end()) open.push_back(one);
    }
  }
  for (const auto& [host, listener] : open) {
    conf::Route route;
    route.hosts = {host};
    route.match.listener.value = listener;
    route.respond = conf::Respond{404, {}, conf::Respond{}.content_type};
    out_.config.routes.push_back(std::move(route));
  }
}

}  // namespace tidegate::nginx
