#pragma once

#include <optional>
#include <string>

namespace tidegate {

/// What stands behind the name `nginx`.
struct NginxOptions {
  bool help = false;
  bool version = false;     ///< -v, and with all the others
  bool everything = false;  ///< -V
  bool test = false;
  bool dump = false;
  bool quiet = false;
  std::string signal;  ///< stop, quit, reopen or reload; empty: none
  std::string prefix = "/usr/share/nginx";
  std::string file = "/etc/nginx/nginx.conf";  ///< absolute
  std::string error_log = "stderr";            ///< absolute, or "stderr"
  std::string directives;                      ///< of -g
};

/// As nginx reads its command line, in its words; nothing, and what is wrong, if it would not.
std::optional<NginxOptions> parse_nginx_options(int argc, char** argv, std::string& problem);

/// Below the line with the version.
extern const char* const kNginxUsage;

}  // namespace tidegate
