#include <nlohmann/json.hpp>

#include "gateway/control/fields.h"
#include "gateway/control/render.h"
#include "gateway/control/text.h"

namespace tidegate::control {

using nlohmann::json;

std::string render_differences(const json& answer) {
  std::string text;
  for (const json& each : member(answer, "differences")) {
    const std::string kind = text_of(each, "kind");
    const std::string what = text_of(each, "what");
    const std::string consequence = text_of(each, "consequence");
    const double tunnels = number_of(each, "tunnels");
    text += kind == "added" ? '+' : kind == "removed" ? '-' : '~';
    text += ' ' + text_of(each, "subject") + ' ' + text_of(each, "name") + (what.empty() ? "" : ": " + what);
    if (tunnels > 0) {
      text += "  [" + plural(tunnels, "live tunnel") + ": " +
              (!consequence.empty() ? consequence
               : tunnels == 1       ? "it goes on as it is"
                                    : "they go on as they are") +
              "]";
    } else if (!consequence.empty()) {
      text += "  [" + consequence + "]";
    }
    text += '\n';
  }
  return text;
}

std::string render_diagnostics(const json& answer) {
  std::string text;
  for (const json& each : member(answer, "diagnostics")) {
    std::string place = text_of(each, "file");
    for (const char* part : {"line", "column"}) {
      if (number_of(each, part) > 0) place += ':' + count_of(each, part);
    }
    text += (place.empty() ? "" : place + ": ") +
            (text_of(each, "severity") == "warning" ? "warning: " : "") + text_of(each, "message") + '\n';
  }
  return text;
}

}  // namespace tidegate::control
