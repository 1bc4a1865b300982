#include "gateway/sites/pattern.h"

#include "gateway/sites/request.h"
#include "gateway/sites/variable_table.h"

namespace tidegate::sites {

Pattern Pattern::compile(const conf::Text& text, bool ignore_case, VariableTable& variables,
                         Diagnostics& diagnostics) {
  Pattern out;
  routing::Regex::Failure failure;
  out.regex_ = routing::Regex::compile(text.value, failure, ignore_case);
  if (out.regex_ == nullptr) {
    std::string complaint = "pcre2_compile() failed: " + failure.message + " in \"" + text.value + "\"";
    if (failure.offset < text.value.size()) complaint += " at \"" + text.value.substr(failure.offset) + "\"";
    diagnostics.error(text.at, complaint);
    return out;
  }
  for (const auto& [name, group] : out.regex_->names())
    out.named_.emplace_back(variables.capture(name, text.at, diagnostics), group);
  return out;
}

bool Pattern::matches(std::string_view subject, Request& request) const {
  std::vector<routing::Regex::Group> groups;
  bool gave_up = false;
  const bool fits = regex_ != nullptr && regex_->matches(subject, groups, &gave_up);
  request.gave_up = request.gave_up || gave_up;
  if (!fits) return false;
  request.captures = {std::string(subject), std::move(groups)};
  for (const auto& [variable, group] : named_)
    request.set(variable, std::string(request.captures.group(group)));
  return true;
}

}  // namespace tidegate::sites
