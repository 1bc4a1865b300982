#include <nlohmann/json.hpp>
#include <utility>

#include "gateway/control/fields.h"
#include "gateway/control/render.h"
#include "gateway/control/table.h"
#include "gateway/control/text.h"

namespace tidegate::control {

using nlohmann::json;

std::string render_tunnels(const json& list, std::size_t columns) {
  Table table({{"ID"},
               {"STATE", false, false, 4},
               {"AGE", true},
               {"IDLE", true, false, 5},
               {"CLIENT"},
               {"ROUTE", false, true},
               {"SERVER", false, true, 6},
               {"HOST", false, true, 7},
               {"PATH", false, true, 3},
               {"MSGS UP", true, false, 2},
               {"MSGS DOWN", true, false, 2},
               {"BYTES UP", true, false, 1},
               {"BYTES DOWN", true, false, 1}});
  std::size_t shown = 0;
  for (const json& each : member(list, "tunnels")) {
    const json& messages = member(each, "messages");
    const json& bytes = member(each, "bytes");
    table.add({text_of(each, "id"), text_of(each, "state"), span_text(number_of(each, "age_seconds")),
               span_text(number_of(each, "idle_seconds")), text_of(each, "remote_addr"),
               text_of(each, "route"), text_of(each, "server"), text_of(each, "host"), text_of(each, "path"),
               count_of(messages, "to_upstream"), count_of(messages, "to_client"),
               bytes_text(number_of(bytes, "to_upstream")), bytes_text(number_of(bytes, "to_client"))});
    ++shown;
  }
  const double total = number_of(list, "total");
  if (shown == 0) return total == 0 ? "no tunnels\n" : plural(total, "tunnel") + ", none shown\n";
  std::string text = table.text(columns);
  if (total > static_cast<double>(shown))
    text += count_text(static_cast<double>(shown)) + " of " + plural(total, "tunnel") + "; more: --limit N\n";
  return text;
}

}  // namespace tidegate::control
