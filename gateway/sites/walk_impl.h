#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "gateway/sites/admission.h"
#include "gateway/sites/compiled.h"
#include "gateway/sites/request.h"
#include "gateway/sites/subject.h"
#include "gateway/sites/walk.h"
#include "gateway/sites/zones.h"

namespace tidegate::sites {

/// nginx's phases in their order; those that only look at flags are part of the one before them.
enum class Phase : std::uint8_t {
  server_rewrite,
  find_location,
  location_rewrite,
  limit_requests,
  limit_connections,
  access,
  ask,  ///< what of the access phase comes after the subrequest's answer
  precontent,
  content,
};

struct Walk::Impl {
  Impl(const SiteTable::Impl& table, Zones& z, const Visitor& visitor, Facts& facts)
      : request(table, visitor, facts), zones(z) {}

  Request request;
  Zones& zones;
  Zones::Places places;
  Subject subject_{};  ///< of the access phase, which keeps a pointer to it
  std::optional<AccessPhase> access{};
  bool begun = false;

  Action begin();
  /// Goes on from `phase` until there is something to be done.
  Action proceed(Phase phase);
  Action authorised(int status, const http::ResponseHead* head);

  // error_page.cc
  Action error(int status, Reason reason = Reason::none, Answer answer = {});
  /// As ngx_http_internal_redirect() and ngx_http_named_location().
  Action redirect_inside(std::string uri, std::string args);
  Action go_to_named(std::string_view name);
  /// A Location as the client gets it: whole, where it was a path.
  std::string absolute(std::string location) const;
  int told(int status) const { return request.error_status != 0 ? request.error_status : status; }
  const conf::ErrorPage* error_page_for(int status) const;

  Subject subject() const;
  std::string page_of(int status) const;
  /// What must be known before anything can be said: the server, the URI. A status that ends the request
  /// here; 0: none does.
  int prepare();

 private:
  int choose_server();
  int check_certificate() const;
  void read_real_ip(const conf::RealIp& rule);
  std::optional<Action> find_location();
  bool is_too_large();
  std::optional<Action> run_script(const Program& program);
  std::optional<Action> limit_requests();
  std::optional<Action> limit_connections();
  std::optional<Action> ask_for_access();
  std::optional<Action> try_files();
  Action content();
  Action answer(Answer answer);
  Action refuse(Answer refusal);
  Action show_error_page(const conf::ErrorPage& page, const Expression& target);
};

}  // namespace tidegate::sites
