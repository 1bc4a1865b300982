#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gateway/base/diagnostic.h"
#include "gateway/nginx_options.h"
#include "nginx-compat/translator.h"

namespace tidegate {

/// What nginx's command line leads to.
struct NginxSetup {
  nginx::Translation translation;
  std::vector<std::pair<std::string, std::string>> files;  ///< names and contents, as they were read
};

/// Reads, translates. Nothing, and nginx's own complaints, where it cannot be run. Warnings tell what is done
/// otherwise than by nginx.
std::optional<NginxSetup> load_nginx_setup(const NginxOptions& options, Diagnostics& diagnostics);

/// The files that logs go to, access logs and the error log.
std::set<std::string> log_paths(const conf::Config& config, const nginx::Process& process);

/// "message in /etc/nginx/nginx.conf:3".
std::string nginx_words(const Diagnostic& diagnostic);

}  // namespace tidegate
