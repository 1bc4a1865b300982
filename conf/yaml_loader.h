#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conf/model.h"
#include "gateway/base/diagnostic.h"

/// The loader of tidegate.yaml. Strict: what it does not know is an error, and it reports every error it can
/// find, in the order of the file. It throws nothing.
namespace tidegate::conf {

/// Reads and checks the file at `path`. Nothing is returned if there was an error; warnings alone do not
/// prevent a configuration. Relative paths in the file are relative to the file's folder.
///
/// What needs other libraries is checked by those who have them, with the positions kept in conf::Text:
/// certificates and keys (gateway/tls), regexes and templates (gateway/routing).
std::optional<Config> load_yaml(const std::string& path, Diagnostics& diagnostics);

/// The same, but a configuration with errors is handed over as far as it could be read, so that the checks of
/// those other libraries can add theirs: every error at once. Not to be run unless `diagnostics` is free of
/// errors. Nothing is returned if there is no document.
std::optional<Config> read_yaml(const std::string& path, Diagnostics& diagnostics);

/// The same for text in memory. `file_name` is for messages; relative paths are relative to `base_dir`.
std::optional<Config> load_yaml_text(std::string_view text, const std::string& file_name,
                                     const std::string& base_dir, Diagnostics& diagnostics);

/// One key that the loader knows. docs/reference/configuration.md lists the same; a test compares them.
struct KeyInfo {
  std::string path;  ///< "routes[].timeouts.connect"; <name> stands for a name of the user's, [] for a list
  std::string type;  ///< "duration", "list of names" …
  std::string
      default_text;  ///< the model's default as YAML; or required, none, inherited, or a short sentence
};
const std::vector<KeyInfo>& known_keys();

}  // namespace tidegate::conf
