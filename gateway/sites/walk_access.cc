#include <chrono>
#include <utility>

#include "gateway/http/head.h"
#include "gateway/sites/walk_impl.h"

// The phases that may turn a request away: limit_req, limit_conn, access.

namespace tidegate::sites {
namespace {

std::string_view status_word(const Zones::Verdict& verdict, bool dry_run) {
  switch (verdict.outcome) {
    case Zones::Outcome::not_counted:
      return {};
    case Zones::Outcome::passed:
      return "PASSED";
    case Zones::Outcome::delayed:
      return dry_run ? "DELAYED_DRY_RUN" : "DELAYED";
    case Zones::Outcome::refused:
    case Zones::Outcome::full:
      return dry_run ? "REJECTED_DRY_RUN" : "REJECTED";
  }
  return {};
}

}  // namespace

/// Once per request, also where it comes by here again after an internal redirect.
std::optional<Action> Walk::Impl::limit_requests() {
  Request& r = request;
  const conf::Admission& admission = r.location->conf->admission;
  if (r.subrequest || !r.request_limit_status.empty() || admission.request_limits.empty())
    return std::nullopt;
  std::vector<Zones::RequestKey> keys;
  for (const conf::RequestLimit& limit : admission.request_limits) {
    const auto key = r.table.zone_keys.find(limit.zone);
    if (key != r.table.zone_keys.end()) keys.push_back({&limit, key->second.evaluate(r)});
  }
  const bool dry_run = admission.request_limit_dry_run;
  const Zones::Verdict verdict = zones.enter(keys, std::chrono::steady_clock::now());
  r.request_limit_status = status_word(verdict, dry_run);
  if (const std::string line = verdict.line(dry_run); !line.empty())
    subject().complain(verdict.refused() ? log::Level::error : log::Level::warning, line);
  if (dry_run) return std::nullopt;
  if (verdict.refused()) return error(admission.request_limit_status);
  if (verdict.wait.count() > 0) return Wait{verdict.wait};
  return std::nullopt;
}

std::optional<Action> Walk::Impl::limit_connections() {
  Request& r = request;
  const conf::Admission& admission = r.location->conf->admission;
  if (r.subrequest || !r.connection_limit_status.empty() || admission.connection_limits.empty())
    return std::nullopt;
  std::vector<Zones::ConnectionKey> keys;
  for (const conf::ConnectionLimit& limit : admission.connection_limits) {
    const auto key = r.table.zone_keys.find(limit.zone);
    if (key != r.table.zone_keys.end()) keys.push_back({&limit, key->second.evaluate(r)});
  }
  const bool dry_run = admission.connection_limit_dry_run;
  const Zones::Verdict verdict = zones.take(keys, places);
  r.connection_limit_status = status_word(verdict, dry_run);
  if (const std::string line = verdict.line(dry_run); !line.empty())
    subject().complain(log::Level::error, line);
  if (verdict.refused() && !dry_run) return error(admission.connection_limit_status);
  return std::nullopt;
}

/// Nobody is asked about a subrequest, as in nginx.
std::optional<Action> Walk::Impl::ask_for_access() {
  Request& r = request;
  if (r.subrequest) return std::nullopt;
  const conf::Admission& admission = r.location->conf->admission;
  subject_ = subject();
  access.emplace(admission.satisfy_any, subject_);
  if (auto refusal = access->hear(judge_address(admission.rules, r.remote_ip ? &*r.remote_ip : nullptr)))
    return refuse(*std::move(refusal));
  if (!access->settled() && admission.basic) {
    const std::string realm = r.location->realm.evaluate(r);
    const std::string file = r.location->user_file.evaluate(r);
    if (auto refusal = access->hear(judge_password(realm, file, zones.users(), subject_)))
      return refuse(*std::move(refusal));
  }
  if (!access->settled() && admission.ask) return Ask{r.location->ask.evaluate(r)};
  if (auto refusal = access->end()) return refuse(*std::move(refusal));
  return std::nullopt;
}

Action Walk::Impl::authorised(int status, const http::ResponseHead* head) {
  Request& r = request;
  // auth_request_set sees the subrequest's answer as its upstream's.
  const http::ResponseHead* const own = std::exchange(r.facts.upstream, head);
  for (const auto& [variable, value] : r.location->ask_set) r.set(variable, value.evaluate(r));
  r.facts.upstream = own;
  const std::string_view challenge = head == nullptr ? std::string_view() : head->value("WWW-Authenticate");
  auto refusal = access->hear(judge_verdict(status, challenge, subject_));
  if (!refusal) refusal = access->end();
  if (refusal) return refuse(*std::move(refusal));
  return proceed(Phase::precontent);
}

Action Walk::Impl::refuse(Answer refusal) {
  const int status = refusal.status;
  const Reason reason = refusal.reason;
  return error(status, reason, std::move(refusal));
}

}  // namespace tidegate::sites
