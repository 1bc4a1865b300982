#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/base/diagnostic.h"
#include "nginx-compat/directives.h"
#include "nginx-compat/tree.h"

namespace tidegate::nginx {

/// Where configuration files come from.
class Files {
 public:
  virtual ~Files() = default;
  /// The file's bytes; or none, and errno's value in `os_error`.
  virtual std::optional<std::string> read(const std::string& path, int& os_error) = 0;
  /// The paths that fit a pattern, sorted.
  virtual std::vector<std::string> glob(const std::string& pattern) = 0;
};

/// The machine's.
class DiskFiles final : public Files {
 public:
  std::optional<std::string> read(const std::string& path, int& os_error) override;
  std::vector<std::string> glob(const std::string& pattern) override;
};

struct ParseOptions {
  std::string prefix;             ///< what relative paths in `include` are relative to, without a last slash
  std::size_t most_files = 4096;  ///< that are read in all; and as many patterns are looked for
  std::size_t most_depth = 32;    ///< of includes and of blocks within each other
  std::size_t most_bytes = std::size_t{64} << 20;  ///< of all files together
};

/// Reads a configuration and everything that it includes into a tree, `include` resolved, and holds it to
/// nginx's grammar: names, contexts, blocks, numbers of parameters. The complaints are nginx's own texts; the
/// first one is what nginx would say of the same file. A syntax error ends the reading, any other does not,
/// so that all are told at once.
///
/// The tree is whole where `diagnostics` did not fail. Time and memory are linear in the size of the files.
std::vector<Directive> parse(const std::string& path, Files& files, const ParseOptions& options,
                             Diagnostics& diagnostics);
/// Directives given by hand, as `nginx -g` takes them: in the main context, every one ended by `;`.
std::vector<Directive> parse_directives(std::string_view text, const std::string& name, Files& files,
                                        const ParseOptions& options, Diagnostics& diagnostics);

}  // namespace tidegate::nginx
