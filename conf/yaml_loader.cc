#include "conf/yaml_loader.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "conf/validation.h"
#include "conf/yaml_sections.h"

namespace tidegate::conf {
namespace {

std::string words_of(int error) {
  return std::generic_category().message(error);
}

/// The file's text; of one that is too large just enough to notice.
std::optional<std::string> read_file(const std::string& path, Diagnostics& diagnostics) {
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  if (!file) {
    diagnostics.error({path, 0, 0},
                      "the file cannot be opened: " + words_of(errno) + "; check the path and its rights");
    return std::nullopt;
  }
  std::string text;
  char chunk[16 * 1024];
  while (text.size() <= yaml::kMaxTextBytes) {
    const std::size_t count = std::fread(chunk, 1, sizeof chunk, file.get());
    text.append(chunk, count);
    if (count == sizeof chunk) continue;
    if (std::ferror(file.get()) == 0) break;
    diagnostics.error({path, 0, 0},
                      "the file cannot be read: " + words_of(errno) + "; give the path of a YAML file");
    return std::nullopt;
  }
  return text;
}

std::string absolute_dir(const std::string& dir) {
  std::error_code ignored;  // without a working directory a relative path stays one
  const std::filesystem::path absolute = std::filesystem::absolute(dir.empty() ? "." : dir, ignored);
  return (absolute.empty() ? std::filesystem::path(dir) : absolute).lexically_normal().string();
}

Config read_config(const yaml::Context& context, const yaml::Node& root) {
  Config config;
  yaml::Section top(context, root, "");
  yaml::RouteDefaults defaults;
  yaml::read_process(top, config, defaults);
  const yaml::Node* listeners = top.require("listeners", "listeners: { http: { address: \":80\" } }");
  if (listeners != nullptr) yaml::read_listeners(context, *listeners, config.listeners);
  if (const yaml::Node* node = top.find("upstreams")) yaml::read_upstreams(context, *node, config.upstreams);
  if (const yaml::Node* node = top.find("routes")) yaml::read_routes(context, *node, defaults, config.routes);
  if (root.kind == yaml::Node::Kind::map) validate(config, context.diagnostics);
  return config;
}

/// In the order of the file, whichever check found them.
void hand_over(const Diagnostics& from, Diagnostics& to) {
  std::vector<Diagnostic> list = from.list();
  std::stable_sort(list.begin(), list.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return std::pair(a.at.line, a.at.column) < std::pair(b.at.line, b.at.column);
  });
  for (Diagnostic& diagnostic : list) {
    if (diagnostic.severity == Diagnostic::Severity::error) {
      to.error(std::move(diagnostic.at), std::move(diagnostic.message));
    } else {
      to.warning(std::move(diagnostic.at), std::move(diagnostic.message));
    }
  }
}

std::optional<Config> read_text(std::string_view text, const std::string& file_name,
                                const std::string& base_dir, Diagnostics& diagnostics) {
  Diagnostics found;
  std::optional<Config> config;
  if (const auto root = yaml::parse_document(text, file_name, found)) {
    const yaml::Context context{found, file_name, absolute_dir(base_dir)};
    config = read_config(context, *root);
  }
  hand_over(found, diagnostics);
  return config;
}

}  // namespace

std::optional<Config> load_yaml_text(std::string_view text, const std::string& file_name,
                                     const std::string& base_dir, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.errors();
  auto config = read_text(text, file_name, base_dir, diagnostics);
  return diagnostics.errors() > errors_before ? std::nullopt : std::move(config);
}

std::optional<Config> read_yaml(const std::string& path, Diagnostics& diagnostics) {
  const auto text = read_file(path, diagnostics);
  if (!text) return std::nullopt;
  return read_text(*text, path, std::filesystem::path(path).parent_path().string(), diagnostics);
}

std::optional<Config> load_yaml(const std::string& path, Diagnostics& diagnostics) {
  const std::size_t errors_before = diagnostics.errors();
  auto config = read_yaml(path, diagnostics);
  return diagnostics.errors() > errors_before ? std::nullopt : std::move(config);
}

}  // namespace tidegate::conf
