#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "conf/model.h"
#include "conf/sites.h"
#include "gateway/base/diagnostic.h"
#include "nginx-compat/tree.h"

namespace tidegate::nginx {

/// What became of one directive.
struct Verdict {
  enum class Kind {
    exact,         ///< does what it does in nginx
    approximated,  ///< nearly; `why` says how
    ignored,       ///< has no effect here; `why` says why not
    refused,       ///< would change answers and cannot be done; `why` says what to do instead
  };
  Kind kind = Kind::exact;
  Position at;
  std::string directive;  ///< as written, on one line, shortened
  std::string why;
  /// Refused only: nothing that a client or an upstream sees depends on it, so that `--permissive` may go on.
  bool harmless = false;
};

/// What of the main context concerns the process rather than its answers.
struct Process {
  std::string pid_file;  ///< absolute
  bool daemon = true;
  bool master_process = true;
  std::string user;  ///< empty: stays who it is
  std::string group;
  std::string error_log;  ///< absolute; "stderr"; "syslog:..." is refused
  std::string error_log_level = "error";
  std::optional<std::uint64_t> descriptors;  ///< worker_rlimit_nofile
  std::vector<std::string> environment;      ///< env
  std::string working_directory;
  std::string lock_file;
};

struct Translation {
  conf::Config config;
  Process process;
  std::vector<Verdict> report;  ///< in file order, every directive of the tree
};

struct TranslateOptions {
  std::string prefix = "/usr/share/nginx";  ///< what relative paths but those of include are relative to
  std::string conf_prefix = "/etc/nginx";  ///< the folder of the main file: certificates, user files, include
  std::string error_log = "/var/log/nginx/error.log";
  std::string pid_file = "/run/nginx.pid";
  std::string access_log = "/var/log/nginx/access.log";
  bool permissive = false;
  /// What is refused is in the report alone, and the rest goes on as if it were not there (`import`).
  bool report_refusals_only = false;
  /// The addresses of a host name, none where it is not known; null: every name counts as known,
  /// and none but localhost has an address.
  std::function<std::vector<IpAddress>(const std::string& host)> look_up;
  bool is_root = false;   ///< a server without `listen` is at port 80, not 8000
  std::string host_name;  ///< `$hostname` in server_name
};

/// Turns a parsed configuration into one that the gateway runs, by nginx's rules of inheritance. What nginx
/// itself refuses is an error in nginx's own words; what Tidegate refuses is an error that says what to do
/// instead, and a verdict. All errors are told, not the first alone.
Translation translate(const std::vector<Directive>& tree, const TranslateOptions& options,
                      Diagnostics& diagnostics);

}  // namespace tidegate::nginx
