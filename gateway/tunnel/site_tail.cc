#include "gateway/tunnel/site_tail.h"

#include "gateway/tunnel/snapshot.h"
#include "gateway/tunnel/upstream_facts.h"

namespace tidegate::tunnel {

void SiteTail::log(const Snapshot& snapshot, std::uint64_t bytes_to_upstream,
                   std::uint64_t bytes_to_client) const {
  const auto time = std::chrono::steady_clock::now() - began;
  sites::Facts facts;
  facts.status = 101;
  facts.bytes_sent = head_bytes + bytes_to_client;
  facts.body_bytes_sent = bytes_to_client;
  facts.request_time = time;
  facts.upstream_response_time = in_seconds(time);
  facts.upstream_response_length = "0";  // to nginx all of a tunnel comes before the answer's body
  facts.upstream_bytes_sent = std::to_string(upstream_sent + bytes_to_upstream);
  facts.upstream_bytes_received = std::to_string(upstream_received + bytes_to_client);
  write_site_logs(snapshot, remains->log_lines(facts));
}

void write_site_logs(const Snapshot& snapshot,
                     const std::vector<std::pair<std::string_view, std::string>>& lines) {
  if (snapshot.site_logs == nullptr) return;
  for (const auto& [path, line] : lines) {
    const auto writer = snapshot.site_logs->find(path);
    if (writer == snapshot.site_logs->end()) continue;
    const std::string_view text = line;
    writer->second->write(text.ends_with('\n') ? text.substr(0, text.size() - 1) : text);
  }
}

}  // namespace tidegate::tunnel
