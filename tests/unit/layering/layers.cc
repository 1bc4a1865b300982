#include "tests/unit/layering/layers.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <sstream>

namespace tidegate::layering {
namespace {

/// The lines between "```NAME" and "```".
std::vector<std::string> fenced_block(std::string_view page, std::string_view name) {
  std::vector<std::string> lines;
  std::istringstream in{std::string(page)};
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (inside && line.starts_with("```")) break;
    if (inside && line.find_first_not_of(' ') != std::string::npos) lines.push_back(line);
    if (line == "```" + std::string(name)) inside = true;
  }
  return lines;
}

std::vector<std::string> words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> found;
  for (std::string word; in >> word;) found.push_back(word);
  return found;
}

struct Include {
  std::string target;
  bool quoted = false;
};

/// What a line includes, if it does.
std::optional<Include> include_of(std::string_view line) {
  const auto skip_blanks = [&line] {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
  };
  skip_blanks();
  if (!line.starts_with('#')) return std::nullopt;
  line.remove_prefix(1);
  skip_blanks();
  if (!line.starts_with("include")) return std::nullopt;
  line.remove_prefix(std::string_view("include").size());
  skip_blanks();
  if (line.empty() || (line[0] != '"' && line[0] != '<')) return std::nullopt;
  const bool quoted = line[0] == '"';
  const auto end = line.find(quoted ? '"' : '>', 1);
  if (end == std::string_view::npos) return std::nullopt;
  return Include{std::string(line.substr(1, end - 1)), quoted};
}

/// Whether `place` of a libraries line covers the file: an area, a file below gateway/, or an area's .cc
/// files.
bool covers(std::string_view place, std::string_view path) {
  constexpr std::string_view kSources = "/*.cc";
  if (place.ends_with(kSources)) {
    place.remove_suffix(kSources.size());
    return path.ends_with(".cc") && area_of(path) == place;
  }
  if (place.find('/') != std::string_view::npos) return path == "gateway/" + std::string(place);
  return area_of(path) == place;
}

/// The complaint about a header of a library outside its places, or an empty string.
std::string library_complaint(const Layers& layers, std::string_view path, const std::string& target) {
  for (const auto& [library, places] : layers.libraries) {
    if (!target.starts_with(library)) continue;
    std::string allowed;
    for (const std::string& place : places) {
      if (covers(place, path)) return {};
      allowed += " " + place;
    }
    return target + " is included; it belongs to" + allowed;
  }
  return {};
}

std::string arrow_complaint(const Layers& layers, const std::string& from, const std::string& target) {
  const std::string to = area_of(target);
  if (to.empty()) return "\"" + target + "\" is not a path from the root of the tree";
  if (from == to || layers.arrows.at(from).contains(to)) return {};
  return "there is no arrow from " + from + " to " + to + " (" + target + ")";
}

}  // namespace

Layers parse_layers(std::string_view page, std::vector<std::string>& complaints) {
  Layers layers;
  for (const std::string& line : fenced_block(page, "arrows")) {
    const auto parts = words(line);
    if (parts.size() < 2 || parts[1] != "->" || layers.arrows.contains(parts[0])) {
      complaints.push_back("not an arrow, or a second line for its folder: " + line);
      continue;
    }
    layers.arrows[parts[0]] = {parts.begin() + 2, parts.end()};
  }
  for (const std::string& line : fenced_block(page, "libraries")) {
    const auto parts = words(line);
    if (parts.size() < 3 || parts[1] != ":" || layers.libraries.contains(parts[0])) {
      complaints.push_back("not a library, or a second line for it: " + line);
      continue;
    }
    layers.libraries[parts[0]] = {parts.begin() + 2, parts.end()};
  }
  return layers;
}

std::vector<std::string> check_drawing(const Layers& layers) {
  std::vector<std::string> complaints;
  std::set<std::string> open;  // the way down to where we are
  std::set<std::string> done;
  const std::function<void(const std::string&)> visit = [&](const std::string& area) {
    if (done.contains(area)) return;
    if (!layers.arrows.contains(area)) {
      complaints.push_back(area + " has no line of its own");
    } else if (!open.insert(area).second) {
      complaints.push_back("the arrows lead from " + area + " back to it");
      return;
    } else {
      for (const std::string& below : layers.arrows.at(area)) visit(below);
    }
    open.erase(area);
    done.insert(area);
  };
  for (const auto& [area, below] : layers.arrows) visit(area);
  return complaints;
}

std::string area_of(std::string_view path) {
  if (path == "conf/model.h" || path == "conf/sites.h") return "model";
  for (const std::string_view top : {"conf", "metrics", "nginx-compat"}) {
    if (path.starts_with(std::string(top) + "/")) return std::string(top);
  }
  constexpr std::string_view kGateway = "gateway/";
  if (!path.starts_with(kGateway)) return {};
  path.remove_prefix(kGateway.size());
  const auto slash = path.find('/');
  return slash == std::string_view::npos ? "main" : std::string(path.substr(0, slash));
}

std::vector<std::string> check_file(const Layers& layers, std::string_view path, std::string_view text) {
  const std::string area = area_of(path);
  if (!layers.arrows.contains(area)) return {std::string(path) + ": its folder is not drawn"};

  std::vector<std::string> complaints;
  std::istringstream in{std::string(text)};
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const auto include = include_of(line);
    if (!include) continue;
    std::string complaint = library_complaint(layers, path, include->target);
    if (complaint.empty() && include->quoted) complaint = arrow_complaint(layers, area, include->target);
    if (!complaint.empty()) {
      complaints.push_back(std::string(path) + ":" + std::to_string(number) + ": " + complaint);
    }
  }
  return complaints;
}

}  // namespace tidegate::layering
