#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "conf/model.h"
#include "conf/sites.h"
#include "nginx-compat/import/facts.h"
#include "nginx-compat/import/report.h"

namespace tidegate::nginx {

/// What `return` says, and `rewrite` to elsewhere.
struct FixedAnswer {
  int status = 0;
  std::string value;  ///< where to, or the body; a template
  Position at;
  bool operator==(const FixedAnswer& other) const { return status == other.status && value == other.value; }
  bool redirects() const;
  bool redirects_to_https() const;
  bool leads_to_url() const;  ///< or to a path, or to what a variable says
};

/// What a rewrite program comes to, as far as that is known before there is a request.
struct Ran {
  /// An answer for requests that have something, or for a part of the paths.
  struct Special {
    conf::Match match;
    std::optional<conf::PathMatch> path;  ///< none: every path
    std::optional<FixedAnswer> answer;    ///< none: `location` says what is done
    std::optional<std::size_t> location;  ///< of the server's: the `if`
  };
  std::optional<FixedAnswer> answer;  ///< of every other request
  std::vector<Special> specials;
  std::string strip;              ///< `rewrite ^/app/(.*)$ /$1 break`: "/app"
  Facts facts;                    ///< with what was `set`
  bool unsaid = false;            ///< a rewrite of the path was refused
  std::optional<Position> guard;  ///< an `if` that keeps requests out was refused
  std::vector<Position> let_in;   ///< the same by User-Agent or Referer, which nobody relies upon
};

/// Runs a program with what is known. Notes for every step what becomes of it.
Ran run_script(const conf::Script& script, const conf::VirtualServer& server, const Facts& facts,
               ImportReport& report);

}  // namespace tidegate::nginx
