#include "gateway/sites/admission.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "gateway/base/crypto.h"
#include "gateway/base/text.h"
#include "gateway/sites/user_files.h"

namespace tidegate::sites {
namespace {

using Kind = Opinion::Kind;

constexpr std::string_view kForbidden = "access forbidden by rule";

Opinion refuse(int status) {
  return {.kind = Kind::refuses, .refusal = {.status = status}};
}

Opinion fail(int status) {
  return {.kind = Kind::fails, .refusal = {.status = status}};
}

Opinion challenge(std::string_view realm) {
  Opinion opinion = refuse(401);
  opinion.refusal.fields.emplace_back("WWW-Authenticate", "Basic realm=\"" + std::string(realm) + '"');
  return opinion;
}

/// A block of IPv6 addresses says nothing of IPv4 ones, though they are mapped into some ("::/0"). Those
/// blocks hold more than what is mapped.
bool holds(const Cidr& block, const IpAddress& address) {
  static const IpAddress kBesideMapped = *IpAddress::parse("::fffe:0:0");
  return block.contains(address) && !(address.is_v4() && block.contains(kBesideMapped));
}

bool fits(const conf::AccessRule& rule, const IpAddress* peer) {
  if (rule.unix_sockets) return peer == nullptr;
  if (!rule.block) return true;
  return peer != nullptr && holds(*rule.block, *peer);
}

/// Base64 as nginx reads it: whatever follows the padding is passed over, and it may be left out.
std::optional<std::string> decode(std::string_view text) {
  std::string whole(text.substr(0, text.find('=')));
  if (whole.size() % 4 == 1) return std::nullopt;
  // Unused bits of the last digit need not be zero there; they are here.
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (const std::size_t rest = whole.size() % 4; rest != 0) {
    const std::size_t value = kDigits.find(whole.back());
    if (value == std::string_view::npos) return std::nullopt;
    whole.back() = kDigits[value & (rest == 2 ? 0x30 : 0x3c)];
    whole.append(4 - rest, '=');
  }
  return base64_decode(whole);
}

}  // namespace

Opinion judge_address(std::span<const conf::AccessRule> rules, const IpAddress* peer) {
  const auto rule =
      std::find_if(rules.begin(), rules.end(), [&](const auto& one) { return fits(one, peer); });
  if (rule == rules.end()) return {};
  return rule->allow ? Opinion{.kind = Kind::allows} : Opinion{Kind::refuses, {.status = 403}, kForbidden};
}

Opinion judge_password(std::string_view realm, const std::string& user_file, UserFiles& files,
                       const Subject& subject) {
  if (realm == "off") return {};
  const std::optional<Credentials> credentials = basic_credentials(*subject.head);
  if (!credentials) {
    subject.complain(log::Level::info, "no user/password was provided for basic authentication");
    return challenge(realm);
  }
  const UserFiles::Answer answer = files.check(user_file, credentials->user, credentials->password);
  const auto open_failed = [&] {
    subject.complain(log::Level::error, "open() \"" + user_file + "\" failed (" +
                                            std::to_string(answer.os_error) + ": " +
                                            std::strerror(answer.os_error) + ")");
  };
  const std::string user = "user \"" + credentials->user + '"';
  switch (answer.verdict) {
    case UserFiles::Verdict::accepted:
      return {.kind = Kind::allows};
    case UserFiles::Verdict::mismatch:
      subject.complain(log::Level::error, user + ": password mismatch");
      return challenge(realm);
    case UserFiles::Verdict::unknown_user:
      subject.complain(log::Level::error, user + " was not found in \"" + user_file + '"');
      return challenge(realm);
    case UserFiles::Verdict::missing:
      open_failed();
      return refuse(403);
    case UserFiles::Verdict::unreadable:
      open_failed();
      return fail(500);
    case UserFiles::Verdict::busy:
      subject.complain(log::Level::error, user + ": too much time goes into checking passwords");
      return fail(503);
  }
  return fail(500);
}

Opinion judge_verdict(int status, std::string_view challenge, const Subject& subject) {
  if (status == 403) return refuse(403);
  if (status == 401) {
    Opinion opinion = refuse(401);
    if (!challenge.empty()) opinion.refusal.fields.emplace_back("WWW-Authenticate", challenge);
    return opinion;
  }
  if (status >= 200 && status < 300) return {.kind = Kind::allows};
  subject.complain(log::Level::error, "auth request unexpected status: " + std::to_string(status));
  return fail(500);
}

std::optional<Credentials> basic_credentials(const http::RequestHead& head) {
  constexpr std::string_view kScheme = "Basic ";
  std::string_view value = head.value("Authorization");
  if (value.size() < kScheme.size() || !iequals(value.substr(0, kScheme.size()), kScheme))
    return std::nullopt;
  value.remove_prefix(std::min(value.find_first_not_of(' ', kScheme.size()), value.size()));
  const std::optional<std::string> pair = value.empty() ? std::nullopt : decode(value);
  if (!pair) return std::nullopt;
  const std::size_t colon = pair->find(':');
  if (colon == 0 || colon == std::string::npos) return std::nullopt;
  return Credentials{pair->substr(0, colon), pair->substr(colon + 1)};
}

std::optional<Answer> AccessPhase::hear(Opinion opinion) {
  switch (opinion.kind) {
    case Kind::none:
      return std::nullopt;
    case Kind::allows:
      settled_ = any_;
      return std::nullopt;
    case Kind::fails:
      return std::move(opinion.refusal);
    case Kind::refuses:
      break;
  }
  if (any_) {
    // A challenge is of more use than a 403.
    if (!refusal_ || refusal_->status != 401) refusal_ = std::move(opinion.refusal);
    return std::nullopt;
  }
  return refused(std::move(opinion.refusal), opinion.complaint);
}

std::optional<Answer> AccessPhase::end() {
  if (settled_ || !refusal_) return std::nullopt;
  const std::string_view complaint = refusal_->status == 403 ? kForbidden : std::string_view();
  return refused(*std::exchange(refusal_, std::nullopt), complaint);
}

Answer AccessPhase::refused(Answer answer, std::string_view complaint) const {
  if (!complaint.empty()) subject_->complain(log::Level::error, complaint);
  return answer;
}

}  // namespace tidegate::sites
