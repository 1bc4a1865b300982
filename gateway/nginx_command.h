#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"
#include "gateway/nginx_config.h"

namespace CLI {
class App;
}

namespace tidegate {

/// `run --nginx` and `check --nginx`: nginx's own configuration, and what it has no words for.
struct NginxCommand {
  NginxSource source;
  std::string file;                ///< empty: another configuration was asked for
  std::string metrics;             ///< an address; empty: nowhere
  std::vector<std::string> admin;  ///< addresses

  bool asked() const { return !file.empty(); }
};

void add_nginx_options(CLI::App& run, CLI::App& check, NginxCommand& out);

/// Which directives are told of, one line each: to stdout, but none that is exact.
enum class NginxNotes {
  none,
  changes,  ///< those that are approximated, or left out by --permissive
  all,
};
/// Reads it all; nothing where something is wrong with it.
std::optional<nginx::Translation> load_nginx(const NginxCommand& command, NginxNotes notes,
                                             Diagnostics& diagnostics);

}  // namespace tidegate
