#pragma once

#include <functional>
#include <optional>
#include <string>

#include "gateway/base/diagnostic.h"
#include "nginx-compat/translator.h"

namespace tidegate {

/// Where an nginx configuration is, as nginx's own options say it.
struct NginxSource {
  std::string file = "/etc/nginx/nginx.conf";          ///< -c
  std::string globals;                                 ///< -g: directives before those of the file
  std::string prefix = "/usr/share/nginx";             ///< -p
  std::string error_log = "/var/log/nginx/error.log";  ///< -e; where the file names none
  std::string pid_file = "/run/nginx.pid";             ///< where the file names none
  bool permissive = false;
  bool report_refusals_only = false;  ///< see nginx::TranslateOptions
  /// Taken for what the file holds; the files that it includes are read from the disk.
  std::optional<std::string> text{};
  /// Hears of each file that was read, in order.
  std::function<void(const std::string& path, const std::string& text)> on_read{};
};

/// Reads the file and all that it includes, and translates it. Null where the language itself is broken; else
/// whatever could be made of it, which is worth something only if `diagnostics` did not fail.
std::optional<nginx::Translation> read_nginx(const NginxSource& source, Diagnostics& diagnostics);

/// A warning, if the file is what others include into http {} (a file of sites-enabled/), and so cannot stand
/// alone.
void explain_part(const std::string& file, Diagnostics& diagnostics);

/// The levels of `error_log`. What nginx calls a notice is what the process says of itself.
void set_log_levels(const nginx::Process& process, conf::Log& log);

/// "nginx.conf:12:3: gzip on: approximated: ...", one line for each directive that is not exact.
std::string to_string(const nginx::Verdict& verdict);

}  // namespace tidegate
