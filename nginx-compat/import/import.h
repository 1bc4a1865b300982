#pragma once

#include <string>
#include <vector>

#include "conf/model.h"
#include "conf/yaml_writer.h"
#include "nginx-compat/translator.h"
#include "nginx-compat/tree.h"

namespace tidegate::nginx {

/// What `tidegate import` makes of an nginx configuration.
struct Import {
  conf::Config config;          ///< without `sites`: all of it can be said in YAML
  conf::YamlNotes notes;        ///< comments where a decision was made
  std::vector<Verdict> report;  ///< every directive, in file order, with what became of it in YAML
  bool refused() const;
};

/// The YAML that a person would have written for what `translation` made of `tree`. What YAML cannot say is
/// refused in the report, with what to do instead, and left out; where leaving it out would let in whom nginx
/// keeps out, the answer is 403.
Import import(const std::vector<Directive>& tree, const Translation& translation);

/// `nginx.conf:12: approximated: add_header X-A b: with errors too`, a line for each directive, and one that
/// counts them.
std::string to_text(const std::vector<Verdict>& report);

}  // namespace tidegate::nginx
