#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "conf/sites.h"
#include "gateway/base/ip.h"
#include "gateway/http/head.h"
#include "gateway/sites/action.h"
#include "gateway/sites/subject.h"

namespace tidegate::sites {

class UserFiles;

/// What one module of the access phase thinks of a request.
struct Opinion {
  enum class Kind : std::uint8_t {
    none,  ///< it has nothing to say
    allows,
    refuses,  ///< 401 or 403: with `satisfy any` another may still allow
    fails,    ///< any other answer: ends the request, whatever the others think
  };
  Kind kind = Kind::none;
  Answer refusal{};                 ///< refuses and fails
  std::string_view complaint = {};  ///< for the log, where this alone ends the request
};

/// allow, deny: `peer` is $remote_addr's, null for unix sockets.
Opinion judge_address(std::span<const conf::AccessRule> rules, const IpAddress* peer);

/// auth_basic, `realm` and `user_file` evaluated. Complaints are logged in nginx's words. It may take as long
/// as the user file's password scheme is made to (see UserFiles).
Opinion judge_password(std::string_view realm, const std::string& user_file, UserFiles& files,
                       const Subject& subject);

/// auth_request, by the subrequest's answer. `challenge`: its WWW-Authenticate; empty: none.
Opinion judge_verdict(int status, std::string_view challenge, const Subject& subject);

/// Credentials of the scheme Basic (RFC 7617) as nginx reads them; none where they are missing or malformed.
struct Credentials {
  std::string user;  ///< $remote_user, whether or not the password is right
  std::string password;
};
std::optional<Credentials> basic_credentials(const http::RequestHead& head);

/// The access phase (ngx_http_core_access_phase) of one request: hears allow/deny, auth_basic and
/// auth_request, in this order. Subrequests and requests after an internal redirect within the same phase are
/// the caller's: nginx asks nobody about a subrequest.
class AccessPhase {
 public:
  AccessPhase(bool satisfy_any, const Subject& subject) : any_(satisfy_any), subject_(&subject) {}

  /// An answer ends the request. Nothing: ask the next module, unless it is settled().
  std::optional<Answer> hear(Opinion opinion);
  /// `satisfy any`, and one has allowed: the rest need not be asked.
  bool settled() const { return settled_; }
  /// When all have been heard, or it is settled. Nothing: the request may come in.
  std::optional<Answer> end();

 private:
  Answer refused(Answer answer, std::string_view complaint) const;

  bool any_;
  bool settled_ = false;
  const Subject* subject_;
  std::optional<Answer> refusal_;  ///< that counts unless one allows
};

}  // namespace tidegate::sites
