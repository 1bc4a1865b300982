#include "gateway/sites/subject.h"

namespace tidegate::sites {

void Subject::complain(log::Level level, std::string_view text) const {
  if (!log::enabled(level, "http")) return;
  std::string line(text);
  line.append(", client: ").append(client).append(", server: ").append(server);
  if (head != nullptr) {
    const std::size_t query = head->target.find('?');
    line.append(", request: \"").append(head->method).append(" ").append(head->target.substr(0, query));
    if (query != std::string_view::npos) line += "?*";
    line.append(" HTTP/1.").append(std::to_string(head->minor_version)).append("\"");
    if (!head->authority.empty()) line.append(", host: \"").append(head->authority).append("\"");
  }
  log::write(level, "http", line, id);
}

}  // namespace tidegate::sites
