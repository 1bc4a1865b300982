#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "conf/model.h"

namespace tidegate::conf {

/// What is written beside the values.
struct YamlNotes {
  std::vector<std::string> head;  ///< the file's first lines, without "#"
  /// Lines above a place: "listeners.<name>", "routes[2]", "upstreams.<name>", or a key of the top level.
  /// "routes[n]" with n routes stands behind them.
  std::map<std::string, std::vector<std::string>> above;
  std::set<std::size_t> one_line;  ///< routes that are better in one line, if they fit
};

/// `config` as tidegate.yaml, in the order of the reference page: what differs from the defaults, names and
/// all. load_yaml_text() reads it back as an equal Config if that one can be said in YAML: it has no `sites`,
/// no value that model.h marks as "not from YAML", no text that is not UTF-8, has a control character or
/// "${env:".
std::string write_yaml(const Config& config, const YamlNotes& notes = {});

}  // namespace tidegate::conf
